"""set, rehearse, changes: what people decide, from the shell."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def version(heartbeat):
    """The metric as it stands, thresholds of the test's own."""
    heartbeat("set", "parcels_late", "--norm", "1", "--alert", "2", "--basis", "a test", "--owner", "", "--unverified")
    return lambda: heartbeat.json("show", "parcels_late")["row_version"]


def test_a_threshold_is_tuned_and_the_tile_recoloured_at_once(heartbeat, version):
    """Two late parcels: red at two, green once three are the norm."""
    before = version()
    text = heartbeat(
        "set", "parcels_late", "--norm", "3", "--alert", "5", "--basis", "Contract 7", "--why", "new contract"
    ).stdout
    assert "norm    1 -> 3" in text
    assert "status  red -> green" in text
    row = heartbeat.json("show", "parcels_late")
    assert (row["status"], row["norm_value"], row["threshold_basis"], row["row_version"]) == (
        "green",
        3,
        "Contract 7",
        before + 1,
    )


def test_a_threshold_without_a_basis_is_refused_with_what_to_do(heartbeat, version):
    """A number from nowhere polices nothing."""
    before = version()
    done = heartbeat("set", "parcels_late", "--alert", "7", exit_code=1)
    assert "threshold_basis" in done.stderr
    assert version() == before


def test_a_metric_is_assigned_verified_and_taken_back(heartbeat, version):
    """Each step its own; verifying needs an owner and a reason."""
    refused = heartbeat("set", "parcels_late", "--verified", exit_code=1).stderr
    assert "Nobody owns this metric" in refused
    heartbeat("set", "parcels_late", "--owner", "bea@x.example")
    assert heartbeat.json("show", "parcels_late")["verification_state"] == "unverified"
    heartbeat("set", "parcels_late", "--verified", "--why", "compared with the carrier's bill")
    assert heartbeat.json("show", "parcels_late")["stage"] == 9
    heartbeat("set", "parcels_late", "--owner", "")
    row = heartbeat.json("show", "parcels_late")
    assert (row["owner"], row["verification_state"]) == (None, "verified")
    heartbeat("set", "parcels_late", "--unverified")
    assert heartbeat.json("show", "parcels_late")["verification_state"] == "unverified"


def test_who_saw_an_older_version_does_not_overwrite(heartbeat, version):
    """What somebody else changed meanwhile is looked at first."""
    seen = version()
    heartbeat("set", "parcels_late", "--owner", "bea@x.example")
    refused = heartbeat("set", "parcels_late", "--owner", "cem@x.example", "--if-version", str(seen), exit_code=1).stderr
    assert "changed meanwhile by ann@x.example" in refused
    assert heartbeat.json("show", "parcels_late")["owner"] == "bea@x.example"


def test_every_fault_is_told_at_once(heartbeat, version):
    """Not one after another."""
    words = ["--owner", "Bea <bea@x>", "--due", "2026-02-30", "--norm", "9", "--alert", "8", "--basis", "x"]
    said = heartbeat("set", "parcels_late", *words, exit_code=1).stderr
    assert "target_due_date must be a day" in said
    assert "higher is worse" in said


@pytest.mark.parametrize("words", [[], ["--norm", "many"], ["--norm", "nan", "--basis", "x"]])
def test_wrong_use_is_told_from_a_refusal(heartbeat, words):
    """Exit 2, and nothing was asked of anybody."""
    heartbeat("set", "parcels_late", *words, exit_code=2)


def test_the_log_says_who_changed_what_and_why(heartbeat, version):
    """On the terminal and, whole, as JSON."""
    heartbeat("set", "parcels_late", "--norm", "4", "--alert", "6", "--basis", "Contract 8", "--why", "renegotiated")
    (last, *_) = heartbeat.json("changes")
    assert (last["metric_id"], last["actor"], last["via"], last["reason"]) == (
        "parcels_late",
        "ann@x.example",
        "cli",
        "renegotiated",
    )
    assert last["actor_proved"] is False
    assert (last["before"]["norm_value"], last["after"]["norm_value"]) == (1, 4)
    assert {"norm_value", "alert_value", "threshold_basis"} <= set(last["fields"])
    text = heartbeat("changes", "parcels_late").stdout
    assert "norm 1 -> 4" in text
    assert "self-declared" in text
    assert heartbeat.json("changes", "--since", "2099-01-01") == []


def test_show_says_what_takes_the_metric_on(heartbeat, version):
    """The stage, the next step, and the last changes."""
    text = heartbeat("show", "parcels_late").stdout
    assert "6; next: somebody who stands behind it" in text
    assert "Last changes" in text
    assert "(self-declared)" in text


def test_rehearse_replays_the_judgement_and_proposes_nothing(heartbeat, version):
    """Over what is kept; the store is as before."""
    heartbeat("backfill", "--from", "2026-11-01", "--to", "2026-11-10")
    before = version()
    done = json.loads(heartbeat("rehearse", "parcels_late", "--norm", "1", "--alert", "2", "--json").stdout)
    assert set(done) == {"periods", "amber", "red", "episodes", "longest_quiet", "dates"}
    assert done["red"] == done["periods"] >= 10
    assert (done["episodes"], done["longest_quiet"]) == (1, 0)
    assert "2026-11-05" in done["dates"]
    quiet = heartbeat.json("rehearse", "parcels_late", "--norm", "8", "--alert", "9")
    assert (quiet["red"], quiet["episodes"], quiet["longest_quiet"], quiet["dates"]) == (0, 0, done["periods"], [])
    assert version() == before
    heartbeat("rehearse", "parcels_late", "--norm", "9", "--alert", "8", exit_code=1)
    heartbeat("rehearse", "parcels_late", exit_code=1)


def test_a_long_basis_does_not_push_who_and_why_off_the_table(heartbeat, version):
    """The log is read for who, through which door, and why."""
    basis = "Clause 4 of the carrier contract: " + "refunds are due from five late parcels a day on, " * 4
    heartbeat("set", "parcels_late", "--norm", "5", "--alert", "7", "--basis", basis, "--why", "reread")
    text = heartbeat("changes", "parcels_late", "--limit", "1").stdout
    assert "ann@x.example (self-declared)" in text
    assert "cli" in text
    assert "reread" in text
