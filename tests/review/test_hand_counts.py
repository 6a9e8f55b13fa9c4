"""Numbers counted by hand: which period they stand for, and how they meet a new meaning."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib import lifecycle, review
from heartbeat_lib.model.hand_count import same, tolerance

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ONE_MORE = "SELECT 1 + count(*) FROM shop.parcels WHERE promised_on <= current_date"


@pytest.fixture
def count(bench, deploy):
    """Counts one period of the metric by hand."""

    def keep(period, value, source="the ledger"):
        return review.count_by_hand(
            bench, "late", period=period, value=Decimal(value), source=source, actor="olga@x.example", proved=True,
            via="cockpit", now=NOW,
        )  # fmt: skip

    return keep


def misses(done):
    """What a deploy or plan says of hand counts."""
    return [(found.severity, found.message) for found in done.findings if found.rule == "hand-counts"]


def test_a_day_stands_for_its_period_in_the_workspaces_zone(bench, count):
    """Berlin's second of November began an hour before that of Greenwich."""
    assert count(date(2026, 11, 2), "1").changed
    assert count(datetime(2026, 11, 3, 23, 30, tzinfo=UTC), "2.0", "the ledger, page 4").changed
    first, second = review.hand_counts(bench, "late")
    assert (first["period"], first["period_start"]) == ("day", datetime(2026, 11, 1, 23, tzinfo=UTC))
    assert (second["period_start"], str(second["value"])) == (datetime(2026, 11, 3, 23, tzinfo=UTC), "2.0")
    assert (second["source"], second["actor"], second["proved"], second["via"]) == (
        "the ledger, page 4", "olga@x.example", True, "cockpit",
    )  # fmt: skip


def test_a_month_is_named_by_any_of_its_days(bench, count, deploy):
    """It stands for the whole of it."""
    deploy(period="month")
    assert count(date(2026, 10, 17), "0").changed
    (kept,) = review.hand_counts(bench, "late")
    assert (kept["period"], kept["period_start"]) == ("month", datetime(2026, 9, 30, 22, tzinfo=UTC))


def test_an_hour_needs_an_instant(count, deploy):
    """A day has 24 of them."""
    deploy(period="hour")
    assert [refusal.rule for refusal in count(date(2026, 11, 2), "1").refusals] == ["period_form"]
    assert count(datetime(2026, 11, 2, 9, 30, tzinfo=UTC), "1").changed


def test_a_period_that_runs_is_not_counted_yet(bench, count):
    """Its number is final only at its end."""
    done = count(NOW.date(), "2")
    assert [refusal.rule for refusal in done.refusals] == ["period_running"]
    assert review.hand_counts(bench, "late") == []


def test_a_newer_count_of_a_period_replaces_the_older(bench, count):
    """So a slip is mended; both are kept."""
    count(date(2026, 11, 2), "9")
    count(date(2026, 11, 2), "1")
    assert [row["value"] for row in review.hand_counts(bench, "late")] == [1]


def test_a_metric_that_is_not_alive_is_told(bench, deploy):
    """By the database's door."""
    done = review.count_by_hand(
        bench, "nonsense", period=date(2026, 11, 2), value=Decimal(1), source="x", actor="a", proved=False, via="cli", now=NOW
    )
    assert [refusal.rule for refusal in done.refusals] == ["unknown_metric"]


def test_a_new_meaning_is_held_against_what_was_counted(bench, count, deploy, file_of):
    """As of the end of each counted period; it is told and never blocks."""
    count(date(2026, 11, 2), "1")
    count(date(2026, 11, 4), "2")
    (bench.workspace.metrics / "late.sql").write_text(file_of("late", ONE_MORE, norm=1, alert=2), "utf-8")
    told = (
        "warning",
        "the new SQL misses 2 of 2 hand counts: 2026-11-02 is 2, counted 1 (from the ledger); "
        "2026-11-04 is 3, counted 2 (from the ledger)",
    )
    assert misses(lifecycle.plan_deploy(bench)) == [told]
    done = lifecycle.deploy(bench)
    assert (misses(done), done.plan.new_meaning) == ([told], ("late",))
    assert misses(lifecycle.plan_deploy(bench)) == []


def test_a_new_meaning_that_meets_every_count_is_not_remarked_on(count, deploy):
    """Also one that meets it within the digits that were written."""
    count(date(2026, 11, 2), "1")
    count(date(2026, 11, 4), "2.1")
    assert misses(deploy("SELECT 0.0 + count(*) FROM shop.parcels WHERE promised_on <= current_date")) == [
        ("warning", "the new SQL misses 1 of 2 hand counts: 2026-11-04 is 2.0, counted 2.1 (from the ledger)")
    ]
    assert misses(deploy("SELECT 0.06 + count(*) FROM shop.parcels WHERE promised_on <= current_date")) == []


def test_counts_of_another_grain_say_nothing_about_a_new_one(count, deploy):
    """A day's number is no month's."""
    count(date(2026, 11, 2), "9")
    assert misses(deploy(ONE_MORE, period="month")) == []


def test_sql_without_a_clock_cannot_be_held_against_the_past(count, deploy):
    """Said, so that nobody takes silence for a pass."""
    count(date(2026, 11, 2), "2")
    assert misses(deploy("SELECT count(*) FROM shop.parcels")) == [
        ("warning", "1 hand count cannot be checked: value_sql names no clock, so it has no past.")
    ]


def test_a_plan_whose_sql_does_not_run_says_so(bench, count, file_of):
    """No number is no agreement."""
    count(date(2026, 11, 2), "1")
    text = file_of("late", "SELECT nonsense FROM shop.parcels WHERE promised_on <= current_date", norm=1, alert=2)
    (bench.workspace.metrics / "late.sql").write_text(text, "utf-8")
    ((severity, message),) = misses(lifecycle.plan_deploy(bench))
    assert severity == "warning"
    assert "misses 1 of 1 hand count: 2026-11-02 is" in message
    assert "nonsense" in message


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 4))
def test_a_number_rounded_to_the_digits_that_were_written_is_the_number_that_was_counted(value, places):
    """Whoever rounds as people do is never told that he is wrong."""
    assert same(value, round(value, places))
    assert same(float(value), round(value, places))


@pytest.mark.parametrize(
    ("counted", "told"),
    [("12.50", "0.005"), ("12.5", "0.05"), ("1200", "0.5"), ("0", "0.5"), ("12.5000000000001", "1.25000000000001E-8")],
)
def test_the_tolerance_is_half_of_the_last_digit_or_a_billionth(counted, told):
    """The larger of the two."""
    assert tolerance(Decimal(counted)) == Decimal(told)


def test_nothing_is_no_number():
    """A metric without a value did not meet the count."""
    assert not same(None, Decimal(0))


def test_the_last_digit_counts():
    """Just beyond is beyond."""
    assert same(Decimal("12.55"), Decimal("12.5"))
    assert not same(Decimal("12.5500001"), Decimal("12.5"))


def test_an_ended_period_is_counted_from_its_last_microsecond_on(count):
    """Half-open, as everywhere."""
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert count(midnight - timedelta(microseconds=1), "2").changed
