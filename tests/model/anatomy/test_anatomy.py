"""What is read out of a syntax tree, whatever its layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.anatomy.anatomy import Kind, anatomy_of
from heartbeat_lib.model.value_sql import parse_value_sql

TYPES = {"shop.orders.paid_at": "TIMESTAMP", "shop.orders.due_on": "DATE", "shop.orders.kind": "VARCHAR"}


def read(sql):
    return anatomy_of(parse_value_sql(sql, DUCKDB), TYPES)


def where(condition):
    """The conditions of a count with this WHERE."""
    return read(f"SELECT count(*) FROM shop.orders WHERE {condition}").conditions


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paid_at >= current_date - 1 AND paid_at < current_date", "current_date > paid_at AND current_date - 1 <= paid_at"),
        ("paid_at >= current_date - 1 AND paid_at < current_date", "CAST(paid_at AS DATE) = current_date - 1"),
        ("paid_at >= current_date - 7", "paid_at >= current_date - INTERVAL '7 days'"),
        ("paid_at >= current_date - 7", "paid_at >= current_date - INTERVAL '1 week'"),
        ("paid_at < current_date - 30", "paid_at + INTERVAL '30 days' < current_date"),
        ("due_on < current_date", "due_on <= current_date - 1"),
        ("due_on BETWEEN current_date - 7 AND current_date - 1", "due_on >= current_date - 7 AND due_on < current_date"),
        ("due_on > date_trunc('month', current_date)", "due_on >= date_trunc('month', now()) + INTERVAL '1 day'"),
    ],
)
def test_two_spellings_of_a_window_are_one_window(one, other):
    """An analyst's habit is no finding."""
    assert where(one)[0].spans == where(other)[0].spans


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paid_at < current_date", "paid_at <= current_date"),
        ("due_on < current_date", "due_on <= current_date"),
        ("paid_at >= date_trunc('month', current_date)", "paid_at > date_trunc('month', current_date)"),
        ("paid_at >= current_date - 30", "paid_at >= now() - INTERVAL '30 days'"),
    ],
)
def test_windows_that_differ_by_an_instant_are_two(one, other):
    """One row at midnight is a row."""
    assert where(one)[0].spans != where(other)[0].spans


@pytest.mark.parametrize(
    ("condition", "kind", "words"),
    [
        ("paid_at <= now()", Kind.GUARD, "paid_at up to now"),
        ("due_on <= current_date", Kind.GUARD, "due_on before tomorrow"),
        ("paid_at IS NULL OR paid_at > now()", Kind.NOT_HAPPENED, "paid_at is not filled by now"),
        ("NOT coalesce(paid_at <= now(), FALSE)", Kind.NOT_HAPPENED, "paid_at is not filled by now"),
        ("paid_at IS NOT NULL", Kind.HAPPENED, "paid_at is filled by now"),
        ("kind IN ('a', 'b')", Kind.VALUE, "kind is a or b"),
        ("amount >= 10", Kind.VALUE, "amount at least 10"),
        ("kind <> 'a'", Kind.VALUE, "kind is not a"),
        ("paid_at < due_on + INTERVAL '14 days'", Kind.DURATION, "paid_at < due_on + INTERVAL '14' DAYS"),
        ("paid < amount", Kind.COMPARE, "paid < amount"),
        ("kind LIKE 'a%'", Kind.UNREAD, "kind LIKE 'a%'"),
        ("paid_at >= current_date - 1 OR kind = 'a'", Kind.UNREAD, "paid_at >= CURRENT_DATE - 1 OR kind = 'a'"),
        ("order_id IN (SELECT order_id FROM shop.bad)", Kind.UNREAD, "order_id IN (SELECT order_id FROM shop.bad)"),
    ],
)
def test_a_condition_has_a_kind_and_words(condition, kind, words):
    """What has no words is unread, and never taken for something else."""
    found = where(condition)
    assert (kind, words) in [(one.kind, one.words) for one in found]


def test_a_window_of_what_is_counted_lies_within_that_of_the_rows():
    """A FILTER with one bound counts only among the rows that are read."""
    sql = (
        "SELECT count(*) FILTER (WHERE paid_at >= current_date - 1) FROM shop.orders "
        "WHERE paid_at >= current_date - 8 AND paid_at < current_date"
    )
    assert [found.words for found in read(sql).windows] == [
        "paid_at from 8 days before today on and before today",
        "paid_at yesterday",
    ]


@pytest.mark.parametrize("second", ["paid_at >= current_date - 7", "paid_at < current_date - 20"])
def test_bounds_whose_order_changes_with_the_day_are_never_said_to_exclude_each_other(second):
    """The first of the month lies before a week ago on some days and after it on others."""
    found = where(f"paid_at >= date_trunc('month', current_date) AND {second}")
    assert all(condition.spans for condition in found if condition.kind is Kind.WINDOW)
    assert any("first of this month" in condition.words for condition in found)
    assert any("7" in condition.words or "20" in condition.words for condition in found)


