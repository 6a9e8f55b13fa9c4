"""Where a query reads the clock, and the proof that exactly those places were found.

Places come from the scanner, meaning from sqlglot's tree, whose clock nodes have no place. So the clocks found are replaced
by stand-ins in the text and in the tree, each on its own, and the two must come out equal: then no clock is left and
nothing else was touched. Where they differ the query is refused, never guessed at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from heartbeat_lib.model.dialect import ClockKind, Dialect, lower_ascii
from heartbeat_lib.model.faults import Fault, Places
from heartbeat_lib.model.lexer import END, Token, TokenKind
from heartbeat_lib.model.reading import statements

_NODES: dict[type[exp.Expr], ClockKind] = {
    exp.CurrentDate: ClockKind.DAY,
    exp.CurrentTimestamp: ClockKind.INSTANT,
    exp.Localtimestamp: ClockKind.LOCAL,
    exp.Localtime: ClockKind.LOCAL_TIME,
    exp.CurrentTime: ClockKind.ZONED_TIME,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One place that reads the clock: the characters from `start` up to `end`, called `name`, of some kind."""

    start: int
    end: int
    name: str
    kind: ClockKind


def find_clocks(
    tokens: Sequence[Token], text: str, dialect: Dialect, names: frozenset[int] = frozenset()
) -> tuple[tuple[Clock, ...], list[Fault]]:
    """The clocks among the tokens, and every function by name that no metric may call.

    Parameters
    ----------
    names
        Where CTEs and tables are named; `WITH stats(n) AS` calls no function `stats`.

    Returns
    -------
    clocks
        In the order of the text: `now ( )` with its parentheses, `current_date` alone. `t.current_date` is a column.
    faults
        Rule `clock-not-pinnable` for a clock in a form that is not replaced, and the rules of `Dialect.refused`.
    """
    places, clocks, faults = Places(text), list[Clock](), list[Fault]()
    last = len(tokens) - 1
    for i, token in enumerate(tokens):
        if token.kind not in (TokenKind.WORD, TokenKind.QUOTED):
            continue
        name, before = token.name(dialect), tokens[i - 1] if i else END
        if i < last and tokens[i + 1].is_sign("("):
            if name in dialect.clocks:
                plain = token.kind is TokenKind.WORD and not before.is_sign(".")
                if plain and name in dialect.called and i + 1 < last and tokens[i + 2].is_sign(")"):
                    clocks.append(Clock(start=token.start, end=tokens[i + 2].end, name=name, kind=dialect.clocks[name]))
                else:
                    faults.append(places.fault(token.start, "clock-not-pinnable", _plainly(name, dialect)))
            elif name in dialect.reads_clock_alone:
                if before.is_sign(".") or _arguments(tokens, i + 1) < 2:
                    remedy = dialect.reads_clock_alone[name]
                    faults.append(places.fault(token.start, "clock-not-pinnable", remedy))
            elif token.start not in names and (refusal := dialect.refusal(name)) is not None:
                faults.append(places.fault(token.start, refusal[0], f"{name} {refusal[1]}"))
        elif token.kind is TokenKind.WORD and not before.is_sign(".") and not before.is_word("as"):
            if name in dialect.bare and not _qualifies(tokens, i):
                clocks.append(Clock(start=token.start, end=token.end, name=name, kind=dialect.clocks[name]))
            elif name in dialect.bare_refused:
                faults.append(places.fault(token.start, dialect.rules[name], f"{name} {dialect.refused[name]}"))
    return tuple(clocks), faults


