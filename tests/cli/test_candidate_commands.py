"""Candidates from the shell: each step says the next, refusals exit 1, `--json` is one value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heartbeat_lib.discovery.candidates import keep_draft
from heartbeat_lib.discovery.refusals import aligned_candidate
from heartbeat_lib.workbench import Workbench
from tests.discovery.stories import STORY, draft_json

KEYS = {
    "candidate_id", "stage", "topic", "story", "story_hash", "alignment", "column_meanings", "source_note", "waits_for", "landed",
    "draft", "draft_story", "opened_by", "opened_at", "changed_by", "changed_at", "promoted_at", "promoted_file", "dropped_at",
    "dropped_why", "next",
}  # fmt: skip


@pytest.fixture
def story(heartbeat):
    """Writes a story file, TOML, with some keys changed (None: left out); gives its name."""

    def write(name="story.toml", **changes):
        told = {key: value for key, value in {**STORY, **changes}.items() if value is not None}
        (heartbeat.root / name).write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items()), "utf-8")
        return name

    return write


def drafted(heartbeat, candidate_id):
    """Keep a draft, as the draft command does."""
    with Workbench.open(heartbeat.root) as bench:
        sql = "SELECT count(*) FROM shop.parcels WHERE promised_on <= current_date"
        keep_draft(bench, aligned_candidate(bench, candidate_id), draft_json(sql, code="PARC"))


def test_each_step_says_the_next(heartbeat, story):
    """From an id to a file."""
    assert (
        "Next: write its story: heartbeat candidate story late_share --file F"
        in heartbeat("candidate", "new", "late_share", "--topic", "parcels").stderr
    )
    assert (
        "Next: have it agreed: heartbeat candidate align late_share --by MAIL --remark TEXT"
        in heartbeat("candidate", "story", "late_share", "--file", story()).stderr
    )
    done = heartbeat("candidate", "align", "late_share", "--by", "olga@x.example", "--remark", "Yes, I call.")
    assert "Next: draft its SQL: heartbeat candidate draft late_share --sql FILE" in done.stderr
    drafted(heartbeat, "late_share")
    shown = heartbeat("candidate", "show", "late_share")
    assert "Does the head of delivery have to call the carrier today?" in shown.stdout
    assert "holds: No row from after the instant is read." in shown.stdout
    assert "Next: make it a metric file: heartbeat candidate promote late_share" in shown.stderr
    (report,) = (heartbeat.root / "reports" / "metric-candidates").glob("*.md")
    assert "## Late parcels (late_share): drafted" in report.read_text("utf-8")
    done = heartbeat.json("candidate", "promote", "late_share", "--norm", "5", "--alert", "10", "--basis", "Carrier contract")
    assert done == {"file": "db/metrics/late_share.sql"}
    try:
        assert heartbeat.json("check", "db/metrics/late_share.sql") == []
        assert "late_share" in heartbeat("candidates").stdout
        assert "exists already" in heartbeat("new", "late_share", exit_code=1).stderr
        assert "became db/metrics/late_share.sql" in heartbeat("candidate", "promote", "late_share", exit_code=1).stderr
    finally:
        Path(heartbeat.root / done["file"]).unlink()


def test_json_has_the_keys_that_scripts_rely_on(heartbeat, story):
    """Of every command that changes a candidate."""
    seen = [heartbeat.json("candidate", "new", "json_one")]
    seen.append(heartbeat.json("candidate", "story", "json_one", "--file", story()))
    seen.append(heartbeat.json("candidate", "align", "json_one", "--by", "olga@x.example", "--remark", "Yes."))
    seen.append(heartbeat.json("candidate", "show", "json_one"))
    seen.append(heartbeat.json("candidate", "drop", "json_one", "--why", "Nobody acts."))
    assert [one["stage"] for one in seen] == ["new", "story", "aligned", "aligned", "dropped"]
    assert all(set(one) == KEYS for one in seen)
    assert seen[1]["story"] == STORY
    assert (seen[2]["alignment"]["agreed_by"], seen[4]["dropped_why"], seen[2]["landed"]) == (
        "olga@x.example",
        "Nobody acts.",
        [],
    )
    assert seen[0]["opened_at"].endswith("+00:00")


def test_candidates_lists_all_and_what_is_over_last(heartbeat):
    """A dropped one is kept, and stands below those that somebody works on."""
    heartbeat("candidate", "new", "list_a")
    heartbeat("candidate", "new", "list_b")
    heartbeat("candidate", "drop", "list_b")
    rows = heartbeat.json("candidates")
    places = {row["candidate_id"]: at for at, row in enumerate(rows)}
    assert places["list_a"] < places["list_b"]
    assert {row["stage"] for row in rows[places["list_b"] :]} <= {"dropped", "promoted"}
    assert "list_b" in heartbeat("candidates").stdout


def test_a_refused_story_names_every_faulty_key(heartbeat, story):
    """At once, and the candidate is as it was."""
    heartbeat("candidate", "new", "refused_one")
    file = story(job="Late parcels.", who_acts="TBD", amount=None, colour="red")
    said = heartbeat("candidate", "story", "refused_one", "--file", file, exit_code=1).stderr
    for key in ("job: no question", "who_acts: 'TBD' only holds a place", "amount: missing", "colour: unknown key"):
        assert key in said
    assert heartbeat.json("candidate", "show", "refused_one")["stage"] == "new"
    assert "cannot be read" in heartbeat("candidate", "story", "refused_one", "--file", "none.toml", exit_code=1).stderr


def test_refusals_exit_1_with_what_to_do(heartbeat, story):
    """On stderr, in one sentence or two."""
    heartbeat("candidate", "new", "early_one")
    for words, said in (
        (("new", "early_one"), "is a candidate already"),
        (("new", "Early"), "is no metric's id"),
        (("new", "parcels_late"), "is a living metric"),
        (("align", "early_one", "--by", "olga@x.example", "--remark", "Yes."), "no story yet"),
        (("promote", "early_one"), "heartbeat candidate story early_one"),
        (("show", "nobody_knows"), "There is no candidate 'nobody_knows'"),
        (("drop", "../../etc"), "There is no candidate"),
    ):
        assert said in heartbeat("candidate", *words, exit_code=1).stderr
    heartbeat("candidate", "story", "early_one", "--file", story())
    assert (
        "no plain mail address"
        in heartbeat("candidate", "align", "early_one", "--by", "olga", "--remark", "Yes.", exit_code=1).stderr
    )


def test_thresholds_without_a_basis_are_refused_and_no_number_is_wrong_use(heartbeat, story):
    """The first is the workspace's refusal, the second a slip of the fingers."""
    heartbeat("candidate", "new", "basis_one")
    heartbeat("candidate", "story", "basis_one", "--file", story())
    heartbeat("candidate", "align", "basis_one", "--by", "olga@x.example", "--remark", "Yes.")
    drafted(heartbeat, "basis_one")
    said = heartbeat("candidate", "promote", "basis_one", "--norm", "5", "--alert", "10", exit_code=1).stderr
    assert "need a basis outside the data" in said
    heartbeat("candidate", "promote", "basis_one", "--norm", "five", exit_code=2)
    assert not (heartbeat.root / "db" / "metrics" / "basis_one.sql").exists()


