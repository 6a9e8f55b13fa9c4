"""What the texts of a metric claim, read with a fixed vocabulary: windows, events, values, aggregates, units, names.

`docs/audits.md` lists the vocabulary. What it does not know is no claim, so an audit can say how much of a text it read. Texts
are data: whatever they contain is only ever searched and quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from heartbeat_lib.audit.claim_windows import WindowClaim, windows_claimed, without_asides

_READ = 20_000  # characters of each text; what stands behind them is no description any more
_NOT = r"(?:not|no|without(?: those)?|never|neither|nor|un)"
_TIMES = ("_at", "_on", "_date", "_day", "_ts", "_time")
_AGGREGATES = (
    ("median", r"\bmedian\b|\bhalf of the\b|\bmiddle\b"),
    ("sum", r"^sums?\b|\bsums\b|\bsum of\b|\badd up to\b"),
    ("average", r"^(?:mean|average)\b|\bmean of\b|\baverage\b"),
    ("largest", r"^(?:largest|maximum|highest)\b|\bmaximum of\b|\bthe value is the largest\b"),
    ("smallest", r"^(?:smallest|minimum|lowest)\b|\bminimum of\b|\bthe value is the smallest\b"),
    ("distinct", r"^distinct\b|\bdifferent\b"),
    ("count", r"^counts?\b(?! up)|\bcounts rows\b|\bby number\b"),
)
_SHARES = r"\bnumerator\b|\bdenominator\b|\bdivided by\b|\bshare of\b|\bin percent of\b|\bper (?:thousand|hundred|1,?000|100)\b"
_FACTORS = (
    (1000.0, r"\bper (?:thousand|1,?000)\b|\btimes 1,?000\b"),
    (100.0, r"%|\bper ?cent\b|\bpercentage\b|\bper (?:hundred|100)\b|\bin a hundred\b|\bof 100\b|\bshare\b"),
)
_STOPPED = frozenset(
    ("all", "and", "any", "are", "as", "at", "both", "by", "for", "from", "in", "is", "it", "no", "not", "of", "on", "or", "the")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventClaim:
    """Words that say a column's event has happened or not, or that rows of that kind are in or out.

    `happened`: True for "with rejected_at", False for "without those rejected", None for "rejected payments included": then the
    SQL must not ask for it at all.
    """

    field: str
    quoted: str
    column: str
    happened: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueClaim:
    """ "with scheme card": a column and the words after it, longest first, of which one may be a value of it."""

    field: str
    quoted: str
    column: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A known word: what it stands for, and how which text says it."""

    field: str
    quoted: str
    stands_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Everything the texts say that the vocabulary knows; `unread` sentences say nothing of it."""

    windows: tuple[WindowClaim, ...]
    events: tuple[EventClaim, ...]
    values: tuple[ValueClaim, ...]
    aggregates: tuple[Word, ...]
    shares: tuple[Word, ...]
    factors: tuple[Word, ...]
    columns: tuple[Word, ...]
    tables: tuple[Word, ...]
    closed: Word | None
    sentences: int
    unread: int
    everything: str

    def names(self, words: str) -> bool:
        """Whether some text names this, as whole words, in any letter case; one letter alone must be that letter."""
        flags = 0 if len(words) == 1 else re.IGNORECASE
        return re.search(rf"(?<![\w]){re.escape(words)}(?:s|es)?(?![\w])", self.everything, flags) is not None

    def names_column(self, column: str) -> bool:
        """Whether some text names a column, as it is spelled or by its words: `closed_at` by "closed" or "close"."""
        if self.names(column):
            return True
        return all(re.search(rf"\b{re.escape(stem)}", self.everything, re.IGNORECASE) for stem in stems(column))

    def denies(self, column: str) -> bool:
        """Whether some text says that the column's event has not happened."""
        return any(event.column == column and event.happened is False for event in self.events)

    def excepts(self, column: str, value: str) -> bool:
        """Whether the texts leave a value out, "other than card", and do not also ask for it, "with scheme card"."""
        if any(claim.column == column and value.lower() in map(str.lower, claim.candidates) for claim in self.values):
            return False
        pattern = rf"\b(?:not|without|except|excluding|other than)\b (?:\w+ ){{0,2}}{re.escape(value)}"
        return re.search(pattern, self.everything, re.IGNORECASE) is not None


def read_claims(texts: Mapping[str, str | None], *, columns: Mapping[str, str], tables: tuple[str, ...]) -> Claims:
    """Read the texts of a metric.

    Parameters
    ----------
    texts
        Text by field: `methodology`, `how_to_read`, `description`, and `story` where there is one. None and empty say nothing.
    columns
        Type of each column of the tables read, by its name in lower case.
    tables
        All that may be meant by `schema.table`.
    """
    said = {field: text[:_READ] for field, text in texts.items() if text and text.strip()}
    parts = [(field, sentence) for field, text in said.items() for sentence in _sentences(text)]
    windows, events, values = list[WindowClaim](), list[EventClaim](), list[ValueClaim]()
    words: dict[str, list[Word]] = {"aggregate": [], "share": [], "factor": [], "column": [], "table": []}
    closed: Word | None = None
    for field, text in said.items():
        windows += windows_claimed(field, text, frozenset(columns))
    for field, sentence in parts:
        found_events = list(_events(field, sentence, columns)) if field != "how_to_read" else []
        found_values = list(_values(field, sentence, columns)) if field != "how_to_read" else []
        events += found_events
        values += found_values
        for kind, word in _words(field, sentence, columns, tables):
            words[kind].append(word)
        if closed is None and (
            match := re.search(r"\blast (?:finished|closed) \w+|\bjudged on the closed \w+", sentence, re.IGNORECASE)
        ):
            closed = Word(field=field, quoted=match[0], stands_for="closed")
    claims = Claims(
        windows=tuple(windows),
        events=tuple(events),
        values=tuple(values),
        aggregates=tuple(words["aggregate"]),
        shares=tuple(words["share"]),
        factors=tuple(words["factor"]),
        columns=tuple(words["column"]),
        tables=tuple(words["table"]),
        closed=closed,
        sentences=len(parts),
        unread=0,
        everything=" ".join(" ".join(text.split()) for text in said.values()),
    )
    return _with_unread(claims, parts)


