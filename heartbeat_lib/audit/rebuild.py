"""Layer 3, the independent rebuild: does another road lead to the same number?

Roads are `cross_check_sql` of the file, the `rebuild_sql` of this audit, a number that the notebook worked out by itself, and
what people counted: for this audit alone, or kept for every audit. Our number and every other are of one instant and, where SQL
is asked, of one state of the data. Where both ask the clock, SQL roads are also walked at the end of the last finished period,
because the running one may hold too little to differ in, and at the end of one long before it: a filter for what had not happened
yet makes no difference at the end of the data. A miss there is doubtful, since it may be the other road that cannot travel.

Two numbers agree within a billionth of the larger one; with a person's count, within half of the last digit that was written.
Any other miss fails. Where both roads have no value nothing was shown. The surprise: the same SQL, or a road that holds a whole
subquery of ours, is no second road, and neither is one that reads no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from heartbeat_lib.audit.case import Case, select
from heartbeat_lib.audit.difference import rows_behind
from heartbeat_lib.audit.evidence import Layer, LayerName, Point, Table, broken_layer, layer_of
from heartbeat_lib.audit.wording import Number, apart, counted, digits, exactly, moment, period_words, relative
from heartbeat_lib.marts import MartsError, Scalar, dialect_for
from heartbeat_lib.model.anatomy.sameness import shares_sql
from heartbeat_lib.model.display import number
from heartbeat_lib.model.figures import NOTHING
from heartbeat_lib.model.period import Grain, Period, period_at, previous_period
from heartbeat_lib.model.value_sql import ValueSql, ValueSqlRefused, parse_value_sql
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import StoreError

_TOLERANCE = Decimal("1e-9")
"""Relative; sums of doubles differ in their last digits from run to run."""
_LONG_BEFORE = 30
"""Periods between the last finished one and the one long before it."""
_NO_ROAD = "The same SQL is no second road"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A number that the notebook worked out without our SQL, as of the case's instant; `how` says by what ("pandas")."""

    value: Number | None
    how: str = "the notebook's own calculation"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Road:
    """Another number for one instant: SQL to ask, or one that is at hand.

    `name` goes into sentences ("the cross-check of the file"); `at` says which instant is meant; `half`: half of the last digit
    written, where a person counted; `miss`: what it means when the two differ.
    """

    name: str
    as_of: datetime
    at: str
    sql: ValueSql | None = None
    value: Number | None = None
    half: Decimal | None = None
    miss: Verdict = Verdict.FAILS


_Answer = Scalar | MartsError


def examine(case: Case, *, handed: Handed | None = None) -> Layer:
    """Walk every other road there is and compare.

    Parameters
    ----------
    handed
        A number from outside, such as the notebook's pandas route; None: there is none.
    """
    if case.parsed is None:
        return broken_layer(LayerName.REBUILD, case.unreadable)
    refused: list[Point] = []
    broken = False
    roads: list[_Road] = []
    for name, text in (("the cross-check of the file", case.metric["cross_check_sql"]), ("the rebuild SQL", case.rebuild_sql)):
        if text is None or not text.strip():
            continue
        try:
            roads += _sql_roads(case, name, _second_road(case, text))
        except _NotARoad as reason:
            refused.append(Point(verdict=Verdict.NOT_EXAMINED, what=_title(name), found=str(reason)))
        except ValueSqlRefused as fault:
            broken = True
            refused.append(Point(verdict=Verdict.NOT_EXAMINED, what=_title(name), found=f"It cannot be read: {fault}"))
    if handed is not None:
        roads.append(_Road(name=handed.how, as_of=case.as_of, at=_now(case), value=handed.value))
    try:
        counted, left_out = _counts(case)
    except StoreError as error:
        return broken_layer(LayerName.REBUILD, str(error))
    roads += counted
    points, tables, failed = _compared(case, roads)
    layer = layer_of(
        LayerName.REBUILD,
        [*points, *refused, *left_out],
        nothing=_why_nothing([*points, *refused, *left_out]),
        held=_held(points),
        tables=tables,
    )
    broken = broken or failed
    if broken and layer.verdict is Verdict.HOLDS:
        why = " ".join(point.found for point in layer.points if point.verdict is Verdict.NOT_EXAMINED)
        return replace(layer, verdict=Verdict.NOT_EXAMINED, why=why, broken=True)
    return replace(layer, broken=broken)


class _NotARoad(Exception):
    """Why a text is no second road to the number."""


