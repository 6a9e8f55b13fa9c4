"""GET: the rows that the command line prints, filtered, in pages, with every digit."""

from __future__ import annotations

import pytest

from heartbeat_lib import reading
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.store import Role
from tests.api.conftest import PRECISE, ROWS, deploy


def ids(answer):
    """Ids of a page."""
    assert answer.status_code == 200, answer.text
    return [item["metric_id"] for item in answer.json()["items"]]


def test_the_items_are_those_of_list(client, place):
    """Two readers of one store see one thing, digit by digit."""
    assert client.get("/api/metrics").text == json_text({"items": reading.metrics(place), "next": None})


def test_a_metric_is_the_object_of_show_with_its_version(client, place):
    """The ETag is what a decision has to name."""
    answer = client.get("/api/metrics/late_share")
    assert answer.text == json_text(reading.metric(place, "late_share"))
    assert answer.headers["etag"] == '"1"'


def test_a_number_goes_out_with_every_digit(client):
    """As a number: neither a text nor a float."""
    text = client.get("/api/metrics/late_share/history").text
    assert f'"value": {PRECISE},' in text
    assert f'"value": 2{PRECISE[1:]},' in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=red", ["late_share"]),
        ("status=green", []),
        ("status=grey", ["orders", "refunds", "visits"]),
        ("state=verified", ["refunds"]),
        ("state=unverified", ["late_share", "orders", "visits"]),
        ("owner=OLGA@x.example", ["orders", "refunds"]),
        ("code=late", ["late_share"]),
        ("text=orders", ["orders"]),
        ("text=Came%20in", ["orders"]),
        ("owner=olga@x.example&state=unverified", ["orders"]),
    ],
)
def test_a_filter_finds_what_it_says(client, query, found):
    """Together they narrow."""
    assert client.decide("orders", owner="olga@x.example").status_code == 200
    both = {"owner": "olga@x.example", "verification_state": "verified", "reason": "counted"}
    assert client.decide("refunds", **both).status_code == 200
    assert ids(client.get(f"/api/metrics?{query}")) == found


def test_pages_follow_each_other_and_end(client):
    """`next` is null on the last one, also where it is full."""
    first = client.get("/api/metrics?limit=3")
    assert ids(first) == ["late_share", "orders", "refunds"]
    second = client.get("/api/metrics", params={"limit": 1, "cursor": first.json()["next"]})
    assert ids(second) == ["visits"]
    assert second.json()["next"] is None


def test_a_page_stays_where_it_was_when_a_metric_goes(client, store):
    """A cursor is a place in the order and no count."""
    cursor = client.get("/api/metrics?limit=2").json()["next"]
    deploy(store, *(row for row in ROWS if row["metric_id"] != "orders"))
    assert ids(client.get("/api/metrics", params={"cursor": cursor})) == ["refunds", "visits"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=blue", "status"), ("state=maybe", "state"), ("limit=0", "limit"), ("limit=x", "limit"), ("limit=5000", "limit"),
        ("stauts=red", "stauts"), ("token=hb_x", "token"), ("cursor=%00", "cursor"), ("text=", "text"),
        ("status=red&status=grey", "status"),
    ],
)  # fmt: skip
def test_a_parameter_that_means_nothing_is_refused_by_name(client, refused, query, field):
    """Ignored, it would answer another question than was asked."""
    body = refused(client.get(f"/api/metrics?{query}"), 422)
    assert [error["field"] for error in body["errors"]] == [field]


@pytest.mark.parametrize("what", ["", "/history", "/changes", "/rehearsal?norm=1"])
@pytest.mark.parametrize("metric_id", ["nobody", "x'; DROP", "%00", "A" * 200])
def test_a_metric_that_never_was_is_not_found(client, refused, what, metric_id):
    """Whatever the address says, the store is not asked in vain."""
    refused(client.get(f"/api/metrics/{metric_id}{what}"), 404, "unknown_metric")


def test_a_retired_metric_says_so_and_keeps_its_past(client, refused, store):
    """Since when, by whom; its history and its changes are there for ever."""
    deploy(store, *(row for row in ROWS if row["metric_id"] != "late_share"))
    assert "was retired on" in refused(client.get("/api/metrics/late_share"), 404)["detail"]
    assert len(client.get("/api/metrics/late_share/history").json()) == 4
    assert [change["action"] for change in client.get("/api/metrics/late_share/changes").json()] == ["delete", "insert"]


def test_changes_say_who_when_how_and_why_with_every_digit(client):
    """Newest first."""
    answer = client.patch(
        "/api/metrics/late_share/verification",
        content=f'{{"norm_value": {PRECISE}, "threshold_basis": "an SLA", "reason": "agreed"}}',
        headers={"If-Match": '"1"', "Content-Type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    answer = client.get("/api/metrics/late_share/changes?limit=1")
    (change,) = answer.json()
    assert (change["actor"], change["actor_proved"], change["via"], change["reason"]) == ("ann@x.example", False, "api", "agreed")
    assert change["fields"] == ["norm_value", "threshold_basis", "thresholds_by_people"]
    assert f'"norm_value": {PRECISE},' in answer.text


def test_changes_since_an_instant(client, refused):
    """With its offset; without one nobody knows when."""
    assert client.get("/api/metrics/orders/changes?since=2020-01-01T00:00:00Z").json()
    assert client.get("/api/metrics/orders/changes?since=2099-01-01T00:00:00%2B01:00").json() == []
    refused(client.get("/api/metrics/orders/changes?since=2020-01-01T00:00:00"), 422)


def test_a_rehearsal_judges_what_is_kept(client):
    """And writes nothing."""
    answer = client.get("/api/metrics/late_share/rehearsal?norm=2.2&alert=2.75")
    assert answer.json() == {
        "periods": 4, "amber": 1, "red": 1, "episodes": 1, "longest_quiet": 2, "dates": ["2026-11-22"],
    }  # fmt: skip
    assert client.get("/api/metrics/late_share").json()["norm_value"] == 1


@pytest.mark.parametrize("query", ["", "norm=3&alert=1", "norm=x", "norm=NaN", "norm=1e999999", "alert=Infinity"])
def test_a_rehearsal_that_means_nothing_is_refused(client, refused, query):
    """No threshold, two that contradict the direction, no number."""
    refused(client.get(f"/api/metrics/late_share/rehearsal?{query}"), 422)


def test_health_needs_no_token_and_tells_of_the_clock(connect):
    """From anywhere: a watchdog has no name."""
    answer = connect(peer="192.0.2.7").get("/api/health")
    assert answer.json() == {
        "status": "ok", "clock": {"last_due": None, "missed": 0, "running": False, "stands_still": False},
    }  # fmt: skip


def test_reading_leaves_no_trace(client, store):
    """No request that reads makes a change."""
    for path in ("", "/orders", "/orders/history", "/orders/changes", "/late_share/rehearsal?norm=1.5"):
        assert client.get(f"/api/metrics{path}").status_code == 200
    with store.connect(Role.READER) as connection:
        assert connection.execute("SELECT count(*) FROM heartbeat.registry_change").fetchone() == (4,)
