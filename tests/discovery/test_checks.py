"""The sanity checks, each on a right query and on its wrong twin."""

from __future__ import annotations

from decimal import Decimal

import pytest

from heartbeat_lib.discovery.draft import draft
from heartbeat_lib.model.verdict import Verdict
from tests.discovery.conftest import NOW
from tests.discovery.shop import DAY, SHOP, agreed

ORDERS = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"
OF_TODAY = "FROM shop.tickets WHERE opened_at >= current_date AND opened_at <= now()"


@pytest.fixture
def check(bench, marts):
    """`check(name, sql)`: what one check says of a query over the shop."""
    marts(SHOP)
    agreed(bench)

    def examine(name, sql, **given):
        made = draft(bench, "late_share", sql, as_of=NOW, on=DAY, **given)
        (found,) = [one for one in made.checks if one.name == name]
        return found

    return examine


def test_no_value_without_rows_is_honest(check):
    found = check("NULL and zero", f"SELECT avg(urgency) {OF_TODAY}")
    assert found.verdict is Verdict.HOLDS
    assert "Of 90 periods 3 have no value (Thu 15 Oct 2026, Wed 14 Oct 2026, Tue 13 Oct 2026)" in found.evidence


def test_a_count_of_nothing_is_doubtful(check):
    found = check("NULL and zero", f"SELECT count(*) {OF_TODAY}")
    assert found.verdict is Verdict.DOUBTFUL
    assert "In 3 periods its tables have no rows; of these it says 0 in 3." in found.evidence


def test_an_average_of_nothing_made_zero_fails(check):
    found = check("NULL and zero", f"SELECT coalesce(avg(urgency), 0) {OF_TODAY}")
    assert found.verdict is Verdict.FAILS
    assert "Of 90 periods 3 say 0" in found.evidence


def test_a_guard_over_all_rows_that_lets_quiet_days_be_zero_is_doubtful(check):
    found = check(
        "NULL and zero",
        "SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (WHERE opened_at >= current_date) END "
        "FROM shop.tickets WHERE opened_at <= now()",
    )
    assert found.verdict is Verdict.DOUBTFUL
    assert "where its tables have no rows in a period it says 0" in found.evidence


def test_a_stock_that_is_often_zero_reads_no_gap_as_zero(check):
    found = check(
        "NULL and zero",
        "SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (WHERE opened_at < current_date - 30 AND closed_at > now()) END "
        "FROM shop.tickets WHERE opened_at <= now()",
    )
    assert found.verdict is Verdict.HOLDS


def test_a_number_before_the_first_row_fails(check):
    found = check("NULL and zero", "SELECT count(*) FROM shop.tickets WHERE closed_at > now()")
    assert found.verdict is Verdict.FAILS
    assert "before any row, it says 1,244" in found.evidence


def test_a_query_that_follows_the_workspaces_clock_holds(check):
    found = check("day's shift", ORDERS)
    assert found.verdict is Verdict.HOLDS
    assert "At the end of Sun 22 Nov 2026 it says 24, at its first microsecond 0" in found.evidence
    assert "With days cut in UTC and not in Europe/Berlin it would say 23 (-4.17 %)" in found.evidence


def test_a_query_without_a_clock_fails_the_shift(check):
    found = check("day's shift", "SELECT count(*) FROM shop.orders")
    assert found.verdict is Verdict.FAILS
    assert "names no clock" in found.evidence
    assert "2,771" in found.evidence


def test_days_cut_in_a_zone_that_the_sql_names_fail(check):
    found = check(
        "day's shift",
        "SELECT count(*) FROM shop.orders WHERE placed_at <= now() "
        "AND CAST(placed_at AT TIME ZONE 'UTC' AS DATE) = CAST(now() AT TIME ZONE 'UTC' AS DATE)",
    )
    assert found.verdict is Verdict.FAILS
    assert "The SQL cuts time in UTC, and the workspace's days are those of Europe/Berlin" in found.evidence


def test_days_cut_in_utc_without_naming_it_fail(check):
    found = check(
        "day's shift",
        "SELECT count(*) FROM shop.orders WHERE placed_at <= now() "
        "AND epoch_us(placed_at) // 86400000000 = epoch_us(now()) // 86400000000",
    )
    assert found.verdict is Verdict.FAILS
    assert "At 22 Nov 2026 01:00 it goes from 24 to 0" in found.evidence


def test_a_ticket_that_closes_on_the_hour_cuts_no_day(check):
    """It changes at UTC's midnight, because a row lies there, and not every day."""
    found = check("day's shift", "SELECT count(*) FROM shop.tickets WHERE opened_at <= now() AND closed_at > now()")
    assert found.verdict is Verdict.HOLDS