def _second_road(case: Case, text: str) -> ValueSql:
    assert case.parsed is not None
    theirs = parse_value_sql(text, dialect_for(case.workbench.workspace.marts_url))
    if shares_sql(case.parsed, theirs):
        raise _NotARoad(f"{_NO_ROAD}: it shares a whole query with value_sql, and would share its mistakes.")
    if not theirs.tables:
        raise _NotARoad("It reads no table, so it is a number and no road to one; give a number as a hand count.")
    return theirs


def _sql_roads(case: Case, name: str, theirs: ValueSql) -> Iterator[_Road]:
    assert case.parsed is not None
    yield _Road(name=name, as_of=case.as_of, at=_now(case), sql=theirs)
    if theirs.has_clock and case.parsed.has_clock:
        zone, grain = case.workbench.workspace.zone, Grain(case.metric["period"])
        period = previous_period(period_at(case.as_of, grain, zone), zone)
        yield _end_of(case, name, theirs, period, Verdict.FAILS)
        for _ in range(_LONG_BEFORE):
            period = previous_period(period, zone)
        yield _end_of(case, name, theirs, period, Verdict.DOUBTFUL)


def _end_of(case: Case, name: str, theirs: ValueSql, period: Period, miss: Verdict) -> _Road:
    at = f"at the end of {period_words(period.start, period.grain, case.workbench.workspace.zone)}"
    return _Road(name=name, as_of=period.last_instant, at=at, sql=theirs, miss=miss)


def _counts(case: Case) -> tuple[list[_Road], list[Point]]:
    """What people counted: this audit's number and all that are kept, and those of which our SQL cannot speak."""
    assert case.parsed is not None
    roads: list[_Road] = []
    left_out: list[Point] = []
    if case.hand_count is not None:
        roads.append(_counted(case, "the hand count of this audit", case.as_of, _now(case), case.hand_count))
    zone, grain = case.workbench.workspace.zone, Grain(case.metric["period"])
    for row in select(case, "hand_counts", metric_id=case.metric_id):
        words = period_words(row["period_start"], row["period"], zone)
        name = f"the count of {row['actor']} from {row['source']}"
        period = period_at(row["period_start"], grain, zone)
        still_open = period.start <= case.as_of < period.end
        why = ""
        if row["period"] != grain:
            why = f"it is of a {row['period']}, and the metric is now of a {grain}"
        elif period.start > case.as_of:
            why = "its period begins after the audited instant"
        elif not still_open and not case.parsed.has_clock:
            why = "the SQL names no clock, so it cannot say what it said then"
        if why:
            left_out.append(Point(verdict=Verdict.NOT_EXAMINED, what=f"Hand count of {words}", found=f"{_title(name)}: {why}."))
        elif still_open:
            roads.append(_counted(case, name, case.as_of, f"{_now(case)} ({words})", row["value"]))
        else:
            roads.append(_counted(case, name, period.last_instant, f"at the end of {words}", row["value"]))
    return roads, left_out


def _counted(case: Case, name: str, as_of: datetime, at: str, value: Decimal) -> _Road:
    exponent = value.as_tuple().exponent
    half = Decimal("0.5").scaleb(min(exponent, 0) if isinstance(exponent, int) else 0)
    return _Road(name=name, as_of=as_of, at=at, value=value, half=half)


def _compared(case: Case, roads: list[_Road]) -> tuple[list[Point], list[Table], bool]:
    """Ask the marts once for all of it; a point per road, the table of all, rows behind differences, and whether one failed."""
    if not roads:
        return [], [], False
    assert case.parsed is not None
    zone = case.workbench.workspace.zone
    jobs = {f"ours {road.as_of.isoformat()}": case.parsed.pinned(road.as_of, zone) for road in roads}
    jobs |= {f"road {i}": road.sql.pinned(road.as_of, zone) for i, road in enumerate(roads) if road.sql is not None}
    answers = dict(case.workbench.marts.scalars(jobs.items(), timeout_s=case.workbench.workspace.settings.compute.timeout_s))
    points: list[Point] = []
    lines: list[tuple[str, ...]] = []
    listings: list[Table] = []
    failed = False
    unlisted = ""
    for i, road in enumerate(roads):
        point, line, fault = _one(case, road, answers, i)
        failed = failed or fault
        points.append(point)
        lines.append(line)
        if point.verdict is road.miss and road.sql is not None:
            title = f"Rows behind the difference with {road.name}, {road.at}"
            ours = jobs[f"ours {road.as_of.isoformat()}"]
            listing = rows_behind(case, ours, jobs[f"road {i}"], case.parsed.dialect, title)
            listings += [] if listing is None else [listing]
            if listing is None:
                unlisted = "Rows behind a difference are listed where both roads are plain counts or sums over one table."
    heads = ("Road", "As of", "Ours", "Theirs", "Difference", "Share", "Allowed", "Verdict")
    return points, [Table(title="Roads to the number", columns=heads, rows=tuple(lines), note=unlisted), *listings], failed


