"""What waits for a person, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from heartbeat_lib import lifecycle, reading, review
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace

QUIET = {"norm_value": 8, "alert_value": 9, "threshold_basis": "contract 7"}
OWNED = {"owner": "olga@x.example"}
OTHER = "SELECT 1 + count(*) FROM shop.parcels WHERE promised_on <= current_date"


@pytest.fixture
def waits(bench, deploy):
    """Reason and rest of the one row that waits, or None."""

    def look(now=None):
        rows = review.waiting(bench, now or datetime.now(UTC))
        assert len(rows) <= 1
        return rows[0] if rows else None

    return look


def since(instant):
    """Whether an instant lies in the last minute."""
    return timedelta(0) <= datetime.now(UTC) - instant < timedelta(minutes=1)


def test_red_and_unowned_waits_for_somebody_to_own_it(waits):
    """Two parcels, and red from two on. Since it lives here, whatever day the period began."""
    row = waits()
    assert (row["reason"], row["owner"], row["whom"], row["why"]) == (
        "red_unowned", None, "whoever names an owner", "It is red, and nobody owns it.",
    )  # fmt: skip
    assert since(row["since"])
    assert (row["report"], row["command"], row["status"]) == (None, None, "red")


def test_red_waits_since_the_red_run_began(waits, bench, deploy):
    """Red in the first days, quiet once, and red again: the last run counts, from when the metric lived here."""
    with bench.store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, computed_at, attempted_at, "
            "origin, definition_hash) SELECT 'late', 'day', day, 1, CASE WHEN day = '2030-01-03' THEN 'green' ELSE 'red' END, "
            "now(), now(), 'tick', definition_hash FROM heartbeat.metric_registry, "
            "generate_series('2030-01-01'::timestamptz, '2030-01-06', '1 day') AS day WHERE metric_id = 'late'"
        )
    assert waits()["since"] == datetime(2030, 1, 4, tzinfo=UTC)


def test_quiet_ownerless_and_unverified_waits_for_nobody(waits, decide, audit):
    """An old audit of it does not change that."""
    audit()
    decide(**QUIET)
    assert waits() is None


def test_owned_and_unverified_waits_once_it_was_red(waits, decide, bench):
    """Also when it is quiet today: the evening before it was not."""
    decide(**OWNED, **QUIET)
    assert waits() is None
    decide(norm_value=1, alert_value=2, threshold_basis="contract 7")
    assert (waits()["reason"], waits()["whom"]) == ("after_red", "olga@x.example")
    decide(verification_state="verified")
    assert waits() is None


def test_a_red_of_another_meaning_is_none(waits, decide, deploy):
    """It was another number that was red."""
    decide(**OWNED)
    decide(**QUIET)
    deploy(OTHER)
    assert waits() is None


def test_a_changed_meaning_waits_for_the_owner_who_had_verified(waits, decide, deploy):
    """Since the deploy."""
    decide(**OWNED, **QUIET, verification_state="verified")
    assert waits() is None
    deploy(OTHER)
    row = waits()
    assert (row["reason"], row["whom"], row["verification_state"]) == ("meaning_changed", "olga@x.example", "unverified")
    assert since(row["since"])


def test_a_wrong_number_waits_to_be_fixed_and_then_for_the_owner_again(waits, decide, deploy, audit, answer):
    """With the report that convinced; a newer audit does not take it away, a deploy does."""
    decide(**OWNED, verification_state="verified")
    report = audit()
    assert answer("wrong-number", why="the ledger says 3").changed
    row = waits()
    assert (row["reason"], row["report"], row["owner"]) == ("to_fix", report, "olga@x.example")
    assert row["why"] == "olga@x.example said that the number is wrong: the ledger says 3"
    audit()
    assert waits()["report"] == report
    deploy(OTHER)
    row = waits()
    assert (row["reason"], row["whom"], row["report"]) == ("meaning_changed", "olga@x.example", None)
    assert "the ledger says 3" in row["why"]
    second = audit()
    assert waits()["report"] == second
    assert answer("agrees").changed
    assert waits() is None


def test_a_number_found_wrong_again_waits_to_be_fixed_when_a_deploy_brings_it_back(waits, decide, deploy, audit, answer):
    """The meaning that was found wrong is the one that stands."""
    decide(**OWNED, **QUIET)
    audit()
    answer("wrong-number")
    deploy(OTHER)
    deploy()
    assert waits()["reason"] == "to_fix"


def test_whoever_verifies_after_all_takes_a_wrong_number_back(waits, decide, audit, answer):
    """A later decision about the same meaning."""
    decide(**OWNED)
    audit()
    answer("wrong-number")
    decide(verification_state="verified")
    assert waits() is None


def test_what_is_not_worth_keeping_waits_with_the_command_that_retires_it(waits, decide, audit, answer, bench):
    """The command does it; nothing did it before."""
    decide(**QUIET)
    audit()
    answer("not-worth-keeping", why="nobody reads it")
    row = waits()
    assert (row["reason"], row["why"]) == ("to_retire", "olga@x.example said that it is not worth keeping: nobody reads it")
    assert row["command"] == "git rm db/metrics/late.sql && heartbeat deploy --allow-retirements 1"
    (bench.workspace.root / "db/metrics/late.sql").unlink()
    lifecycle.deploy(bench, allow_retirements=1)
    assert (reading.metrics(bench), waits()) == ([], None)


def test_thresholds_that_were_wrong_wait_for_nobody_any_more(waits, decide, audit, answer):
    """Red at two was wrong; nine is right, and signed."""
    decide(**OWNED)
    audit()
    assert answer("wrong-thresholds", patch={"alert_value": Decimal(9), "threshold_basis": "contract 8"}).changed
    assert waits() is None


def test_an_audit_grows_old_where_the_workspace_says_so(waits, decide, audit, bench):
    """No limit, no reminder."""
    decide(**OWNED, **QUIET, verification_state="verified")
    audit()
    later = datetime.now(UTC) + timedelta(days=91)
    assert waits(later) is None
    toml = bench.workspace.root / "heartbeat.toml"
    toml.write_text(toml.read_text("utf-8") + '\n[audit]\nmax_age = "90d"\n', "utf-8")
    limited = Workbench(Workspace.find(bench.workspace.root))
    limited.__dict__["store"] = bench.store
    assert review.waiting(limited, datetime.now(UTC)) == []
    (row,) = review.waiting(limited, later)
    assert (row["reason"], row["whom"]) == ("audit_old", "olga@x.example")
    assert row["why"] == "Its last audit is of 2026-11-24, and here audits are good for 90 days."
    assert timedelta(0) <= later - row["since"] - timedelta(days=1) < timedelta(minutes=1)


def test_the_oldest_waits_on_top(bench, deploy, file_of):
    """Two metrics, one deployed after the other."""
    (bench.workspace.metrics / "second.sql").write_text(
        file_of("second", "SELECT 7 + count(*) FROM shop.parcels", norm=1, alert=2, code="SEC2"), "utf-8"
    )
    lifecycle.deploy(bench)
    assert [row["metric_id"] for row in review.waiting(bench, datetime.now(UTC))] == ["late", "second"]


def test_the_latest_audit_says_whether_it_is_about_the_present_meaning(bench, deploy, audit):
    """A tile shows its verdict and date."""
    assert review.latest_audits(bench) == []
    audit(verdict="fails")
    report = audit(verdict="holds")
    (row,) = review.latest_audits(bench)
    assert (row["metric_id"], row["verdict"], row["report"], row["present_meaning"]) == ("late", "holds", report, True)
    assert row["layers"][0]["name"] == "source"
    deploy(OTHER)
    (row,) = review.latest_audits(bench, "late")
    assert (row["report"], row["present_meaning"]) == (report, False)
    assert review.latest_audits(bench, "../../x") == []


def test_a_refusal_comes_back_with_its_rule_and_changes_nothing(bench, deploy, answer):
    """No audit yet, and nobody owns it."""
    done = answer("agrees")
    assert {refusal.rule for refusal in done.refusals} == {"audit_missing", "verifying_needs_owner"}
    assert (done.changed, done.review_id, done.audit_id) == (False, None, None)
    with bench.store.connect(Role.READER) as connection:
        assert connection.execute("SELECT count(*) FROM heartbeat.metric_review").fetchall() == [(0,)]
