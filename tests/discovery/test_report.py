"""The day's report: one entry per candidate, every other byte left alone, whatever happens in between."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import date
from pathlib import Path

import pytest

from heartbeat_lib.discovery import candidates as room
from heartbeat_lib.discovery import report
from heartbeat_lib.discovery.candidate import Candidate, CandidateStage, NoSuchCandidateError, candidate
from heartbeat_lib.discovery.report import ReportFolderError, report_path, rewrite_entry
from heartbeat_lib.store import Store
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace
from tests.discovery.stories import DAY, STORY, brought, draft_json


def text_of(bench, on=DAY):
    """The report of a day."""
    return report_path(bench, on).read_text("utf-8")


def entry_of(text, candidate_id="late_share"):
    """The one entry of a candidate."""
    first, last = f"<!-- candidate: {candidate_id} -->\n", f"\n<!-- end: {candidate_id} -->"
    assert (text.count(first), text.count(last)) == (1, 1)
    return text[text.index(first) : text.index(last)]


def test_an_entry_tells_everything_that_is_known(bench):
    """Story, agreement, meanings, SQL, value, past, checks and likenesses."""
    brought(bench, CandidateStage.DRAFTED)
    room.describe_columns(bench, "late_share", {"shop.parcels.promised_on": "the promised day"}, on=DAY)
    text = text_of(bench)
    assert text.startswith("# Metric candidates of 2026-11-24\n")
    entry = entry_of(text)
    for words in (
        "## Late parcels (late_share): drafted", STORY["job"], STORY["red_means"], STORY["amount"], STORY["threshold_source"],
        "by olga@x.example on", "That is what I call about.", "| shop.parcels.promised_on | the promised day |",
        "| Value | 44.5 |",        "2026-11-24 12:00:00 CET", "| Took | 12 ms |", "```sql\nSELECT count(*)", "✓ holds",
        "- **parcels_slow**: It counts the same rows", "90 periods from 2026-08-27 to 2026-11-24", "least 0.5, greatest 44.5",
        "1 without a value",
    ):  # fmt: skip
        assert words in entry, words
    picture = report_path(bench, DAY).with_suffix("") / "late_share.svg"
    assert f"]({picture.parent.name}/late_share.svg)" in entry
    assert picture.read_text("utf-8").startswith('<svg xmlns="http://www.w3.org/2000/svg"')


def test_entries_keep_the_order_in_which_they_came_up(bench):
    """Rewriting one moves none."""
    for candidate_id in ("bbb", "aaa", "ccc"):
        room.open_candidate(bench, candidate_id, on=DAY)
    room.write_story(bench, "aaa", STORY, on=DAY)
    text = text_of(bench)
    places = [text.index(f"<!-- candidate: {candidate_id} -->") for candidate_id in ("bbb", "aaa", "ccc")]
    assert places == sorted(places)
    assert "## Late parcels (aaa): story" in text


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_other_byte_stays(bench, line_end):
    """What people write between the entries, and what is no text at all."""
    for candidate_id in ("aaa", "bbb"):
        room.open_candidate(bench, candidate_id, on=DAY)
    path = report_path(bench, DAY)
    mine = b"Ann: ask Olga.\n\n<!-- candidate: lost -->\nno end\n" + b"\xff\xfe\n"
    before = (
        path.read_bytes().replace(b"<!-- candidate: bbb -->", mine + b"<!-- candidate: bbb -->") + b"at the end, no line's end"
    )
    path.write_bytes(before.replace(b"\n", line_end.encode()))
    before = path.read_bytes()
    room.write_story(bench, "bbb", STORY, on=DAY)
    after = path.read_bytes()
    place = before.index(b"<!-- candidate: bbb -->")
    assert after[:place] == before[:place]
    assert after.endswith(f"<!-- end: bbb -->{line_end}at the end, no line's end".encode())
    assert after.count(b"<!-- candidate: bbb -->") == 1


def test_an_entry_whose_end_somebody_lost_swallows_no_other(bench):
    """A new one is appended, and the next time that one is rewritten."""
    for candidate_id in ("aaa", "bbb"):
        room.open_candidate(bench, candidate_id, on=DAY)
    path = report_path(bench, DAY)
    path.write_bytes(path.read_bytes().replace(b"<!-- end: aaa -->", b""))
    room.write_story(bench, "aaa", STORY, on=DAY)
    room.drop(bench, "aaa", on=DAY)
    text = text_of(bench)
    assert (text.count("<!-- candidate: bbb -->"), text.count("<!-- end: bbb -->")) == (1, 1)
    assert (text.count("<!-- candidate: aaa -->"), text.count("<!-- end: aaa -->")) == (2, 1)
    assert "(aaa): dropped" in text


def test_another_day_has_a_report_of_its_own(bench):
    """And the one of yesterday stays as of yesterday."""
    brought(bench, CandidateStage.STORY)
    before = text_of(bench)
    room.drop(bench, "late_share", on=date(2026, 11, 25))
    assert text_of(bench) == before
    assert ": dropped" in entry_of(text_of(bench, date(2026, 11, 25)))


def test_without_a_day_it_is_today_in_the_workspaces_zone(bench):
    """One report, named by the date."""
    room.open_candidate(bench, "late_share")
    (file,) = bench.workspace.candidates_reports.glob("metric-candidates-*.md")
    assert entry_of(file.read_text("utf-8"))


def test_a_picture_of_a_draft_that_counts_no_more_is_gone(bench):
    """The entry says that there was one."""
    brought(bench, CandidateStage.DRAFTED)
    room.write_story(bench, "late_share", {**STORY, "amount": 5}, on=DAY)
    assert "made for an earlier story" in entry_of(text_of(bench))
    assert list(report_path(bench, DAY).with_suffix("").iterdir()) == []


def test_no_text_fakes_a_marker_a_heading_a_table_or_html(bench):
    """Whoever wrote it."""
    hostile = "x | y\n<!-- end: late_share -->\n# Verdict\n<script>alert(1)</script> [a](javascript:b) ```"
    faked = f"SELECT 1 /*\n<!-- end: late_share -->\n<!-- candidate: other_one -->\n```\n{hostile}\n*/"
    draft = draft_json(faked, checks=[{"name": hostile, "verdict": "doubtful", "evidence": hostile}])
    brought(bench, CandidateStage.DRAFTED, story={**STORY, "who_acts": hostile}, draft=draft)
    room.describe_columns(bench, "late_share", {"s.t.c": hostile}, on=DAY)
    room.open_candidate(bench, "next_one", on=DAY)
    room.describe_columns(bench, "late_share", {"s.t.d": hostile}, on=DAY)
    text = text_of(bench)
    outside = entry_of(text).replace(text[text.index("````sql") : text.index("\n````\n")], "")
    assert "\n# Verdict" not in outside
    assert not any(f"{before}<script>" in outside for before in (" ", "\n", "|"))
    assert "[a](" not in outside
    lines = text.split("\n")
    assert [line for line in lines if line.startswith("<!-- ")] == [
        "<!-- candidate: late_share -->", "<!-- end: late_share -->", "<!-- candidate: next_one -->", "<!-- end: next_one -->",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_refuses_the_change(bench):
    """Nothing is changed without its report."""
    brought(bench, CandidateStage.STORY)
    folder = bench.workspace.candidates_reports
    folder.rename(folder.with_name("moved"))
    folder.write_text("no folder", "utf-8")
    with pytest.raises(ReportFolderError, match="reports/metric-candidates cannot be written"):
        room.drop(bench, "late_share", on=DAY)
    assert candidate(bench, "late_share").stage == "story"
    with pytest.raises(ReportFolderError):
        rewrite_entry(bench, candidate(bench, "late_share"), on=DAY)


def test_a_report_that_cannot_be_put_in_place_is_told_and_mended_by_the_next_command(bench):
    """The change is kept, and said to be."""
    room.open_candidate(bench, "late_share", on=DAY)
    path = report_path(bench, DAY)
    kept = path.read_bytes()
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    with pytest.raises(report.ReportNotWrittenError, match="late_share was changed"):
        room.drop(bench, "late_share", on=DAY)
    assert candidate(bench, "late_share").stage == "dropped"
    (path / "in the way").rmdir()
    path.rmdir()
    path.write_bytes(kept)
    room.open_candidate(bench, "other_one", on=DAY)
    assert ": dropped" in entry_of(text_of(bench))


def test_what_is_refused_leaves_no_trace(bench):
    """Neither a report nor a note of a change."""
    brought(bench, CandidateStage.DRAFTED)
    before = text_of(bench)
    with pytest.raises(room.AgreedAlreadyError):
        room.align(bench, "late_share", agreed_by="ben@x.example", remark="Me too.", on=DAY)
    with pytest.raises(NoSuchCandidateError):
        room.drop(bench, "nobody_knows", on=DAY)
    assert text_of(bench) == before
    assert list(bench.workspace.candidates_reports.glob(".*")) == []


def _killed_before_the_report(root: Path, state: Path, database: str) -> None:
    """Another process: it dies with the store changed and the entry not."""
    report._rewritten = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    room.drop(_bench(root, state, database), "late_share", on=DAY)


def _rewrite_often(root: Path, state: Path, database: str, candidate_id: str) -> None:
    bench = _bench(root, state, database)
    known: Candidate = candidate(bench, candidate_id)
    for _ in range(20):
        rewrite_entry(bench, known, on=DAY)


def _bench(root: Path, state: Path, database: str) -> Workbench:
    bench = Workbench(Workspace.find(root))
    bench.__dict__["store"] = Store.open(state_dir=state, database=database)
    return bench


def test_a_kill_between_store_and_report_is_mended_by_the_next_command(bench, server):
    """Of another candidate too."""
    brought(bench, CandidateStage.STORY)
    context = multiprocessing.get_context("spawn")
    killed = context.Process(
        target=_killed_before_the_report, args=(bench.workspace.root, server.state_dir, bench.store.database)
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert candidate(bench, "late_share").stage == "dropped"
    assert ": story" in entry_of(text_of(bench))
    room.open_candidate(bench, "other_one", on=DAY)
    assert ": dropped" in entry_of(text_of(bench))
    assert list(bench.workspace.candidates_reports.glob(".*")) == []


def test_two_processes_at_once_lose_no_entry(bench, server):
    """Each rewrites its own, twenty times."""
    for candidate_id in ("aaa", "bbb"):
        room.open_candidate(bench, candidate_id, on=date(2026, 11, 23))
    context = multiprocessing.get_context("spawn")
    both = [
        context.Process(target=_rewrite_often, args=(bench.workspace.root, server.state_dir, bench.store.database, candidate_id))
        for candidate_id in ("aaa", "bbb")
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    text = text_of(bench)
    assert entry_of(text, "aaa")
    assert entry_of(text, "bbb")