def _one(case: Case, road: _Road, answers: Mapping[str, _Answer], i: int) -> tuple[Point, tuple[str, ...], bool]:
    """The point and the line of one road, and whether something failed on it."""
    what, at = _title(road.name), moment(road.as_of, case.workbench.workspace.zone)
    mine = answers[f"ours {road.as_of.isoformat()}"]
    other = answers[f"road {i}"] if road.sql is not None else None
    for who, answer in (("value_sql", mine), (road.name, other)):
        if isinstance(answer, MartsError):
            point = Point(verdict=Verdict.NOT_EXAMINED, what=what, found=f"{_title(who)} failed {road.at}: {answer}")
            return point, (what, at, *[NOTHING] * 5, str(point.verdict)), True
    ours = mine.value if isinstance(mine, Scalar) else None
    theirs = other.value if isinstance(other, Scalar) else road.value
    if ours is None or theirs is None:
        return _without_value(case, road, ours, theirs)
    left, right = exactly(ours), exactly(theirs)
    difference = apart(left, right)
    allowed = road.half if road.half is not None else _TOLERANCE * max(abs(left), abs(right))
    verdict = Verdict.HOLDS if abs(difference) <= allowed else road.miss
    rule = f"±{digits(road.half)}, half of its last digit" if road.half is not None else "a billionth"
    share = relative(difference, right)
    if verdict is Verdict.HOLDS:
        found = f"We say {_shown(case, ours)} {road.at}, and so does {road.name}"
        found += "." if not difference else f" within {'half of its last digit' if road.half is not None else 'a billionth'}."
    else:
        we, they = _shown(case, ours), _shown(case, theirs)
        if we == they:  # apart in digits that nobody reads otherwise
            we, they = digits(ours), digits(theirs)
        how = f", {relative(abs(difference), right)}" if share else ""
        more = "more" if difference > 0 else "less"
        found = f"We say {we} {road.at}; {road.name} says {they}: "
        found += f"ours is {_shown(case, abs(difference))} {more}{how} ({rule} is allowed)."
    line = (what, at, digits(ours), digits(theirs), digits(difference), share, rule, str(verdict))
    return Point(verdict=verdict, what=what, found=found), line, False


def _without_value(case: Case, road: _Road, ours: Number | None, theirs: Number | None) -> tuple[Point, tuple[str, ...], bool]:
    both = ours is None and theirs is None
    verdict = Verdict.NOT_EXAMINED if both else road.miss
    found = (
        f"Neither we nor {road.name} have a value {road.at}, which shows nothing."
        if both
        else f"We say {_shown(case, ours)} {road.at}; {road.name} says {_shown(case, theirs)}."
    )
    at = moment(road.as_of, case.workbench.workspace.zone)
    line = (_title(road.name), at, digits(ours), digits(theirs), NOTHING, "", NOTHING, str(verdict))
    return Point(verdict=verdict, what=_title(road.name), found=found), line, False


def _shown(case: Case, value: Number | None) -> str:
    return number(value, case.metric["unit"])


def _now(case: Case) -> str:
    return f"as of {moment(case.as_of, case.workbench.workspace.zone)}"


def _title(name: str) -> str:
    """The name as a heading: "The cross-check of the file" loses its article."""
    plain = name.removeprefix("the ")
    return plain[:1].upper() + plain[1:]


def _held(points: list[Point]) -> str:
    """The first agreement, and how many more there are."""
    agreed = [point.found for point in points if point.verdict is Verdict.HOLDS]
    if len(agreed) < 2:
        return "".join(agreed)
    return f"{agreed[0]} Ours agrees in {counted(len(agreed) - 1, 'other comparison')} too."


def _why_nothing(points: list[Point]) -> str:
    if points:
        return " ".join(point.found for point in points[:2])
    return "There is no second road to this number: no cross_check_sql in its file, no rebuild SQL, and nobody counted by hand."
