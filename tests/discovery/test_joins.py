"""Joins that really match."""

from __future__ import annotations

import pytest

from heartbeat_lib.discovery.joins import joins
from heartbeat_lib.model.json_text import json_text


@pytest.fixture
def shop(marts):
    """Eight customers, orders of four of them and of one who is not there, parcels with keys of their own."""
    marts("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.customers AS SELECT i AS id, 'open' AS status, 'town ' || i % 2 AS town FROM range(8) AS t(i);
        CREATE TABLE shop.orders AS
            SELECT i AS order_id, CASE WHEN i < 18 THEN i % 4 WHEN i = 18 THEN 99 END AS customer_id, 'open' AS status
            FROM range(20) AS t(i);
        CREATE TABLE shop.parcels AS SELECT i + 1000 AS parcel_id, i + 500 AS order_id, 'x' AS town FROM range(5) AS t(i);
        CREATE TABLE shop.codes AS SELECT '1' AS order_id
    """)


def test_shares_are_told_each_way_with_the_rows_of_a_key(bench, shop):
    """Four of five keys are customers; half of the customers ordered."""
    (found,) = joins(bench, ["shop.customers", "SHOP.Orders"])
    assert (found.left.column, found.left.keys, found.left.found, found.left.most) == ("shop.customers.id", 8, 4, 1)
    assert (found.right.column, found.right.keys, found.right.found, found.right.most) == ("shop.orders.customer_id", 5, 4, 5)
    assert (found.left.share, found.right.share) == (0.5, 0.8)
    assert found.words() == (
        "50 % of 8 keys of shop.customers.id found, 80 % of 5 keys of shop.orders.customer_id found (up to 5 rows each)."
    )


def test_ids_that_find_nothing_are_told(bench, shop):
    """Somebody would try that join."""
    (found,) = joins(bench, ["shop.orders", "shop.parcels"])
    assert found.words() == "No key of shop.orders.order_id is in shop.parcels.order_id."


def test_columns_that_name_no_row_and_other_types_are_no_join(bench, shop):
    """Two of status match everywhere and join nothing; a text is no number."""
    assert joins(bench, ["shop.customers", "shop.parcels"]) == ()
    assert joins(bench, ["shop.orders", "shop.codes"]) == ()
    assert joins(bench, ["shop.orders", "shop.nothing"]) == ()


def test_a_join_of_many_with_many_says_that_it_multiplies(bench, marts):
    """The usual way to a number that is too large."""
    marts("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.a AS SELECT i % 5 AS customer_id FROM range(20) AS t(i);
        CREATE TABLE shop.b AS SELECT i % 5 AS customer_id FROM range(10) AS t(i)
    """)
    (found,) = joins(bench, ["shop.a", "shop.b"])
    assert found.words().endswith("; a join multiplies rows on both sides.")


def test_they_are_shown_as_a_table_and_as_json(bench, shop):
    """For a notebook, and for programs."""
    found = joins(bench, ["shop.customers", "shop.orders"])
    assert "shop.orders.customer_id" in found._repr_html_()
    assert '"share": 0.8' in json_text(found.json())
    assert "No two columns" in joins(bench, [])._repr_html_()
