"""What stands before every route: host, origin, size; and what an answer never holds."""

from __future__ import annotations

import pytest

from heartbeat_lib.api import make_app
from heartbeat_lib.store import Store
from heartbeat_lib.workbench import Workbench
from tests.api.conftest import JSON, Client

URL = "/api/metrics/orders/verification"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8717", "LOCALHOST", "[::1]:1", "127.0.0.1:65535"])
def test_this_machines_names_are_answered(client, host):
    """With any port: a tunnel has its own."""
    assert client.get("/api/metrics", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8717", "", "127.0.0.1@evil.example", "0.0.0.0", "127.1"],
)
@pytest.mark.parametrize("path", ["/api/metrics", "/api/health", "/api/docs", "/nothing"])
def test_another_host_name_is_refused_everywhere(client, refused, host, path):
    """A page whose name resolves to 127.0.0.1 would read everything."""
    refused(client.get(path, headers={"Host": host}), 421)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8717", "http://localhost:8717", "", "file://"],
)
def test_a_page_of_another_origin_changes_nothing(client, refused, origin):
    """Whatever it sends and however simple the request looks to the browser; it is not told that it may, either."""
    refused(client.decide(owner="mallory@x.example", headers={"Origin": origin}), 403)
    preflight = client.options(URL, headers={"Origin": origin, "Access-Control-Request-Method": "PATCH"})
    refused(preflight, 403)
    assert not [name for name in preflight.headers if name.startswith("access-control")]
    assert client.get("/api/metrics/orders").json()["owner"] is None


def test_our_own_origin_may(client):
    """A page that this server serves."""
    assert client.decide(owner="olga@x.example", headers={"Origin": "http://127.0.0.1:8717"}).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_more_than_64_kib_is_413(client, refused, chunked):
    """Whether its length is said or found out."""
    body = b'{"reason": "' + b"x" * 64 * 1024 + b'"}'
    content = iter([body[:1000], body[1000:]]) if chunked else body
    refused(client.patch(URL, content=content, headers={**JSON, "If-Match": '"1"'}), 413)


def test_a_body_of_64_kib_is_read(client):
    """Up to the last byte."""
    body = b'{"owner": "olga@x.example", "reason": "' + b"x" * (64 * 1024 - 41) + b'"}'
    assert len(body) == 64 * 1024
    assert client.patch(URL, content=body, headers={**JSON, "If-Match": '"1"'}).status_code == 200


def test_an_unknown_address_is_404_and_a_wrong_method_405(client, refused):
    """Both as problems; 405 names what is allowed."""
    refused(client.get("/api/nothing"), 404)
    refused(client.get("/api/metrics/"), 404)
    answer = client.post("/api/metrics", json={})
    refused(answer, 405)
    assert answer.headers["allow"] == "GET"
    refused(client.delete("/api/metrics/orders"), 405)


def test_every_answer_forbids_storing_framing_and_guessing(client):
    """Also a refusal."""
    for answer in (client.get("/api/metrics"), client.get("/api/metrics/nobody"), client.get("/api/docs")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("token", [None, "hb_" + "x" * 43])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_dead_database_is_503_in_one_line_without_its_password(workspace, refused, method, token):
    """Whoever asks, and for whatever; the address of the database is for who runs it."""
    with Workbench(workspace) as dead:
        url = "postgresql://heartbeat:pass" + "word@127.0.0.1:9/heartbeat"
        dead.__dict__["store"] = Store(state_dir=workspace.state, database_url=url, role_urls={})
        client = Client(make_app(dead), base_url="http://127.0.0.1", client=("127.0.0.1", 1))
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = client.get("/api/metrics", headers=headers) if method == "GET" else client.decide(owner=None, headers=headers)
        assert "password" not in answer.text
        assert "does not answer" in refused(answer, 503)["detail"]
        refused(client.get("/api/health"), 503)


def test_a_statement_that_fails_is_500_and_not_a_matter_of_time(client, refused, store):
    """503 says try again, and this would fail again."""
    with store.connect_migrating(autocommit=True) as admin:
        admin.execute("ALTER TABLE heartbeat.metric_history RENAME COLUMN origin TO lost")
    refused(client.get("/api/metrics/orders/history"), 500)


def test_a_defect_is_500_and_tells_nothing(place, refused, connect, caplog):
    """What broke stands in the log, not in the answer."""
    whole = place.__dict__["store"]
    place.__dict__["store"] = "a secret that is no store"
    try:
        answer = connect().get("/api/metrics")
    finally:
        place.__dict__["store"] = whole
    body = refused(answer, 500)
    assert "AttributeError" in caplog.text
    assert "secret" not in answer.text
    assert "log" in body["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
