"""What is known near a topic."""

from __future__ import annotations

import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.discovery.inventory import KnownKind, inventory
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.model.value_sql import parse_value_sql
from tests.discovery.conftest import STORY

LATE = "SELECT count(*) FROM shop.parcels WHERE delivered_on > promised_on AND promised_on = current_date - 1"


@pytest.fixture
def shop(marts, deployed):
    """Two metrics over one table, and one over another."""
    marts("""
        CREATE SCHEMA shop;
        CREATE TABLE shop.parcels AS SELECT DATE '2026-01-01' AS promised_on, DATE '2026-01-02' AS delivered_on, 2 AS weight;
        CREATE TABLE shop.refunds AS SELECT now() AS paid_at, 3.5 AS amount
    """)
    deployed(
        parcels_late=(LATE, "Late parcels"),
        parcel_weight=("SELECT avg(weight) FROM shop.parcels", "Mean weight"),
        refunds=("SELECT sum(amount) FROM shop.refunds WHERE paid_at <= now()", "Refunds paid"),
    )


def test_words_find_a_metric_and_the_reason_names_them(bench, shop):
    """With its trust and its latest status; in whichever grammatical form."""
    (first, *_) = inventory(bench, "lateness of a late parcel")
    assert (first.metric_id, first.kind, first.state, first.status) == ("parcels_late", KnownKind.LIVING, "unverified", "grey")
    assert "“late” and “parcel”" in first.reason


def test_a_shared_table_alone_is_no_likeness(bench, shop):
    """Half of a bank's metrics read its payments."""
    found = inventory(bench, "carrier strikes", tables=["shop.parcels"])
    assert found == ()
    assert inventory(bench, "", tables=["shop.parcels"]) == ()


def test_a_shared_table_is_told_beside_the_words(bench, shop):
    """And puts the one that reads it first."""
    found = inventory(bench, "weight", tables=["SHOP.Parcels"])
    assert [known.metric_id for known in found] == ["parcel_weight"]
    assert "and it reads shop.parcels" in found[0].reason


def test_what_is_far_is_left_out(bench, shop):
    """`parcel_weight` has one of three words, and only that."""
    assert [known.metric_id for known in inventory(bench, "refunds paid")] == ["refunds"]


def test_meaning_comes_first_under_other_words(bench, shop):
    """Nobody would find it by these words."""
    query = parse_value_sql(LATE.replace("shop.parcels", "shop.parcels AS p").replace("count(*)", "count(*) AS misses"), DUCKDB)
    found = inventory(bench, "weight", value_sql=query)
    assert [known.metric_id for known in found] == ["parcels_late", "parcel_weight"]
    assert "computes the same" in found[0].reason


def test_a_retired_id_says_when_by_whom_and_why(bench, shop):
    """Somebody had a reason."""
    (bench.workspace.metrics / "refunds.sql").unlink()
    lifecycle.deploy(bench, allow_retirements=1, reason="the ledger has it")
    (known,) = inventory(bench, "refunds")
    assert (known.kind, known.state, known.status) == (KnownKind.RETIRED, "retired", None)
    assert "Retired on " in known.reason
    assert "by ann@x.example: the ledger has it." in known.reason


def test_a_dropped_candidate_says_why(bench, candidate):
    """Its story is looked at too."""
    candidate("parcels_returned", story=STORY, dropped_why="the carrier counts it already")
    (known,) = inventory(bench, "broken parcels")
    assert (known.kind, known.name, known.state, known.owner) == (
        KnownKind.CANDIDATE, "Parcels returned", "dropped", "ann@x.example",
    )  # fmt: skip
    assert known.reason.endswith("by ann@x.example: the carrier counts it already.")


def test_it_is_shown_as_a_table_with_escaped_text(bench, candidate):
    """Stories are text from people."""
    candidate("parcels_returned", story=STORY | {"name": "<script>parcels"})
    found = inventory(bench, "parcels")
    assert "&lt;script&gt;parcels" in found._repr_html_()
    assert "<script>" not in found._repr_html_()
    assert '"metric_id": "parcels_returned"' in json_text(found.json())
    assert "Nothing near" in inventory(bench, "strikes")._repr_html_()
