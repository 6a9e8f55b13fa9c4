"""Candidates: each verb, what it refuses, and what two people at once lead to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.discovery import candidates as room
from heartbeat_lib.discovery.candidate import CandidateError, CandidateStage, NoSuchCandidateError, candidate, candidates
from heartbeat_lib.discovery.refusals import (
    AgreedAlreadyError,
    FaultyTextError,
    IdTakenError,
    NotAlignedError,
    StoryChangedError,
    aligned_candidate,
)
from heartbeat_lib.discovery.story import StoryRefused
from heartbeat_lib.store import Role
from tests.discovery.stories import DAY, STORY, brought, draft_json

OTHER = {**STORY, "who_acts": "The carrier's manager answers by mail."}


def test_a_candidate_goes_from_an_id_to_a_draft(bench):
    """Each step leads to the next."""
    seen = [brought(bench, CandidateStage.NEW).stage]
    seen.append(room.write_story(bench, "late_share", STORY, on=DAY).stage)
    seen.append(room.align(bench, "late_share", agreed_by="olga@x.example", remark="Yes.", on=DAY).stage)
    seen.append(room.keep_draft(bench, aligned_candidate(bench, "late_share"), draft_json(), on=DAY).stage)
    assert seen == ["new", "story", "aligned", "drafted"]
    kept = candidate(bench, "late_share")
    assert kept.alignment is not None
    assert (kept.alignment.agreed_by, kept.alignment.remark, kept.alignment.written_by) == (
        "olga@x.example",
        "Yes.",
        "ann@x.example",
    )
    assert kept.story is not None
    assert kept.story.name == "Late parcels"
    assert (kept.opened_by, kept.topic) == ("ann@x.example", "parcels")


def test_numbers_of_a_draft_keep_every_digit(bench):
    """A double would not."""
    draft = draft_json(value=Decimal("0.12345678901234567890"))
    brought(bench, CandidateStage.DRAFTED, draft=draft)
    kept = candidate(bench, "late_share").draft
    assert kept is not None
    assert kept["value"] == Decimal("0.12345678901234567890")
    assert [period["value"] for period in kept["past"]][:2] == [None, Decimal("0.5")]


def test_the_newest_change_comes_first(bench):
    """What somebody works on is on top."""
    for candidate_id in ("aaa", "bbb", "ccc"):
        room.open_candidate(bench, candidate_id, on=DAY)
    room.write_story(bench, "aaa", STORY, on=DAY)
    assert [one.candidate_id for one in candidates(bench)] == ["aaa", "ccc", "bbb"]


@pytest.mark.parametrize(
    "candidate_id", ["../../x", "", "x", "Late", "late; DROP", "a" * 5000, "late\n", "la'te", "late\0", "<script>"]
)
def test_an_id_that_can_be_none_reaches_nothing(bench, candidate_id):
    """It would become a path."""
    with pytest.raises(IdTakenError, match="is no metric's id") as refused:
        room.open_candidate(bench, candidate_id)
    assert len(str(refused.value)) < 400
    for verb in (aligned_candidate, room.drop, room.unpark):
        with pytest.raises(NoSuchCandidateError):
            verb(bench, candidate_id)
    assert not bench.workspace.candidates_reports.exists()


def test_the_id_of_a_living_and_of_a_retired_metric_is_refused(bench, marts, file_of):
    """Two meanings under one id could not be told apart."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT current_date AS promised_on")
    file = bench.workspace.metrics / "late_share.sql"
    file.write_text(file_of("late_share", "SELECT count(*) FROM shop.parcels", name="Late"), "utf-8")
    lifecycle.deploy(bench)
    with pytest.raises(IdTakenError, match="is a living metric, 'Late'"):
        room.open_candidate(bench, "late_share")
    file.unlink()
    lifecycle.deploy(bench, allow_retirements=1, reason="nobody looked")
    with pytest.raises(IdTakenError, match=r"retired on \d{4}-\d\d-\d\d by ann@x.example: nobody looked"):
        room.open_candidate(bench, "late_share")


def test_an_open_candidate_is_not_opened_again_and_a_dropped_one_is_taken_up(bench):
    """With everything that was kept of it."""
    brought(bench, CandidateStage.ALIGNED)
    with pytest.raises(IdTakenError, match=r"opened by ann@x\.example"):
        room.open_candidate(bench, "late_share")
    dropped = room.drop(bench, "late_share", why="Nobody would act.", by="ben@x.example", on=DAY)
    assert (dropped.stage, dropped.dropped_why, dropped.changed_by) == ("dropped", "Nobody would act.", "ben@x.example")
    assert room.open_candidate(bench, "late_share", on=DAY).stage == "aligned"


