"""A draft as a metric file: whatever the texts hold, `heartbeat check` takes it and reads them back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartbeat_lib import registration
from heartbeat_lib.discovery.candidate import CandidateStage
from heartbeat_lib.discovery.metric_file import NothingToPromoteError, metric_file_text
from heartbeat_lib.discovery.story import StoryRefused, story_of
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from tests.discovery.candidate_values import candidate_of
from tests.discovery.stories import SQL, STORY, draft_json

TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=("Cc", "Cs")),
        st.sampled_from("'$\"\\-/*;|{}%\n\t "),
        st.sampled_from("éЖ漢\u2028\u0301"),
    ),
    max_size=40,
)


def checked(workspace, text):
    """The definition that a file amounts to, and what is said about it."""
    path = workspace.metrics / "late_share.sql"
    path.write_text(text, "utf-8", newline="")
    done = registration.check(workspace, [path])
    assert done.errors == (), done.errors
    return done.definitions["late_share"], done.findings


def test_a_file_tells_story_sql_and_meanings(workspace):
    """Nothing but thresholds and a unit is left to be said."""
    candidate = candidate_of(
        meanings={"shop.parcels.promised_on": "the promised day", "shop.other.x": "not read"}, note="No feed yet."
    )
    text = metric_file_text(candidate, dialect=DUCKDB)
    definition, findings = checked(workspace, text)
    assert (definition.code, definition.name, definition.period) == ("LATE", "Late parcels", "day")
    assert definition.value_sql.strip() == SQL
    assert definition.sources == ("shop.parcels",)
    assert definition.description == "Late parcels: the number of rows of shop.parcels."
    assert definition.notes == "No feed yet."
    for words in (STORY["job"], STORY["red_means"], STORY["amount"], STORY["amount_basis"], STORY["who_acts"]):
        assert words in (definition.how_to_read or "")
    assert definition.methodology == (
        "The value is the number of rows of shop.parcels. Only rows where promised_on today and delivered_on > promised_on. "
        "shop.parcels.promised_on is taken to mean: the promised day."
    )
    assert [finding.rule for finding in findings] == ["thresholds"]
    assert text.startswith("-- late_share: Late parcels.\n--\n-- Whose job it is:   Does the head")


def test_without_thresholds_the_file_names_their_source_and_no_number(workspace):
    """None is ever suggested."""
    definition, _ = checked(workspace, metric_file_text(candidate_of(), dialect=DUCKDB))
    assert (definition.norm_value, definition.alert_value, definition.threshold_basis) == (None, None, None)
    told = metric_file_text(candidate_of(), dialect=DUCKDB).partition("Provisional thresholds")[2]
    assert STORY["threshold_source"] in told
    assert "norm_value = ..., alert_value = ..., threshold_basis = '...'" in told


@pytest.mark.parametrize(
    ("norm", "alert", "direction"), [("5", "10.50", "higher_is_worse"), ("-1E+3", "-2000", "lower_is_worse")]
)
def test_thresholds_stand_in_the_file_as_they_were_said(workspace, norm, alert, direction):
    """With their basis, and the direction follows from them."""
    text = metric_file_text(candidate_of(), dialect=DUCKDB, norm=Decimal(norm), alert=Decimal(alert), basis="Contract's clause 4")
    definition, findings = checked(workspace, text)
    assert (definition.norm_value, definition.alert_value) == (Decimal(norm), Decimal(alert))
    assert (definition.threshold_basis, definition.direction) == ("Contract's clause 4", direction)
    assert findings == ()


def test_a_query_with_dollar_quotes_and_comments_stands_as_it_is(workspace):
    """Under a tag that it does not hold."""
    sql = "SELECT count(*) -- $value$ 'late'\nFROM shop.parcels WHERE name = '$value1$' AND promised_on = current_date"
    definition, _ = checked(workspace, metric_file_text(candidate_of(draft=draft_json(sql)), dialect=DUCKDB))
    assert definition.value_sql.strip() == sql


def test_without_a_draft_of_this_story_there_is_no_file():
    """Neither before nor after a change of the story."""
    with pytest.raises(NothingToPromoteError):
        metric_file_text(candidate_of(draft=None), dialect=DUCKDB)
    with pytest.raises(NothingToPromoteError):
        metric_file_text(candidate_of(draft_story="another"), dialect=DUCKDB)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.fixed_dictionaries(dict.fromkeys(("red_means", "amount_basis", "who_acts", "threshold_source"), TEXTS)),
    name=TEXTS.map(lambda text: f"N {text}"[:40]),
    job=TEXTS.map(lambda text: f"Why {text}?"),
    meaning=TEXTS.map(lambda text: f"m {text}"),
    with_thresholds=st.booleans(),
)
def test_whatever_the_texts_hold_the_file_is_taken_and_reads_them_back(workspace, told, name, job, meaning, with_thresholds):
    """Quotes, dollars, comments, line breaks, any script."""
    try:
        story = story_of({**STORY, **{key: f"Said {text}" for key, text in told.items()}, "name": name, "job": job})
    except StoryRefused:
        return
    candidate = candidate_of(story=story, meanings={"shop.parcels.kind": meaning}, note=f"n {meaning}")
    thresholds = {"norm": Decimal(1), "alert": Decimal(2), "basis": f"b {meaning}"} if with_thresholds else {}
    definition, _ = checked(workspace, metric_file_text(candidate, dialect=DUCKDB, **thresholds))
    assert definition.name == story.name
    assert story.red_means in (definition.how_to_read or "")
    assert story.job in (definition.how_to_read or "")
    assert meaning.strip() in (definition.methodology or "")
    assert definition.notes == f"n {meaning}".strip()
    assert definition.value_sql.strip() == SQL
    assert candidate.stage is CandidateStage.DRAFTED
