"""`heartbeat candidate draft`: one JSON value, plain lines, refusals with exit 1."""

from __future__ import annotations

import json

import pytest

from tests.discovery.stories import STORY

SQL = "SELECT count(*) FROM shop.parcels WHERE promised_on <= current_date AND delivered_on > promised_on\n"


@pytest.fixture
def agreed(heartbeat, request):
    """A candidate of this test's own that somebody agreed to, and its SQL in a file; gives its id."""
    candidate_id = request.node.name.removeprefix("test_")[:60]
    (heartbeat.root / "story.json").write_text(json.dumps(STORY), "utf-8")
    (heartbeat.root / "value.sql").write_text(SQL, "utf-8")
    heartbeat("candidate", "new", candidate_id)
    heartbeat("candidate", "story", candidate_id, "--file", "story.json")
    heartbeat("candidate", "align", candidate_id, "--by", "olga@x.example", "--remark", "yes")
    return candidate_id


def test_a_draft_is_one_json_value(heartbeat, agreed):
    made = heartbeat.json("candidate", "draft", agreed, "--sql", "value.sql", "--as-of", "2026-01-10", "--rough", "2")
    assert (made["value"], made["tables"], len(made["past"])) == (2, ["shop.parcels"], 90)
    assert made["past"][-1] == {"period_start": "2026-01-10", "value": 2, "error": None}
    assert [found["metric_id"] for found in made["duplicates"]] == ["parcels_late"]
    assert made["checks"][-1] == {
        "name": "scale", "verdict": "holds", "evidence": "It says 2, the rough count 2: the same.",
    }  # fmt: skip


def test_a_draft_is_told_in_lines_and_says_the_next_step(heartbeat, agreed):
    done = heartbeat("candidate", "draft", agreed, "--sql", "value.sql")
    assert "look-ahead" in done.stdout
    assert f"Next: make it a metric file: heartbeat candidate promote {agreed}" in done.stderr
    assert heartbeat.json("candidate", "show", agreed)["stage"] == "drafted"


def test_a_draft_before_the_agreement_is_refused(heartbeat):
    (heartbeat.root / "value.sql").write_text(SQL, "utf-8")
    heartbeat("candidate", "new", "not_agreed")
    assert "no SQL runs before" in heartbeat("candidate", "draft", "not_agreed", "--sql", "value.sql", exit_code=1).stderr


def test_a_file_that_is_not_there_is_refused(heartbeat, agreed):
    assert "nowhere.sql" in heartbeat("candidate", "draft", agreed, "--sql", "nowhere.sql", exit_code=1).stderr


def test_sql_that_is_no_metric_is_refused_with_its_line(heartbeat, agreed):
    (heartbeat.root / "two.sql").write_text("SELECT 1;\nSELECT 2", "utf-8")
    assert "line 2" in heartbeat("candidate", "draft", agreed, "--sql", "two.sql", exit_code=1).stderr