def test_a_faulty_story_leaves_the_one_before(bench):
    """All or nothing."""
    brought(bench, CandidateStage.STORY)
    with pytest.raises(StoryRefused):
        room.write_story(bench, "late_share", {**OTHER, "amount": "none yet"})
    kept = candidate(bench, "late_share").story
    assert kept is not None
    assert kept.who_acts == STORY["who_acts"]


def test_a_story_changed_after_the_agreement_needs_it_again(bench):
    """No SQL runs before, and the draft counts no more."""
    brought(bench, CandidateStage.DRAFTED)
    changed = room.write_story(bench, "late_share", OTHER, on=DAY)
    assert (changed.stage, changed.alignment, changed.present_draft) == ("story", None, None)
    with pytest.raises(NotAlignedError, match=r"changed since olga@x.example agreed to it on \d{4}-\d\d-\d\d"):
        aligned_candidate(bench, "late_share")
    assert room.align(bench, "late_share", agreed_by="olga@x.example", remark="Also.", on=DAY).stage == "aligned"


def test_a_story_that_reads_as_before_needs_no_new_agreement(bench):
    """Written back word for word, it is the one that was agreed to."""
    brought(bench, CandidateStage.DRAFTED)
    room.write_story(bench, "late_share", OTHER, on=DAY)
    assert room.write_story(bench, "late_share", STORY, on=DAY).stage == "drafted"


def test_there_is_nothing_to_agree_to_without_a_story(bench):
    """And no SQL runs."""
    brought(bench, CandidateStage.NEW)
    with pytest.raises(NotAlignedError, match="no story yet"):
        room.align(bench, "late_share", agreed_by="olga@x.example", remark="Yes.")
    with pytest.raises(NotAlignedError, match="candidate story late_share"):
        aligned_candidate(bench, "late_share")
    room.write_story(bench, "late_share", STORY, on=DAY)
    with pytest.raises(NotAlignedError, match="Nobody has agreed"):
        aligned_candidate(bench, "late_share")


def test_a_second_agreement_to_the_same_story_is_told_who_and_when(bench):
    """The first one stands."""
    brought(bench, CandidateStage.ALIGNED)
    with pytest.raises(AgreedAlreadyError, match=r"olga@x.example agreed to this very story on \d{4}-\d\d-\d\d"):
        room.align(bench, "late_share", agreed_by="ben@x.example", remark="Me too.")


@pytest.mark.parametrize(
    "address", ["", "olga", "Olga <olga@x.example>", "olga@x.example, ben@x.example", "olga@x\n.example", "o@x\0.y"]
)
def test_whoever_agreed_is_a_plain_address(bench, address):
    """The registry's own rule."""
    brought(bench, CandidateStage.STORY)
    with pytest.raises(FaultyTextError, match="no plain mail address"):
        room.align(bench, "late_share", agreed_by=address, remark="Yes.")
    assert candidate(bench, "late_share").stage == "story"


def test_a_remark_and_a_topic_are_texts(bench):
    """Empty ones and those with control characters are refused, by name."""
    with pytest.raises(FaultyTextError, match="topic"):
        room.open_candidate(bench, "late_share", topic="a\0b")
    brought(bench, CandidateStage.STORY)
    for remark in ("", " ", "a\x1bb"):
        with pytest.raises(FaultyTextError, match="remark"):
            room.align(bench, "late_share", agreed_by="olga@x.example", remark=remark)


def test_a_candidate_that_waits_is_parked_until_a_draft_or_somebody_takes_it_out(bench):
    """And says what it waits for."""
    brought(bench, CandidateStage.ALIGNED)
    parked = room.park(bench, "late_share", ["shop.returns"], note="Only a surrogate has landed.", on=DAY)
    assert (parked.stage, parked.waits_for, parked.source_note) == ("parked", ("shop.returns",), "Only a surrogate has landed.")
    with pytest.raises(NotAlignedError, match=r"waits for shop\.returns"):
        aligned_candidate(bench, "late_share")
    assert room.unpark(bench, "late_share", on=DAY).stage == "aligned"
    parked = room.park(bench, "late_share", ["shop.returns"], on=DAY)
    assert room.keep_draft(bench, parked, draft_json(), on=DAY).waits_for == ()
    with pytest.raises(FaultyTextError, match=r"is no schema\.table"):
        room.park(bench, "late_share", ["returns"])


def test_once_what_it_waits_for_has_landed_sql_may_run_again(bench, marts):
    """Whoever drafts it then looks at what came; an empty table has not landed."""
    brought(bench, CandidateStage.ALIGNED)
    room.park(bench, "late_share", ["shop.returns"], on=DAY)
    marts("CREATE SCHEMA shop; CREATE TABLE shop.returns (id int)")
    with pytest.raises(NotAlignedError, match=r"waits for shop\.returns"):
        aligned_candidate(bench, "late_share")
    marts("INSERT INTO shop.returns VALUES (1)")
    assert room.keep_draft(bench, aligned_candidate(bench, "late_share"), draft_json(), on=DAY).stage == "drafted"


