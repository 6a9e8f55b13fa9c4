"""The real process: `heartbeat api` on a workspace of its own, asked over a real socket, and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from heartbeat_lib import access, lifecycle, processes
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

HEARTBEAT = Path(sys.executable).with_name("heartbeat")


@pytest.fixture
def deployed(whole_workspace):
    """A workspace with one metric, computed once."""
    change_marts(whole_workspace, "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 7 AS x")
    text = metric_text("orders", "SELECT sum(x) FROM shop.orders")
    (whole_workspace.metrics / "orders.sql").write_text(text, "utf-8")
    with Workbench(whole_workspace) as bench:
        lifecycle.deploy(bench)
    return whole_workspace


@pytest.fixture
def start(deployed):
    """Starts `heartbeat api` and waits for its address; gives the process, the address and when it was ready."""
    started = []

    def run(port="0"):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")}
        process = subprocess.Popen(
            [HEARTBEAT, "api", "--port", port], cwd=deployed.root, env=environment, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line + process.stderr.read()
        return process, found[0]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def ask(url, method="GET", body=None, **headers):
    """Status, headers and JSON body of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body and json.dumps(body).encode(), named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.loads(refused.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_serves_is_announced_and_ends_when_told(start, deployed, number):
    """Within seconds, with an open connection, and leaving nothing behind."""
    process, address = start()
    assert ask(f"{address}/api/health")[0] == 200
    assert [found.name for found in processes.living(deployed)] == ["api"]
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as idle:
        idle.sendall(b"GET /api/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        process.send_signal(number)
        began = time.monotonic()
        assert process.wait(15) == 0
        assert time.monotonic() - began < 6
    assert "Traceback" not in process.stderr.read()
    assert processes.living(deployed) == []


def test_a_decision_over_a_real_socket(start, deployed):
    """Read, decide with a token, be told that somebody was quicker; only this machine can connect."""
    with Workbench(deployed) as bench:
        token = access.make(bench, "olga@x.example", TokenRole.OPERATOR)
    process, address = start()
    status, headers, row = ask(f"{address}/api/metrics/orders")
    assert (status, row["value"]) == (200, 7)
    decide = {
        "url": f"{address}/api/metrics/orders/verification", "method": "PATCH", "body": {"owner": "olga@x.example"},
        "If_Match": headers["ETag"], "Content_Type": "application/json", "Authorization": f"Bearer {token}",
    }  # fmt: skip
    status, headers, row = ask(**decide)
    assert (status, row["owner"], headers["ETag"]) == (200, "olga@x.example", '"2"')
    status, headers, problem = ask(**decide)
    assert (status, headers["Content-Type"], problem["row"]["row_version"]) == (412, "application/problem+json", 2)
    assert ask(**decide | {"Origin": "https://evil.example"})[0] == 403
    assert ask(f"{address}/api/metrics", Host="evil.example")[0] == 421
    assert ask(f"{address}/api/metrics", X_Forwarded_For="127.0.0.1")[0] == 401
    listening = {
        connection.laddr.ip for connection in psutil.Process(process.pid).net_connections() if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


def test_a_port_that_is_taken_is_refused_with_what_to_do(start, deployed):
    """In one line, and without a second announcement."""
    _, address = start()
    port = address.rpartition(":")[2]
    second = subprocess.run([HEARTBEAT, "api", "--port", port], cwd=deployed.root, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr
    assert [found.name for found in processes.living(deployed)] == ["api"]


def test_tokens_are_made_listed_and_revoked_on_the_command_line(start, deployed):
    """From the next request on."""

    def heartbeat(*words, exit_code=0):
        done = subprocess.run([HEARTBEAT, *words], cwd=deployed.root, capture_output=True, text=True, check=False)
        assert done.returncode == exit_code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    token = json.loads(heartbeat("token", "new", "rita@x.example", "--role", "reader", "--json").stdout)["token"]
    assert "in use" in heartbeat("token", "new", "Rita@x.example", "--role", "operator", exit_code=1).stderr
    heartbeat("token", "new", "otto", "--role", "owner", exit_code=2)
    _, address = start()
    assert ask(f"{address}/api/metrics", Authorization=f"Bearer {token}")[0] == 200
    (row,) = json.loads(heartbeat("token", "list", "--json").stdout)
    assert (row["name"], row["role"], row["revoked"]) == ("rita@x.example", "reader", None)
    assert row["last_used"] is not None
    assert token not in heartbeat("token", "list").stdout
    heartbeat("token", "revoke", "rita@x.example")
    assert ask(f"{address}/api/metrics", Authorization=f"Bearer {token}")[0] == 401
    heartbeat("token", "revoke", "rita@x.example", exit_code=1)
