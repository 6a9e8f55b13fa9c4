"""From a draft to a file: judged before it is put in its place, never over another, thresholds with a source alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from heartbeat_lib import lifecycle, registration
from heartbeat_lib.discovery import candidates as room
from heartbeat_lib.discovery.candidate import CandidateError, CandidateStage, candidate
from heartbeat_lib.discovery.metric_file import NothingToPromoteError
from heartbeat_lib.discovery.refusals import IdTakenError, NotAlignedError
from heartbeat_lib.promotion import FileExistsAlreadyError, FileRefusedError, ThresholdsRefusedError, promote
from tests.discovery.stories import DAY, STORY, brought, draft_json

BASIS = "Carrier contract, clause 4: refunds from 5 % on."


def files(bench):
    """Everything in the folder of metric files."""
    return sorted(path.name for path in bench.workspace.metrics.iterdir())


def test_a_drafted_candidate_becomes_a_file_that_check_takes(bench):
    """And says so in store and report; nothing is in the registry."""
    brought(bench, CandidateStage.DRAFTED)
    path = promote(bench, "late_share", norm=Decimal(5), alert=Decimal(10), basis=BASIS, on=DAY)
    assert files(bench) == ["late_share.sql"]
    checked = registration.check(bench.workspace)
    assert checked.findings == ()
    assert checked.definitions["late_share"].threshold_basis == BASIS
    known = candidate(bench, "late_share")
    assert (known.stage, known.promoted_file) == ("promoted", "db/metrics/late_share.sql")
    report = (bench.workspace.candidates_reports / "metric-candidates-2026-11-24.md").read_text("utf-8")
    assert "It has become db/metrics/late_share.sql." in report
    assert path == bench.workspace.metrics / "late_share.sql"
    with bench.store.connect_migrating() as admin:
        assert admin.execute("SELECT count(*) FROM heartbeat.metric_registry").fetchall() == [(0,)]


def test_the_file_deploys(bench, marts):
    """As it was written, on data that are there."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT current_date AS promised_on, current_date + 1 AS delivered_on")
    brought(bench, CandidateStage.DRAFTED)
    promote(bench, "late_share")
    assert lifecycle.deploy(bench).plan.new == ("late_share",)


@pytest.mark.parametrize("stage", [CandidateStage.NEW, CandidateStage.STORY, CandidateStage.ALIGNED])
def test_before_a_draft_there_is_nothing_to_promote(bench, stage):
    """The refusal says what comes next."""
    brought(bench, stage)
    with pytest.raises((NothingToPromoteError, NotAlignedError), match=r"heartbeat candidate (story|align|draft) late_share"):
        promote(bench, "late_share")
    assert files(bench) == []


def test_a_story_changed_after_the_draft_is_not_promoted(bench):
    """The draft was made for another one."""
    brought(bench, CandidateStage.DRAFTED)
    room.write_story(bench, "late_share", {**STORY, "amount": 5}, on=DAY)
    with pytest.raises(NotAlignedError, match=r"changed since olga@x\.example"):
        promote(bench, "late_share")
    room.align(bench, "late_share", agreed_by="olga@x.example", remark="Yes.", on=DAY)
    with pytest.raises(NothingToPromoteError):
        promote(bench, "late_share")


@pytest.mark.parametrize(
    ("thresholds", "why"),
    [
        ({"norm": 5, "alert": 10}, "basis outside the data"),
        ({"norm": 5, "alert": 10, "basis": "  "}, "missing"),
        ({"norm": 5, "alert": 10, "basis": "TBD"}, "only holds a place"),
        ({"norm": 5, "alert": 10, "basis": "95th percentile"}, "taken from the data"),
        ({"norm": 5, "alert": 10, "basis": "Mean of the last 90 days"}, "taken from the data"),
        ({"norm": 5, "alert": 10, "basis": "As seen in shop.parcels"}, "shop.parcels is what the metric reads"),
        ({"norm": 5, "basis": BASIS}, "which side is worse"),
        ({"alert": 5, "basis": BASIS}, "which side is worse"),
        ({"norm": 5, "alert": 5, "basis": BASIS}, "which side is worse"),
        ({"norm": 5, "alert": "NaN", "basis": BASIS}, "is a number"),
        ({"basis": BASIS}, "without thresholds"),
    ],
)
def test_thresholds_that_are_not_whole_or_come_from_the_data_are_refused(bench, thresholds, why):
    """A threshold never comes from the data that it polices."""
    brought(bench, CandidateStage.DRAFTED)
    given = {name: value if name == "basis" else Decimal(value) for name, value in thresholds.items()}
    with pytest.raises(ThresholdsRefusedError, match=why):
        promote(bench, "late_share", **given)
    assert files(bench) == []
    assert candidate(bench, "late_share").stage == "drafted"


