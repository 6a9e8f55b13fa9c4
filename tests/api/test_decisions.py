"""PATCH: decisions through the database's door, with the version that was seen, and every refusal under its status."""

from __future__ import annotations

import json
import threading

import pytest

from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace
from tests.api.conftest import JSON, PRECISE, ROWS, deploy

URL = "/api/metrics/orders/verification"


def test_assign_tune_verify_and_take_back(client):
    """The ETag of each answer is the If-Match of the next request; tuning leaves the verification alone."""
    etag = client.get("/api/metrics/orders").headers["etag"]
    for patch in (
        {"owner": "olga@x.example"},
        {"norm_value": 5, "alert_value": 7.5, "threshold_basis": "an SLA"},
        {"verification_state": "verified", "reason": "counted by hand"},
        {"target_value": 3, "target_due_date": "2027-01-31"},
        {"alert_value": 8, "threshold_basis": "the SLA of 2027"},
        {"verification_state": "unverified", "reason": "the feed was late"},
    ):
        answer = client.patch(URL, content=json.dumps(patch), headers={**JSON, "If-Match": etag})
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] != etag
        etag = answer.headers["etag"]
        row = answer.json()
        assert {name: row[name] for name in patch if name != "reason"} == {k: v for k, v in patch.items() if k != "reason"}
        if "alert_value" in patch and row["row_version"] > 4:
            assert row["verification_state"] == "verified"
    assert row["owner"] == "olga@x.example"
    assert etag == '"7"'


def test_a_number_comes_in_with_every_digit(client):
    """A float would end after seventeen."""
    body = f'{{"target_value": {PRECISE}}}'
    answer = client.patch(URL, content=body, headers={**JSON, "If-Match": '"1"'})
    assert f'"target_value": {PRECISE},' in answer.text


def test_null_clears_and_silence_leaves(client):
    """Two different wishes."""
    assert client.decide(owner="olga@x.example", target_value=3).status_code == 200
    row = client.decide(version=2, owner=None).json()
    assert (row["owner"], row["target_value"]) == (None, 3)


def test_what_stands_already_is_no_change(client):
    """Same version, no line in the record."""
    assert client.decide(owner="olga@x.example").headers["etag"] == '"2"'
    again = client.decide(version=2, owner="olga@x.example")
    assert (again.status_code, again.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("patch", "field", "rule"),
    [
        ({"owner": ""}, "owner", "empty_text"),
        ({"owner": "Olga <olga@x.example>"}, "owner", "owner_form"),
        ({"owner": 7}, "owner", None),
        ({"norm_value": 1, "alert_value": 2}, "threshold_basis", "basis_missing"),
        ({"norm_value": "1", "threshold_basis": "an SLA"}, "norm_value", None),
        ({"target_value": [1]}, "target_value", "scalar"),
        ({"target_due_date": "2027-02-30", "target_value": 1}, "target_due_date", None),
        ({"target_due_date": "2027-02-28"}, "target_due_date", "due_date_needs_target"),
        ({"actor": "olga@x.example"}, "actor", "unknown_field"),
        ({"row_version": 9}, "row_version", "unknown_field"),
        ({"value_sql": "SELECT 2"}, "value_sql", "unknown_field"),
        ({"threshold_basis": "a\0b"}, "threshold_basis", "text"),
        ({"a\0b": 1}, None, "text"),
        ({"owner": "\ud800@x.example"}, "owner", "text"),
        ({"owner": "olga@x.example", "reason": "  "}, "reason", "empty_text"),
        ({"owner": "olga@x.example", "reason": 5}, "reason", "text"),
        ({"owner": "olga@x.example", "verification_state": "verified"}, "reason", "verifying_needs_reason"),
        ({}, None, "empty_patch"),
        ({"reason": "no other word"}, None, "empty_patch"),
        ([], None, "object"),
        (None, None, "object"),
    ],
)
def test_a_value_that_cannot_be_taken_is_422_with_its_field(client, refused, patch, field, rule):
    """And nothing is written."""
    answer = client.patch(URL, content=json.dumps(patch), headers={**JSON, "If-Match": '"1"'})
    body = refused(answer, 422, rule)
    if field is not None:
        assert field in [error["field"] for error in body["errors"]]
    assert client.get("/api/metrics/orders").headers["etag"] == '"1"'


@pytest.mark.parametrize("number", ["1e999999999", "-1E-999999999", "9" * 2000])
def test_a_number_that_nobody_means_is_422_at_once(client, refused, number):
    """Written out it would fill the memory."""
    answer = client.patch(URL, content=f'{{"target_value": {number}}}', headers={**JSON, "If-Match": '"1"'})
    refused(answer, 422, "digits")


