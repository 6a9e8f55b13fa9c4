"""Which of the ten stages a living metric stands in."""

from __future__ import annotations

import pytest

from heartbeat_lib.model.stage import Stage, stage_of


def metric(**changes):
    """A registry row with thresholds, judged green, nobody behind it."""
    return {"verification_state": "unverified", "owner": None, "norm_value": 1, "alert_value": 2, "status": "green"} | changes


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({"norm_value": None, "alert_value": None, "status": "grey"}, Stage.BENCHMARK),
        ({"status": "grey"}, Stage.PROVISIONAL_THRESHOLDS),
        ({"norm_value": None, "status": None}, Stage.PROVISIONAL_THRESHOLDS),
        ({}, Stage.UNVERIFIED),
        ({"status": "red"}, Stage.UNVERIFIED),
        ({"owner": "o@x.example"}, Stage.OWNER_ASSIGNED),
        ({"owner": "o@x.example", "verification_state": "verified"}, Stage.VERIFIED),
        ({"owner": None, "verification_state": "verified"}, Stage.VERIFIED),
    ],
)
def test_the_stage_follows_from_thresholds_owner_and_verification(changes, stage):
    """No stage is stored: it could contradict what it is made of."""
    assert stage_of(metric(**changes)) == stage


def test_an_audit_of_an_owned_metric_is_there_to_be_answered():
    """Without an owner nobody is asked; a signature has answered."""
    assert stage_of(metric(owner="o@x.example"), audited=True) == Stage.OWNER_REVIEW
    assert stage_of(metric(), audited=True) == Stage.UNVERIFIED
    assert stage_of(metric(owner="o@x.example", verification_state="verified"), audited=True) == Stage.VERIFIED
