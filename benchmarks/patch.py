"""People's door against the bare UPDATE behind it: what its rules cost a single change.

    .venv/bin/python benchmarks/patch.py [--quick]

On a registry of 200 metrics with 90 days each, on the embedded PostgreSQL: `heartbeat.patch_verification` changes one metric,
and a bare UPDATE of the same columns does, in turn on one connection, each in a transaction of its own. The registry's trigger
lets the guard alone write, so the bare UPDATE is the superuser's after SET ROLE heartbeat_guard; guard and log triggers fire
for both. Both alternate two sets of values, so that every one is a real change. For thresholds the door also judges the shown
period again, which the UPDATE does not. Commits do not wait for the disk here: they cost both ways the same and would hide
the difference.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from bands import fill
from figures import Figure, figure, main, seconds
from psycopg import sql

from heartbeat_lib.store import Store, load_sql
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workspace import create

LIMIT = 2.0
ROUNDS, PATCHES = 25, 100
METRICS = 200
METRIC = "metric_00007"
PORT = 18717
CASES: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "owner": ({"owner": "ann@x.example"}, {"owner": "bob@x.example"}),
    "target and due date": (
        {"target_value": 90, "target_due_date": "2027-01-31"},
        {"target_value": 80.5, "target_due_date": "2027-06-30"},
    ),
    "thresholds, judged again": (
        {"norm_value": 1050, "alert_value": 1080, "threshold_basis": "the contract with the carrier"},
        {"norm_value": 1020, "alert_value": 1090.5, "threshold_basis": "what the call centre can bear"},
    ),
}
BARE = """
UPDATE heartbeat.metric_registry
SET {columns}, row_version = row_version + 1, changed_at = now(), changed_by = 'bench@x.example', changed_via = 'cockpit',
    change_reason = 'a benchmark', change_commit = NULL, change_uncommitted = NULL, change_proved = true
WHERE metric_id = %(metric_id)s
"""


def case(connection: psycopg.Connection[Any], name: str, rounds: int) -> Figure:
    """One kind of patch, both ways in turn."""
    fields = CASES[name][0]
    columns = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(field), sql.Placeholder(field)) for field in fields)
    bare_update = sql.SQL(BARE).format(columns=columns)
    door = load_sql("heartbeat_lib.verification", "patch_verification")
    query = "SELECT row_version FROM heartbeat.metric_registry WHERE metric_id = %s"
    ((version,),) = connection.execute(query, [METRIC]).fetchall()
    versions = count(version)
    call = {"metric_id": METRIC, "actor": "bench@x.example", "proved": True, "via": "cockpit", "reason": "a benchmark"}

    def bare() -> None:
        for number in range(PATCHES):
            connection.execute(bare_update, {**CASES[name][number % 2], "metric_id": METRIC})
            connection.commit()
            next(versions)

    def ours() -> None:
        for number in range(PATCHES):
            patch = {"patch": json.dumps(CASES[name][number % 2]), "row_version": next(versions), "owner_signs": False}
            ((answer,),) = connection.execute(door, {**call, **patch}).fetchall()
            connection.commit()
            assert answer["changed"], answer["refusals"]

    def pair() -> tuple[float, float]:
        ours_s = seconds(ours)
        connection.execute("SET ROLE heartbeat_guard")
        connection.commit()
        bare_s = seconds(bare)
        connection.execute("RESET ROLE")
        connection.commit()
        return bare_s, ours_s

    pair()  # statements are prepared, plans kept
    found = figure(f"{PATCHES} patches: {name}", (pair() for _ in range(rounds)), limit=LIMIT)
    return replace(found, remark=f"{1000 * found.ours_s / PATCHES:.2f} ms each")


def round_trip(root: Path, rounds: int) -> Figure:
    """A patch over HTTP, one connection kept, against `GET /api/health` on the same one."""
    words = [sys.executable, "-m", "heartbeat_lib.cli", "api", "--port", str(PORT)]
    with subprocess.Popen(words, cwd=root, stderr=subprocess.PIPE, text=True) as api:
        try:
            assert api.stderr is not None
            while "http://" not in api.stderr.readline():
                assert api.poll() is None
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            etag = ask(connection, "GET", f"/api/metrics/{METRIC}")

            def bare() -> None:
                ask(connection, "GET", "/api/health")

            def ours() -> None:
                nonlocal etag
                body = json.dumps(CASES["owner"][int(etag.strip('"')) % 2])
                headers = {"If-Match": etag, "Content-Type": "application/json"}
                etag = ask(connection, "PATCH", f"/api/metrics/{METRIC}/verification", body, headers)

            for _ in range(5):
                ours()
            found = figure("owner over HTTP, a round trip", [(seconds(bare), seconds(ours)) for _ in range(rounds)])
        finally:
            api.terminate()
    return replace(found, remark=f"{1000 * found.ours_s:.1f} ms; bare is GET /api/health")


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: str = "", headers: Mapping[str, str] = {}) -> str:
    """One request; the answer's ETag."""
    connection.request(method, path, body or None, dict(headers))
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    return answer.headers.get("ETag") or ""


def measure(quick: bool) -> Iterator[Figure]:
    """Every kind of patch, and one over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = create(Path(folder) / "bench", operator="bench@x.example", zone="Europe/Berlin")
        server = EmbeddedServer(workspace.state)
        try:
            store = Store.open(state_dir=server.state_dir)
            fill(store, METRICS)
            with store.connect_migrating() as connection:
                connection.execute("SET synchronous_commit = off")
                connection.commit()
                for name in CASES:
                    yield case(connection, name, 5 if quick else ROUNDS)
            yield round_trip(workspace.root, 20 if quick else 200)
        finally:
            server.stop()


if __name__ == "__main__":
    main(measure, __doc__)
