"""Look-ahead: a past that reads rows from after it is found, with the period, both numbers and the column."""

from __future__ import annotations

import pytest

from heartbeat_lib.discovery.candidates import describe_columns
from heartbeat_lib.discovery.draft import draft
from heartbeat_lib.model.verdict import Verdict
from tests.discovery.conftest import NOW
from tests.discovery.shop import DAY, SHOP, agreed

OPEN = "SELECT count(*) FROM shop.tickets WHERE {born} (closed_at IS NULL OR closed_at > now())"


@pytest.fixture
def look(bench, marts):
    """`look(sql)`: what the check says of a query over the shop."""
    marts(SHOP)
    agreed(bench)

    def examine(sql):
        made = draft(bench, "late_share", sql, as_of=NOW, on=DAY)
        return next(one for one in made.checks if one.name == "look-ahead")

    return examine


def test_what_is_open_as_of_then_holds(look):
    assert look(OPEN.format(born="opened_at <= now() AND")).verdict is Verdict.HOLDS


def test_tickets_that_were_not_opened_yet_are_found(look):
    found = look(OPEN.format(born=""))
    assert found.verdict is Verdict.FAILS
    assert "12 of 12 periods" in found.evidence
    assert "Of Mon 23 Nov 2026 it says 58, and with what was there then 56: what lies after it is" in found.evidence
    assert "shop.tickets.opened_at. Add opened_at <= now()" in found.evidence


def test_an_end_that_had_not_come_is_found(look):
    """Closed tickets of a day, counted by whether they are closed today."""
    found = look("SELECT count(*) FROM shop.tickets WHERE CAST(opened_at AS DATE) = current_date AND closed_at IS NOT NULL")
    assert found.verdict is Verdict.FAILS
    assert "shop.tickets.closed_at" in found.evidence
    assert "shop.tickets.opened_at" not in found.evidence


def test_it_is_found_behind_aliases_ctes_and_joins(look):
    found = look("""
        WITH t AS (SELECT x.id, x.urgency FROM shop.tickets AS x WHERE x.opened_at >= current_date - 7)
        SELECT count(*) FROM t JOIN shop.regions AS r ON r.id = t.urgency
    """)
    assert found.verdict is Verdict.FAILS
    assert "shop.tickets.opened_at" in found.evidence


def test_its_right_twin_holds_and_tells_what_cannot_be_dated(look):
    found = look("""
        WITH t AS (SELECT x.id, x.urgency FROM shop.tickets AS x WHERE x.opened_at BETWEEN current_date - 7 AND now())
        SELECT count(*) FROM t JOIN shop.regions AS r ON r.id = t.urgency
    """)
    assert found.verdict is Verdict.HOLDS
    assert "shop.regions cannot be dated" in found.evidence


def test_a_due_date_ahead_is_a_plan_and_named(look):
    found = look(
        "SELECT count(*) FROM shop.tickets WHERE opened_at <= now() AND due_on BETWEEN current_date AND current_date + 3"
    )
    assert found.verdict is Verdict.DOUBTFUL
    assert "It reads shop.tickets.due_on beyond the end of a period" in found.evidence


def test_a_due_date_that_has_passed_holds(look):
    found = look(OPEN.format(born="opened_at <= now() AND due_on < current_date AND"))
    assert found.verdict is Verdict.HOLDS


def test_what_the_analyst_calls_a_plan_is_one(look, bench):
    sql = "SELECT count(*) FROM shop.tickets WHERE opened_at <= now() AND closed_at > current_date + 3"
    assert look(sql).verdict is Verdict.FAILS
    describe_columns(bench, "late_share", {"shop.tickets.closed_at": "the day planned for the answer"}, on=DAY)
    assert look(sql).verdict is Verdict.DOUBTFUL


def test_a_table_without_times_cannot_be_examined(look):
    found = look("SELECT count(*) FROM shop.regions WHERE current_date > DATE '2000-01-01'")
    assert found.verdict is Verdict.NOT_EXAMINED
    assert "shop.regions" in found.evidence


def test_names_that_carry_their_schema_are_read(look):
    found = look("SELECT count(*) FROM shop.tickets WHERE shop.tickets.opened_at >= current_date - 7")
    assert found.verdict is Verdict.FAILS
