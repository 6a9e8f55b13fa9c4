"""Ticks, refreshes, travels and backfills: what they write, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import compute, lifecycle, reading
from heartbeat_lib.compute.runs import open_run
from heartbeat_lib.store import Role

BERLIN = ZoneInfo("Europe/Berlin")
ACTOR = "ann@x.example"


@pytest.fixture
def shop(marts):
    """One order per hour of the last ten days, amount = 1; `broken` can be made to fail by dropping its table."""
    marts(
        """
        CREATE SCHEMA shop;
        CREATE TABLE shop.orders AS
            SELECT placed_at, 1.5::DECIMAL(10, 2) AS amount
            FROM generate_series(now()::timestamptz - INTERVAL 10 DAY, now()::timestamptz, INTERVAL 1 HOUR) AS t(placed_at);
        CREATE TABLE shop.broken AS SELECT 1 AS x;
        """
    )


@pytest.fixture
def metric(bench, file_of):
    """Deploys one metric per keyword: id = value_sql, or (value_sql, changes to the file)."""

    def deploy_all(**queries):
        for metric_id, query in queries.items():
            query, changes = query if isinstance(query, tuple) else (query, {})
            path = bench.workspace.metrics / f"{metric_id}.sql"
            path.write_text(file_of(metric_id, query, **changes), "utf-8")
        return lifecycle.deploy(bench)

    return deploy_all


DAY_COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


@pytest.mark.usefixtures("shop")
class TestTick:
    """One tick over real marts into the real store."""

    def test_a_tick_writes_history_observation_and_its_own_end_together(self, bench, metric):
        """All of it at one as_of."""
        metric(orders=DAY_COUNT, total="SELECT sum(amount) FROM shop.orders WHERE placed_at <= now()")
        tick = lifecycle.tick(bench)
        assert (tick.report.ok, tick.report.failed, tick.report.no_value) == (2, 0, 0)
        rows = [reading.history(bench, metric_id)[-1] for metric_id in ("orders", "total")]
        assert {row["as_of"] for row in rows} == {tick.report.as_of}
        assert {row["origin"] for row in rows} == {"tick"}
        run = reading.runs(bench)[0]
        assert (run["kind"], run["outcome"], run["run"]) == ("tick", "ok", tick.report.run)
        with bench.store.connect(Role.READER) as connection:
            seen = connection.execute(
                "SELECT count(*) FROM heartbeat.metric_observation WHERE run_id = %s", [tick.report.run]
            ).fetchall()
        assert seen == [(2,)]

    def test_a_failure_keeps_the_last_value_and_says_why(self, bench, metric, marts):
        """Grey with its reason; the others go on."""
        metric(orders=DAY_COUNT, breaks="SELECT sum(x) FROM shop.broken WHERE current_date IS NOT NULL")
        before = reading.history(bench, "breaks")[-1]
        marts("DROP TABLE shop.broken")
        tick = lifecycle.tick(bench)
        after = reading.history(bench, "breaks")[-1]
        assert (tick.report.ok, tick.report.failed) == (1, 1)
        assert (after["value"], after["computed_at"]) == (Decimal(1), before["computed_at"])
        assert (after["status"], after["status_reason"]) == ("grey", "failed")
        assert after["attempted_at"] > before["attempted_at"]
        assert "broken" in after["error"]

    def test_a_metric_that_recovers_forgets_its_error(self, bench, metric, marts):
        """The next good value is as good as any."""
        metric(breaks=("SELECT sum(x) FROM shop.broken WHERE current_date IS NOT NULL", {"norm": 5, "alert": 9}))
        marts("ALTER TABLE shop.broken RENAME TO away")
        lifecycle.tick(bench)
        marts("ALTER TABLE shop.away RENAME TO broken")
        lifecycle.tick(bench)
        row = reading.history(bench, "breaks")[-1]
        assert (row["status"], row["error"], row["origin"]) == ("green", None, "tick")

    @pytest.mark.parametrize(
        ("query", "value", "reason"),
        [
            ("SELECT 170141183460469231731687303715884105727::HUGEINT AS x", Decimal(2**127 - 1), None),
            (
                "SELECT 12345678901234567890123456789.123456789::DECIMAL(38, 9)",
                Decimal("12345678901234567890123456789.123456789"),
                None,
            ),
            ("SELECT 0.1::DOUBLE + 0.2::DOUBLE", Decimal("0.30000000000000004"), None),
            ("SELECT NULL::INTEGER", None, "no_value"),
            ("SELECT amount FROM shop.orders WHERE false", None, "no_value"),
            ("SELECT 'seven'", None, "failed"),
            ("SELECT DATE '2026-01-01'", None, "failed"),
            ("SELECT true", None, "failed"),
            ("SELECT amount FROM shop.orders LIMIT 2", None, "failed"),
            ("SELECT 1, 2", None, "failed"),
            ("SELECT 'nan'::DOUBLE", None, "failed"),
            ("SELECT 1.0::DOUBLE / 0", None, "failed"),
        ],
    )
    def test_only_one_finite_number_is_a_value(self, bench, metric, marts, query, value, reason):
        """Every digit is kept; NULL and no row are no value; everything else is a failure with a name."""
        marts("CREATE VIEW shop.answer AS SELECT 1 AS x")
        metric(answer="SELECT * FROM shop.answer")
        marts(f"CREATE OR REPLACE VIEW shop.answer AS {query}")
        lifecycle.tick(bench)
        row = reading.history(bench, "answer")[-1]
        if reason == "failed":
            assert (row["status"], row["status_reason"], row["value"]) == ("grey", "failed", Decimal(1))
        else:
            assert (row["value"], row["status_reason"]) == (value, reason or "no_threshold")

    @pytest.mark.parametrize(
        ("norm", "alert", "status"),
        [
            (900, 1000, "green"),
            (300, 1000, "amber"),
            (100, 300, "red"),
            (250, 100, "green"),
            (400, 100, "amber"),
            (900, 800, "red"),
        ],
    )
    def test_the_thresholds_give_the_colour_in_both_directions(self, bench, metric, marts, norm, alert, status):
        """Reaching a threshold counts as crossing; 300 is the value."""
        marts("CREATE TABLE shop.three AS SELECT 300 AS x")
        metric(three=("SELECT max(x) FROM shop.three", {"norm": norm, "alert": alert}))
        lifecycle.tick(bench)
        assert reading.metric(bench, "three")["status"] == status

    def test_a_second_tick_at_the_same_time_is_told_so(self, bench, metric):
        """It changes nothing, not even the list of runs."""
        metric(orders=DAY_COUNT)
        with open_run(bench.store, "tick", actor=ACTOR):
            before = len(reading.runs(bench))
            with pytest.raises(compute.TickRunningError, match="Another tick is running since"):
                lifecycle.tick(bench)
            assert len(reading.runs(bench)) == before

    def test_a_tick_tells_what_was_changed_past_the_doors(self, bench, metric):
        """A superuser can switch the guard off; he cannot do it unseen."""
        metric(orders=DAY_COUNT)
        assert lifecycle.tick(bench).tamperings == ()
        with bench.store.connect_migrating(autocommit=True) as superuser:
            superuser.execute("ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER metric_registry_guard")
        (told,) = lifecycle.tick(bench).tamperings
        assert "metric_registry_guard" in told
        assert reading.runs(bench)[0]["detail"]["tamperings"] == [told]

    def test_a_finished_tick_is_unique_in_its_due_instant(self, bench, metric):
        """Two clocks that both think a tick is due make one."""
        metric(orders=DAY_COUNT)
        due = datetime(2026, 1, 1, 12, 17, tzinfo=UTC)
        lifecycle.tick(bench, due=due)
        with pytest.raises(compute.DueAlreadyError):
            lifecycle.tick(bench, due=due)
        assert [run["outcome"] for run in reading.runs(bench) if run["due"] == due] == ["ok"]

    def test_a_metric_retired_in_the_middle_leaves_no_history_row(self, bench, metric):
        """Its observation stays: it was asked and it answered."""
        metric(orders=DAY_COUNT, other=DAY_COUNT, third=DAY_COUNT)
        from heartbeat_lib.compute.evaluate import evaluate
        from heartbeat_lib.compute.freshness import freshness_of
        from heartbeat_lib.compute.metrics import living_metrics
        from heartbeat_lib.compute.outcome import record

        with open_run(bench.store, "tick", actor=ACTOR) as run:
            living = living_metrics(run.connection)
            questions = [(one, datetime.now(UTC)) for one in living]
            outcomes = list(evaluate(bench, questions, freshness=freshness_of(bench, ["shop"])))
            (bench.workspace.metrics / "orders.sql").unlink()
            kept = reading.history(bench, "orders")
            lifecycle.deploy(bench)
            record(run.connection, outcomes, origin="tick", run_id=run.run_id)
        assert reading.history(bench, "orders") == kept
        assert reading.history(bench, "other")[-1]["origin"] == "tick"


@pytest.mark.usefixtures("shop")
class TestTravel:
    """The past, as of then."""

    def test_a_backfill_computes_each_day_as_of_its_last_microsecond(self, bench, metric):
        """24 orders a day, settled, origin backfill."""
        metric(orders=DAY_COUNT)
        first = datetime.now(UTC) - timedelta(days=5)
        report = compute.backfill(bench, first=first, until=datetime.now(UTC), actor=ACTOR)
        rows = [row for row in reading.history(bench, "orders") if row["origin"] == "backfill"]
        assert report.ok == len(rows) == 5
        assert all(row["settled"] for row in rows)
        assert all(row["as_of"].astimezone(BERLIN).strftime("%H:%M:%S.%f") == "23:59:59.999999" for row in rows)
        assert {int(row["value"]) for row in rows} <= {23, 24, 25}

    def test_a_backfill_is_taken_up_where_it_was_stopped(self, bench, metric):
        """What is there is not computed again, unless one asks for it."""
        metric(orders=DAY_COUNT)
        now = datetime.now(UTC)
        assert compute.backfill(bench, first=now - timedelta(days=2), until=now, actor=ACTOR).ok == 2
        assert compute.backfill(bench, first=now - timedelta(days=5), until=now, actor=ACTOR).ok == 3
        assert compute.backfill(bench, first=now - timedelta(days=5), until=now, actor=ACTOR).ok == 0
        assert compute.backfill(bench, first=now - timedelta(days=5), until=now, actor=ACTOR, replace=True).ok == 5

    def test_the_order_of_backfills_does_not_matter(self, bench, metric):
        """One long one, or short ones from the end."""
        metric(orders=DAY_COUNT)
        now = datetime.now(UTC)
        for days in (1, 3, 5):
            compute.backfill(bench, first=now - timedelta(days=days), until=now, actor=ACTOR)
        pieces = [(row["period_start"], row["value"]) for row in reading.history(bench, "orders")]
        compute.backfill(bench, first=now - timedelta(days=5), until=now, actor=ACTOR, replace=True)
        assert [(row["period_start"], row["value"]) for row in reading.history(bench, "orders")] == pieces

    def test_a_travel_leaves_the_row_of_a_tick_alone(self, bench, metric):
        """What the clock saw stands; a tick overwrites a travel's row."""
        metric(orders=DAY_COUNT)
        lifecycle.tick(bench)
        ticked = reading.history(bench, "orders")[-1]
        earlier = datetime.now(UTC) - timedelta(minutes=1)
        compute.travel(bench, earlier, actor=ACTOR)
        kept = [row for row in reading.history(bench, "orders") if row["period_start"] == ticked["period_start"]]
        assert kept == [ticked]

    def test_the_future_is_refused(self, bench, metric):
        """There is no data of it."""
        metric(orders=DAY_COUNT)
        with pytest.raises(compute.FutureError):
            compute.travel(bench, datetime.now(UTC) + timedelta(hours=1), actor=ACTOR)

    def test_a_metric_without_a_clock_cannot_travel(self, bench, metric):
        """Named where it was asked for, skipped and named where all were."""
        metric(orders=DAY_COUNT, ever="SELECT count(*) FROM shop.orders")
        now = datetime.now(UTC)
        with pytest.raises(compute.NoClockError, match="ever"):
            compute.backfill(bench, ["ever"], first=now - timedelta(days=2), until=now, actor=ACTOR)
        report = compute.backfill(bench, first=now - timedelta(days=2), until=now, actor=ACTOR)
        assert report.skipped == ["ever"]
        assert len(reading.history(bench, "ever")) == 1

    def test_a_new_meaning_leaves_the_old_rows_as_they_were(self, bench, metric):
        """Hash and value stay; recomputing is on request."""
        metric(orders=DAY_COUNT)
        now = datetime.now(UTC)
        compute.backfill(bench, first=now - timedelta(days=3), until=now, actor=ACTOR)
        old = [row for row in reading.history(bench, "orders") if row["origin"] == "backfill"]
        metric(orders=DAY_COUNT.replace("count(*)", "2 * count(*)"))
        compute.backfill(bench, first=now - timedelta(days=3), until=now, actor=ACTOR)
        assert [row for row in reading.history(bench, "orders") if row["origin"] == "backfill"] == old
        compute.backfill(bench, first=now - timedelta(days=3), until=now, actor=ACTOR, replace=True)
        new = [row for row in reading.history(bench, "orders") if row["origin"] == "backfill"]
        assert [row["value"] for row in new] == [2 * row["value"] for row in old]

    def test_another_grain_keeps_the_history_of_the_first(self, bench, metric):
        """Monday as a day and Monday's week are two rows."""
        metric(orders=DAY_COUNT)
        now = datetime.now(UTC)
        compute.backfill(bench, first=now - timedelta(days=9), until=now, actor=ACTOR)
        before = len(reading.history(bench, "orders"))
        metric(orders=(DAY_COUNT.replace("current_date", "date_trunc('week', current_date)"), {"period": "week"}))
        compute.backfill(bench, first=now - timedelta(days=9), until=now, actor=ACTOR)
        rows = reading.history(bench, "orders")
        assert len([row for row in rows if row["period"] == "day"]) == before
        assert {row["period"] for row in rows} == {"day", "week"}
        assert reading.metric(bench, "orders")["period"] == "week"

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2025-10-26", 25), ("2025-10-27", 24)])
    def test_days_of_23_and_25_hours_have_that_many_orders(self, bench, metric, marts, day, hours):
        """One order per real hour; the day is cut in the workspace's zone."""
        marts(
            "CREATE TABLE shop.hourly AS SELECT placed_at FROM generate_series(TIMESTAMPTZ '2025-10-20 00:00:00+00', "
            "TIMESTAMPTZ '2026-04-05 00:00:00+00', INTERVAL 1 HOUR) AS t(placed_at)"
        )
        metric(hourly="SELECT count(*) FROM shop.hourly WHERE placed_at >= current_date AND placed_at <= now()")
        noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=BERLIN)
        compute.backfill(bench, first=noon, until=noon + timedelta(hours=13), actor=ACTOR)
        values = {str(row["period_start"]): int(row["value"]) for row in reading.history(bench, "hourly")}
        assert values[day] == hours


@pytest.mark.usefixtures("shop")
class TestFreshness:
    """How far the sources are loaded, and whether that keeps the promise made for them."""

    def test_a_source_without_loads_is_of_unknown_age(self, bench, metric):
        """Never "fresh"."""
        metric(orders=DAY_COUNT)
        assert reading.metric(bench, "orders")["source_as_of"] is None

    def test_the_stalest_of_several_sources_counts(self, bench, metric, marts):
        """A join is as old as its oldest side."""
        marts(
            """
            CREATE SCHEMA depot; CREATE TABLE depot.vans AS SELECT 1 AS x;
            CREATE TABLE shop._dlt_loads AS SELECT TIMESTAMPTZ '2026-01-02 00:00:00+00' AS inserted_at, 0 AS status;
            CREATE TABLE depot._dlt_loads AS SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS inserted_at, 0 AS status
                UNION ALL SELECT TIMESTAMPTZ '2026-01-05 00:00:00+00', 1;
            """
        )
        metric(both=("SELECT count(*) FROM shop.orders, depot.vans", {"sources": "shop.orders, depot.vans"}))
        assert reading.metric(bench, "both")["source_as_of"] == datetime(2026, 1, 1, tzinfo=UTC)
