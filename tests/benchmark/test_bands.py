"""The band of each metric: which values make it, and that nothing but bands ever comes of it."""

from __future__ import annotations

import json
import math
import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat_lib.benchmark import Bands, refresh_benchmarks
from heartbeat_lib.model.period import Grain, period_at, previous_period
from heartbeat_lib.store import Role

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 17, tzinfo=UTC)
SINCE = {"hour": 30, "day": 30, "week": 26 * 7, "month": 24, "quarter": 72, "year": 24 * 12}
"""Length of the window: days, and months for what is longer than a week."""
METRICS = [(grain, judge, kind) for grain in SINCE for judge in ("running", "closed") for kind in ("rolling_stat", "none")]
WATCHED = """
SELECT jsonb_build_array(
    (SELECT jsonb_agg(r ORDER BY metric_id) FROM heartbeat.metric_registry AS r),
    (SELECT jsonb_agg(c ORDER BY change_id) FROM heartbeat.registry_change AS c),
    (SELECT jsonb_agg(t ORDER BY metric_id) FROM heartbeat.metric_retirement AS t),
    (SELECT jsonb_agg(h ORDER BY metric_id, period, period_start) FROM heartbeat.metric_history AS h))::text
"""


class Desk:
    """One store with what these tests do to it: deploy, write history, renew bands, read them."""

    def __init__(self, store) -> None:
        self.store = store

    def deploy(self, *ids, **changes):
        """These metrics and no others, all of one form."""
        self.deploy_rows(*({"metric_id": metric_id, **changes} for metric_id in ids))

    def deploy_rows(self, *rows):
        """Rows as a deploy would send them, completed where they say nothing."""
        whole = [
            {
                "name": "Refunds", "period": "day", "value_sql": "SELECT 1", "description": "A test.", "sources": ["shop.orders"],
                "dialect": "duckdb", "definition_hash": "present", "hash_version": "none", **row,
            }
            for row in rows
        ]  # fmt: skip
        with self.store.connect(Role.DEPLOY) as connection:
            answer = connection.execute(
                "SELECT heartbeat.apply_registry(%s, NULL, 'ann@x.example', NULL, NULL, NULL, 99, false)", [json.dumps(whole)]
            ).fetchall()[0][0]
        assert answer["refusals"] == []

    def keep(self, values, *, metric_id="refunds", last=NOW, grain="day", zone=BERLIN, settled=True, meaning="present"):
        """Values of consecutive periods, the last of them at `last`."""
        period = period_at(last, Grain(grain), zone)
        rows = []
        for value in reversed(values):
            rows.append((metric_id, grain, period.start, value, settled, meaning))
            period = previous_period(period, zone)
        self.write(rows)

    def write(self, rows):
        """(metric_id, grain, start, value, settled, meaning), as compute would."""
        with self.store.connect(Role.COMPUTE) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, "
                "computed_at, attempted_at, settled, origin, definition_hash) "
                "VALUES (%s, %s, %s, %s, 'grey', 'no_threshold', now(), now(), %s, 'tick', %s)",
                rows,
            )

    def renew(self, zone=BERLIN) -> Bands:
        """One benchmark run."""
        with self.store.connect(Role.COMPUTE) as connection:
            return refresh_benchmarks(connection, zone=zone, now=NOW)

    def bands(self):
        """metric_id -> mean, stddev, n, window_start, window_end, definition_hash."""
        with self.store.connect(Role.READER) as connection:
            rows = connection.execute(
                "SELECT metric_id, benchmark_mean, benchmark_stddev, n, window_start, window_end, definition_hash "
                "FROM heartbeat.metric_benchmark"
            ).fetchall()
        names = ("mean", "sd", "n", "start", "end", "meaning")
        return {metric_id: SimpleNamespace(**dict(zip(names, rest, strict=True))) for metric_id, *rest in rows}

    def watched(self):
        """Everything that a benchmark run must leave alone, as one text."""
        with self.store.connect(Role.READER) as connection:
            return connection.execute(WATCHED).fetchall()[0][0]