def shadowed_clocks(
    tree: exp.Expr, tokens: Sequence[Token], text: str, clocks: Sequence[Clock], dialect: Dialect
) -> Iterator[Fault]:
    """Faults, rule `clock-unclear`, where the engine would let a column of that name decide whether it is a clock."""
    if not dialect.column_before_clock:
        return
    places, made = Places(text), set[str]()
    for node in tree.find_all(exp.Alias, exp.TableAlias, exp.Column):
        if isinstance(node, exp.Alias):
            made.add(lower_ascii(node.alias))
        elif isinstance(node, exp.TableAlias):
            made.update(lower_ascii(column.name) for column in node.columns)
        elif node.table:
            made.add(lower_ascii(node.name))
        elif (name := lower_ascii(node.name)) in dialect.bare:
            at = next((t.start for t in tokens if t.kind is TokenKind.QUOTED and t.name(dialect) == name), tokens[0].start)
            message = (
                f'"{name}" is the clock where no column has that name; write t."{name}" for the column, {name} for the clock'
            )
            yield places.fault(at, "clock-unclear", message)
    for clock in clocks:
        if clock.name in dialect.bare and clock.name in made:
            message = f"{clock.name} is also the name of a column here, which would come first; give that another name"
            yield places.fault(clock.start, "clock-unclear", message)


def splice(text: str, clocks: Sequence[Clock]) -> tuple[str, ...]:
    """The pieces of `text` around its clocks: one more than there are clocks."""
    starts = [0, *(clock.end for clock in clocks)]
    ends = [*(clock.start for clock in clocks), len(text)]
    return tuple(text[start:end] for start, end in zip(starts, ends, strict=True))


def unproven(tree: exp.Expr, text: str, clocks: Sequence[Clock], dialect: Dialect) -> list[Fault]:
    """Faults, rule `clock-unclear`, unless replacing `clocks` in the text replaces exactly the clocks of the tree.

    The tree is changed: each clock in it becomes a constant.
    """
    nodes = [(node, kind) for node in tree.walk() if (kind := _kind(node, dialect)) is not None]
    if not clocks and not nodes:
        return []
    for node, kind in nodes:
        node.replace(exp.Anonymous(this=_stand_in(kind)))
    stand_ins = [f"{_stand_in(clock.kind)}()" for clock in clocks]
    spliced = "".join(part for pair in zip(splice(text, clocks), [*stand_ins, ""], strict=True) for part in pair)
    try:
        if statements(spliced, dialect) == [tree]:
            return []
    except Exception:  # sqlglot stumbles in many ways; a text it cannot read has not come out equal
        pass
    places = Places(text)
    message = (
        "cannot tell clocks from names here. Write AS before an alias and quote a column that is called like a clock; "
        "or qualify it, t.current_date"
    )
    if not clocks:
        return [places.fault(0, "clock-unclear", f"{message} ({', '.join(sorted({n.key for n, _ in nodes}))})")]
    return [places.fault(clock.start, "clock-unclear", f"{clock.name}: {message}") for clock in clocks]


def _kind(node: exp.Expr, dialect: Dialect) -> ClockKind | None:
    if (kind := _NODES.get(type(node))) is not None:
        return kind
    if isinstance(node, exp.Anonymous) and not node.expressions:
        return dialect.clocks.get(node.name.lower())
    return None


def _stand_in(kind: ClockKind) -> str:
    """A function nobody has. A constant would not do: sqlglot reads `date_trunc` of a date as another function."""
    return f"_pinned_{kind}"


def _qualifies(tokens: Sequence[Token], i: int) -> bool:
    """Whether token `i` names the table of a column, `current_date.x`; in `current_date.year()` it is a value."""
    return i + 2 < len(tokens) and tokens[i + 1].is_sign(".") and not tokens[min(i + 3, len(tokens) - 1)].is_sign("(")


def _arguments(tokens: Sequence[Token], opening: int) -> int:
    """How many arguments stand between the parenthesis at index `opening` and its partner."""
    depth, commas = 0, 0
    for token in tokens[opening:]:
        if token.kind is not TokenKind.SIGN:
            continue
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
            if not depth:
                break
        elif token.text == "," and depth == 1:
            commas += 1
    return commas + (not tokens[opening + 1].is_sign(")") if opening + 1 < len(tokens) else 0)


def _plainly(name: str, dialect: Dialect) -> str:
    forms = [form for form, names in ((name, dialect.bare), (f"{name}()", dialect.called)) if name in names]
    message = f"{name}: only {' or '.join(forms)} is replaced by the as_of, without schema, quotes or arguments"
    if dialect.clocks[name] is ClockKind.DAY:
        return message
    return f"{message}; for fewer digits write date_trunc('second', {forms[0]})"
