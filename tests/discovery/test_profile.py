"""One table from near."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from heartbeat_lib.discovery.profile import Gap, NoSuchTableError, profile
from heartbeat_lib.model.json_text import json_text
from tests.discovery.conftest import NOW

ORDERS = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders AS
    SELECT i AS order_id, TIMESTAMPTZ '2026-11-20 23:30+01' - to_days(i::INTEGER // 10) AS placed_at,
           CASE WHEN i % 4 > 0 THEN 'carrier ' || i % 3 END AS carrier, (i % 7)::DECIMAL(8, 2) AS amount
    FROM range(100) AS t(i)
"""


@pytest.fixture
def orders(bench, marts):
    """The profile of 100 orders over ten days, after some more SQL."""

    def look(sql: str = ""):
        marts(f"{ORDERS}; {sql}")
        return profile(bench, "shop.orders", now=NOW)

    return look


def column(found, name: str):
    """One column of a profile."""
    return next(column for column in found.columns if column.name == name)


def test_each_column_has_its_nulls_values_and_range(orders):
    """All that a person would ask first."""
    found = orders()
    assert found.rows == 100
    carrier, amount = column(found, "carrier"), column(found, "amount")
    assert (carrier.nulls, carrier.distinct, carrier.about, carrier.least, carrier.greatest) == (
        25,
        3,
        False,
        "carrier 0",
        "carrier 2",
    )
    assert (amount.least, amount.greatest, amount.middle) == (Decimal("0.00"), Decimal("6.00"), pytest.approx(3, abs=0.5))


def test_the_most_frequent_values_come_with_their_rows(orders):
    """Only where values repeat, the most frequent first."""
    found = orders("UPDATE shop.orders SET carrier = 'post' WHERE order_id < 60")
    assert column(found, "carrier").frequent[0] == ("post", 60)
    assert column(found, "order_id").frequent == ()


def test_days_are_of_the_workspaces_zone_and_rows_after_now_are_counted_apart(orders):
    """23:30 in Berlin is the next day nowhere but in London's books."""
    found = orders("INSERT INTO shop.orders VALUES (100, '2027-01-01', NULL, 1), (101, 'infinity', NULL, 1)")
    assert found.time_column == "placed_at"
    assert (found.days[0], found.days[-1]) == ((date(2026, 11, 11), 10), (date(2026, 11, 20), 10))
    assert found.later == 1


def test_gaps_are_days_without_rows_the_longest_first(orders):
    """Up to yesterday: today is still open."""
    found = orders("DELETE FROM shop.orders WHERE placed_at::DATE IN ('2026-11-13', '2026-11-14', '2026-11-17')")
    assert found.gaps == (
        Gap(first=date(2026, 11, 21), last=date(2026, 11, 23)),
        Gap(first=date(2026, 11, 13), last=date(2026, 11, 14)),
        Gap(first=date(2026, 11, 17), last=date(2026, 11, 17)),
    )


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("SELECT i AS id, i * 3 AS price FROM range(50) AS t(i)", (("id",),)),
        ("SELECT i % 25 AS id, i % 5 AS kind FROM range(50) AS t(i)", ()),
        (
            "SELECT DATE '2026-01-01' + (i::INTEGER // 5) AS rate_on, i % 5 AS currency FROM range(50) AS t(i)",
            (("rate_on", "currency"),),
        ),
        ("SELECT CASE WHEN i > 0 THEN i END AS id FROM range(50) AS t(i)", ()),
    ],
)
def test_keys_name_every_row(bench, marts, table, keys):
    """One column, else a pair; never where a value is missing or comes twice."""
    marts(f"CREATE SCHEMA shop; CREATE TABLE shop.keyed AS {table}")
    found = profile(bench, "shop.keyed", now=NOW).keys
    assert {frozenset(key) for key in found} == {frozenset(key) for key in keys}


def test_an_estimate_says_so(bench, marts):
    """In a large table a column where hardly any value repeats is estimated; a key, and what repeats, is counted."""
    marts("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.many AS
        SELECT i AS id, CASE WHEN i % 3 = 0 THEN i + 1 ELSE i END AS box, i % 77 AS kind FROM range(120000) AS t(i);
        CREATE TABLE shop.few AS SELECT i AS id, i % 77 AS kind FROM range(156) AS t(i)
    """)
    many = profile(bench, "shop.many", now=NOW)
    assert column(many, "box").about
    assert column(many, "box").distinct == pytest.approx(80_000, rel=0.1)
    assert [(column(many, name).distinct, column(many, name).about) for name in ("id", "kind")] == [(120_000, False), (77, False)]
    few = profile(bench, "shop.few", now=NOW)
    assert [(one.distinct, one.about) for one in few.columns] == [(156, False), (77, False)]


def test_odd_values_and_empty_tables_are_looked_at_all_the_same(bench, marts):
    """Numbers that are not finite, infinite dates, booleans, blobs, long texts, no row at all."""
    marts("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.odd AS
        SELECT 'nan'::DOUBLE AS x, 'infinity'::DATE AS paid_on, true AS b, 'a'::BLOB AS raw, repeat('é', 500) AS t;
        CREATE TABLE shop.none (x DOUBLE, paid_on DATE)
    """)
    odd = profile(bench, "shop.odd", now=NOW)
    assert column(odd, "t").least == "é" * 60 + "…"
    assert column(odd, "paid_on").greatest is None
    json_text(odd.json())
    none = profile(bench, "shop.none", now=NOW)
    assert (none.rows, none.days, none.keys) == (0, (), ())
    assert "0 rows" in none._repr_html_()


def test_a_view_is_looked_at_like_a_table(bench, orders, marts):
    """Its rows are counted here, because somebody asked for this one."""
    orders("CREATE VIEW shop.heavy AS FROM shop.orders WHERE amount > 3")
    assert profile(bench, "SHOP.Heavy", now=NOW).rows == sum(i % 7 > 3 for i in range(100))


def test_a_table_that_is_not_there_is_refused_with_those_of_a_like_name(bench, orders):
    """A typing error."""
    orders()
    with pytest.raises(NoSuchTableError, match=r"no table 'shop.order'. There is shop.orders"):
        profile(bench, "shop.order", now=NOW)


def test_a_notebook_shows_the_days_as_a_picture_and_text_as_text(orders):
    """Values are data: they are escaped."""
    shown = orders("UPDATE shop.orders SET carrier = '<script>' WHERE order_id < 60")._repr_html_()
    assert "<svg" in shown
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "Every row is named by order_id." in shown
    assert "rows on 10 days, 2026-11-11 to 2026-11-20" in shown


def test_json_has_everything(orders):
    """Days, gaps and frequent values with names."""
    found = orders().json()
    assert found["days"][0] == {"day": date(2026, 11, 11), "rows": 10}
    assert found["gaps"] == [{"first": date(2026, 11, 21), "last": date(2026, 11, 23), "days": 3}]
    assert {"value": "carrier 0", "rows": 25} in found["columns"][2]["frequent"]
    assert json_text(found)


def test_a_wall_clock_keeps_its_own_day(bench, marts):
    """A column without zone is the workspace's wall clock."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.till AS SELECT TIMESTAMP '2026-11-23 23:59:59' AS sold_at")
    found = profile(bench, "shop.till", now=datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC))
    assert found.days == ((date(2026, 11, 23), 1),)
    assert profile(bench, "shop.till", now=datetime(2026, 11, 23, 22, 59, 58, tzinfo=UTC)).later == 1
