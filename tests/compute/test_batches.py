"""A backfill says the same whichever way it went, and says which way that was."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psutil
import pytest

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.compute import batches, passes
from heartbeat_lib.store import Role

BERLIN = ZoneInfo("Europe/Berlin")
ACTOR = "ann@x.example"
FIRST = datetime(2026, 2, 1, 12, tzinfo=BERLIN)
DAYS = 100  # over the day of 23 hours
UNTIL = FIRST + timedelta(days=DAYS)
EARLY, LATE = "2026-02-03", "2026-05-06"
"""Two days that are not in the trial; the first batch has the early one, the last batch the late one."""
COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at::date = current_date AND placed_at <= now()"
TOTAL = "SELECT sum(amount) FROM shop.orders WHERE placed_at >= current_date - 6 AND placed_at <= now()"
RATIO = "SELECT avg(amount::DOUBLE) FROM shop.orders WHERE placed_at >= current_date - 6 AND placed_at <= now()"


@pytest.fixture
def shop(marts):
    """An order every two hours except in April, when there are none; a table of days."""
    marts(
        """
        CREATE SCHEMA shop;
        CREATE TABLE shop.orders AS
            SELECT placed_at, (1.25 * row_number() OVER ())::DECIMAL(12, 2) AS amount
            FROM generate_series(TIMESTAMPTZ '2026-01-20', TIMESTAMPTZ '2026-05-20', INTERVAL 2 HOUR) AS t(placed_at)
            WHERE month(placed_at) <> 4;
        CREATE TABLE shop.days AS SELECT d::date AS day, 1 AS x FROM generate_series(DATE '2026-01-20', DATE '2026-05-20',
            INTERVAL 1 DAY) AS t(d);
        """
    )


@pytest.fixture
def deploy(bench, file_of):
    """Deploys one metric per keyword: id = value_sql."""

    def deploy_all(**queries):
        for metric_id, query in queries.items():
            (bench.workspace.metrics / f"{metric_id}.sql").write_text(file_of(metric_id, query), "utf-8")
        lifecycle.deploy(bench)

    return deploy_all


@pytest.fixture
def eager(monkeypatch):
    """Every rest is worth a trial, and a batch may take its time: the way no longer hangs on how busy the machine is."""
    monkeypatch.setattr(batches, "WORTH_S", 0.0)
    monkeypatch.setattr(batches, "SHARE", 1000.0)


def backfill(bench, *ids, **options):
    """The span of these tests."""
    return compute.backfill(bench, ids, first=FIRST, until=UNTIL, actor=ACTOR, **options)


def rows(bench, metric_id):
    """What history keeps of each period, without when and how long it was computed."""
    kept = ["period_start", "value", "as_of", "origin", "settled", "status_reason", "error"]
    return [{name: row[name] for name in kept} for row in reading.history(bench, metric_id) if row["origin"] == "backfill"]


def is_dying(pid):
    """Whether a killed process still holds its end of the channel."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.usefixtures("shop", "eager")
