"""The vocabulary of time: which words in a text claim which window. docs/audits.md lists it for the people who write texts.

A claim is the set of windows that its words allow: "the last 30 days" may end now or with yesterday, "yesterday" is one day and
nothing else. Words are tried from the most specific to the least, and each stretch of a text is read once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from heartbeat_lib.model.anatomy.spans import UP_TO_NOW, Edge, Span, before, from_, moment, until

_NUMBERS = {
    word: number
    for number, words in {
        1: "a an one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
        11: "eleven", 12: "twelve", 14: "fourteen", 20: "twenty", 30: "thirty", 60: "sixty", 90: "ninety",
    }.items()
    for word in words.split()
}  # fmt: skip
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_DAYS = {"day": 1, "week": 7}
N = rf"(\d+|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
U = r"(second|minute|hour|day|week|month|year)s?(?:['’]s?)?"
_WHOLE = r"(?:whole |full |calendar |finished |closed )?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The windows that some words allow: `lows` and `highs` are the ends they may have; None: said nothing about."""

    lows: tuple[Edge | None, ...] | None
    highs: tuple[Edge | None, ...] | None

    @property
    def is_whole(self) -> bool:
        """Whether both ends are spoken of."""
        return self.lows is not None and self.highs is not None

    def low_fits(self, span: Span) -> bool:
        """Whether the window begins as said."""
        return self.lows is None or span.low in self.lows

    def high_fits(self, span: Span) -> bool:
        """Whether the window ends as said."""
        return self.highs is None or span.high in self.highs

    def fits(self, span: Span) -> bool:
        """Whether the window is one of these."""
        return self.low_fits(span) and self.high_fits(span)

    @property
    def first(self) -> Span:
        """The plainest of them, for words."""
        return Span(low=self.lows[0] if self.lows else None, high=self.highs[0] if self.highs else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClaim:
    """Words that claim a window.

    Attributes
    ----------
    field, quoted
        Which text says it, and its words.
    allowed
        Several where the words name several windows, all of which must be there.
    column
        The column the window is on, where the text says "by <column>" just before.
    firm
        Whether the SQL has to have it; `how_to_read` also speaks of other days than those that are counted.
    """

    field: str
    quoted: str
    allowed: tuple[Allowed, ...]
    column: str | None = None
    firm: bool = True


_Builder = Callable[[re.Match[str], str], tuple[Allowed, ...]]


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _ago(count: int, unit: str) -> tuple[Edge, ...]:
    """Every instant that "so long ago" may mean, as one that belongs to the window."""
    unit = unit.lower()
    if unit in _SECONDS:
        return (from_(moment("now", seconds=-count * _SECONDS[unit])),)
    if unit in _DAYS:
        days = count * _DAYS[unit]
        return (from_(moment("today", -days)), from_(moment("now", -days)))
    months = count * (12 if unit == "year" else 1)
    return tuple(from_(moment(base, months=-months)) for base in ("today", "now"))


def _day(days: int) -> Allowed:
    return Allowed(lows=(from_(moment("today", days)),), highs=(before(moment("today", days + 1)),))


def _whole(allowed: Allowed) -> _Builder:
    return lambda match, text: (allowed,)


def _since(base: str, days: int = 0) -> Allowed:
    return Allowed(lows=(from_(moment(base, days)),), highs=(*UP_TO_NOW, None))


def _last(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    count, unit = _count(match[1]), match[2]
    lows = _ago(count, unit)
    if unit.lower() in _DAYS:  # of a column of days, "the last 30 days" may begin with today as the thirtieth
        lows = (*lows, from_(moment("today", 1 - count * _DAYS[unit.lower()])))
    highs = None if unit.lower() in _SECONDS else (*UP_TO_NOW, before(moment("today")), None)
    return (Allowed(lows=lows, highs=highs),)


def _until_now(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    return (Allowed(lows=_ago(_count(match[1]), match[2]), highs=UP_TO_NOW),)


def _days_before_today(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    lows = _ago(_count(match[1]), match[2])
    return (Allowed(lows=lows[:1], highs=(before(moment("today")),)),)


def _between(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    groups = [group for group in match.groups() if group]
    unit = groups[-1]
    first, last = _count(groups[0]), _count(groups[-2])
    units = (groups[1], unit) if len(groups) == 4 else (unit, unit)
    size = {name: n for names in (_SECONDS, {key: n * 86_400 for key, n in _DAYS.items()}) for name, n in names.items()}
    ends = sorted([(first, units[0]), (last, units[1])], key=lambda end: -end[0] * size.get(end[1].lower(), 2_592_000))
    ends_at = tuple(edge for at in _ago(*ends[1]) for edge in (before(at.moment), until(at.moment)))
    return (Allowed(lows=_ago(*ends[0]), highs=ends_at[:2] if units[1].lower() in _SECONDS else ends_at[::2]),)


def _older(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    at = _ago(_count(match[1]), match[2])
    return (Allowed(lows=None, highs=tuple(before(edge.moment) for edge in at)),)


def _ahead(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    count, unit = _count(match[1]), match[2].lower()
    days = count * _DAYS.get(unit, 1)
    highs = (before(moment("today", days + 1)), until(moment("now", days)), until(moment("today", days)))
    return (Allowed(lows=(from_(moment("today")), from_(moment("now")), None), highs=highs),)


def _before_that(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    start = -1 if re.search(r"yesterday|day before today", text, re.IGNORECASE) else 0
    days = _count(match[1]) * _DAYS[match[2].lower()]
    return (Allowed(lows=(from_(moment("today", start - days)),), highs=(before(moment("today", start)),)),)


def _same_weekday(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    return tuple(_day(-1 - 7 * week) for week in range(1, _count(match[1]) + 1))


def _listed_days(match: re.Match[str], text: str) -> tuple[Allowed, ...]:
    start = 0 if match[2].lower() == "today" else -1
    return tuple(_day(start - int(number)) for number in re.findall(r"\d+", match[1]))


_BEFORE_TODAY = Allowed(lows=(None,), highs=(before(moment("today")),))
_TODAY = Allowed(lows=(from_(moment("today")),), highs=(*UP_TO_NOW, None))
_WEEK_BEFORE_FIRST = Allowed(lows=(from_(moment("month", -7)),), highs=(before(moment("month")),))

_VOCABULARY: tuple[tuple[str, _Builder, bool], ...] = tuple(
    (pattern, builder, firm)
    for firm, entries in (
        # Firm in every text: nobody writes these about other days than those that are counted.
        (True, (
            (r"days? ((?:\d+,? (?:and )?)+)days before (it|yesterday|today)", _listed_days),
            (rf"same weekday (?:in|of) the {N} weeks before", _same_weekday),
            (rf"\bfrom {N} {U} ago to now", _until_now),
            (rf"\bfrom {N} to {N} {U} (?:before today|ago)", _between),
            (rf"\b{N} to {N} {U} ago", _between),
            (rf"\bbetween {N} {U} and {N} {U} ago", _between),
            (rf"\bfrom today (?:to|until) {N} {U} ahead", _ahead),
            (rf"\bin the next {N} {U}\b", _ahead),
            (rf"\bdue within {N} {U}\b", _ahead),
            (rf"\bbefore midnight {N} {U} ago", _older),
            (rf"\bmore than {N} {U} ago", _older),
            (rf"\bolder than {N} {U}\b", _older),
            (rf"\b{N} (?:whole|full|calendar) {U} before today", _days_before_today),
            (rf"\b{N} {U} before today", _days_before_today),
            (rf"\b(?:last|past) {N} {_WHOLE}{U}", _last),
            (r"\bsince the first of the month", _whole(_since("month"))),
            (r"\bfrom the first of the month(?: to now)?", _whole(_since("month"))),
            (r"\b(?:since|from) 1 January(?: to now)?", _whole(_since("year"))),
            (r"\bfrom monday(?: 0:00)?(?: to now)?", _whole(_since("week"))),
        )),
        # Firm in description and methodology only.
        (False, (
            (r"\bthe week before the first\b", _whole(_WEEK_BEFORE_FIRST)),
            (r"\bfrom the day before yesterday to yesterday", lambda match, text: (_day(-2), _day(-1))),
            (r"\bday before yesterday", _whole(_day(-2))),
            (r"\byesterday[^.;]{0,80}? that of the day before\b", lambda match, text: (_day(-1), _day(-2))),
            (r"\blast (?:local )?day before today", _whole(_BEFORE_TODAY)),
            (r"\b(?:yesterday|day before today)", _whole(_day(-1))),
            (rf"\b{N} {U} before(?: that day| it)?\b(?! today)", _before_that),
            (r"\b(?:due_on|due|is)? ?before today|\bpast (?:their|its|his) due date", _whole(_BEFORE_TODAY)),
            (r"\b(?:this|in the|of the|local) month\b", _whole(_since("month"))),
            (r"\b(?:this|in the|of the) quarter\b", _whole(_since("quarter"))),
            (r"\b(?:this|in the|of the) year\b", _whole(_since("year"))),
            (r"\b(?:this|in the|in a|of the) week\b", _whole(_since("week"))),
            (r"\bsince midnight|\bfrom midnight to now|\bthe day['’]s|\bon the local day(?! before)", _whole(_TODAY)),
            (r"(?<!up to )(?<!since )(?<!to )\btoday(?:['’]s)?\b(?! to| minus| \()", _whole(_TODAY)),
        )),
    )
    for pattern, builder in entries
)  # fmt: skip
_NO_CLAIM = re.compile(r"\b(?:up to today to today|up to today|today minus|up to now|by now|so far)\b", re.IGNORECASE)
_BY = re.compile(r"\b(?:by|and) ([a-z]+(?:_[a-z0-9]+)+)\b[^.;,]{0,25}$", re.IGNORECASE)
_COMPARES = re.compile(r"\b(?:compare|compared|means?|usual|never|ordinary)\b", re.IGNORECASE)


def windows_claimed(field: str, text: str, columns: frozenset[str]) -> Iterator[WindowClaim]:
    """Every window that one text claims.

    Parameters
    ----------
    field
        `methodology`, `how_to_read`, `description` or `story`.
    columns
        The columns of the tables read, in lower case.
    """
    plain = _NO_CLAIM.sub(lambda match: " " * len(match[0]), without_asides(text))
    left = plain
    for pattern, builder, firm in _VOCABULARY:
        for match in list(re.finditer(pattern, left, re.IGNORECASE)):
            try:
                allowed = builder(match, plain)
            except KeyError:  # a unit that these words do not go with, such as "the ten seconds before"
                continue
            sentence = plain[plain.rfind(".", 0, match.start()) + 1 : match.end()]
            by = _BY.search(sentence[: len(sentence) - len(match[0])])
            column = by[1].lower() if by and by[1].lower() in columns else None
            binding = firm or field != "how_to_read"
            if field == "how_to_read" and _COMPARES.search(sentence):
                binding = False
            yield WindowClaim(field=field, quoted=" ".join(match[0].split()), allowed=allowed, column=column, firm=binding)
            left = left[: match.start()] + " " * len(match[0]) + left[match.end() :]


def without_asides(text: str) -> str:
    """Without what stands in parentheses, which explains and does not claim; one space between words."""
    return " ".join(re.sub(r"\([^()]*\)", " ", text).split())


def amount_in_seconds(number: str, unit: str) -> int | None:
    """A length of time as the vocabulary writes it, "two weeks"; None for months and years, which have no fixed length."""
    size = _SECONDS.get(unit.lower()) or _DAYS.get(unit.lower(), 0) * 86_400
    return _count(number) * size if size else None
