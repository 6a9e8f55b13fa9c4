"""Settling: a period that ended gets its final value once, as of its last microsecond, whatever happened meanwhile.

Time is an argument, and lies in 2041, so that the metrics of these tests were alive before it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.store import Role

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = (
    "generate_series(TIMESTAMPTZ '2041-03-01 00:00:00+01', TIMESTAMPTZ '2041-11-30 00:00:00+01', INTERVAL 1 HOUR) AS t(placed_at)"
)
KEEP = """
    INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, as_of, computed_at,
        attempted_at, settled, origin, definition_hash)
    VALUES ('orders', 'day', %(start)s, %(value)s, 'grey', 'no_threshold', now(), now(), now(), %(settled)s, %(origin)s, 'old')
"""
DAY_COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


def at(text):
    """An instant of Berlin, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
def shop(marts):
    """An order at each full hour, a table that can go away, and a shop that says when it was loaded."""
    marts(
        f"CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT placed_at, 10.5 AS amount FROM {HOURLY};"
        "CREATE TABLE shop.stock AS SELECT 40 AS x;"
        "CREATE TABLE shop._dlt_loads AS SELECT TIMESTAMPTZ '2041-04-01 00:00:00+00' AS inserted_at, 0 AS status"
    )


@pytest.fixture
def deployed(bench, shop, file_of):
    """Writes metric files and deploys them."""

    def deploy(judge=None, **files):
        for metric_id, given in files.items():
            query, changes = given if isinstance(given, tuple) else (given, {})
            text = file_of(metric_id, query, **changes)
            if judge:
                text += f"UPDATE heartbeat.metric_registry SET judge = '{judge}';\n"
            (bench.workspace.metrics / f"{metric_id}.sql").write_text(text, "utf-8")
        return lifecycle.deploy(bench)

    return deploy


def tick(bench, text):
    """One tick at an instant of Berlin."""
    moment = at(text)
    return lifecycle.tick(bench, due=moment, now=lambda: moment).report


def rows(bench, metric_id="orders"):
    """Rows of 2041 as (period_start, value, settled), by period."""
    kept = [row for row in reading.history(bench, metric_id) if str(row["period_start"]) >= "2041"]
    return [(str(row["period_start"])[:16], row["value"], row["settled"]) for row in kept]


def loaded(marts, text):
    """The shop's source brought rows, and said so."""
    marts(f"INSERT INTO shop._dlt_loads VALUES ('{at(text).isoformat()}', 0)")


def keep(bench, **row):
    """One row as an earlier pass left it, with another meaning."""
    with bench.store.connect(Role.COMPUTE) as connection:
        connection.execute(KEEP, row)


def test_the_first_tick_of_a_day_gives_yesterday_its_final_value(bench, deployed):
    """The last tick before midnight had seen 23:00 only because that is an hour's start; at 12:17 it had seen 13 orders."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    assert rows(bench) == [("2041-05-06", 13, False)]
    report = tick(bench, "2041-05-07T00:17")
    assert rows(bench) == [("2041-05-06", 24, True), ("2041-05-07", 1, False)]
    assert (report.ok, report.settled) == (2, 1)
    row = next(row for row in reading.history(bench, "orders") if str(row["period_start"]) == "2041-05-06")
    assert row["as_of"] == at("2041-05-07T00:00") - timedelta(microseconds=1)
    assert row["origin"] == "tick"


def test_a_closed_period_is_not_computed_again(bench, deployed):
    """One closing, and then only the running period."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    assert tick(bench, "2041-05-07T01:17").ok == 1


@pytest.mark.parametrize(("until", "days"), [("2041-05-08T00:17", 2), ("2041-05-13T09:17", 7)])
def test_what_ended_without_a_clock_is_closed_by_the_next_tick(bench, deployed, until, days):
    """A night, or a week."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    tick(bench, until)
    settled = [row for row in rows(bench) if row[2]]
    assert settled == [(f"2041-05-{6 + day:02d}", 24, True) for day in range(days)]


def test_hours_of_the_night_of_25_hours_are_closed_one_by_one(bench, deployed):
    """The repeated hour is a period of its own; none is missing and none is double."""
    query = "SELECT count(*) FROM shop.orders WHERE placed_at > now() - INTERVAL 1 HOUR AND placed_at <= now()"
    deployed(orders=(query, {"period": "hour"}))
    start = at("2041-10-27T00:17")
    for hour in range(6):
        moment = start + timedelta(hours=hour)
        lifecycle.tick(bench, due=moment, now=lambda moment=moment: moment)
    settled = [row for row in rows(bench) if row[2]]
    assert [value for _, value, _ in settled] == [1] * 5
    assert len(settled) == 5


def test_a_day_of_23_hours_has_23_orders(bench, deployed):
    """Cut in the workspace's zone."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-03-31T12:17")
    tick(bench, "2041-04-01T00:17")
    assert rows(bench)[0] == ("2041-03-31", 23, True)