class TestBatch:
    """The trial won."""

    def test_a_batch_writes_what_the_loop_writes(self, bench, deploy, monkeypatch):
        """Counts, decimals and days without a value; only a float may differ, in its tenth digit."""
        deploy(orders=COUNT, total=TOTAL, ratio=RATIO)
        report = backfill(bench)
        assert report.batched == ["orders", "ratio", "total"]
        assert (report.ok + report.no_value, report.failed, report.settled) == (3 * DAYS, 0, 3 * DAYS)
        assert report.no_value > 0
        together = {metric_id: rows(bench, metric_id) for metric_id in report.batched}
        assert reading.runs(bench)[0]["detail"]["batched"] == report.batched
        monkeypatch.setattr(batches, "LEAST", DAYS + 1)
        assert backfill(bench, replace=True).batched == []
        assert reading.runs(bench)[0]["detail"]["batched"] == []
        for metric_id in ("orders", "total"):
            assert rows(bench, metric_id) == together[metric_id]
        for alone, row in zip(rows(bench, "ratio"), together["ratio"], strict=True):
            assert (alone["value"] is None) == (row["value"] is None)
            assert alone["value"] is None or float(alone.pop("value")) == pytest.approx(float(row.pop("value")), rel=1e-9)
            assert alone == row

    def test_no_period_is_computed_twice(self, bench, deploy):
        """The trial's outcomes come from the loop and are kept; each has the time it took."""
        deploy(orders=COUNT)
        report = backfill(bench)
        with bench.store.connect(Role.READER) as connection:
            seen = connection.execute(
                "SELECT period_start, elapsed_ms FROM heartbeat.metric_observation WHERE run_id = %s", [report.run]
            ).fetchall()
        assert len({start for start, _ in seen}) == len(seen) == DAYS
        assert all(elapsed > 0 for _, elapsed in seen)

    def test_progress_counts_every_period_once(self, bench, deploy):
        """The bar reaches its end."""
        deploy(orders=COUNT)
        told = []
        backfill(bench, progress=lambda done, total: told.append((done, total)))
        assert told == [(done, DAYS) for done in range(1, DAYS + 1)]

    def test_an_interrupted_batch_is_taken_up_where_it_was(self, bench, deploy, monkeypatch):
        """What was committed stays and is not computed again; the whole is what one run would have written."""
        monkeypatch.setattr(passes, "_CHUNK", 20)
        deploy(orders=COUNT)
        backfill(bench)
        whole = rows(bench, "orders")
        with bench.store.connect_migrating(autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            admin.execute("DELETE FROM heartbeat.metric_history WHERE origin = 'backfill'")

        def stop(done, total):
            if done == 70:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            backfill(bench, progress=stop)
        assert len(rows(bench, "orders")) == 60
        assert backfill(bench).ok == DAYS - 60
        assert rows(bench, "orders") == whole

    def test_a_worker_killed_in_a_batch_costs_nothing_but_time(self, bench, deploy):
        """Whatever ends a batch, the loop takes over."""
        deploy(orders=COUNT)
        numbers, killed = bench.marts.numbers, []

        def kill_and_ask(sql, **options):
            for slot in bench.marts._pool._slots:
                if slot._child is not None:
                    killed.append(slot._child.pid)
                    os.kill(slot._child.pid, signal.SIGSTOP)  # so that the batch is not done before it is killed
            end = threading.Timer(0.2, lambda: [os.kill(pid, signal.SIGKILL) for pid in killed])
            end.start()
            try:
                return numbers(sql, **options)
            finally:
                end.join()  # else it would strike at the loop that follows
                while any(is_dying(pid) for pid in killed):
                    time.sleep(0.005)

        bench.marts.numbers = kill_and_ask
        report = backfill(bench)
        assert (report.ok, report.failed, report.batched) == (DAYS, 0, [])
        assert killed


@pytest.mark.usefixtures("shop", "eager")
class TestFallback:
    """The trial was lost, or a later batch was."""

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            (
                "CASE WHEN max(day) = DATE '{day}' THEN 'nan'::DOUBLE ELSE 1 END FROM shop.days WHERE day = current_date",
                "not_finite",
            ),
            ("sum(1.0::DOUBLE / (day - DATE '{day}')) FROM shop.days WHERE day = current_date", "not_finite"),
            (
                "x FROM shop.days WHERE day = current_date OR (current_date = DATE '{day}' AND day = DATE '2026-03-03')",
                "not_one_row",
            ),
        ],
    )
    @pytest.mark.parametrize(("day", "won_before"), [(EARLY, False), (LATE, True)])
    def test_one_period_that_fails_is_named_by_its_own_query(self, bench, deploy, query, reason, day, won_before):
        """The batch around it is dropped, the rest is asked one by one, and only that period has no value."""
        deploy(odd=f"SELECT {query.format(day=day)}")
        report = backfill(bench)
        assert [(failure.reason, f"{failure.period_start.astimezone(BERLIN):%F}") for failure in report.failures] == [
            (reason, day)
        ]
        assert (report.ok, report.batched) == (DAYS - 1, ["odd"] if won_before else [])

    @pytest.mark.parametrize(
        "view", ["SELECT 'seven' AS x", "SELECT true AS x", "SELECT DATE '2026-01-01' AS x", "SELECT 1 AS y"]
    )
    def test_what_is_no_number_is_named_by_every_query(self, bench, deploy, marts, view):
        """No trial is made of what fails in the loop."""
        marts("CREATE VIEW shop.answer AS SELECT 1 AS x")
        deploy(answer="SELECT x FROM shop.answer WHERE current_date IS NOT NULL")
        marts(f"CREATE OR REPLACE VIEW shop.answer AS {view}")
        report = backfill(bench)
        assert (report.failed, report.batched) == (DAYS, [])
        assert Counter(failure.reason for failure in report.failures) == {"query_failed" if "y" in view else "not_a_number": DAYS}

    def test_a_batch_that_passes_its_deadline_is_stopped(self, bench, deploy, monkeypatch):
        """It lost; the loop does the rest."""
        monkeypatch.setattr(batches, "SHARE", 0.0)
        deploy(orders=COUNT)
        report = backfill(bench)
        assert (report.ok, report.batched) == (DAYS, [])

    def test_other_values_than_the_loops_are_not_believed(self, bench, deploy, monkeypatch):
        """However fast they came."""
        monkeypatch.setattr(batches, "_equal", lambda alone, together: False)
        deploy(orders=COUNT)
        report = backfill(bench)
        assert (report.ok, report.batched) == (DAYS, [])

    def test_a_short_or_a_fast_backfill_is_not_tried(self, bench, deploy, monkeypatch):
        """There is nothing to gain."""
        deploy(orders=COUNT)
        monkeypatch.setattr(batches, "WORTH_S", 4.0)
        assert backfill(bench).batched == []
        monkeypatch.setattr(batches, "WORTH_S", 0.0)
        monkeypatch.setattr(batches, "LEAST", DAYS + 1)
        assert backfill(bench, replace=True).batched == []


@pytest.mark.parametrize(
    ("alone", "together", "same"),
    [
        (None, None, True),
        (None, 0, False),
        (0.0, None, False),
        (1, 1, True),
        (1, 1.0, False),
        (1.0, 1.0 + 1e-10, True),
        (1.0, 1.0 + 1e-8, False),
        (2**100, 2**100 + 1, False),
    ],
)
def test_equal_means_type_and_digits(alone, together, same):
    """Nothing equals nothing alone; floats to nine digits."""
    assert batches._equal(alone, together) is same
