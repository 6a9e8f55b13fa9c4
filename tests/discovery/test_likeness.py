"""Whether a query is a metric that exists already, and what is no likeness."""

from __future__ import annotations

import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.discovery.likeness import LikenessKind, duplicates, known_queries
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.value_sql import parse_value_sql
from tests.discovery.conftest import STORY

TODAY = "paid_at >= current_date AND paid_at <= now()"
VOLUME = f"SELECT sum(amount) FROM shop.payments WHERE currency = 'EUR' AND {TODAY}"
COUNT = f"SELECT count(*) FROM shop.payments WHERE {TODAY}"
REJECTED = f"SELECT count(*) FROM shop.payments WHERE status = 'rejected' AND {TODAY}"
SHARE = (
    "SELECT 100.0 * count(*) FILTER (WHERE rejected_at <= now()) / nullif(count(*), 0) FROM shop.payments "
    "WHERE paid_at >= current_date - 1 AND paid_at < current_date"
)


def compared(query: str, known: str):
    """What `query` is to the one known query; None for nothing."""
    found = duplicates(parse_value_sql(query, DUCKDB), [("known", parse_value_sql(known, DUCKDB))])
    return found[0] if found else None


@pytest.mark.parametrize(
    "query",
    [
        VOLUME,
        f"-- a remark\nselect SUM( amount )\nfrom shop.payments\nwhere currency = 'EUR' and {TODAY}",
        "SELECT sum(p.amount) AS eur FROM shop.payments AS p WHERE p.paid_at <= now() AND p.currency = 'EUR' "
        "AND p.paid_at >= current_date",
        f"WITH euro AS (SELECT * FROM shop.payments WHERE currency = 'EUR') SELECT sum(amount) FROM euro WHERE {TODAY}",
        "WITH renamed AS (SELECT amount AS eur, paid_at AS t, currency AS c FROM shop.payments) "
        "SELECT coalesce(sum(eur), 0) FROM renamed WHERE c = 'EUR' AND t >= current_date AND t <= now()",
    ],
)
def test_names_layout_order_and_ctes_make_no_new_metric(query):
    """A planted duplicate is caught however it is dressed."""
    found = compared(query, VOLUME)
    assert found is not None
    assert found.kind is LikenessKind.SAME


def test_another_filter_is_one_shape_and_the_reason_names_it():
    """The sum of pounds is the sum of euros of other rows."""
    found = compared(VOLUME.replace("'EUR'", "'GBP'"), VOLUME)
    assert found is not None
    assert found.kind is LikenessKind.SHAPE
    assert "only here currency is GBP; only there currency is EUR" in found.reason


def test_another_window_is_one_shape_and_the_reason_names_both():
    """Last week's volume is today's of other days."""
    found = compared(VOLUME.replace("current_date", "current_date - 7"), VOLUME)
    assert found is not None
    assert found.kind is LikenessKind.SHAPE
    assert "here paid_at from 7 days before today on" in found.reason
    assert "there paid_at from today on" in found.reason


def test_a_share_with_one_more_filter_is_one_shape():
    """Rejections of cards are rejections."""
    found = compared(SHARE.replace("WHERE paid_at", "WHERE scheme = 'card' AND paid_at"), SHARE)
    assert found is not None
    assert found.kind is LikenessKind.SHAPE


def test_a_count_of_part_of_the_rows_is_like_the_count_of_all():
    """In the same window, by however many conditions."""
    found = compared(f"{COUNT} AND scheme = 'card' AND channel = 'web'", COUNT)
    assert found is not None
    assert found.kind is LikenessKind.SHAPE


@pytest.mark.parametrize(
    ("query", "known"),
    [
        (REJECTED, REJECTED.replace("rejected", "refunded")),
        (f"{COUNT} AND scheme = 'card'", f"{COUNT} AND status = 'rejected'"),
        (COUNT.replace("current_date", "current_date - 30") + " AND scheme = 'card' AND channel = 'web'", COUNT),
        (VOLUME, COUNT),
        (VOLUME.replace("sum(", "avg("), VOLUME),
        (VOLUME.replace("amount", "fee"), VOLUME),
        (VOLUME.replace("paid_at", "settled_at"), VOLUME),
        (VOLUME.replace("shop.payments", "bank.payments"), VOLUME),
        (SHARE, COUNT),
        (COUNT.replace("count(*)", "count(DISTINCT customer)"), COUNT),
        (SHARE.replace("rejected_at", "settled_at"), SHARE),
    ],
)
def test_what_is_worked_out_otherwise_is_no_likeness(query, known):
    """Sharing a table and a window is not enough: other rows counted, another aggregate, column, time or table."""
    assert compared(query, known) is None


def test_a_difference_and_a_total_are_not_the_same():
    """Both are one sum over two columns."""
    one = "SELECT sum(amount - fee) FROM shop.payments WHERE paid_at >= current_date"
    found = compared(one, one.replace("-", "+"))
    assert found is not None
    assert found.kind is LikenessKind.SHAPE


def test_the_same_comes_before_the_alike():
    """Whatever the order of the known ones."""
    known = [("pounds", VOLUME.replace("EUR", "GBP")), ("euros", VOLUME)]
    found = duplicates(parse_value_sql(VOLUME, DUCKDB), [(name, parse_value_sql(text, DUCKDB)) for name, text in known])
    assert [(one.metric_id, one.kind) for one in found] == [("euros", LikenessKind.SAME), ("pounds", LikenessKind.SHAPE)]


def test_living_retired_and_drafted_queries_are_known(bench, marts, deployed, candidate):
    """All three are places where a number was thought of before."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT 1 AS id, 2 AS weight")
    deployed(
        parcels_now="SELECT count(*) FROM shop.parcels",
        parcels_heavy="SELECT sum(weight) FROM shop.parcels",
        parcels_light="SELECT min(weight) FROM shop.parcels",
        parcels_mean="SELECT avg(weight) FROM shop.parcels",
    )
    (bench.workspace.metrics / "parcels_heavy.sql").unlink()
    lifecycle.deploy(bench)
    candidate("parcels_max", story=STORY, draft={"value_sql": "SELECT max(weight) FROM shop.parcels"})
    candidate("parcels_none")
    assert {name for name, _ in known_queries(bench)} == {
        "parcels_now", "parcels_light", "parcels_mean", "parcels_heavy", "parcels_max",
    }  # fmt: skip
    assert "parcels_max" not in {name for name, _ in known_queries(bench, but="parcels_max")}
