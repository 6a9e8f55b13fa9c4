"""Texts that are clocks: `'now'::timestamp`, `date 'today'`, and in PostgreSQL any text that meets a date.

What such a text becomes depends on the column it meets, so none is pinned: it is refused with what to write instead.
In PostgreSQL `'today'` is allowed where it is plainly a text: `bucket = 'today'::text`.
"""

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from heartbeat_lib.model.dialect import Dialect
from heartbeat_lib.model.faults import Fault, Places
from heartbeat_lib.model.lexer import Token, TokenKind

_INSTEAD = {
    "now": "now()",
    "today": "current_date",
    "tomorrow": "current_date + 1",
    "yesterday": "current_date - 1",
}
_WORD = re.compile(r"[a-z]+")
_ZONE = re.compile(r"[a-z]+(?:/[a-z_]+)+|[a-z]{3,}[+-]?[0-9][0-9:]*[a-z]*")  # a region, or EST5EDT with any letters
# What PostgreSQL reads beside such a word: 'today 10:00 CET', 'tomorrow allballs utc', 'monday today'.
_BESIDE = re.compile(
    r"[a-z]|am|pm|ad|bc|at|on|ut|[a-z]{2,4}[tz]|[a-z]{2,3}dst|utc|uct|msk|zulu|allballs|epoch|infinity"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
)
_TEMPORAL_CALLS = frozenset(name + end for name in ("date", "time", "timetz", "timestamp", "timestamptz") for end in ("", "_in"))
_COMPARED = (exp.EQ, exp.NEQ, exp.In, exp.Like, exp.ILike, exp.Case, exp.If, exp.Alias, exp.Tuple, exp.Select, exp.Is)


def clock_word(text: str) -> str | None:
    """The word in `text` that PostgreSQL reads as a clock, or None where it reads none: `'buy now'` is no date."""
    lower = text.lower()
    found = next((word for word in _WORD.findall(lower) if word in _INSTEAD), None)
    if found is None:
        return None
    beside = (word for word in _WORD.findall(_ZONE.sub(" ", lower)) if word not in _INSTEAD)
    return found if all(_BESIDE.fullmatch(word) for word in beside) else None


def literal_clocks(tree: exp.Expr, tokens: Sequence[Token], text: str, dialect: Dialect) -> Iterator[Fault]:
    """Faults, rule `clock-not-pinnable`, for every text that the engine may read as a clock."""
    places = Places(text)
    strings = list(_joined(tokens))
    if not any(clock_word(value) for _, value in strings):
        return
    for node in tree.walk():
        value = _text_of(node)
        word = None if value is None else clock_word(value)
        if word is None or not (_made_a_date(node) or (dialect.texts_are_clocks and not _plainly_text(node))):
            continue
        at = next((start for start, string in strings if string == value), tokens[0].start)
        hint = "" if not dialect.texts_are_clocks else "; where a text is meant, '...'::text says so"
        message = f"'{value}' is a clock inside a text and cannot be pinned; write {_INSTEAD[word]}{hint}"
        yield places.fault(at, "clock-not-pinnable", message)


def _joined(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Every text with its place; neighbours are one: `'n'` and `'ow'` on the next line are `'now'`."""
    start, value = -1, ""
    for token in tokens:
        if token.kind is TokenKind.STRING:
            start, value = (token.start, token.value()) if start < 0 else (start, value + token.value())
        elif start >= 0:
            yield start, value
            start = -1
    if start >= 0:
        yield start, value


def _text_of(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Literal) and not node.is_string:
        return None
    if isinstance(node, exp.Literal | exp.RawString | exp.ByteString | exp.National):
        return node.name
    if isinstance(node, exp.Concat) and all(isinstance(part, exp.Literal) for part in node.expressions):
        return "".join(part.name for part in node.expressions)
    return None


def _made_a_date(node: exp.Expr) -> bool:
    """Whether the text is cast, perhaps by way of another type, to a date, a time, or an array or range of them."""
    parent = node.parent
    while isinstance(parent, exp.Cast | exp.Paren | exp.Collate):
        if isinstance(parent, exp.Cast) and not parent.to.is_type(*exp.DataType.TEXT_TYPES):
            return True
        parent = parent.parent
    if isinstance(parent, exp.Date | exp.Timestamp | exp.Time | exp.TsOrDsToDate):
        return True
    return isinstance(parent, exp.Anonymous) and parent.name.lower() in _TEMPORAL_CALLS


def _plainly_text(node: exp.Expr) -> bool:
    """Whether the text is cast to text and then only compared or shown, or is the key of a JSON value."""
    parent, child = node.parent, node
    if isinstance(parent, exp.JSONExtract | exp.JSONExtractScalar | exp.JSONBExtract | exp.JSONBExtractScalar):
        return parent.this is not child
    cast = False
    while isinstance(parent, exp.Cast | exp.Paren | exp.Collate):
        cast = cast or isinstance(parent, exp.Cast)
        parent = parent.parent
    return cast and isinstance(parent, _COMPARED)