@pytest.mark.parametrize(
    "body", [
        "", "{", b"\xff{}", '{"target_value": NaN}', '{"target_value": -Infinity}', '{"owner": null, "owner": "a@x.example"}',
        "[" * 30000, '{"target_value": 1e99999999999999999999}',
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_in_one_way_is_400(client, refused, body):
    """Which of two owners counts would be a guess."""
    answer = client.patch(URL, content=body, headers={**JSON, "If-Match": '"1"'})
    refused(answer, 400, "json")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"])
def test_anything_but_json_is_415(client, refused, kind):
    """What a plain form of a page can send is none."""
    headers = {"If-Match": '"1"'} | ({} if kind is None else {"Content-Type": kind})
    answer = client.patch(URL, content=b'{"owner": null}', headers=headers)
    refused(answer, 415)
    assert answer.headers["accept-patch"] == "application/json"


@pytest.mark.parametrize(("tag", "status"), [
    (None, 428), ("", 428), ("*", 428), ("1", 400), ('"1" "2"', 400), ('"1', 400), ('"1",', 400),
    ('W/"1"', 412), ('"0"', 412), ('"abc"', 412), ('"2", "3"', 412), (f'"{"9" * 30}"', 412),
    ('"1"', 200), ('"2", "1"', 200), ('"x","1" , W/"2"', 200),
])  # fmt: skip
def test_if_match_names_the_version_that_was_seen(client, refused, tag, status):
    """Weak tags never match, `*` names none, of a list one has to stand."""
    headers = JSON if tag is None else {**JSON, "If-Match": tag}
    answer = client.patch(URL, content='{"owner": "olga@x.example"}', headers=headers)
    if status == 200:
        assert answer.status_code == 200, answer.text
    else:
        refused(answer, status)


def test_a_stale_version_is_412_with_the_row_as_it_stands(client, refused):
    """Who decides again needs no other request."""
    assert client.decide(owner="olga@x.example").status_code == 200
    answer = client.decide(owner="otto@x.example")
    body = refused(answer, 412, "stale_row_version")
    assert body["row"] == client.get("/api/metrics/orders").json()
    assert answer.headers["etag"] == '"2"'
    assert "ann@x.example through api" in body["detail"]


def test_of_two_writers_who_saw_the_same_one_is_told(client):
    """Whoever comes second, and however close."""
    start, answers = threading.Barrier(2), []

    def write(owner):
        start.wait()
        answers.append(client.decide(owner=owner))

    writers = [threading.Thread(target=write, args=[f"{name}@x.example"]) for name in ("olga", "otto")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (winner,) = (answer for answer in answers if answer.status_code == 200)
    assert client.get("/api/metrics/orders").json()["owner"] == winner.json()["owner"]


def test_how_things_stand_is_409(client, refused):
    """Nobody stands behind a metric without an owner."""
    refused(client.decide(verification_state="verified", reason="looks right"), 409, "verifying_needs_owner")


def test_a_metric_that_never_was_or_is_retired_is_404(client, refused, store):
    """Of the retired one since when, and by whom."""
    refused(client.decide("nobody", owner="olga@x.example"), 404, "unknown_metric")
    deploy(store, *ROWS[1:])
    detail = refused(client.decide(owner="olga@x.example"), 404, "unknown_metric")["detail"]
    assert "was retired on" in detail
    assert "by ann@x.example" in detail


def test_only_the_owner_signs_where_the_workspace_says_so(monkeypatch, store, workspace, place, tokens, refused):
    """With a token that proves it; the operator of the file is not enough, whoever he says he is."""
    from heartbeat_lib.api import make_app
    from tests.api.conftest import Client

    monkeypatch.setenv("HEARTBEAT_REQUIRE_OWNER_SIGNATURE", "true")
    with Workbench(Workspace.find(workspace.root)) as strict:
        strict.__dict__["store"] = store
        client = Client(make_app(strict), base_url="http://127.0.0.1", client=("127.0.0.1", 1))
        assert client.decide(owner="olga@x.example").status_code == 200
        verified = {"verification_state": "verified", "reason": "counted by hand", "version": 2}
        refused(client.decide(**verified), 409, "owner_must_sign")
        olga = {"Authorization": f"Bearer {tokens.operator}"}
        assert client.decide(**verified, headers=olga).status_code == 200


def test_somebody_who_holds_the_registry_makes_it_503(client, refused, store, monkeypatch):
    """After ten seconds in the door; here the lock's own timeout is shortened."""
    with store.connect_migrating(autocommit=True) as admin:
        admin.execute(
            "ALTER FUNCTION heartbeat.patch_verification(text, jsonb, bigint, text, boolean, text, text, boolean) "
            "SET lock_timeout = '100ms'"
        )
    with store.connect_migrating() as holder:
        holder.execute("LOCK TABLE heartbeat.metric_registry IN SHARE ROW EXCLUSIVE MODE")
        refused(client.decide(owner="olga@x.example"), 503)
    assert client.decide(owner="olga@x.example").status_code == 200


def test_a_decision_is_made_as_the_operators_login(client, store):
    """The least that may."""
    client.decide(owner="olga@x.example")
    with store.connect(Role.READER) as connection:
        found = connection.execute("SELECT session_login FROM heartbeat.registry_change ORDER BY change_id DESC LIMIT 1")
        assert found.fetchone() == ("heartbeat_operator",)
