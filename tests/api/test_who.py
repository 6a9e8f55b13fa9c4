"""Who asks: tokens in the header, and nobody but this machine without one."""

from __future__ import annotations

import pytest

from heartbeat_lib import access
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.store import Role


def test_a_readers_token_reads_and_decides_nothing(connect, tokens, refused):
    """403 and not 401: it is known who asks."""
    client = connect(peer="192.0.2.7", token=tokens.reader)
    assert client.get("/api/metrics/orders").status_code == 200
    assert "rita@x.example" in refused(client.decide(owner="rita@x.example"), 403)["detail"]
    assert client.get("/api/metrics/orders").json()["owner"] is None


def test_an_operators_token_decides_and_the_record_says_proved(connect, tokens):
    """Under the token's name, not the operator's of heartbeat.toml."""
    client = connect(peer="192.0.2.7", token=tokens.operator)
    assert client.decide(owner="olga@x.example", reason="mine").status_code == 200
    (change, *_) = client.get("/api/metrics/orders/changes").json()
    assert (change["actor"], change["actor_proved"], change["via"]) == ("olga@x.example", True, "api")


def test_without_a_token_this_machine_is_the_operator_self_declared(client):
    """As with `heartbeat set`."""
    client.decide(owner="olga@x.example")
    (change, *_) = client.get("/api/metrics/orders/changes").json()
    assert (change["actor"], change["actor_proved"]) == ("ann@x.example", False)


def test_a_revoked_token_gets_nobody_in_from_the_next_request_on(connect, tokens, place, refused):
    """Not even at this machine, where none would have been needed."""
    client = connect(token=tokens.operator)
    assert client.get("/api/metrics").status_code == 200
    access.revoke(place, "olga@x.example")
    refused(client.get("/api/metrics"), 401)
    answer = client.decide(owner="olga@x.example")
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="heartbeat", error="invalid_token"'


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer hb_" + "a" * 43,
        "Basic b2xnYTp4",
        "hb_" + "a" * 43,
        "Bearer \xff",
        "bearer a b",
    ],
)
def test_a_token_that_is_not_right_is_401_even_at_this_machine(client, refused, header):
    """A typing error must not turn somebody into the operator."""
    answer = client.get("/api/metrics", headers={"Authorization": header.encode("latin-1")})
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
def test_what_came_through_a_proxy_is_not_from_this_machine(client, refused, header):
    """The proxy is; who sits behind it is not known."""
    refused(client.get("/api/metrics", headers={header: "127.0.0.1"}), 401)


@pytest.mark.parametrize("peer", ["192.0.2.7", "2001:db8::1", "testclient", "10.0.0.1"])
def test_from_elsewhere_a_token_is_needed(connect, refused, peer):
    """401 says how."""
    refused(connect(peer=peer).get("/api/metrics"), 401)
    refused(connect(peer=peer).decide(owner="olga@x.example"), 401)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1"])
def test_every_loopback_address_is_this_machine(connect, peer):
    """Both families."""
    assert connect(peer=peer).get("/api/metrics").status_code == 200


def test_a_token_in_the_url_or_in_a_cookie_is_none(connect, tokens, refused):
    """URLs end up in histories and logs."""
    away = connect(peer="192.0.2.7")
    refused(away.get(f"/api/metrics?access_token={tokens.operator}"), 401)
    refused(away.get("/api/metrics", headers={"Cookie": f"Authorization=Bearer {tokens.operator}"}), 401)


def test_two_authorization_headers_are_refused(connect, tokens, refused):
    """Which one counts would be a guess."""
    given = [("Authorization", f"Bearer {tokens.reader}"), ("Authorization", f"Bearer {tokens.operator}")]
    refused(connect().get("/api/metrics", headers=given), 401)


def test_the_use_of_a_token_is_noted(connect, tokens, place):
    """Of a reader's too, though a reader's login may write nothing."""
    connect(token=tokens.reader).get("/api/metrics")
    used = {row["name"]: row["last_used"] for row in access.tokens(place)}
    assert used["rita@x.example"] is not None
    assert used["olga@x.example"] is None


def test_a_locked_token_still_lets_its_bearer_in(connect, place, store):
    """Whoever holds the row, nobody waits for a note."""
    client = connect(token=access.make(place, "otto", TokenRole.READER))
    with store.connect(Role.OPERATOR) as holder:
        holder.execute("SELECT FROM heartbeat.api_token FOR UPDATE")
        assert client.get("/api/metrics").status_code == 200