def test_bounds_that_exclude_each_other_leave_no_window():
    """Yesterday and today at once is never."""
    (found,) = where("paid_at >= current_date AND paid_at < current_date - 1")
    assert (found.kind, found.spans) == (Kind.WINDOW, ())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT count(*) FROM shop.orders UNION ALL SELECT 1",
        "FROM shop.orders SELECT count(*)",
        "SELECT count(*) FROM (VALUES (1), (2)) AS t(x)",
        "SELECT sum(x) FROM shop.orders, LATERAL (SELECT amount AS x) AS l WHERE x > 1",
        "SELECT count(*) FROM shop.orders AS o JOIN shop.orders AS p ON true, shop.kinds",
        "SELECT (SELECT count(*) FROM shop.orders WHERE kind = o.kind) FROM shop.orders AS o LIMIT 1",
        "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 5) SELECT max(x) FROM t",
        "SELECT count(*) FROM shop.orders GROUP BY ALL HAVING count(*) > 1",
        "SELECT avg(amount) OVER (ORDER BY paid_at) FROM shop.orders QUALIFY row_number() OVER () = 1",
        "SELECT count(*) FROM shop.orders WHERE CASE WHEN kind = 'a' THEN TRUE END AND NOT paid AND paid_at::date = '2026-01-01'",
        "SELECT 100 * avg(CASE kind WHEN 'a' THEN 1 ELSE 0 END) FROM shop.orders",
        "SELECT date_diff('day', max(paid_at), now()) / 7 FROM shop.orders",
    ],
)
def test_any_select_can_be_taken_apart(sql):
    """A query that is unlike those here is read as far as it goes."""
    assert isinstance(read(sql).value, str)


def test_a_case_that_gives_zero_leaves_out():
    """`THEN 0` is a filter the other way round."""
    (found,) = read("SELECT sum(CASE WHEN paid_at <= now() THEN 0 ELSE amount END) FROM shop.orders").conditions
    assert (found.kind, found.counted) == (Kind.NOT_HAPPENED, True)


def test_whether_there_is_a_value_at_all_is_no_filter():
    """`CASE WHEN count(*) > 0` tells an empty table from a zero."""
    assert read("SELECT CASE WHEN count(*) > 0 THEN count(*) END FROM shop.orders").conditions == ()


def test_the_shape_of_the_result_is_told():
    """Aggregate, factor, numerator and denominator."""
    found = read("SELECT 100.0 * count(*) FILTER (WHERE kind = 'a') / nullif(count(*), 0) FROM shop.orders")
    assert (found.aggregates, found.factors) == (("count",), {100.0})
    assert found.ratio == ("100 times the number of rows with kind = 'a'", "the number of rows")


def test_a_fixed_divisor_is_no_denominator():
    """Seconds over 86400 are days."""
    found = read("SELECT median((epoch(paid_at) - epoch(due_on)) / 86400.0) FROM shop.orders")
    assert (found.ratio, found.divisors, found.elapsed) == (None, {86400.0}, {"seconds"})


def test_a_key_that_shifts_days_hands_the_window_on():
    """The rates of the day before yesterday are read, though only yesterday is written."""
    sql = (
        "SELECT max(a.mid / b.mid) FROM fx.rates AS a JOIN fx.rates AS b "
        "ON b.currency = a.currency AND b.rate_on = a.rate_on - 1 WHERE a.rate_on = current_date - 1"
    )
    assert [found.words for found in read(sql).windows] == ["rate_on yesterday", "rate_on on the day 2 days before today"]


CONDITIONS = [
    "{t}paid_at >= current_date - 7",
    "{t}paid_at < current_date",
    "{t}kind = 'a'",
    "({t}closed_at IS NULL OR {t}closed_at > now())",
    "{t}paid_at < {t}due_on + INTERVAL '2 days'",
]
SPACES = st.sampled_from([" ", "\n", "\n\t", " /* yesterday */ ", "\n-- the last 90 days\n"])


@st.composite
def spellings(draw):
    """Some conditions, written plainly and in any other way that means the same."""
    chosen = draw(st.lists(st.sampled_from(CONDITIONS), min_size=1, unique=True))
    plain = f"SELECT 100.0 * count(*) FROM shop.orders WHERE {' AND '.join(chosen)}".replace("{t}", "")
    alias = draw(st.sampled_from(["", "o", "today", "x1"]))
    source = draw(st.sampled_from(["shop.orders", "(SELECT * FROM shop.orders)", "handed_on"]))
    if not alias and source != "shop.orders":
        alias = "o"
    space = draw(SPACES)
    text = f"{space}AND{space}".join(chosen).replace("{t}", f"{alias}." if alias else "")
    name = f" AS {alias}" if alias else ""
    inner = f"SELECT{space}100.0 * count(*) AS v{space}FROM {source}{name}{space}WHERE {text}"
    if draw(st.booleans()):
        inner = f"SELECT v FROM ({inner}) AS whole"
    if source == "handed_on":
        inner = f"WITH handed_on AS (SELECT * FROM shop.orders) {inner}"
    return plain, inner


@given(spellings())
def test_layout_aliases_comments_and_wrapping_change_nothing(pair):
    """Two people who write the same query get the same audit."""
    one, other = (read(sql) for sql in pair)
    assert one.conditions == other.conditions
    assert (one.tables, one.aggregates, one.factors, one.ratio) == (other.tables, other.aggregates, other.factors, other.ratio)
