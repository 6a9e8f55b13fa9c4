"""A profile as Jupyter shows it: a heading, the days as a picture, a line per column. Pure; every text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from heartbeat_lib.model.display import number
from heartbeat_lib.model.markup import FAINT, TABLE, Markup, element, joined
from heartbeat_lib.model.picture import sparkline_of, svg
from heartbeat_lib.model.words import counted

if TYPE_CHECKING:
    from heartbeat_lib.discovery.profile import ColumnProfile, Profile

DRAWN_DAYS = 200
"""Days in the picture, the newest at the right."""
_GAPS_SHOWN = 3
_NAMES_ROWS = re.compile(r"(^|_)(id|key|code|uuid|number|no|ref|reference)$")
_LEFT, _RIGHT = "text-align:left;vertical-align:top", "text-align:right;vertical-align:top"


def profile_html(found: Profile) -> Markup:
    """The whole profile as one element."""
    heads = (("column", _LEFT), ("type", _LEFT), ("empty", _RIGHT), ("different", _RIGHT), ("from", _LEFT), ("to", _LEFT))
    more = (("middle", _RIGHT), ("most frequent", _LEFT))
    head = [element("th", name, style=look) for name, look in (*heads, *more)]
    body = [element("tr", *_cells(column, found)) for column in found.columns]
    table = element("table", element("thead", element("tr", *head)), element("tbody", *body), style=TABLE)
    heading = element("div", element("b", found.table), f": {counted(found.rows, 'row')}. {keys_words(found.keys)}")
    return element("div", heading, *_volume(found), table)


def names_rows(column: str) -> bool:
    """Whether a column is named like one that names rows: its numbers count nothing and have no middle.

    >>> names_rows("customer_id"), names_rows("paid")
    (True, False)
    """
    return _NAMES_ROWS.search(column.lower()) is not None


def keys_words(keys: Sequence[tuple[str, ...]]) -> str:
    """A sentence on the keys."""
    if not keys:
        return "No column, and no pair tried, names every row."
    return f"Every row is named by {', or '.join(' with '.join(key) for key in keys)}."


def drawn_days(days: Sequence[tuple[date, int]]) -> tuple[int, ...]:
    """Rows of each of the last days up to the newest one, oldest first; 0 where a day has none."""
    if not days:
        return ()
    rows, newest = dict(days), days[-1][0]
    first = max(days[0][0], newest - timedelta(days=DRAWN_DAYS - 1))
    return tuple(rows.get(first + timedelta(days=at), 0) for at in range((newest - first).days + 1))


def volume_words(found: Profile) -> Iterator[str]:
    """Sentences on the days: how many, from when to when, the gaps, what is dated after now."""
    if found.time_column is None:
        yield "No column says when a row happened."
        return
    if found.days:
        first, last = found.days[0][0], found.days[-1][0]
        yield f"By {found.time_column}: rows on {counted(len(found.days), 'day')}, {first} to {last}."
    if found.gaps:
        shown = ", ".join(f"{gap.first}" if gap.days == 1 else f"{gap.first} to {gap.last}" for gap in found.gaps[:_GAPS_SHOWN])
        rest = f" and {counted(len(found.gaps) - _GAPS_SHOWN, 'other gap')}" if len(found.gaps) > _GAPS_SHOWN else ""
        yield f"Days without rows: {shown}{rest}."
    if found.later:
        yield f"{counted(found.later, 'row')} dated after now."


def _volume(found: Profile) -> Iterator[Markup]:
    drawn = drawn_days(found.days)
    if len(drawn) > 1:
        picture = Markup(svg(sparkline_of(drawn), status="grey", width=480, height=48))
        highest = element("span", f"rows a day, at most {max(drawn):,}", style=FAINT)
        yield element("div", picture, " ", highest)
    yield element("div", " ".join(volume_words(found)))


def _cells(column: ColumnProfile, found: Profile) -> Iterator[Markup]:
    yield element(
        "td", column.name, " ", *([element("span", "key", style=FAINT)] if (column.name,) in found.keys else []), style=_LEFT
    )
    yield element("td", column.type.lower(), style=f"{_LEFT};{FAINT}")
    yield element("td", share_words(column.nulls, found.rows), style=_RIGHT)
    yield element("td", f"{'about ' if column.about else ''}{column.distinct:,}", style=_RIGHT)
    named = names_rows(column.name) and isinstance(column.least, int)
    for bound in (column.least, column.greatest):
        yield element("td", str(bound) if named else value_words(bound), style=_LEFT)
    yield element("td", "" if named or column.middle is None else value_words(column.middle), style=_RIGHT)
    lines: list[str] = []
    for value, rows in column.frequent:
        lines += [*([element("br")] if lines else []), value, element("span", f" {share_words(rows, found.rows)}", style=FAINT)]
    yield element("td", joined(*lines), style=_LEFT)


def share_words(rows: int, of: int) -> str:
    """A share of rows as people read it; never 0 % of something or 100 % of not all.

    >>> share_words(0, 10), share_words(1, 100_000), share_words(99_999, 100_000), share_words(5, 10)
    ('0 %', '< 0.1 %', '> 99.9 %', '50 %')
    """
    if not rows or not of:
        return "0 %"
    share = 100 * rows / of
    if share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f}".removesuffix(".0") + " %"


def value_words(value: object) -> str:
    """A value to the second; numbers with at most four telling digits after the point."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return number(value)
    return str(value)
