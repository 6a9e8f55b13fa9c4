"""A story: what has to be said before any SQL, and what counts as having said nothing."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.discovery.story import (
    StoryFileError,
    StoryRefused,
    read_story_file,
    story_file_of,
    story_hash,
    story_of,
)
from tests.discovery.stories import STORY


def faults(**changed):
    """The keys that are refused, with why."""
    with pytest.raises(StoryRefused) as refused:
        story_of({**STORY, **changed})
    return refused.value.faults


def test_a_whole_story_is_taken_as_it_reads():
    """Word for word."""
    story = story_of(STORY)
    assert (story.name, story.amount, story.job) == (STORY["name"], STORY["amount"], STORY["job"])


def test_every_missing_key_is_named_at_once():
    """Nobody mends eight faults in eight runs."""
    with pytest.raises(StoryRefused) as refused:
        story_of({})
    assert list(refused.value.faults) == list(STORY)
    assert all(f"\n  {key}: missing" in str(refused.value) for key in STORY)


@pytest.mark.parametrize(
    "nothing",
    ["", "  \n", "<fill in: who>", "TODO", "tbd", "TBD: ask Olga", "n/a", "...", "xxx", "-", "?", "lorem ipsum dolor", "test",
     "N/A.", "to be decided", "Management", "It is bad!", "<name>"],
)  # fmt: skip
def test_a_placeholder_or_an_empty_phrase_is_refused(nothing):
    """It would travel to an owner who asks what it means."""
    assert set(faults(red_means=nothing, who_acts=nothing)) == {"red_means", "who_acts"}


@pytest.mark.parametrize(
    "short",
    [
        "Refunds are paid.",
        "Olga, by phone",
        "SLA 4.2",
        "The management board stops the campaign",
        "Fraud",
        "罚款",
        "5 % of sales <2 h",
    ],
)
def test_a_short_text_that_says_something_is_taken(short):
    """Conservative: what it cannot judge it lets through."""
    assert story_of({**STORY, "red_means": short, "who_acts": short}).who_acts == short


@pytest.mark.parametrize(
    "basis",
    [
        "95th percentile of last year", "two standard deviations above", "3 sigma", "average of the last 90 days",
        "its own history", "the mean of its history", "historical average", "rolling median", "The worst of the past year",
        "from the data", "p95 of all",
    ],
)  # fmt: skip
def test_a_threshold_that_comes_from_the_metrics_own_past_is_refused(basis):
    """It never comes from the data that it polices."""
    assert "data" in faults(threshold_source=basis)["threshold_source"]


@pytest.mark.parametrize(
    "basis",
    [
        "Carrier contract, clause 4",
        "Article 33: 72 hours",
        "Capacity: 40 a week",
        "The average household budget, ministry of labour",
    ],
)
def test_a_source_outside_the_data_is_taken(basis):
    """A contract, a rule, a capacity, also somebody else's average."""
    assert story_of({**STORY, "threshold_source": basis}).threshold_source == basis


@pytest.mark.parametrize("amount", [0, -5, True, float("nan"), float("inf"), "much", "0 EUR", "-40 EUR", None, ["5"]])
def test_what_is_no_amount_is_refused(amount):
    """Red has to cost something."""
    assert list(faults(amount=amount)) == ["amount"]


@pytest.mark.parametrize(
    ("amount", "kept"), [(5, "5"), (2.5, "2.5"), (Decimal("62000.50"), "62000.50"), ("about 62,000 EUR", "about 62,000 EUR")]
)
def test_an_amount_is_kept_as_it_was_written(amount, kept):
    """With its digits."""
    assert story_of({**STORY, "amount": amount}).amount == kept


def test_a_job_is_a_question_a_period_is_known_and_a_name_fits_a_tile():
    """Each with its own reason."""
    found = faults(job="Late parcels are counted.", period="fortnight", name="x" * 41)
    assert "question" in found["job"]
    assert "hour, day, week" in found["period"]
    assert "41 characters" in found["name"]


def test_an_unknown_key_is_named_with_the_nearest_known_one():
    """A misspelt key would otherwise vanish."""
    assert "did you mean 'who_acts'" in faults(who_act="x")["who_act"]
    assert "unknown key" in faults(unit="EUR")["unit"]


@pytest.mark.parametrize("text", ["a\0b", "\x1b[31mred", "\ud800", 5, ["x"], {"a": 1}])
def test_what_is_no_text_is_refused(text):
    """Neither the store nor a terminal would take it well."""
    assert list(faults(who_acts=text)) == ["who_acts"]


def test_what_stands_beside_a_story_is_read_and_outside_its_hash():
    """Columns may be described without asking for agreement again."""
    bare = story_file_of(STORY)
    file = story_file_of(
        STORY
        | {
            "topic": "parcels",
            "columns": {"shop": {"parcels": {"promised_on": "the promised day"}}, "shop.parcels.kind": "letter or parcel"},
            "source_note": "The carrier's own feed has not landed.",
            "waits_for": ["shop.returns", "shop.returns"],
        }
    )
    assert (file.topic, file.waits_for) == ("parcels", ("shop.returns",))
    assert file.columns == {"shop.parcels.promised_on": "the promised day", "shop.parcels.kind": "letter or parcel"}
    assert story_hash(file.story) == story_hash(bare.story)
    assert (bare.columns, bare.waits_for) == (None, None)


def test_what_stands_beside_a_story_is_judged_with_it():
    """All faults, once."""
    found = faults(columns={"parcels": "x"}, waits_for="shop.returns", source_note="TBD", job="no")
    assert set(found) == {"job", "columns", "waits_for", "source_note"}
    assert "schema.table.column" in found["columns"]


@given(st.dictionaries(st.sampled_from(list(STORY)), st.text(min_size=1, max_size=20).map(lambda word: f"Why {word}?")))
def test_another_word_is_another_hash_and_the_same_words_are_the_same(changes):
    """An agreement is to a text, not to a gist."""
    try:
        story = story_of({**STORY, **{key: value for key, value in changes.items() if key not in ("period", "amount")}})
    except StoryRefused:
        return
    assert (story_hash(story) == story_hash(story_of(STORY))) == (story == story_of(STORY))


def test_toml_and_json_tell_the_same_story(tmp_path):
    """With every digit of the amount."""
    toml = "".join(f"{key} = {json.dumps(value)}\n" for key, value in {**STORY, "amount": 0}.items()).replace(
        "amount = 0", "amount = 62000.10"
    )
    (tmp_path / "s.toml").write_text(toml, "utf-8")
    (tmp_path / "s.json").write_text(json.dumps(STORY).replace('"62,000 EUR a year"', "62000.10"), "utf-8")
    told, also = read_story_file(tmp_path / "s.toml"), read_story_file(tmp_path / "s.json")
    assert story_of(told) == story_of(also)
    assert story_of(told).amount == "62000.10"


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("s.toml", b'name = "open', "Unterminated"),
        ("s.json", b"[1]", "table of fields"),
        ("s.json", b"{", "line 1"),
        ("s.toml", b"\xff", "UTF-8"),
    ],
)
def test_a_file_that_is_no_story_is_refused_with_where(tmp_path, name, content, word):
    """Before anything is kept."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StoryFileError, match=word):
        read_story_file(tmp_path / name)
    with pytest.raises(StoryFileError, match="cannot be read"):
        read_story_file(tmp_path / "none.toml")
