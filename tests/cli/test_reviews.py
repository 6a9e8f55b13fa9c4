"""review, reviews, count: what owners answer, from the shell."""

from __future__ import annotations

import json

import pytest

from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.cli.command_line import METRIC
from tests.store.door import audit as written


@pytest.fixture
def audited(heartbeat):
    """The metric, owned, unverified and red from two on, with an audit of its present meaning; gives the report."""
    heartbeat("set", "parcels_late", "--norm", "1", "--alert", "2", "--basis", "a test", "--unverified")
    heartbeat("set", "parcels_late", "--owner", "bea@x.example")
    return audit(heartbeat)


def audit(heartbeat, **more):
    """An audit of the metric as it stands, written as compute writes it; gives the report."""
    meaning = heartbeat.json("show", "parcels_late")["definition_hash"]
    with Workbench.open(heartbeat.root) as bench, bench.store.connect(Role.COMPUTE) as connection:
        audit_id = written(connection, metric_id="parcels_late", meaning=meaning, **more)
        return connection.execute("SELECT report FROM heartbeat.metric_audit WHERE audit_id = %s", [audit_id]).fetchall()[0][0]


def test_verifying_without_an_audit_goes_through_and_says_so(heartbeat):
    """One line; where an audit of the present meaning exists there is nothing to say."""
    heartbeat("set", "parcels_late", "--owner", "bea@x.example", "--unverified")
    said = heartbeat("set", "parcels_late", "--verified", "--why", "looked at it").stderr
    assert "verified without an audit" in said
    assert "`heartbeat audit parcels_late`" in said
    heartbeat("set", "parcels_late", "--unverified")
    audit(heartbeat)
    assert "without an audit" not in heartbeat("set", "parcels_late", "--verified", "--why", "looked at it").stderr


def test_agreeing_verifies_and_names_the_report(heartbeat, audited):
    """What was red and unverified waited for its owner until then."""
    (row,) = heartbeat.json("reviews")
    assert (row["metric_id"], row["reason"], row["whom"], row["report"]) == (
        "parcels_late", "after_red", "bea@x.example", audited,
    )  # fmt: skip
    assert {"code", "name", "owner", "why", "since", "audit_date", "verdict", "command", "row_version"} <= set(row)
    text = heartbeat("review", "parcels_late", "--outcome", "agrees", "--why", "the carrier's bill says two").stdout
    assert f"Kept: agrees, about {audited}." in text
    assert "trust   unverified -> verified" in text
    assert heartbeat.json("reviews") == []
    assert heartbeat.json("changes")[0]["reason"] == "the carrier's bill says two"


def test_wrong_thresholds_takes_the_right_ones(heartbeat, audited):
    """One answer."""
    words = ["--norm", "3", "--alert", "5", "--basis", "Contract 9", "--why", "two are no trouble"]
    text = heartbeat("review", "parcels_late", "--outcome", "wrong-thresholds", *words).stdout
    assert "norm    1 -> 3" in text
    row = heartbeat.json("show", "parcels_late")
    assert (row["threshold_basis"], row["verification_state"], row["status"]) == ("Contract 9", "verified", "green")


def test_wrong_number_is_listed_to_fix_until_a_deploy_changes_the_meaning(heartbeat, audited):
    """On the terminal with the report."""
    said = heartbeat("review", "parcels_late", "--outcome", "wrong-number", "--why", "the bill says three").stdout
    assert "It waits for whoever keeps its file." in said
    text = heartbeat("reviews").stdout
    assert "to fix" in text
    assert "the bill says three" in text
    assert audited in text
    file = heartbeat.root / "db" / "metrics" / "parcels_late.sql"
    try:
        file.write_text(METRIC.replace("count(*)", "1 + count(*)"), "utf-8")
        heartbeat("deploy")
        (row,) = heartbeat.json("reviews")
        assert (row["reason"], row["whom"]) == ("meaning_changed", "bea@x.example")
    finally:
        file.write_text(METRIC, "utf-8")
        heartbeat("deploy")


