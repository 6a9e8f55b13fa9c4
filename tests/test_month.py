"""A month by the clock, with outages of clock, source and database: what settled is what an independent count says.

Time is an argument; the month is October 2041 in Berlin, so that it has a day of 25 hours. The marts know at each moment what
the last load brought, and the loads are late, fail, or come in one heap.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from bisect import bisect_left
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import lifecycle, reading
from heartbeat_lib.model.cron import Cron
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.period import Grain, period_at, periods_ended
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = datetime(2041, 10, 1, tzinfo=BERLIN).astimezone(UTC)
LAST_DAYS = datetime(2041, 10, 24, tzinfo=BERLIN).astimezone(UTC)
END = datetime(2041, 11, 1, tzinfo=BERLIN).astimezone(UTC)
METRICS = {
    "of_hour": ("hour", "SELECT count(*) FROM shop.orders WHERE placed_at >= now() - INTERVAL 1 HOUR AND placed_at <= now()"),
    "of_day": ("day", "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"),
    "of_week": ("week", "SELECT count(*) FROM shop.orders WHERE placed_at >= date_trunc('week', now()) AND placed_at <= now()"),
    "ever": ("day", "SELECT count(*) FROM shop.orders"),
}


def orders(random_, start):
    """Instants of orders from a week before the start to the month's end, in order."""
    moment, found = start - timedelta(days=7), []
    while moment < END:
        moment += timedelta(seconds=random_.randrange(60, 5400))
        found.append(moment)
    return found


@pytest.fixture
def bench(whole_workspace, request):
    """Four metrics over a shop whose orders appear as they are loaded."""
    start = request.node.callspec.params["start"]
    placed = orders(random.Random(request.node.callspec.params["seed"]), start)
    values = ", ".join(f"(TIMESTAMPTZ '{moment.isoformat()}')" for moment in placed)
    change_marts(
        whole_workspace,
        f"CREATE SCHEMA shop; CREATE TABLE shop.all_orders AS SELECT * FROM (VALUES {values}) AS t(placed_at);"
        "CREATE TABLE shop._dlt_loads (inserted_at TIMESTAMPTZ, status BIGINT);"
        "CREATE VIEW shop.orders AS FROM shop.all_orders WHERE placed_at <= (SELECT max(inserted_at) FROM shop._dlt_loads);",
    )
    load(whole_workspace, start - timedelta(days=1))
    for number, (metric_id, (period, query)) in enumerate(METRICS.items()):
        text = metric_text(metric_id, query, period=period, code=f"MON{number}", sources="shop.orders", norm=1e6, alert=2e6)
        (whole_workspace.metrics / f"{metric_id}.sql").write_text(text, "utf-8")
    with Workbench(whole_workspace) as made:
        lifecycle.deploy(made)
        made.placed = placed  # type: ignore[attr-defined]
        yield made


def load(workspace, moment):
    """A load that ended at this moment."""
    change_marts(workspace, f"INSERT INTO shop._dlt_loads VALUES ('{moment.isoformat()}', 0)")


def strike(bench):
    """Kill the server while the tick is at work."""
    with suppress(ProcessLookupError, FileNotFoundError):  # struck down already
        pid = int((bench.workspace.state / "postgres" / "postmaster.pid").read_text("utf-8").split()[0])
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("start", "seed"), [(LAST_DAYS, 1), *(pytest.param(MONTH, seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
def test_a_month_with_outages_settles_to_what_an_independent_count_says(bench, start, seed):
    """Every hour, day and week is there, once, with all of its orders; a metric without a clock has what was read last."""
    chance = random.Random(1000 + seed)
    last_load, clock_down, source_down = start - timedelta(days=1), start, start
    last_read: dict[str, int] = {}
    ticked, struck = None, False
    for due in Cron("17 * * * *", BERLIN).between(start, END + timedelta(hours=2)):
        if due > clock_down and chance.random() < 0.02:
            clock_down = due + timedelta(hours=chance.choice([1, 5, 14, 60]))
        if due > source_down and chance.random() < 0.03:
            source_down = due + timedelta(hours=chance.choice([1, 3, 26]))
        over = due >= END
        if due >= source_down or over:
            last_load = due - timedelta(minutes=chance.choice([1, 10]))
            load(bench.workspace, last_load)
        if due < clock_down and not over:
            continue
        before, struck = struck, chance.random() < 0.02 and not over
        blow = threading.Timer(chance.uniform(0, 0.05), strike, [bench])
        if struck:
            blow.start()
        try:
            lifecycle.tick(bench, due=due, now=lambda due=due: due)
        except HeartbeatError:
            assert struck or before
            continue
        finally:
            if struck:
                blow.join()
        ticked = due
        last_read[str(due.astimezone(BERLIN).date())] = bisect_left(bench.placed, last_load)
    assert ticked is not None

    check_settled(bench, start, until=ticked)
    days = {str(row["period_start"]): row for row in reading.history(bench, "ever") if row["settled"]}
    read = {day: days[day]["value"] for day in last_read if day in days}
    assert read == {day: last_read[day] for day in read}
    assert len(read) >= 0.6 * (END - start).days
    with bench.store.connect(Role.READER) as connection:
        doubles = "SELECT due FROM heartbeat.run WHERE kind = 'tick' AND outcome = 'ok' GROUP BY due HAVING count(*) > 1"
        assert connection.execute(doubles).fetchall() == []


def check_settled(bench, start, *, until):
    """Every period of the month that ended is settled and has as many orders as lie in it."""
    with bench.store.connect(Role.READER) as connection:
        rows = connection.execute(
            "SELECT metric_id, period_start, value FROM heartbeat.metric_history WHERE settled AND period_start >= %s", [start]
        ).fetchall()
    settled = {(metric_id, begun): int(value) for metric_id, begun, value in rows if value is not None}
    first_tick = min(begun for metric_id, begun in settled if metric_id == "of_hour")
    for metric_id, (grain, _) in METRICS.items():
        if metric_id == "ever":
            continue
        # The period in which the metric came to be watched is the first one that has to be there.
        first = period_at(first_tick, Grain(grain), BERLIN).start
        for period in periods_ended(Grain(grain), first=max(first, start), until=until, zone=BERLIN):
            if period.start < start:  # a week that began before there were orders
                continue
            expected = bisect_left(bench.placed, period.end) - bisect_left(bench.placed, period.start)
            assert settled.get((metric_id, period.start)) == expected, (metric_id, period)