def test_a_metric_without_a_clock_settles_with_the_last_value_read(bench, deployed, marts):
    """Asked again it would give the new day's number for the old day."""
    deployed(stock=("SELECT max(x) FROM shop.stock", {"norm": 41, "alert": 50}))
    tick(bench, "2041-05-06T12:17")
    marts("UPDATE shop.stock SET x = 50")
    report = tick(bench, "2041-05-07T00:17")
    assert rows(bench, "stock") == [("2041-05-06", 40, True), ("2041-05-07", 50, False)]
    assert report.ok == 1
    yesterday, today = [row for row in reading.history(bench, "stock") if str(row["period_start"]) >= "2041"]
    assert (yesterday["status"], today["status"]) == ("green", "red")


def test_a_metric_without_a_clock_that_failed_last_settles_with_what_it_had(bench, deployed, marts):
    """The failure was of a moment; the day's number is the last one read."""
    deployed(stock=("SELECT max(x) FROM shop.stock", {"norm": 41, "alert": 50}))
    tick(bench, "2041-05-06T12:17")
    marts("ALTER TABLE shop.stock RENAME TO away")
    tick(bench, "2041-05-06T13:17")
    tick(bench, "2041-05-07T00:17")
    row = next(row for row in reading.history(bench, "stock") if str(row["period_start"]) == "2041-05-06")
    assert (row["value"], row["settled"], row["status"], row["error"]) == (40, True, "green", None)


def test_a_closing_that_failed_is_done_by_the_next_tick(bench, deployed, marts):
    """Grey until then, and never forgotten."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    marts("ALTER TABLE shop.orders RENAME TO away")
    tick(bench, "2041-05-07T00:17")
    assert rows(bench)[0] == ("2041-05-06", 13, False)
    marts("ALTER TABLE shop.away RENAME TO orders")
    tick(bench, "2041-05-07T01:17")
    assert rows(bench)[0] == ("2041-05-06", 24, True)


def test_a_metric_that_fails_now_is_not_asked_for_its_past(bench, deployed, marts):
    """A week of hours of a broken query would be 168 failures, each perhaps at its deadline."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    marts("ALTER TABLE shop.orders RENAME TO away")
    assert tick(bench, "2041-05-13T12:17").failed == 1


def test_what_a_late_load_changed_is_closed_again(bench, deployed, marts):
    """The export of the night brings yesterday's last orders after yesterday was closed."""
    deployed(orders=DAY_COUNT)
    marts("CREATE TABLE shop.later AS FROM shop.orders; DELETE FROM shop.orders WHERE placed_at >= '2041-05-06 20:00:00+02'")
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    assert rows(bench)[0] == ("2041-05-06", 20, True)
    marts("DELETE FROM shop.orders; INSERT INTO shop.orders FROM shop.later")
    loaded(marts, "2041-05-07T03:00")
    report = tick(bench, "2041-05-07T03:17")
    assert rows(bench)[0] == ("2041-05-06", 24, True)
    assert report.settled >= 1
    assert tick(bench, "2041-05-07T04:17").settled == 0


def test_a_load_that_ended_after_the_period_makes_it_final(bench, deployed, marts):
    """Later loads are of later days; what was closed on them is left alone."""
    deployed(orders=DAY_COUNT)
    loaded(marts, "2041-05-06T12:00")
    tick(bench, "2041-05-06T12:17")
    loaded(marts, "2041-05-07T00:10")
    tick(bench, "2041-05-07T00:17")
    loaded(marts, "2041-05-07T03:00")
    marts("DELETE FROM shop.orders WHERE placed_at < '2041-05-07 00:00:00+02'")
    tick(bench, "2041-05-07T03:17")
    assert rows(bench)[0] == ("2041-05-06", 24, True)


