"""What words claim, and what they do not."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.audit.claims import read_claims

COLUMNS = {
    "created_at": "TIMESTAMP WITH TIME ZONE",
    "rejected_at": "TIMESTAMP WITH TIME ZONE",
    "closed_at": "TIMESTAMP WITH TIME ZONE",
    "rate_on": "DATE",
    "scheme": "VARCHAR",
    "outcome": "VARCHAR",
    "status": "VARCHAR",
    "amount_eur": "DOUBLE",
}


def read(text, field="methodology"):
    return read_claims({field: text}, columns=COLUMNS, tables=("shop.payments",))


def windows(text, field="methodology"):
    """Each window in words, as the plainest that the text allows."""
    return [" & ".join(one.first.words() for one in claim.allowed) for claim in read(text, field).windows]


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("Payments of yesterday.", "yesterday"),
        ("By created_at on the day before today (Europe/Berlin).", "yesterday"),
        ("Payments since midnight.", "from today on and up to now"),
        ("Sum of the day's payments.", "from today on and up to now"),
        ("In the last 30 days.", "from 30 days before today on and up to now"),
        ("In the last thirty days.", "from 30 days before today on and up to now"),
        ("Over the past four weeks.", "from 28 days before today on and up to now"),
        ("In the last 24 hours.", "from 24 hours before now on"),
        ("In the seven whole days before today.", "from 7 days before today on and before today"),
        ("In the 30 days before.", "from 30 days before today on and before today"),
        ("Yesterday's, over those of the 30 days before.", "from 31 days before today on and before yesterday"),
        ("From 42 to 14 days before today.", "from 42 days before today on and before 14 days before today"),
        ("Sent two to six weeks ago.", "from 42 days before today on and before 14 days before today"),
        ("Raised more than 30 days ago.", "before 30 days before today"),
        ("Older than a minute.", "before 1 minute before now"),
        ("Received since the first of the month.", "from the first of this month on and up to now"),
        ("Opened this quarter.", "from the first day of this quarter on and up to now"),
        ("Opened in the week, Monday to Sunday.", "from Monday of this week on and up to now"),
        ("Flights since 1 January.", "from 1 January of this year on and up to now"),
        ("With due_on before today.", "before today"),
        ("Due within five days.", "from today on and before 6 days after today"),
        ("From the day before yesterday to yesterday.", "on the day 2 days before today & yesterday"),
    ],
)
def test_words_claim_a_window(text, window):
    """The vocabulary of docs/audits.md."""
    assert window in windows(text)


@pytest.mark.parametrize(
    "text",
    ["All of them.", "Granted up to today.", "Counted so far.", "Within 14 days of the other.", "The last three cases.", ""],
)
def test_other_words_claim_no_window(text):
    """A claim that nobody made would be held against the SQL."""
    assert windows(text) == []


def test_how_to_read_speaks_of_other_days_without_claiming_them():
    """ "Compare it with yesterday" is advice, "in the next five days" is the number itself."""
    assert [claim.firm for claim in read("Look at yesterday first.", "how_to_read").windows] == [False]
    assert [claim.firm for claim in read("What is lost in the next five days.", "how_to_read").windows] == [True]


def test_by_a_column_binds_the_window_to_it():
    """Numerator and denominator have windows of their own."""
    assert [claim.column for claim in read("Rows by created_at in the last 30 days.").windows] == ["created_at"]


@pytest.mark.parametrize(
    ("text", "column", "happened"),
    [
        ("Without those rejected by now.", "rejected_at", False),
        ("Payments that were not rejected.", "rejected_at", False),
        ("No closed_at up to now.", "closed_at", False),
        ("Alerts that are still open.", "closed_at", False),
        ("Payments that were rejected.", "rejected_at", True),
        ("Those with rejected_at up to now.", "rejected_at", True),
        ("Rejected payments included.", "rejected_at", None),
        ("Rejected payments count.", "rejected_at", None),
        ("Rejected payments are left out.", "rejected_at", False),
    ],
)
def test_words_say_who_is_in_and_who_is_out(text, column, happened):
    """By the word of the event or by the column's name."""
    assert [(claim.column, claim.happened) for claim in read(text).events] == [(column, happened)]


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("Rows with scheme card by created_at.", "scheme", "card"),
        ("Numerator: outcome false positive.", "outcome", "false positive"),
        ("With status B or D.", "status", "D"),
    ],
)
def test_a_column_and_the_words_behind_it_may_be_a_value(text, column, value):
    """Which of them is one, the data say."""
    found = [candidate for claim in read(text).values if claim.column == column for candidate in claim.candidates]
    assert value in found


def test_units_and_shares_are_words_too():
    """Per thousand, percent, numerator."""
    found = read("Alerts per thousand payments. Percent. Numerator: all.")
    assert {word.stands_for for word in found.factors} == {"1000", "100"}
    assert len(found.shares) == 2


def test_a_sentence_without_a_known_word_is_counted_as_unread():
    """So that nobody takes silence for agreement."""
    found = read("Counts rows of shop.payments. It is what it is.")
    assert (found.sentences, found.unread) == (2, 1)


@given(st.text(max_size=300), st.sampled_from(["methodology", "how_to_read", "description", "story"]))
def test_any_text_is_only_data(text, field):
    """Quotes, brackets, half a regular expression: read, never run, and every quotation is from the text."""
    found = read(text, field)
    flat = " ".join(text.split())
    for claim in (*found.windows, *found.factors, *found.aggregates):
        assert " ".join(claim.quoted.split()) in flat or "(" in text


@pytest.mark.parametrize("piece", ["yesterday ", "(((", "last 30 days ", "7, ", "scheme card or ", "not " * 3, "a" * 50])
def test_a_text_of_a_megabyte_is_read_in_a_moment(piece):
    """Texts come from files that anybody may write; only their beginning is read."""
    start = perf_counter()
    read(piece * (1_000_000 // len(piece)))
    assert perf_counter() - start < 20
