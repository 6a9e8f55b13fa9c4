"""Audits and their answers on the page: what waits, the four outcomes, counts by hand, the report."""

from __future__ import annotations

import json

import pytest

from heartbeat_lib import reading, review
from heartbeat_lib.store import Role

MARA = "mara@x.example"
LAYERS = [
    {"name": "methodology", "verdict": "holds", "why": "8 points hold."},
    {"name": "source", "verdict": "holds", "why": "Loaded an hour ago."},
    {"name": "rebuild", "verdict": "fails", "why": "Another road gives 7."},
    {"name": "history", "verdict": "holds", "why": "Nothing was restated."},
    {"name": "action", "verdict": "doubtful", "why": "Nobody is said to act."},
]


@pytest.fixture
def audited(page, place):
    """`orders` has an owner and an audit of its present meaning."""
    page.ask("save", id="orders", version=1, patch={"owner": MARA}, who=MARA, why="")
    with place.store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "INSERT INTO heartbeat.metric_audit "
            "(metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report) "
            "VALUES ('orders', '2026-11-23', now(), 'ann@x.example', 'hash of orders', 'fails', %s, "
            "'reports/metric-audits/2026-11-23-orders.md')",
            [json.dumps(LAYERS)],
        )
    page.wait(lambda message: any(tile["id"] == "orders" and tile["audit"] for tile in message.get("wall", {}).get("tiles", ())))
    return page


def answered(page, outcome, **more):
    """Answer as Mara, seeing the newest version."""
    version = page.ask("open", id="orders")["opened"]["tile"]["version"]
    return page.ask("review", id="orders", version=version, outcome=outcome, why="a test", who=MARA, **more)


def test_the_tile_shows_the_newest_audit(audited):
    """Its verdict and its day."""
    assert audited.tile("orders")["audit"] == "audit 23 Nov: fails"


def test_an_opened_metric_lists_its_audits(audited):
    """Verdict, what troubled it, and the report to open."""
    (audit,) = audited.ask("open", id="orders")["opened"]["audits"]
    assert (audit["on"], audit["words"], audit["present"]) == ("23 Nov 2026", "Fails", True)
    assert audit["why"] == "Rebuild: Another road gives 7. Action: Nobody is said to act."
    assert audit["report"] == "reports/metric-audits/2026-11-23-orders.md"


def test_agreeing_verifies(audited, place):
    """Bound to this audit, through the door of the cockpit."""
    answer = answered(audited, "agrees")
    assert (answer["refusals"], answer["opened"]["tile"]["state"]) == ([], "verified")
    assert answer["opened"]["audits"][0]["answer"] == f"{MARA}: agrees. a test"
    assert reading.changes(place, "orders")[0]["via"] == "cockpit"


def test_wrong_thresholds_bring_the_right_ones(audited):
    """As they were typed, with the place they come from."""
    patch = {"norm": "3", "alert": "5", "basis": "the contract"}
    fields = answered(audited, "wrong-thresholds", patch=patch)["opened"]["fields"]
    assert (fields["norm"], fields["alert"], fields["basis"]) == ("3", "5", "the contract")


def test_a_wrong_number_waits_to_be_fixed(audited):
    """With who said so and why."""
    answered(audited, "wrong-number")
    (waits,) = audited.ask("waiting")["waiting"]
    assert (waits["id"], waits["kind"]) == ("orders", "to_fix")
    assert "a test" in waits["why"]


def test_what_is_not_worth_keeping_waits_with_its_command(audited):
    """Nothing is deleted by a click."""
    answered(audited, "not-worth-keeping")
    (waits,) = audited.ask("waiting")["waiting"]
    assert waits["command"].startswith("git rm db/metrics/orders.sql")
    assert audited.ask("open", id="orders")["opened"] is not None


def test_an_answer_without_an_audit_is_refused(page):
    """In the database's words."""
    answer = page.ask("review", id="refunds", version=1, outcome="agrees", why="a test", who=MARA)
    assert not answer["changed"]
    assert any("heartbeat audit refunds" in refusal["message"] for refusal in answer["refusals"])


def test_the_header_counts_what_waits(audited):
    """So that it is seen from every view."""
    answered(audited, "wrong-number")
    audited.wait(lambda message: message.get("wall", {}).get("header", {}).get("waiting") == 1)


def test_a_count_by_hand_is_kept_and_shown(page, place):
    """With its report and who counted."""
    answer = page.ask("count", id="orders", period="2026-11-20", value="41", **{"from": "the ledger"}, who=MARA)
    assert (answer["changed"], answer["refusals"]) == (True, [])
    (count,) = page.ask("open", id="orders")["opened"]["hand_counts"]
    assert (count["value"], count["source"], count["who"]) == ("41", "the ledger", MARA)
    assert len(review.hand_counts(place, "orders")) == 1


@pytest.mark.parametrize(
    ("period", "value", "words"),
    [("yesterday", "41", "is no period"), ("2026-11-20", "many", "is not a number"), ("2026-11-20", "", "What was counted?")],
)
def test_a_count_that_cannot_be_read_is_refused(page, period, value, words):
    """And nothing is kept."""
    answer = page.ask("count", id="orders", period=period, value=value, **{"from": "the ledger"}, who=MARA)
    assert not answer["changed"]
    assert words in answer["refusals"][0]["message"]


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "heartbeat.toml", "reports/metric-audits/../../heartbeat.toml"]
)
def test_no_other_file_is_read_as_a_report(page, path):
    """A page may ask for anything."""
    answer = page.ask("report", path=path)
    assert "html" not in answer
    assert "is no audit report of this workspace" in answer["refused"]
    assert not [message for message in page.heard if message["kind"] == "trouble"]
