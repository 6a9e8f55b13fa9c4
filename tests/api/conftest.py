"""The API in this process, on a real store with four metrics; each client is whoever its peer address and headers say."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from heartbeat_lib import access
from heartbeat_lib.api import make_app
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.store import Role

PRECISE = "0.12345678901234567890123456789"
JSON = {"Content-Type": "application/json"}


def deploy(store, *rows):
    """Make the registry hold these rows of metric files and no others."""
    with store.connect(Role.DEPLOY) as connection:
        (answer,) = connection.execute(
            "SELECT heartbeat.apply_registry(%s::jsonb, NULL, 'ann@x.example', 'a test', NULL, NULL, 9, false)",
            [json.dumps(rows)],
        ).fetchone()
    assert answer["refusals"] == []


def row(metric_id, code, **more):
    """The row of a metric file."""
    return {
        "metric_id": metric_id, "code": code, "name": metric_id.title(), "period": "day", "value_sql": "SELECT 1",
        "description": "A test.", "sources": ["shop.orders"], "dialect": "duckdb", "definition_hash": f"hash of {metric_id}",
        "hash_version": "sqlglot 30.30.0", **more,
    }  # fmt: skip


ROWS = [
    row("orders", "ORDS", description="How many ORDERS came in."),
    row("late_share", "LATE", norm_value=1, alert_value=2, threshold_basis="a test", direction="higher_is_worse"),
    row("refunds", "REFU"),
    row("visits", "VISI"),
]


@pytest.fixture
def place(bench, store):
    """The workbench with its metrics; `late_share` has three red days in a row, its values with many digits."""
    deploy(store, *ROWS)
    with store.connect(Role.COMPUTE) as connection:
        for day, value in (
            ("2026-11-20", PRECISE),
            ("2026-11-21", "2.5"),
            ("2026-11-22", "3"),
            ("2026-11-23", f"2{PRECISE[1:]}"),
        ):
            connection.execute(
                "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, computed_at, "
                "attempted_at, origin, definition_hash, settled) "
                "SELECT 'late_share', 'day', %(day)s::timestamp AT TIME ZONE 'Europe/Berlin', "
                "%(value)s, judged.status, now(), now(), 'tick', 'hash of late_share', true "
                "FROM heartbeat.judge(%(value)s, 'higher_is_worse', 1, 2, false, false) AS judged",
                {"day": day, "value": value},
            )
    return bench


class Client(TestClient):
    """A client that knows the URLs of one metric."""

    def decide(self, metric_id="orders", version=1, headers=(), **patch):
        """PATCH with a JSON body and If-Match."""
        tag = {} if version is None else {"If-Match": f'"{version}"'}
        return self.patch(
            f"/api/metrics/{metric_id}/verification", content=json.dumps(patch), headers={**JSON, **tag, **dict(headers)}
        )


@pytest.fixture
def connect(place):
    """Makes clients: from where they come, with which token."""
    app = make_app(place)

    def make(*, peer="127.0.0.1", token=None, **options):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return Client(app, base_url="http://127.0.0.1:8717", client=(peer, 5000), headers=headers, **options)

    return make


@pytest.fixture
def client(connect):
    """Somebody at this machine, without a token."""
    return connect()


@pytest.fixture
def tokens(place):
    """A token for each role: `reader` proves rita@x.example, `operator` olga@x.example."""
    return SimpleNamespace(
        reader=access.make(place, "rita@x.example", TokenRole.READER),
        operator=access.make(place, "olga@x.example", TokenRole.OPERATOR),
    )


@pytest.fixture
def refused():
    """Checks that an answer is the problem that it should be, and gives its body."""

    def check(answer, status, rule=None):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert set(body) - {"row"} == {"type", "title", "status", "detail", "errors"}
        assert body["status"] == status
        assert body["type"] == f"/api/docs#status-{status}"
        assert "Traceback" not in answer.text
        assert "\n" not in body["detail"]
        if rule is not None:
            assert rule in [error["rule"] for error in body["errors"]]
        return body

    return check