def test_a_late_closing_that_fails_is_shown_and_tried_again(bench, deployed, marts):
    """The value stays, grey, until the next tick has the new one."""
    # Only days before the 7th break, so that the running value has no reason to fail.
    breaks = DAY_COUNT.replace("count(*)", "count(*) / min(CASE WHEN current_date < DATE '2041-05-07' THEN x ELSE 1 END)")
    breaks = breaks.replace("shop.orders", "shop.orders, shop.divisor")
    marts("CREATE TABLE shop.divisor AS SELECT 1 AS x")
    deployed(orders=(breaks, {"norm": 100, "alert": 200}))
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    marts("UPDATE shop.divisor SET x = 0")
    loaded(marts, "2041-05-07T03:00")
    tick(bench, "2041-05-07T03:17")
    row = next(row for row in reading.history(bench, "orders") if str(row["period_start"]) == "2041-05-06")
    assert (row["value"], row["status"], row["status_reason"]) == (24, "grey", "failed")
    marts("UPDATE shop.divisor SET x = 2")
    tick(bench, "2041-05-07T04:17")
    row = next(row for row in reading.history(bench, "orders") if str(row["period_start"]) == "2041-05-06")
    assert (row["value"], row["status"], row["settled"], row["error"]) == (12, "green", True, None)


def test_the_settled_rows_of_an_old_meaning_stay(bench, deployed, marts):
    """A late load is no reason to compute them by another definition."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    deployed(orders=DAY_COUNT.replace("count(*)", "2 * count(*)"))
    loaded(marts, "2041-05-07T03:00")
    tick(bench, "2041-05-07T03:17")
    assert [value for _, value, _ in rows(bench)] == [24, 8]


def test_an_unsettled_travel_is_not_a_ticks_affair(bench, deployed):
    """Somebody looked at last March; nobody asked for all of it."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    keep(bench, start=at("2041-03-05T00:00"), value=7, settled=False, origin="backfill")
    tick(bench, "2041-05-07T00:17")
    assert rows(bench)[0] == ("2041-03-05", 7, False)


def test_a_backfilled_period_is_left_as_it_is(bench, deployed):
    """It has its final value; the tick after an outage does not compute it twice."""
    deployed(orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    with bench.store.connect(Role.COMPUTE) as connection:
        connection.execute("UPDATE heartbeat.metric_history SET origin = 'backfill' WHERE settled")
    report = tick(bench, "2041-05-08T00:17")
    origins = {str(row["period_start"]): row["origin"] for row in reading.history(bench, "orders")}
    assert (origins["2041-05-06"], origins["2041-05-07"]) == ("backfill", "tick")
    assert report.settled == 1


def test_a_closed_metric_shows_its_last_finished_day_from_the_deploy_on(bench, deployed):
    """Yesterday's number, settled, without waiting for a tick."""
    deployed(judge="closed", orders=(DAY_COUNT, {"norm": -1, "alert": -2}))
    row = reading.metric(bench, "orders")
    now = datetime.now(UTC)
    today = period_at(now, Grain.DAY, BERLIN)
    assert (row["value"], row["settled"]) == (Decimal(0), True)
    assert row["period_start"] == (today.start - timedelta(hours=2)).astimezone(BERLIN).date()


def test_a_closed_metric_shows_the_day_that_just_ended(bench, deployed):
    """The running day is kept and not shown."""
    deployed(judge="closed", orders=DAY_COUNT)
    tick(bench, "2041-05-06T12:17")
    tick(bench, "2041-05-07T00:17")
    row = reading.metric(bench, "orders")
    assert (str(row["period_start"]), row["value"], row["settled"]) == ("2041-05-06", 24, True)


def test_replace_computes_by_the_new_meaning_what_ticks_wrote(bench, deployed):
    """On request, and only then."""
    deployed(orders="SELECT 1 FROM shop.stock WHERE current_date IS NOT NULL")
    lifecycle.tick(bench)
    deployed(orders="SELECT 2 FROM shop.stock WHERE current_date IS NOT NULL")
    now = datetime.now(UTC)
    first = now - timedelta(days=3)
    keep(bench, start=period_at(first, Grain.DAY, BERLIN).start, value=1, settled=True, origin="tick")
    compute.backfill(bench, first=first, until=now, actor="ann")
    assert [row["value"] for row in reading.history(bench, "orders")] == [1, 2, 2, 2]
    compute.backfill(bench, first=first, until=now, actor="ann", replace=True)
    assert [row["value"] for row in reading.history(bench, "orders")] == [2, 2, 2, 2]
    assert len({row["definition_hash"] for row in reading.history(bench, "orders")}) == 1
