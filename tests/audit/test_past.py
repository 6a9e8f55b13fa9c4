"""History computed again: the same, restated, or not to be known."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import compute
from heartbeat_lib.audit import past
from heartbeat_lib.audit.case import open_case
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import Role

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 5, 6, 12, tzinfo=BERLIN)
COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


@pytest.fixture
def shop(bench, marts, deployed):
    """An order at each full hour of spring; ten days of history."""
    marts(
        "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT t AS placed_at, 1.0::DOUBLE / 3 AS amount "
        "FROM generate_series(TIMESTAMPTZ '2026-03-20 00:00+01', TIMESTAMPTZ '2026-05-31 00:00+02', INTERVAL 1 HOUR) AS g(t)"
    )
    marts("CREATE TABLE shop._dlt_loads AS SELECT TIMESTAMPTZ '2026-06-01 00:00+02' AS inserted_at, 0 AS status")
    deployed(orders=(COUNT, {"norm": 30, "alert": 40}))


@pytest.fixture
def filled(bench, shop):
    """Backfills some days."""

    def fill(first="2026-04-26", until="2026-05-06", ids=("orders",)):
        start, end = (datetime.fromisoformat(day).replace(tzinfo=BERLIN) for day in (first, until))
        compute.backfill(bench, ids, first=start, until=end, actor="ann@x.example")

    fill()
    return fill


def look(bench, metric_id="orders", as_of=NOON):
    return past.examine(open_case(bench, metric_id, as_of=as_of, auditor="ann@x.example"))


def test_a_history_that_is_said_again_holds(bench, filled):
    """Ten days, each as of its end."""
    layer = look(bench)
    assert (layer.verdict, layer.why) == (Verdict.HOLDS, "10 settled periods computed again say the same.")


def test_days_of_23_and_25_hours_end_where_they_end(bench, filled):
    """29 March has 23 orders, and has them again."""
    filled("2026-03-28", "2026-03-31")
    recomputed = past.recompute(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example"))
    assert [again.value for again in recomputed.periods[:3]] == [24, 23, 24]
    assert past.examine(recomputed.case, recomputed).verdict is Verdict.HOLDS


def test_a_restated_value_is_doubtful_and_listed_with_its_size(bench, filled, marts):
    """Six late orders of 1 May came in; it is green all the same."""
    marts("DELETE FROM shop.orders WHERE CAST(placed_at AS DATE) = '2026-05-01' AND hour(placed_at) < 6")
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert layer.why == (
        "1 of 10 settled periods would say something else now; the most in 1 May 2026: 24 is kept, 18 is computed now."
    )
    assert layer.tables[0].rows == (("1 May 2026", "24", "18", "-6", "-25 %", "green"),)


def test_a_verdict_that_would_flip_fails(bench, filled, marts):
    """Twenty orders more, and the day would have been red."""
    marts("INSERT INTO shop.orders SELECT TIMESTAMPTZ '2026-05-01 12:00+02', 1 FROM range(20)")
    layer = look(bench)
    assert layer.verdict is Verdict.FAILS
    assert "1 verdict would flip; the latest in 1 May 2026: what is kept is green, now it would be red." in layer.why
    assert layer.tables[0].rows[0][-1] == "green, would be red"


def test_float_noise_is_no_restatement(bench, filled, deployed, marts):
    """The rows lie in another order now, and their sum ends in other digits."""
    deployed(sums="SELECT sum(amount) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()")
    filled(ids=("sums",))
    marts("UPDATE shop.orders SET amount = amount * (1 + 1e-13)")
    assert look(bench, "sums").verdict is Verdict.HOLDS


def test_a_value_that_is_gone_is_restated(bench, filled, deployed, marts):
    """No value is another thing than a value."""
    deployed(mean="SELECT avg(amount) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()")
    filled(ids=("mean",))
    marts("DELETE FROM shop.orders WHERE CAST(placed_at AS DATE) = '2026-05-01'")
    layer = look(bench, "mean")
    assert layer.verdict is Verdict.DOUBTFUL
    assert layer.tables[0].rows[0][:3] == ("1 May 2026", "0.3333333333333333", "–")


def test_no_more_than_ninety_periods_are_asked(bench, filled):
    """And of those the last."""
    recomputed = past.recompute(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example"), periods=3)
    assert [again.period_start.astimezone(BERLIN).day for again in recomputed.periods] == [3, 4, 5]
    assert past.PERIODS == 90


def test_periods_of_another_meaning_are_left_alone(bench, filled, deployed):
    """They were computed by other SQL."""
    deployed(orders=(COUNT.replace("count(*)", "2 * count(*)"), {"norm": 60, "alert": 80}))
    layer = look(bench)
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert layer.why == "No period of the present meaning has its final value yet."


def test_periods_after_the_audited_instant_are_left_alone(bench, filled):
    """An audit as of 1 May knows nothing of 2 May."""
    recomputed = past.recompute(
        open_case(bench, "orders", as_of=datetime(2026, 5, 1, 12, tzinfo=BERLIN), auditor="ann@x.example")
    )
    assert [again.as_of.astimezone(BERLIN).day for again in recomputed.periods] == [26, 27, 28, 29, 30]


def test_a_metric_without_a_clock_has_no_past_to_compute(bench, filled, deployed):
    """It would say today's number ten times."""
    deployed(stock="SELECT count(*) FROM shop.orders")
    layer = look(bench, "stock")
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert "names no clock" in layer.why