@pytest.fixture
def desk(store):
    """One daily metric, `refunds`."""
    made = Desk(store)
    made.deploy("refunds")
    return made


@pytest.fixture(scope="module")
def many(make_store):
    """A metric of every grain, judge and kind of benchmark; its history is each example's own."""
    with make_store() as store:
        desk = Desk(store)
        desk.deploy_rows(
            *(
                {"metric_id": f"{grain}_{judge}_{kind}", "period": grain, "judge": judge, "benchmark_kind": kind,
                 "norm_value": 1, "alert_value": 2, "direction": "higher_is_worse"}
                for grain, judge, kind in METRICS
            )
        )  # fmt: skip
        yield desk


def test_a_band_is_mean_and_sample_deviation(desk):
    """Of the days before the one on show."""
    desk.keep([10, 12, 14, 16, 18, 20, 22, 5])
    assert desk.renew() == Bands(metrics=1, shown=1)
    band = desk.bands()["refunds"]
    assert (band.mean, band.n, band.meaning) == (16, 7, "present")
    assert band.sd == pytest.approx(Decimal(statistics.stdev([10, 12, 14, 16, 18, 20, 22])))


def test_a_spike_cannot_hide_inside_its_own_band(desk):
    """The shown period is left out, settled or not."""
    desk.keep([10] * 10 + [1_000_000])
    desk.renew()
    assert (desk.bands()["refunds"].mean, desk.bands()["refunds"].sd) == (10, 0)


def test_below_7_values_nothing_is_shown(desk):
    """Six days say little about what is normal; they are counted."""
    desk.keep([10, 11, 12, 13, 14, 15, 99])
    assert desk.renew() == Bands(metrics=1, shown=0)
    band = desk.bands()["refunds"]
    assert (band.mean, band.sd, band.n) == (None, None, 6)


def test_days_without_a_value_are_not_counted(desk):
    """NULL is no value, never zero."""
    desk.keep([10, None, 11, 12, None, 13, 14, 15, 99])
    desk.renew()
    assert desk.bands()["refunds"].n == 6


def test_unsettled_values_do_not_count(desk):
    """A day read at noon is half a day."""
    desk.keep([10] * 9 + [5])
    desk.keep([900] * 5, last=NOW - timedelta(days=10), settled=False)
    desk.renew()
    assert (desk.bands()["refunds"].n, desk.bands()["refunds"].mean) == (9, 10)


def test_values_of_an_old_meaning_do_not_count(desk):
    """They are numbers of something else."""
    desk.keep([10] * 9 + [5])
    desk.keep([900] * 20, last=NOW - timedelta(days=10), meaning="old")
    desk.renew()
    assert (desk.bands()["refunds"].n, desk.bands()["refunds"].mean) == (9, 10)


def test_values_of_another_grain_do_not_count(desk):
    """Weeks among days."""
    desk.keep([10] * 9 + [5])
    desk.keep([900] * 20, grain="week")
    desk.renew()
    assert (desk.bands()["refunds"].n, desk.bands()["refunds"].mean) == (9, 10)


def test_an_offset_of_a_billion_leaves_the_width_alone(store):
    """Doubles would lose all of it."""
    desk = Desk(store)
    desk.deploy("low", "high")
    values = [Decimal(n * n % 13) / 10 for n in range(30)]
    desk.keep([*values, 0], metric_id="low")
    desk.keep([*(value + 10**9 for value in values), 0], metric_id="high")
    desk.renew()
    bands = desk.bands()
    assert bands["high"].sd == bands["low"].sd
    assert bands["high"].mean == pytest.approx(bands["low"].mean + 10**9, rel=Decimal("1e-15"))


def test_a_metric_that_wants_no_benchmark_has_no_row(desk):
    """Nor keeps one that it had."""
    desk.keep([10] * 9)
    desk.renew()
    desk.deploy("refunds", benchmark_kind="none")
    assert desk.renew() == Bands(metrics=0, shown=0)
    assert desk.bands() == {}