def test_not_worth_keeping_says_how_to_retire_it(heartbeat, audited):
    """And deletes nothing."""
    command = "git rm db/metrics/parcels_late.sql && heartbeat deploy --allow-retirements 1"
    assert command in heartbeat("review", "parcels_late", "--outcome", "not-worth-keeping", "--why", "unread").stdout
    assert command in heartbeat("reviews").stdout
    assert heartbeat.json("show", "parcels_late")["owner"] == "bea@x.example"


def test_every_fault_of_an_answer_is_told_at_once(heartbeat, audited):
    """And nothing is written."""
    heartbeat("set", "parcels_late", "--owner", "")
    before = heartbeat.json("reviews")
    said = heartbeat("review", "parcels_late", "--outcome", "agrees", "--norm", "4", exit_code=1).stderr
    assert "Nobody owns this metric" in said
    assert "Say why" in said
    assert "not a patch" in said
    assert heartbeat.json("reviews") == before
    stale = heartbeat("review", "parcels_late", "--outcome", "agrees", "--why", "x", "--if-version", "1", exit_code=1).stderr
    assert "changed meanwhile" in stale


@pytest.mark.parametrize(
    "words",
    [
        ["review", "parcels_late"],
        ["review", "parcels_late", "--outcome", "fine", "--why", "x"],
        ["review", "parcels_late", "--outcome", "wrong-thresholds", "--norm", "many"],
        ["count", "parcels_late", "--period", "2026-01-02", "--value", "many", "--from", "x"],
        ["count", "parcels_late", "--period", "2026-01-02", "--value", "", "--from", "x"],
        ["count", "parcels_late", "--period", "soon", "--value", "1", "--from", "x"],
        ["count", "parcels_late", "--period", "2026-01-02", "--value", "1"],
    ],
)
def test_wrong_use_of_an_answer_is_told_from_a_refusal(heartbeat, words):
    """Exit 2, and nothing was asked of anybody."""
    heartbeat(*words, exit_code=2)


def test_a_deploy_is_held_against_what_was_counted(heartbeat):
    """Under `findings`, as a warning, and it goes through."""
    text = heartbeat("count", "parcels_late", "--period", "2026-01-02", "--value", "2", "--from", "the carrier's bill").stdout
    assert text.strip() == "Kept: parcels_late, day 2026-01-02: 2 (from the carrier's bill)."
    file = heartbeat.root / "db" / "metrics" / "parcels_late.sql"
    try:
        file.write_text(METRIC.replace("count(*)", "1 + count(*)"), "utf-8")
        plan = json.loads(heartbeat("deploy", "--plan", "--json").stdout)
        (finding,) = plan["findings"]
        assert (finding["rule"], finding["severity"], finding["file"]) == (
            "hand-counts",
            "warning",
            "db/metrics/parcels_late.sql",
        )
        assert finding["message"] == (
            "the new SQL misses 1 of 1 hand count: 2026-01-02 is 3, counted 2 (from the carrier's bill)"
        )
        assert "misses 1 of 1 hand count" in heartbeat("deploy").stderr
    finally:
        file.write_text(METRIC, "utf-8")
        heartbeat("deploy")


def test_a_count_that_cannot_be_is_refused(heartbeat):
    """A day to come, a metric that is not there, a report that is not named."""
    for metric_id, period, source, said in (
        ("parcels_late", "2999-01-02", "x", "is not over yet"),
        ("../../x", "2026-01-02", "x", "no living metric"),
        ("parcels_late", "2026-01-02", " ", "from which report"),
    ):
        words = ["--period", period, "--value", "2", "--from", source]
        assert said in heartbeat("count", metric_id, *words, exit_code=1).stderr


def test_agreeing_with_a_failing_audit_is_possible_and_said(heartbeat, audited):
    """The owner decides, and nobody without having been told."""
    audit(heartbeat, verdict="fails")
    said = heartbeat("review", "parcels_late", "--outcome", "agrees", "--why", "the other road is wrong").stderr
    assert "says that the number fails" in said
