"""Opening a case: one metric, one instant, one meaning; or a refusal that says what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib import compute, lifecycle
from heartbeat_lib.audit import action, layers, past, rebuild, source
from heartbeat_lib.audit.case import (
    AuditRefusedError,
    FutureAuditError,
    IllFormedIdError,
    RetiredMetricError,
    UnknownMetricError,
    open_case,
)
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import Role

COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"


@pytest.fixture
def orders(marts, deployed):
    """One metric over one table."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT now() AS placed_at")
    deployed(orders=(COUNT, {"norm": 5, "alert": 9}))


def test_a_case_holds_the_registrys_row_and_what_the_tile_shows(bench, orders):
    """All layers read this one row."""
    case = open_case(bench, "orders", auditor="ann@x.example", hand_count=Decimal("3"), rebuild_sql="SELECT 1")
    assert case.metric_id == "orders"
    assert case.metric["norm_value"] == Decimal("5")
    assert {"value", "status", "verification_state", "definition_hash", "benchmark_mean"} <= set(case.metric)
    assert case.parsed is not None
    assert case.parsed.tables == ("shop.orders",)
    assert (case.hand_count, case.rebuild_sql, case.auditor) == (Decimal("3"), "SELECT 1", "ann@x.example")


def test_without_an_instant_the_case_is_of_now(bench, orders):
    """And the report bears today's date in the workspace's zone."""
    before = datetime.now(UTC)
    case = open_case(bench, "orders", auditor="ann@x.example")
    assert before <= case.as_of <= datetime.now(UTC)
    assert case.audit_date == case.as_of.astimezone(ZoneInfo("Europe/Berlin")).date()


def test_instant_and_date_are_those_that_were_given(bench, orders):
    """An audit can be repeated."""
    as_of = datetime(2026, 3, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    case = open_case(bench, "orders", as_of=as_of, audit_date=date(2026, 3, 2), auditor="ann@x.example")
    assert (case.as_of, case.audit_date) == (as_of, date(2026, 3, 2))


def test_of_the_past_a_case_shows_what_was_kept_of_it(bench, orders):
    """A report whose every figure is as of then must not show the tile of today."""
    then = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert open_case(bench, "orders", as_of=then, auditor="ann@x.example").metric["period_start"] is None
    compute.travel(bench, then, ["orders"], actor="ann@x.example")
    metric = open_case(bench, "orders", as_of=then, auditor="ann@x.example").metric
    assert (metric["period_start"], metric["value"], metric["status"]) == (datetime(2026, 2, 28, 23, tzinfo=UTC), 0, "green")


@pytest.mark.parametrize(
    "metric_id", ["../../x", "", "x", "Orders", "orders; DROP TABLE x", "a" * 5000, "orders\n", "o'rders", "orders\0"]
)
def test_an_id_that_can_be_none_is_refused_before_anything_is_read(bench, metric_id):
    """It would become a file's name."""
    with pytest.raises(IllFormedIdError, match="is no metric's id") as refused:
        open_case(bench, metric_id, auditor="ann@x.example")
    assert len(str(refused.value)) < 400


def test_an_unknown_metric_is_refused(bench):
    """With the way to the known ones."""
    with pytest.raises(UnknownMetricError, match="heartbeat list"):
        open_case(bench, "nobody_knows", auditor="ann@x.example")


def test_a_retired_metric_is_refused_with_the_day_and_its_end(bench, orders):
    """Its history stays, its number does not."""
    (bench.workspace.metrics / "orders.sql").unlink()
    lifecycle.deploy(bench, allow_retirements=1)
    with pytest.raises(RetiredMetricError, match=r"orders was retired on \d{4}-\d\d-\d\d by ann@x.example"):
        open_case(bench, "orders", auditor="ann@x.example")


def test_the_future_is_refused(bench, orders):
    """Nobody knows its number."""
    with pytest.raises(FutureAuditError, match="has not come yet"):
        open_case(bench, "orders", as_of=datetime.now(UTC) + timedelta(hours=1), auditor="ann@x.example")


def test_an_instant_without_offset_is_no_instant(bench, orders):
    """Doors make one of it in the workspace's zone; here it is a defect."""
    with pytest.raises(ValueError, match="no offset"):
        open_case(bench, "orders", as_of=datetime(2026, 3, 1), auditor="ann@x.example")  # noqa: DTZ001


def test_every_refusal_is_of_one_class():
    """A door catches one."""
    for refusal in (IllFormedIdError, UnknownMetricError, RetiredMetricError, FutureAuditError):
        assert issubclass(refusal, AuditRefusedError)


def test_sql_that_no_longer_reads_still_opens_a_case(bench, orders):
    """Deployed under an older rule: the report says so instead of not being written."""
    with bench.store.connect_migrating() as admin:
        admin.execute("ALTER TABLE heartbeat.metric_registry DISABLE TRIGGER USER")
        admin.execute("UPDATE heartbeat.metric_registry SET value_sql = 'SELECT random()'")
    case = open_case(bench, "orders", auditor="ann@x.example")
    assert case.parsed is None
    assert "random" in case.unreadable


def test_the_story_of_a_discovery_is_one_more_text_once_it_became_the_metric(bench, orders):
    """What was told of money and people is not held against the SQL; a candidate that became no file tells nothing."""
    story = {"name": "Orders", "job": "Do the orders of the last 90 days fall?", "red_means": "A week of ads is lost."}
    assert open_case(bench, "orders", auditor="ann@x.example").story is None
    with bench.store.connect(Role.OPERATOR) as operator:
        operator.execute("INSERT INTO heartbeat.candidate (candidate_id, opened_by, changed_by) VALUES ('orders', 'a', 'a')")
        operator.execute("UPDATE heartbeat.candidate SET story = %s::jsonb, story_hash = 'x'", [json.dumps(story)])
    assert open_case(bench, "orders", auditor="ann@x.example").story is None
    with bench.store.connect(Role.OPERATOR) as operator:
        operator.execute("UPDATE heartbeat.candidate SET promoted_at = now(), promoted_file = 'db/metrics/orders.sql'")
    case = open_case(bench, "orders", auditor="ann@x.example")
    assert case.story == "Orders. Do the orders of the last 90 days fall?"
    doubts = [point.found for point in layers.methodology(case).points if point.verdict is Verdict.DOUBTFUL]
    assert any("he story says “last 90 days”" in found for found in doubts)


@pytest.mark.parametrize("layer", [source, rebuild, past])
def test_a_layer_that_needs_the_sql_says_why_it_could_not_look(bench, orders, layer):
    """Nothing that was not looked at holds; the reason is in the report, and the other layers go on."""
    case = replace(open_case(bench, "orders", auditor="ann@x.example"), parsed=None, unreadable="line 1: random()")
    found = layer.examine(case)
    assert (found.verdict, found.broken) == (Verdict.NOT_EXAMINED, True)
    assert found.why == "It could not be examined: line 1: random()"
    assert not action.examine(case).broken
