"""Since when the status on show stands: the start of its present run, whatever the grain and however long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat_lib.cockpit.wall import read_rows
from heartbeat_lib.model.period import Grain
from heartbeat_lib.store import Role, load_sql
from tests.cockpit.place import HIGHER, Place, day

HOUR = timedelta(hours=1)


@pytest.fixture
def place(bench) -> Place:
    """An empty store of the test's own."""
    return Place(bench)


def test_since_is_the_start_of_the_present_run(place):
    """An earlier red run does not count, nor other metrics or grains."""
    place.metric(**HIGHER)
    place.metric("other", **HIGHER)
    place.keep_days([1, 1, 0.5, 1, 1, 1])
    place.keep_days([1] * 9, metric_id="other")
    assert place.tile()["since"] == day("2026-11-22").isoformat()
    assert place.tile("other")["since"] == day("2026-11-16").isoformat()


@pytest.mark.parametrize("breaking", [0.5, 0.7, None])
def test_any_other_status_breaks_a_run(place, breaking):
    """Green, amber or grey."""
    place.metric(**HIGHER)
    place.keep_days([1, 1, breaking, 1])
    assert place.tile()["since"] == day("2026-11-24").isoformat()


def test_since_looks_at_judged_periods_only(place):
    """Where finished periods are judged, one that never was settled breaks no run and begins none."""
    place.metric(**HIGHER, judge="closed")
    place.keep("2026-11-24", 5, settled=False)
    place.keep_days([1, 1, 1], until="2026-11-23")
    place.keep("2026-11-20", "0.1", settled=False)
    place.keep_days([0.5, 1, 1], until="2026-11-19")
    tile = place.tile()
    assert (tile["value"], tile["since"]) == ("1.00", day("2026-11-18").isoformat())


def test_since_is_exact_and_cheap_after_years_of_hours(place):
    """The run is read by its two ends, not row by row."""
    place.metric(**HIGHER, period="hour")
    with place.bench.store.connect_migrating(autocommit=True) as admin:
        admin.execute(
            "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, computed_at, attempted_at, "
            "settled, origin, definition_hash) "
            "SELECT 'late_share', 'hour', timestamptz '2026-11-24 08:00+00' - n * '1h'::interval, "
            "1, CASE n WHEN 26000 THEN 'green' ELSE 'red' END, now(), now(), true, 'tick', 'late_share one' "
            "FROM generate_series(0, 26001) AS n"
        )
        admin.execute("ANALYZE")
    with place.bench.store.connect(Role.OPERATOR) as connection:
        (row,) = read_rows(connection)
        assert row["since"] == datetime(2026, 11, 24, 8, tzinfo=UTC) - 25999 * HOUR
    assert _rows_touched(place) < 300


def _rows_touched(place) -> int:
    """Rows that the plan of the wall walks through, by PostgreSQL's own count."""

    def walked(node):
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        return own if "Plans" not in node else sum(map(walked, node["Plans"]))

    with place.bench.store.connect(Role.OPERATOR) as connection:
        statement = "EXPLAIN (ANALYZE, FORMAT JSON) " + load_sql("heartbeat_lib.cockpit", "wall")
        ((plan,),) = connection.execute(statement, {"metric_id": None, "periods": 90}).fetchall()
    return walked(plan[0]["Plan"])


def test_a_tile_of_hours_works_on_a_day_of_25(place):
    """The hour that comes twice is two periods, and says which of the two it is."""
    place.metric(**HIGHER, period="hour")
    second = datetime(2026, 10, 25, 1, tzinfo=UTC)
    place.keep_periods([0.5, 1, 1, None], Grain.HOUR, until=second)
    tile = place.tile(now=second + timedelta(minutes=20))
    assert tile["why"] == "no value: no row for 25 Oct 02:00 CET yet"
    place.keep(second + HOUR, 1)
    assert place.tile()["since"] == (second + HOUR).isoformat()


def test_a_tile_of_hours_works_on_a_day_of_23(place):
    """The hour that is skipped is no gap in a run."""
    place.metric(**HIGHER, period="hour")
    place.keep_periods([0.5, 1, 1, 1], Grain.HOUR, until=datetime(2026, 3, 29, 2, tzinfo=UTC))
    assert place.tile()["since"] == datetime(2026, 3, 29, tzinfo=UTC).isoformat()