def test_the_band_of_a_retired_metric_goes(desk):
    """Its history stays, and is not looked at."""
    desk.keep([10] * 9)
    desk.renew()
    desk.deploy("margin")
    desk.renew()
    assert set(desk.bands()) == {"margin"}


def test_a_metric_without_history_has_an_empty_band(desk):
    """Deployed a minute ago: one row, no numbers."""
    assert desk.renew() == Bands(metrics=1, shown=0)
    band = desk.bands()["refunds"]
    assert (band.mean, band.n, band.end) == (None, 0, NOW)


@pytest.mark.parametrize("grain", SINCE)
def test_the_window_goes_back_as_far_as_its_grain_says(store, grain):
    """30 days for hours and days, 26 weeks, 24 months, quarters, years: those periods and not one more."""
    desk = Desk(store)
    desk.deploy("refunds", period=grain)
    expected = {"hour": 30 * 24 + 1, "day": 30, "week": 26, "month": 24, "quarter": 24, "year": 24}[grain]
    last = datetime(2026, 11, 10, 9, 17, tzinfo=UTC)  # one hour came twice in October
    desk.keep([1] * (expected + 9), grain=grain, last=last)
    desk.renew()
    band = desk.bands()["refunds"]
    assert band.n == expected
    assert band.end == period_at(last, Grain(grain), BERLIN).start


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-11-10"),  # a day of 25 hours in the window
        ("Europe/Berlin", "2026-04-10"),  # one of 23
        ("America/Havana", "2026-12-01"),  # the window starts with a midnight that came twice
        ("Atlantic/Azores", "2026-11-24"),
        ("Africa/Cairo", "2026-04-24"),  # the shown day began at one, its midnight was skipped
        ("Africa/Cairo", "2026-05-24"),  # the first day of the window did
        ("America/Nuuk", "2026-10-31"),
    ],
)
def test_thirty_days_are_thirty_days_in_every_zone(store, zone, day):
    """Whatever the clocks did."""
    desk = Desk(store)
    desk.deploy("refunds")
    place = ZoneInfo(zone)
    desk.keep([1] * 40, zone=place, last=datetime.fromisoformat(day).replace(hour=12, tzinfo=place))
    desk.renew(place)
    assert desk.bands()["refunds"].n == 30


def test_compute_may_only_read_the_registry(desk):
    """Who makes bands has no way to a threshold."""
    with desk.store.connect_migrating() as connection:
        rights = connection.execute(
            "SELECT privilege "
            "FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS privilege "
            "WHERE has_table_privilege('heartbeat_compute', 'heartbeat.metric_registry', privilege) "
            "OR privilege <> ALL ('{DELETE,TRUNCATE,TRIGGER}') "
            "AND has_any_column_privilege('heartbeat_compute', 'heartbeat.metric_registry', privilege)"
        ).fetchall()
        doors = connection.execute(
            "SELECT p.proname FROM pg_proc AS p WHERE pronamespace = 'heartbeat'::regnamespace AND prosecdef "
            "AND has_function_privilege('heartbeat_compute', p.oid, 'EXECUTE')"
        ).fetchall()
    assert rights == [("SELECT",)]
    assert doors == []


def test_only_compute_writes_bands(desk):
    """Not even as a reader's favour."""
    for role in (Role.DEPLOY, Role.OPERATOR, Role.READER):
        with desk.store.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM heartbeat.metric_benchmark")


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("benchmark_mean_finite", "'NaN', 1, 7, '2026-01-01'"),
        ("benchmark_stddev_finite", "1, 'Infinity', 7, '2026-01-01'"),
        ("benchmark_stddev_not_negative", "1, -1, 7, '2026-01-01'"),
        ("n_not_negative", "NULL, NULL, -1, '2026-01-01'"),
        ("shown_from_seven_values_on", "1, 1, 6, '2026-01-01'"),
        ("shown_from_seven_values_on", "1, NULL, 7, '2026-01-01'"),
        ("window_ends_after_it_starts", "1, 1, 7, '2027-01-01'"),
    ],
)
def test_the_table_holds_its_rules(desk, rule, values):
    """Whoever writes it."""
    with desk.store.connect(Role.COMPUTE) as connection, pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute(f"INSERT INTO heartbeat.metric_benchmark VALUES ('x', {values}, '2026-06-01', 'x', now())".encode())
    assert refused.value.diag.constraint_name == rule


