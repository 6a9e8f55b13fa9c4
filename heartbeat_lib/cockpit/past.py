"""The history of one metric as columns for the chart: values, statuses, the range to draw, axis steps, labels and marks."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from heartbeat_lib.cockpit.changes import new_meaning
from heartbeat_lib.cockpit.rehearsal import LETTERS
from heartbeat_lib.cockpit.shapes import History, Level, Mark
from heartbeat_lib.model.figures import Figures, is_count
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.words import MONTHS, day, first_line, listed_period, short_period, time
from heartbeat_lib.reading.rows import Row

_STRETCH = 2.2
"""A threshold that would stretch the values' range further than this stays outside: it would flatten the line."""
_AIR = 0.06
"""Of the range, above and below it."""
_STEPS = 4
_LABELS = 6
_NICE = (1, 2, 2.5, 5, 10)


def history_of(past: Sequence[Row], log: Sequence[Row], row: Row, figures: Figures, *, now: datetime, zone: ZoneInfo) -> History:
    """The columns of `past`.

    Parameters
    ----------
    past
        Rows of `sql/past.sql`, newest first.
    log
        The metric's changes, newest first.
    row
        The metric's row of `sql/wall.sql`.
    """
    kept = list(reversed(past))
    starts = [period["period_start"] for period in kept]
    values: list[float | None] = [period["value"] for period in kept]
    grain = row["period"]
    lines = {name: row[f"{name}_value"] for name in ("norm", "alert", "target")}
    low, high = _range(values, [float(line) for line in lines.values() if line is not None])
    normal = figures.band(row["benchmark_mean"], row["benchmark_stddev"])
    levels = {name: _level(name, line, figures) for name, line in lines.items()}
    return History(
        total=kept[0]["total"] if kept else 0,
        starts=[listed_period(start, grain, zone) for start in starts],
        values=values,
        status="".join(LETTERS[period["status"]] for period in kept),
        origin="".join("b" if period["origin"] == "backfill" else "t" for period in kept),
        errors={str(i): first_line(period["error"]) for i, period in enumerate(kept) if period["error"] is not None},
        low=low,
        high=high,
        steps=_steps(low, high, figures),
        days=_labels(starts, grain, now, zone),
        norm=levels["norm"],
        alert=levels["alert"],
        target=levels["target"],
        band=_band(row["benchmark_mean"], row["benchmark_stddev"], low, high),
        band_words=f"normal looks like {normal} (from {row['benchmark_n']} values; information only)" if normal else "",
        marks=sorted([*_meanings(kept, log), *_owners(starts, grain, log, zone)], key=lambda mark: mark["index"]),
    )


def _level(name: str, line: Decimal | None, figures: Figures) -> Level | None:
    return None if line is None else Level(at=float(line), words=f"{name} {figures.text(line)}")


def _band(mean: Decimal | None, sd: Decimal | None, low: float, high: float) -> tuple[float, float] | None:
    """Clipped to the range; None where there is none or all of it lies outside."""
    if mean is None or sd is None:
        return None
    bottom, top = max(low, float(mean - sd)), min(high, float(mean + sd))
    return (bottom, top) if bottom <= top else None


def _range(values: Sequence[float | None], lines: Sequence[float]) -> tuple[float, float]:
    """What to draw: all values, with each line that does not stretch them too far, and some air."""
    known = [value for value in values if value is not None] or list(lines) or [0.0]
    low, high = min(known), max(known)
    span = high - low
    for line in sorted(lines, key=lambda line: max(low - line, line - high)):
        if not span or max(high, line) - min(low, line) <= _STRETCH * span:
            low, high = min(low, line), max(high, line)
    air = (high - low) * _AIR or abs(high) * 0.1 or 1.0
    return low - air, high + air


def _steps(low: float, high: float, figures: Figures) -> list[Level]:
    """About four round numbers within the range, in the decimals that tell them apart."""
    first, last = low / figures.by, high / figures.by
    rough = (last - first) / _STEPS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * nice for nice in _NICE if size * nice >= rough * 0.999)
    if is_count(figures.unit) and not figures.decimals:
        step = max(1.0, step)
    exact = Decimal(repr(step)).normalize()
    exponent = exact.as_tuple().exponent
    told = Figures(by=1, decimals=max(0, -exponent) if isinstance(exponent, int) else 0, unit="")
    places = range(math.ceil(first / step), math.floor(last / step) + 1)
    return [Level(at=float(exact * i * figures.by), words=told.text(exact * i)) for i in places]


def _labels(starts: Sequence[datetime], grain: str, now: datetime, zone: ZoneInfo) -> list[tuple[int, str]]:
    """At most six, evenly apart, the newest among them; the period that holds `now` is said so."""
    count = len(starts)
    if not count:
        return []
    labels = min(_LABELS, count)
    places = [round(i * (count - 1) / max(1, labels - 1)) for i in range(labels)] if labels > 1 else [count - 1]
    days = {start.astimezone(zone).date() for start in starts} if grain == Grain.HOUR else set()
    return [(place, _label(starts[place], grain, now, zone, one_day=len(days) == 1)) for place in places]


def _label(start: datetime, grain: str, now: datetime, zone: ZoneInfo, *, one_day: bool) -> str:
    period = period_at(start, Grain(grain), zone)
    if period.start <= now < period.end:
        return {Grain.DAY: "today", Grain.HOUR: "now"}.get(Grain(grain), f"this {grain}")
    local = start.astimezone(zone)
    if grain == Grain.HOUR:
        return time(local) if one_day else short_period(start, grain, zone)
    if grain == Grain.MONTH:
        return f"{MONTHS[local.month - 1]} {local.year}"
    return day(local) if grain == Grain.WEEK else short_period(start, grain, zone)


def _meanings(kept: Sequence[Row], log: Sequence[Row]) -> Iterator[Mark]:
    """Where the meaning of the values changed, with the reason that the log has for it."""
    reasons = {new_meaning(entry): entry["reason"] for entry in reversed(log)}
    for i in range(1, len(kept)):
        meaning = kept[i]["definition_hash"]
        if meaning != kept[i - 1]["definition_hash"]:
            reason = first_line(reasons.get(meaning))
            yield Mark(index=i, kind="meaning", words=f"new meaning: {reason}" if reason else "new meaning")


def _owners(starts: Sequence[datetime], grain: str, log: Sequence[Row], zone: ZoneInfo) -> Iterator[Mark]:
    """Who took over from whom, at the period in which it happened; several within one period are one."""
    if not starts:
        return
    end = period_at(starts[-1], Grain(grain), zone).end
    found: dict[int, tuple[str | None, str | None]] = {}
    for entry in reversed(log):
        if entry["action"] != "update" or "owner" not in entry["fields"] or not starts[0] <= entry["at"] < end:
            continue
        place = bisect_right(starts, entry["at"]) - 1
        first, _ = found.get(place, (entry["before"]["owner"], None))
        found[place] = (first, entry["after"]["owner"])
    for place, (before, after) in found.items():
        if before != after:
            yield Mark(index=place, kind="owner", words=f"owner: {_person(before)} → {_person(after)}")


def _person(address: str | None) -> str:
    return "nobody" if address is None else address.partition("@")[0]
