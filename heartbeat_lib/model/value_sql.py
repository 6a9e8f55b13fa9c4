"""The meaning of a value_sql: what it reads, where it asks the clock, what of it must stay the same to be the same metric.

`parse_value_sql` judges a text once and keeps the answer; `ValueSql.pinned` then puts one instant in the place of every
clock and costs microseconds, so a tick can pin hundreds. All else of the text stays byte for byte, comments too. The
surprise: what cannot be pinned is refused by name, since a clock left alone would give each computation its own today.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlglot import exp
from sqlglot.errors import ParseError

from heartbeat_lib.model.batch import one_row_per_instant
from heartbeat_lib.model.dialect import ClockKind, Dialect
from heartbeat_lib.model.faults import Fault, Places, ValueSqlRefused
from heartbeat_lib.model.lexer import Token, TokenKind, scan
from heartbeat_lib.model.literals import literal_clocks
from heartbeat_lib.model.meaning import HASH_VERSION, canonical_text
from heartbeat_lib.model.pinning import find_clocks, shadowed_clocks, splice, unproven
from heartbeat_lib.model.reading import alias_places, foreign_parts, statements, tables_read

__all__ = [
    "HASH_VERSION",
    "ClockKind",
    "Dialect",
    "Fault",
    "ValueSql",
    "ValueSqlRefused",
    "definition_hash",
    "parse_value_sql",
]

_ONE_SELECT = "a metric is one SELECT that only reads"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSql:
    """A value_sql that may be a metric.

    Attributes
    ----------
    text, dialect
        As given.
    tables
        The tables read, sorted, `schema.table`; a bare name stays bare, a leading database is left out, CTEs are none.
    has_clock
        Whether the text asks the clock at all; without, the past cannot be computed.
    bare_clocks
        The clocks written as a bare name, such as `current_date`. In DuckDB a column of that name in a table read would be
        meant instead; only the marts can tell.
    canonical
        What is hashed: the words of the text without comments, layout and letter case.
    """

    text: str
    dialect: Dialect
    tables: tuple[str, ...]
    has_clock: bool
    bare_clocks: frozenset[str]
    canonical: str
    _pieces: tuple[str, ...] = field(repr=False)
    _kinds: tuple[ClockKind, ...] = field(repr=False)
    _inner: tuple[str, ...] = field(repr=False)
    """The pieces without the `;` at the end, fit to stand in parentheses."""

    def pinned(self, as_of: datetime, zone: ZoneInfo) -> str:
        """The text with every clock replaced by what it shows at `as_of`; all else byte for byte as it was.

        Parameters
        ----------
        as_of
            Aware; its microseconds are kept.
        zone
            Whose day and wall clock are meant: the workspace's.
        """
        constants = {kind: self.dialect.clock_text(kind, as_of, zone) for kind in set(self._kinds)}
        parts = [self._pieces[0]]
        for kind, piece in zip(self._kinds, self._pieces[1:], strict=True):
            parts += (constants[kind], piece)
        return "".join(parts)

    def pinned_to_each(self, instants: Sequence[datetime], zone: ZoneInfo) -> str:
        """One SELECT that gives (number of the instant, value) for each of `instants`; see `heartbeat_lib.model.batch`."""
        return one_row_per_instant(self._inner, self._kinds, self.dialect, instants, zone)


@lru_cache(maxsize=16384)
def parse_value_sql(text: str, dialect: Dialect) -> ValueSql:
    """Judge a text and take it apart. Pure, and remembered per text and dialect.

    Raises
    ------
    ValueSqlRefused
        With all faults, each with line, column and a stable rule: `syntax`, `not-one-select`, `clock-not-pinnable`,
        `clock-unclear`, `random`, `environment`, `side-effect`, `reads-a-file`, `reads-the-catalog`, `runs-hidden-sql`,
        `table-function`, `parameter`.
    """
    tokens, faults = scan(text, dialect)
    if not faults:
        faults = _outline_faults(tokens, text)
    tree = None if faults else _tree(text, dialect, faults)
    names = frozenset[int]() if tree is None else alias_places(tree)
    clocks, more = find_clocks(tokens, text, dialect, names)
    faults += more
    tables: tuple[str, ...] = ()
    if tree is not None:
        faults += foreign_parts(tree, tokens, text)
        faults += literal_clocks(tree, tokens, text, dialect)
        faults += shadowed_clocks(tree, tokens, text, clocks, dialect)
        tables, more = tables_read(tree, tokens, text, dialect)
        faults += more
    if tree is not None and not faults:  # last: it changes the tree
        faults += unproven(tree, text, clocks, dialect)
    if faults:
        raise ValueSqlRefused(faults)
    return ValueSql(
        text=text,
        dialect=dialect,
        tables=tables,
        has_clock=bool(clocks),
        bare_clocks=frozenset(clock.name for clock in clocks if clock.end - clock.start == len(clock.name)),
        canonical=canonical_text(tokens, dialect),
        _pieces=splice(text, clocks),
        _kinds=tuple(clock.kind for clock in clocks),
        _inner=splice(_without_semicolons(text, tokens), clocks),
    )


def definition_hash(value_sql: ValueSql, *, grain: str, unit: str | None, direction: str | None, judge: str) -> str:
    """SHA-256, in hex, of what a metric means: its SQL, the engine's dialect, period, unit, direction, judge.

    Two definitions with one hash say the same number; comments, layout and letter case are not part of it.
    """
    parts = [value_sql.canonical, value_sql.dialect.name, grain, unit, direction, judge]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _outline_faults(tokens: tuple[Token, ...], text: str) -> list[Fault]:
    """Whether there is one statement and it begins like a SELECT, before a parser sees it."""
    places = Places(text)
    first = next((token for token in tokens if not token.is_sign(";") and not token.is_sign("(")), None)
    if first is None:
        return [places.fault(0, "not-one-select", f"{_ONE_SELECT}; there is none")]
    if not first.is_word("select", "with", "from"):
        return [places.fault(first.start, "not-one-select", f"{_ONE_SELECT}; this begins with {first.text}")]
    for at, (before, token) in enumerate(pairwise(tokens)):
        if before.is_sign("(") and token.is_word("show") and at + 2 < len(tokens) and tokens[at + 2].kind is TokenKind.WORD:
            return [places.fault(token.start, "not-one-select", f"{_ONE_SELECT}; this is SHOW")]
        if before.is_sign(";") and not token.is_sign(";") and before.start > first.start:
            return [places.fault(token.start, "not-one-select", f"{_ONE_SELECT}; here begins a second statement")]
    return []


def _without_semicolons(text: str, tokens: tuple[Token, ...]) -> str:
    """A space for each, so that every other place stays where it was."""
    signs = list(text)
    for token in tokens:
        if token.is_sign(";"):
            signs[token.start] = " "
    return "".join(signs)


def _tree(text: str, dialect: Dialect, faults: list[Fault]) -> exp.Expr | None:
    places = Places(text)
    try:
        trees = statements(text, dialect)
    except ParseError as error:
        faults.append(_syntax_fault(error, text))
    except RecursionError:
        faults.append(places.fault(0, "syntax", "is nested too deeply to be read; take it apart with WITH"))
    except Exception as error:  # sqlglot stumbles over nonsense in many ways, AttributeError among them
        faults.append(places.fault(0, "syntax", f"cannot be read: {error}"))
    else:
        if len(trees) == 1:
            return trees[0]
        faults.append(places.fault(0, "not-one-select", f"{_ONE_SELECT}; there are {len(trees)}"))
    return None


def _syntax_fault(error: ParseError, text: str) -> Fault:
    first = error.errors[0] if error.errors else {}
    line, end = first.get("line") or 1, first.get("col") or 1
    near = str(first.get("highlight") or "")
    reason = str(first.get("description") or error).partition(" but got <Token")[0].partition(" for <class")[0].rstrip(".")
    message = f"cannot be read near {near!r} ({reason})" if near else f"cannot be read ({reason})"
    return Fault(line=line, column=max(1, end - len(near.rpartition("\n")[2]) + 1), rule="syntax", message=message)