def stems(column: str) -> tuple[str, ...]:
    """The words of a column's name without endings: `identity_expires_on` is identity, expir."""
    for ending in (*_TIMES, "_eur", "_czk", "_usd", "_id"):
        column = column.removesuffix(ending)
    found = []
    for word in column.split("_"):
        for ending in ("ied", "ies", "ed", "es", "ing", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word.removesuffix(ending)
                break
        found.append(word)
    return tuple(found)


def _with_unread(claims: Claims, parts: list[tuple[str, str]]) -> Claims:
    everything = (
        *claims.windows, *claims.events, *claims.values, *claims.aggregates, *claims.shares, *claims.factors, *claims.columns,
        *claims.tables, *((claims.closed,) if claims.closed else ()),
    )  # fmt: skip
    unread = 0
    for field, sentence in parts:
        plain = without_asides(sentence).lower()
        full = " ".join(sentence.split()).lower()
        said = (claim.quoted.lower() for claim in everything if claim.field == field)
        unread += not any(quoted in plain or quoted in full for quoted in said)
    return replace(claims, unread=unread)


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.;:!?])\s+(?=\S)", text.strip()) if re.search(r"\w", part)]


def _events(field: str, sentence: str, columns: Mapping[str, str]) -> Iterator[EventClaim]:
    """Claims about columns of time: by their full name, or by the word of their event."""
    plain = without_asides(sentence)
    for column, kind in columns.items():
        timed = column.endswith(_TIMES) or kind.startswith(("TIMESTAMP", "DATE"))
        if "_" not in column:
            continue
        event = _participle(column) if timed else None
        name = re.escape(column)
        names = rf"(?:{name}|{event})" if event else name
        patterns = [
            (rf"\b{_NOT} {names}\b|\bneither \w+ nor {names}\b|\bneither {names} nor\b", False),
            (rf"\bthose with {name}\b", True),
        ]
        if event:
            in_or_out = [
                (rf"\b{event} (?:\w+ ){{1,2}}?(?:(?:are )?included|stay in|counts?\b(?! zero))", None),
                (rf"\b{event} (?:\w+ ){{1,2}}?(?:(?:are )?(?:left out|excluded)|do not count)", False),
            ]
            patterns = [*in_or_out, *patterns, (rf"\bthat (?:are|were|was|is) {event}\b", True)]
        if event == "closed":
            patterns.append((r"\bstill open\b", False))
        for pattern, happened in patterns:
            if match := re.search(pattern, plain, re.IGNORECASE):
                yield EventClaim(field=field, quoted=match[0], column=column, happened=happened)
                break


def _participle(column: str) -> str | None:
    """The word of what happened: "rejected" of rejected_at; None for a name that is no such word, such as rate_on."""
    word = next((column.removesuffix(ending) for ending in _TIMES if column.endswith(ending)), "")
    return word if word.endswith("ed") or word in ("paid", "sent", "sold", "lost", "bought") else None


def _values(field: str, sentence: str, columns: Mapping[str, str]) -> Iterator[ValueClaim]:
    """ "scheme card", "outcome false positive", "status B or D": a column of text and the words that follow it."""
    plain = without_asides(sentence)
    for column, kind in columns.items():
        if not kind.startswith(("VARCHAR", "TEXT", "ENUM", "CHAR")):
            continue
        for match in re.finditer(rf"\b{re.escape(column)}\s+(\w[\w-]*(?:\s\w[\w-]*){{0,3}})", plain, re.IGNORECASE):
            for part in re.split(r"\s(?:or|and)\s", match[1]):
                following = part.split()
                if following[0].lower() in _STOPPED:
                    break
                candidates = tuple(" ".join(following[:count]) for count in range(len(following), 0, -1))
                yield ValueClaim(field=field, quoted=f"{column} {following[0]}", column=column, candidates=candidates)


def _words(field: str, sentence: str, columns: Mapping[str, str], tables: tuple[str, ...]) -> Iterator[tuple[str, Word]]:
    def word(match: re.Match[str], stands_for: str) -> Word:
        return Word(field=field, quoted=match[0], stands_for=stands_for)

    if field != "how_to_read":
        for name, pattern in _AGGREGATES:
            if match := re.search(pattern, sentence.strip(), re.IGNORECASE):
                yield "aggregate", word(match, name)
        if match := re.search(_SHARES, sentence, re.IGNORECASE):
            yield "share", word(match, "share")
        for match in re.finditer(r"\b[a-z]\w*\.[a-z]\w*\b", sentence):
            if match[0].lower() in tables or match[0].split(".")[0].lower() in {table.split(".")[0] for table in tables}:
                yield "table", word(match, match[0].lower())
        for match in re.finditer(r"(?<![\w.])[a-z]+(?:_[a-z0-9]+)+\b", sentence, re.IGNORECASE):
            yield "column", word(match, match[0].lower())
    for factor, pattern in _FACTORS:
        if match := re.search(pattern, sentence, re.IGNORECASE):
            yield "factor", word(match, f"{factor:g}")