def window_start(end, grain):
    """The window's start by another route: calendar arithmetic on the wall clock."""
    local = end.astimezone(BERLIN).replace(tzinfo=None, fold=0)
    if grain in ("hour", "day", "week"):
        back = local - timedelta(days=SINCE[grain])
    else:
        months = local.year * 12 + local.month - 1 - SINCE[grain]
        back = local.replace(year=months // 12, month=months % 12 + 1)
    return back.replace(tzinfo=BERLIN).astimezone(UTC)


def expected_band(rows, grain, judge):
    """(n, mean, variance), exact, of (start, value, settled, meaning) rows of one metric's present grain."""
    shown = [start for start, _, settled, _ in rows if judge == "running" or settled]
    if not shown:
        return 0, None, None
    end = max(shown)
    first = window_start(end, grain)
    values = [
        Fraction(value)
        for start, value, settled, meaning in rows
        if first <= start < end and settled and meaning == "present" and value is not None
    ]
    if len(values) < 7:
        return len(values), None, None
    return len(values), statistics.mean(values), statistics.variance(values)


def equal(found, exact):
    """To 15 digits."""
    return math.isclose(float(found), float(exact), rel_tol=1e-14, abs_tol=1e-14)


ENTRY = st.tuples(
    st.integers(0, 34),  # periods before the last
    st.decimals(-1000, 1000, places=3) | st.none(),
    st.sampled_from([True, True, True, True, False]),
    st.sampled_from(["present", "present", "present", "present", "old"]),
)
HISTORY = st.lists(ENTRY, max_size=40, unique_by=lambda entry: entry[0])
HISTORIES = st.fixed_dictionaries(
    {
        "rows": st.lists(st.tuples(st.sampled_from(METRICS), st.sampled_from(sorted(SINCE)), HISTORY), min_size=1, max_size=8,
                         unique_by=lambda entry: entry[:2]),
        "offset": st.sampled_from([0, 10**9]),
        "last": st.integers(0, 1000).map(lambda days: NOW - timedelta(days=days)),
        "runs": st.integers(1, 3),
    }
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(example=HISTORIES)
def test_bands_come_from_history_and_nothing_comes_from_bands(many, example):
    """Any history, any number of runs: each band equals another route's, and no threshold, status or record is touched."""
    with many.store.connect(Role.COMPUTE) as connection:
        connection.execute("DELETE FROM heartbeat.metric_benchmark")
    with many.store.connect_migrating() as connection:
        connection.execute("DELETE FROM heartbeat.metric_history")
    kept = {}
    for (own, judge, kind), grain, history in example["rows"]:
        starts = [period_at(example["last"], Grain(grain), BERLIN)]
        while len(starts) < 35:
            starts.append(previous_period(starts[-1], BERLIN))
        metric_id = f"{own}_{judge}_{kind}"
        rows = [
            (starts[ago].start, None if value is None else value + example["offset"], settled, meaning)
            for ago, value, settled, meaning in history
        ]
        if rows:
            many.write([(metric_id, grain, *row) for row in rows])
        if grain == own:
            kept[metric_id] = rows
    before = many.watched()
    for _ in range(example["runs"]):
        many.renew()
    assert many.watched() == before
    bands = many.bands()
    assert set(bands) == {f"{grain}_{judge}_{kind}" for grain, judge, kind in METRICS if kind == "rolling_stat"}
    for grain, judge, kind in METRICS:
        if kind == "none":
            continue
        metric_id = f"{grain}_{judge}_{kind}"
        n, mean, variance = expected_band(kept.get(metric_id, []), grain, judge)
        assert bands[metric_id].n == n
        assert (bands[metric_id].mean is None) == (mean is None)
        if mean is not None:
            assert equal(bands[metric_id].mean, mean)
            assert equal(bands[metric_id].sd, math.sqrt(variance))