def test_what_a_candidate_waits_for_and_what_has_landed_of_it_is_told(heartbeat, story):
    """Of two tables one is there."""
    heartbeat("candidate", "new", "parked_one")
    told = {**STORY, "waits_for": ["shop.returns", "shop.parcels"]}
    (heartbeat.root / "parked.json").write_text(json.dumps(told), "utf-8")
    done = heartbeat.json("candidate", "story", "parked_one", "--file", "parked.json")
    assert (done["stage"], done["waits_for"], done["landed"]) == ("parked", ["shop.returns", "shop.parcels"], ["shop.parcels"])
    (heartbeat.root / "parked.json").write_text(json.dumps({**told, "waits_for": ["shop.parcels"]}), "utf-8")
    said = heartbeat("candidate", "story", "parked_one", "--file", "parked.json").stderr
    assert "What it waited for has landed: shop.parcels. Next: draft its SQL" in said


def test_a_hostile_text_is_shown_as_text(heartbeat):
    """No markup of the terminal's is made of it."""
    heartbeat("candidate", "new", "hostile_one", "--topic", "[red]x[/red] <script> | x")
    assert "[red]x[/red] <script> | x" in heartbeat("candidate", "show", "hostile_one").stdout
    assert "no text (U+001B)" in heartbeat("candidate", "drop", "hostile_one", "--why", "a\x1b[2Jb", exit_code=1).stderr
