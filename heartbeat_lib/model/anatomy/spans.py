"""Time windows as both sides name them: the SQL by bounds on a column, a text by words such as "yesterday".

Moments are named, never computed: "today minus 30 days" is the same on every day of the audit, so a window and a claim can be
compared as they stand. The surprise: a column of days knows no time of day, so its bounds are brought to one form first
(`whole_days`), and there `<= yesterday` and `< today` are one bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_DAY_S = 86_400
_NOON_S = 43_200
_STARTS = {
    "week": "Monday of this week",
    "month": "the first of this month",
    "quarter": "the first day of this quarter",
    "year": "1 January of this year",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A named instant: `base` is now, today (its midnight), the start of this week, month, quarter or year, or a fixed date.

    `months`, `days` and `seconds` are added to it; negative ones lie before.
    """

    base: str
    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def is_midnight(self) -> bool:
        """Whether it is the start of some day."""
        return self.base != "now" and not self.seconds

    @property
    def order(self) -> float:
        """For telling the later one of two moments of one base, or of today and now; no time by itself."""
        return (_NOON_S if self.base == "now" else 0) + (self.months * 30 + self.days) * _DAY_S + self.seconds

    def words(self) -> str:
        """As an owner would say it."""
        if self.base == "today" and not self.months and not self.seconds and self.days in (0, -1, 1):
            return {0: "today", -1: "yesterday", 1: "tomorrow"}[self.days]
        start = _STARTS.get(self.base, self.base)
        for count, unit in ((self.months, "month"), (self.days, "day"), (self.seconds, "second")):
            if count:
                start = f"{_amount(abs(count), unit)} {'before' if count < 0 else 'after'} {start}"
        return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One end of a window; `inclusive`: the moment itself belongs to it."""

    moment: Moment
    inclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window; an end that is None is open."""

    low: Edge | None = None
    high: Edge | None = None

    @property
    def is_guard(self) -> bool:
        """Only leaves out what lies after now: every metric that can be computed as of then has such a bound."""
        return self.low is None and self.high in UP_TO_NOW

    def whole_days(self) -> Span:
        """The same for a column of days: from a day on, and up to before a day."""
        low, high = self.low, self.high
        if low and low.moment.base == "now" and not low.moment.seconds:
            low = Edge(moment=replace(low.moment, base="today"), inclusive=low.inclusive)
        if high and high.moment.base == "now" and not high.moment.seconds:
            high = Edge(moment=replace(high.moment, base="today"), inclusive=True)
        if low and not low.inclusive and low.moment.is_midnight:
            low = Edge(moment=_next_day(low.moment), inclusive=True)
        if high and high.inclusive and high.moment.is_midnight:
            high = Edge(moment=_next_day(high.moment), inclusive=False)
        return Span(low=low, high=high)

    def shifted(self, days: int) -> Span:
        """The same window, `days` later."""
        low, high = (edge and Edge(moment=replace(edge.moment, days=edge.moment.days + days), inclusive=edge.inclusive)
                     for edge in (self.low, self.high))  # fmt: skip
        return Span(low=low, high=high)

    def comparable(self, other: Span) -> bool:
        """Whether it is the same on every day which of two beginnings, or of two ends, is the later one."""
        return all(not one or not two or _same_clock(one, two) for one, two in ((self.low, other.low), (self.high, other.high)))

    def within(self, other: Span) -> Span | None:
        """What two comparable windows have in common; None where that is nothing on any day."""
        lows = [edge for edge in (self.low, other.low) if edge]
        highs = [edge for edge in (self.high, other.high) if edge]
        low = max(lows, key=lambda edge: (edge.moment.order, not edge.inclusive), default=None)
        high = min(highs, key=lambda edge: (edge.moment.order, edge.inclusive), default=None)
        if low and high and _same_clock(low, high):
            first, last = low.moment.order, high.moment.order
            if first > last or (first == last and not (low.inclusive and high.inclusive)):
                return None
        return Span(low=low, high=high)

    def words(self) -> str:
        """As an owner would say it, after the name of a column: "from yesterday up to, not including, today"."""
        if self.low and self.high and not self.high.inclusive and self.high.moment == _next_day(self.low.moment):
            day = self.low.moment.words()
            return day if day in ("today", "yesterday", "tomorrow") else f"on the day {day}"
        parts = []
        if self.low:
            moment = self.low.moment.words()
            parts.append(f"from {moment} on" if self.low.inclusive else f"after {moment}")
        if self.high:
            high = self.high
            if high.moment.base == "now" and high.inclusive:
                parts.append(f"up to {high.moment.words()}")
            elif high.inclusive:
                parts.append(f"up to and including the first instant of {high.moment.words()}")
            else:
                parts.append(f"before {high.moment.words()}")
        return " and ".join(parts) or "at any time"


def _same_clock(one: Edge, other: Edge) -> bool:
    """Whether two moments have one order on every day: the first of a month may lie before a week ago, or after it."""
    bases = {one.moment.base, other.moment.base}
    return len(bases) == 1 or bases == {"today", "now"}


def _next_day(moment: Moment) -> Moment:
    return replace(moment, days=moment.days + 1)


def _amount(count: int, unit: str) -> str:
    if unit == "second":
        for size, larger in ((3600, "hour"), (60, "minute")):
            if count % size == 0:
                count, unit = count // size, larger
                break
    return f"{count} {unit}{'' if count == 1 else 's'}"


def moment(base: str, days: int = 0, *, months: int = 0, seconds: int = 0) -> Moment:
    """Short for a Moment."""
    return Moment(base=base, months=months, days=days, seconds=seconds)


def from_(at: Moment) -> Edge:
    """A window that begins with `at`."""
    return Edge(moment=at, inclusive=True)


def before(at: Moment) -> Edge:
    """A window that ends just before `at`."""
    return Edge(moment=at, inclusive=False)


def until(at: Moment) -> Edge:
    """A window that ends with `at`."""
    return Edge(moment=at, inclusive=True)


UP_TO_NOW = (until(moment("now")), before(moment("now")), before(moment("today", 1)))
"""The ends that mean "up to now": of an instant, and of a day."""
