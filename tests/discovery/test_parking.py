"""Candidates that wait for data, and what has landed of it."""

from __future__ import annotations

import pytest

from heartbeat_lib.discovery.candidate import CandidateStage
from heartbeat_lib.discovery.parking import Landing, landed, open_candidates
from heartbeat_lib.model.json_text import json_text
from tests.discovery.conftest import STORY


@pytest.fixture
def parked(candidate):
    """One that waits for two tables, and one that waits for nothing."""
    candidate("parcels_returned", story=STORY, waits_for=["shop.returns", "Shop.Scans"])
    candidate("parcels_lost", topic="parcels")


def landings(bench):
    """What has landed, by id."""
    return landed(bench, [one.candidate for one in open_candidates(bench)])


def test_without_marts_everything_is_missing(bench, parked):
    """Nobody loaded anything yet."""
    assert landings(bench) == {
        "parcels_returned": Landing(landed=(), missing=("shop.returns", "Shop.Scans")),
        "parcels_lost": Landing(landed=(), missing=()),
    }


def test_an_empty_table_has_not_landed(bench, parked, marts):
    """A table with a row has."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.returns (id INTEGER); CREATE TABLE shop.scans AS SELECT 1 AS id")
    found = landings(bench)["parcels_returned"]
    assert (found.landed, found.missing, found.complete) == (("Shop.Scans",), ("shop.returns",), False)
    assert found.words() == "It waits for shop.returns (Shop.Scans landed)."


def test_a_load_that_brings_the_last_one_brings_the_candidate_up(bench, parked, marts):
    """First in the list, and said; it stays parked until somebody looked."""
    assert [one.candidate.candidate_id for one in open_candidates(bench)] == ["parcels_lost", "parcels_returned"]
    marts("CREATE SCHEMA shop; CREATE TABLE shop.returns AS SELECT 1 AS id; CREATE VIEW shop.scans AS FROM shop.returns")
    first = open_candidates(bench)[0]
    assert (first.candidate.candidate_id, first.candidate.stage) == ("parcels_returned", CandidateStage.PARKED)
    assert first.landing.words() == "What it waited for has landed: shop.returns, Shop.Scans."
    assert first.json()["ready"] is True


def test_what_is_dropped_or_somebody_elses_is_not_open(bench, candidate):
    """An analyst takes up what is theirs."""
    candidate("parcels_mine")
    candidate("parcels_theirs", by="bob@x.example")
    candidate("parcels_dropped", dropped_why="no use")
    assert [one.candidate.candidate_id for one in open_candidates(bench, "ann@x.example")] == ["parcels_mine"]
    assert {one.candidate.candidate_id for one in open_candidates(bench)} == {"parcels_mine", "parcels_theirs"}


def test_a_candidate_is_read_whole(bench, candidate):
    """With its story, its agreement and its draft."""
    candidate("parcels_heavy", story=STORY, draft={"value_sql": "SELECT 1", "value": 1.50})
    (one,) = open_candidates(bench)
    kept = one.candidate
    assert kept.stage is CandidateStage.DRAFTED
    assert kept.story is not None
    assert kept.story.job == STORY["job"]
    assert kept.alignment is not None
    assert (kept.alignment.agreed_by, kept.alignment.remark) == ("bea@x.example", "yes")
    assert '"name": "Parcels returned"' in json_text(one.json())