def test_meanings_of_columns_add_up_and_are_taken_back(bench):
    """They are outside the story, so they need no agreement."""
    brought(bench, CandidateStage.ALIGNED)
    room.describe_columns(bench, "late_share", {"shop.parcels.a": "first", "shop.parcels.b": "second"}, on=DAY)
    done = room.describe_columns(bench, "late_share", {"shop.parcels.a": "", "shop.parcels.c": "third"}, on=DAY)
    assert (done.stage, done.column_meanings) == ("aligned", {"shop.parcels.b": "second", "shop.parcels.c": "third"})
    with pytest.raises(FaultyTextError, match=r"schema\.table\.column"):
        room.describe_columns(bench, "late_share", {"a": "x"})


def test_what_is_dropped_takes_nothing_more(bench):
    """And says how it is taken up again."""
    brought(bench, CandidateStage.DRAFTED)
    held = room.drop(bench, "late_share", on=DAY)
    for verb in (
        lambda: room.write_story(bench, "late_share", OTHER),
        lambda: room.align(bench, "late_share", agreed_by="olga@x.example", remark="Yes."),
        lambda: room.park(bench, "late_share", ["shop.returns"]),
        lambda: room.drop(bench, "late_share"),
        lambda: room.keep_draft(bench, held, draft_json()),
        lambda: aligned_candidate(bench, "late_share"),
    ):
        with pytest.raises(CandidateError, match="candidate new late_share"):
            verb()


def test_a_story_written_anew_while_the_sql_ran_keeps_no_draft(bench):
    """The draft was made for another story."""
    aligned = brought(bench, CandidateStage.ALIGNED)
    room.write_story(bench, "late_share", OTHER, by="ben@x.example", on=DAY)
    with pytest.raises(StoryChangedError, match=r"ben@x\.example changed late_share"):
        room.keep_draft(bench, aligned, draft_json(), on=DAY)
    assert candidate(bench, "late_share").draft is None


def test_the_database_keeps_no_draft_without_an_agreement_whoever_writes(bench):
    """Story first, SQL last, at the lowest door too."""
    brought(bench, CandidateStage.STORY)
    with (
        bench.store.connect(Role.OPERATOR) as operator,
        pytest.raises(psycopg.errors.ForeignKeyViolation, match="draft_needs_alignment"),
    ):
        operator.execute("UPDATE heartbeat.candidate SET draft = '{}', draft_story = story_hash")


def test_two_people_at_once_agree_once(bench):
    """The second is told who was first; nothing is lost of either."""
    brought(bench, CandidateStage.STORY)

    def agree(who):
        try:
            room.align(bench, "late_share", agreed_by=who, remark="Yes.", on=DAY)
        except AgreedAlreadyError:
            return "refused"
        return "agreed"

    with ThreadPoolExecutor(4) as people:
        done = list(people.map(agree, [f"p{number}@x.example" for number in range(4)]))
    assert sorted(done) == ["agreed", "refused", "refused", "refused"]


def test_two_people_at_once_open_one_candidate(bench):
    """The id is one's."""

    def open_it(who):
        try:
            return room.open_candidate(bench, "late_share", by=who, on=DAY).opened_by
        except IdTakenError:
            return None

    with ThreadPoolExecutor(4) as people:
        done = list(people.map(open_it, ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]))
    assert [who for who in done if who] == [candidate(bench, "late_share").opened_by]


def test_two_people_at_once_describe_columns_and_both_are_kept(bench):
    """Neither writes over the other."""
    brought(bench, CandidateStage.NEW)
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda at: room.describe_columns(bench, "late_share", {f"s.t.c{at}": "x"}, on=DAY), range(8)))
    assert set(candidate(bench, "late_share").column_meanings) == {f"s.t.c{at}" for at in range(8)}


HOSTILE = "'; DROP TABLE heartbeat.candidate; -- $value$ \\ <script>alert(1)</script> | %(x)s {{ 7*7 }}\n# x"


def test_a_hostile_text_is_only_a_text(bench):
    """It comes back as it was written."""
    brought(bench, CandidateStage.DRAFTED, story={**STORY, "who_acts": HOSTILE}, draft=draft_json(f"SELECT 1 -- {HOSTILE}"))
    kept = room.describe_columns(bench, "late_share", {"s.t.c": HOSTILE}, on=DAY)
    assert kept.story is not None
    assert kept.draft is not None
    assert (kept.story.who_acts, kept.column_meanings["s.t.c"]) == (HOSTILE, HOSTILE)
    assert kept.draft["value_sql"] == f"SELECT 1 -- {HOSTILE}"