def test_a_period_that_fails_leaves_the_layer_open(bench, filled, deployed, marts):
    """Nine say the same and one cannot be known: that is no pass, and the audit says so."""
    deployed(strict="SELECT 1 / min(amount) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()")
    filled(ids=("strict",))
    marts("UPDATE shop.orders SET amount = 0 WHERE CAST(placed_at AS DATE) = '2026-05-01'")
    layer = look(bench, "strict")
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert "1 period could not be computed again; of 1 May 2026 the engine says:" in layer.why


def test_sql_that_fails_everywhere_breaks_the_layer(bench, filled, marts):
    """The source is gone; the engine's words stand in the report."""
    marts("DROP TABLE shop.orders")
    layer = look(bench)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert "None of 10 periods could be computed again" in layer.why
    assert "orders" in layer.why


def test_marts_that_are_gone_break_the_layer(bench, filled):
    """And stop nothing else."""
    bench.workspace.marts_file.unlink()
    layer = look(bench)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)


def test_what_was_computed_is_appended_with_origin_audit(bench, filled, marts):
    """And the kept history stays as it is."""
    marts("DELETE FROM shop.orders WHERE CAST(placed_at AS DATE) = '2026-05-01'")
    recomputed = past.recompute(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example"))
    with bench.store.connect(Role.COMPUTE) as connection:
        before = connection.execute("SELECT * FROM heartbeat.metric_history ORDER BY period_start").fetchall()
        past.record(connection, recomputed, run_id=None)
        assert connection.execute("SELECT * FROM heartbeat.metric_history ORDER BY period_start").fetchall() == before
        rows = connection.execute(
            "SELECT period_start, as_of, value, source_as_of, definition_hash FROM heartbeat.metric_observation "
            "WHERE origin = 'audit' ORDER BY period_start"
        ).fetchall()
    assert len(rows) == 10
    start, as_of, value, source_as_of, meaning = rows[5]
    assert (start.astimezone(BERLIN).day, value) == (1, Decimal(0))
    assert as_of == start + timedelta(days=1) - timedelta(microseconds=1)
    assert source_as_of == datetime(2026, 6, 1, tzinfo=BERLIN)
    assert meaning == recomputed.case.metric["definition_hash"]


def test_a_failed_period_is_an_observation_too(bench, filled, marts):
    """Nothing of what an audit saw is lost."""
    marts("ALTER TABLE shop.orders RENAME placed_at TO placed")
    recomputed = past.recompute(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example"))
    with bench.store.connect(Role.COMPUTE) as connection:
        past.record(connection, recomputed, run_id=None)
        found = connection.execute(
            "SELECT DISTINCT error_reason, value FROM heartbeat.metric_observation WHERE origin = 'audit'"
        ).fetchall()
    assert found == [("query_failed", None)]