def test_a_file_that_is_there_is_never_overwritten(bench):
    """Whatever it is: another metric, a link into nowhere, a folder."""
    brought(bench, CandidateStage.DRAFTED)
    path = bench.workspace.metrics / "late_share.sql"
    path.write_text("-- mine", "utf-8")
    with pytest.raises(FileExistsAlreadyError, match=r"db/metrics/late_share\.sql exists already"):
        promote(bench, "late_share")
    assert path.read_text("utf-8") == "-- mine"
    path.unlink()
    path.symlink_to(bench.workspace.root / "nowhere")
    with pytest.raises(FileExistsAlreadyError):
        promote(bench, "late_share")
    path.unlink()
    path.mkdir()
    with pytest.raises(FileExistsAlreadyError):
        promote(bench, "late_share")
    assert candidate(bench, "late_share").stage == "drafted"


def test_a_file_that_reads_exactly_so_is_taken_for_ours(bench):
    """A kill came between the file and the record."""
    brought(bench, CandidateStage.DRAFTED)
    text = promote(bench, "late_share", on=DAY).read_bytes()
    with bench.store.connect_migrating() as admin:
        admin.execute("UPDATE heartbeat.candidate SET promoted_at = NULL, promoted_file = NULL")
    assert promote(bench, "late_share", on=DAY).read_bytes() == text
    assert candidate(bench, "late_share").stage == "promoted"


def test_what_check_would_refuse_is_refused_with_its_findings(bench, file_of):
    """Here the code that another file took meanwhile."""
    (bench.workspace.metrics / "other.sql").write_text(file_of("other", "SELECT count(*) FROM a.b", code="LATE"), "utf-8")
    brought(bench, CandidateStage.DRAFTED)
    with pytest.raises(FileRefusedError) as refused:
        promote(bench, "late_share")
    assert [(found.file, found.rule) for found in refused.value.findings] == [("db/metrics/late_share.sql", "code-taken")]
    assert files(bench) == ["other.sql"]
    assert candidate(bench, "late_share").stage == "drafted"


def test_somebody_elses_broken_file_is_no_fault_of_the_candidate(bench):
    """It has findings of its own."""
    (bench.workspace.metrics / "broken.sql").write_text("DROP TABLE x", "utf-8")
    brought(bench, CandidateStage.DRAFTED)
    assert promote(bench, "late_share").exists()


def test_an_id_that_became_a_metric_elsewhere_is_refused(bench, marts, file_of):
    """Its file is not in this clone, but it lives."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT current_date AS promised_on")
    brought(bench, CandidateStage.DRAFTED)
    path = bench.workspace.metrics / "late_share.sql"
    path.write_text(file_of("late_share", "SELECT count(*) FROM shop.parcels"), "utf-8")
    lifecycle.deploy(bench)
    path.unlink()
    with pytest.raises(IdTakenError, match="is a living metric"):
        promote(bench, "late_share")


def test_a_promoted_candidate_is_finished_here(bench):
    """The file is where it goes on."""
    brought(bench, CandidateStage.DRAFTED)
    promote(bench, "late_share", on=DAY)
    for verb in (
        lambda: promote(bench, "late_share"),
        lambda: room.drop(bench, "late_share"),
        lambda: room.write_story(bench, "late_share", STORY),
    ):
        with pytest.raises(CandidateError, match=r"became db/metrics/late_share\.sql"):
            verb()
    with pytest.raises(IdTakenError, match="has become"):
        room.open_candidate(bench, "late_share")


def test_a_folder_that_cannot_be_written_leaves_the_candidate_as_it_was(bench):
    """And no part of a file."""
    brought(bench, CandidateStage.DRAFTED)
    bench.workspace.metrics.rmdir()
    bench.workspace.metrics.write_text("no folder", "utf-8")
    with pytest.raises(CandidateError, match="could not be written"):
        promote(bench, "late_share")
    assert candidate(bench, "late_share").stage == "drafted"


@pytest.mark.parametrize("text", ["$value$ '; DROP TABLE x; -- ", "*/ -- \n '' $$", "<script>alert(1)</script> |\n# x"])
def test_hostile_texts_stay_texts_in_the_file(bench, text):
    """Its one row is the candidate's, with the texts as they were written."""
    brought(bench, CandidateStage.DRAFTED, story={**STORY, "who_acts": f"Olga: {text}"}, draft=draft_json())
    promote(bench, "late_share", on=DAY)
    checked = registration.check(bench.workspace)
    assert checked.errors == ()
    assert f"Olga: {text}".strip() in (checked.definitions["late_share"].how_to_read or "")