def test_a_clock_that_decides_nothing_is_doubtful(check):
    found = check("day's shift", "SELECT count(*) FROM shop.orders WHERE amount > 0 AND now() > TIMESTAMPTZ '1800-01-01'")
    assert found.verdict is Verdict.DOUBTFUL
    assert "2,771 wherever the clock stands" in found.evidence


LOADS = """
    CREATE TABLE shop._dlt_loads (load_id VARCHAR, schema_name VARCHAR, status BIGINT, inserted_at TIMESTAMPTZ);
    INSERT INTO shop._dlt_loads
    SELECT 'load ' || n, 'shop', 0, TIMESTAMPTZ '2026-11-01 02:00:00+01' + n * INTERVAL 1 DAY FROM range(24) AS t(n);
    CREATE TABLE shop.visits AS
    SELECT n AS id, TIMESTAMPTZ '2026-10-31 12:00:00+01' + (n % 24) * INTERVAL 1 DAY AS visited_at,
        'load ' || CASE WHEN n < {late} THEN 23 ELSE n % 24 END AS _dlt_load_id
    FROM range(2400) AS t(n);
"""
VISITS = "SELECT count(*) FROM shop.visits WHERE visited_at >= current_date - 1 AND visited_at < current_date"


def test_rows_that_come_with_the_first_load_after_their_day_are_in_time(check, marts):
    marts(LOADS.format(late=0))
    found = check("late data", VISITS)
    assert found.verdict is Verdict.HOLDS
    assert "Of 2,300 rows of shop.visits that came after the first load, 2,300 (100 %) came after their day" in found.evidence
    assert "and 0 (0 %) after a load that had made its number final" in found.evidence


def test_rows_that_come_after_their_number_was_final_are_late(check, marts):
    marts(LOADS.format(late=240))
    found = check("late data", VISITS)
    assert found.verdict is Verdict.FAILS
    assert "230 (9.96 %) after a load that had made its number final" in found.evidence


def test_late_rows_cannot_be_seen_where_each_load_replaces_the_table(check, marts):
    marts(LOADS.format(late=2400))
    found = check("late data", VISITS)
    assert found.verdict is Verdict.NOT_EXAMINED
    assert "shop.visits is replaced by each load" in found.evidence


def test_late_rows_cannot_be_seen_without_the_loaders_marks(check):
    found = check("late data", ORDERS)
    assert found.verdict is Verdict.NOT_EXAMINED
    assert "shop.orders does not say which load brought a row" in found.evidence


def test_a_guarded_divisor_holds(check):
    found = check("division by zero", f"SELECT 100.0 * count(*) FILTER (WHERE urgency = 1) / nullif(count(*), 0) {OF_TODAY}")
    assert found.verdict is Verdict.HOLDS


def test_a_divisor_behind_a_case_holds(check):
    found = check("division by zero", f"SELECT CASE WHEN count(*) > 0 THEN sum(urgency) / count(*) END {OF_TODAY}")
    assert found.verdict is Verdict.HOLDS


def test_a_day_that_divides_by_zero_fails_and_is_named(check):
    found = check("division by zero", f"SELECT 100.0 * count(*) FILTER (WHERE urgency = 1) / count(*) {OF_TODAY}")
    assert found.verdict is Verdict.FAILS
    assert "3 periods of 90 divide by zero, the last Thu 15 Oct 2026" in found.evidence


def test_a_divisor_that_is_only_zero_without_rows_fails_too(check):
    found = check(
        "division by zero", "SELECT 1.0 * sum(id) / count(*) FILTER (WHERE amount > 10) FROM shop.orders WHERE placed_at <= now()"
    )
    assert found.verdict in (Verdict.DOUBTFUL, Verdict.FAILS)
    assert "without a guard" in found.evidence


@pytest.mark.parametrize(
    ("rough", "verdict", "words"),
    [
        ("11", Verdict.HOLDS, "within a fifth"),
        ("4", Verdict.DOUBTFUL, "2.5 times as much"),
        ("0.1", Verdict.FAILS, "100 times as much. About 100 times: percent or share"),
        ("1000", Verdict.FAILS, "1/100 of it. About 100 times less: percent or share"),
        ("600", Verdict.FAILS, "About 60 times less: seconds, minutes or hours?"),
        ("-10", Verdict.FAILS, "the signs differ"),
        ("0", Verdict.FAILS, "one of the two is nothing"),
        ("24", Verdict.DOUBTFUL, "The period before, Mon 23 Nov 2026, says 24: is the count of a whole period?"),
    ],
)
def test_a_rough_count_is_held_against_the_value(check, rough, verdict, words):
    found = check("scale", ORDERS, rough=Decimal(rough), rough_source="the till")
    assert found.verdict is verdict
    assert words in found.evidence
    assert "(the till)" in found.evidence


def test_without_a_rough_count_one_is_asked_for(check):
    found = check("scale", ORDERS)
    assert found.verdict is Verdict.NOT_EXAMINED
    assert "--rough" in found.evidence
