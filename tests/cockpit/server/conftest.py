"""Real cockpit servers for tests: a workspace whose own notebook notes what its kernel knows, and `heartbeat cockpit` on it."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import nbformat
import pytest
from websockets.sync.client import connect

from heartbeat_lib import processes
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workspace import Workspace, create

PAGE = """\
import json, os, threading
import ipywidgets
from heartbeat_lib.cockpit.identity import proved_identity
from heartbeat_lib.workspace import Workspace

workspace = Workspace.find()
who = proved_identity(workspace.settings)
threads = [thread.name for thread in threading.enumerate()]

def note():
    named = who.wait(120)
    known = {"who": named, "threads": threads, "environment": dict(os.environ), "pid": os.getpid()}
    beside = workspace.root / f"{os.environ['VOILA_KERNEL_ID']}.new"
    beside.write_text(json.dumps(known))
    beside.replace(beside.with_suffix(".json"))

threading.Thread(target=note, daemon=True).start()
ipywidgets.Button(description="hello")
"""


@pytest.fixture(scope="module")
def place():
    """A workspace with an embedded server and a page of its own."""
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:
        made = create(Path(folder) / "w", operator="ann@x.example", zone="Europe/Berlin")
        show(made, PAGE)
        try:
            yield made
        finally:
            EmbeddedServer(made.state).stop()


def show(workspace: Workspace, source: str) -> None:
    """Make `source` the code of the workspace's own page."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Prose that no page shows"), nbformat.v4.new_code_cell(source)]
    )
    (workspace.root / "voila_apps").mkdir(exist_ok=True)
    nbformat.write(notebook, workspace.root / "voila_apps" / "cockpit.ipynb")


class Cockpit:
    """A running `heartbeat cockpit`, asked over real sockets."""

    def __init__(self, workspace: Workspace, *words: str, patience_s: int | None = None, **variables: str) -> None:
        self.workspace = workspace
        code = "import heartbeat_lib.cockpit.server as server\n" if patience_s is not None else ""
        code += f"server._PATIENCE_S = server._LOOK_S = {patience_s}\n" if patience_s is not None else ""
        code += "from heartbeat_lib.cli.app import main\nmain()"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEAT_", "JUPYTER"))}
        self.log = tempfile.NamedTemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "cockpit", *(() if "--port" in words else ("--port", "0")), *words],
            cwd=workspace.root,
            env=inherited | variables,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.port = urlsplit(self.address).port if self.address else None

    @property
    def said(self) -> str:
        """Everything on stderr so far."""
        return Path(self.log.name).read_text("utf-8")

    @property
    def family(self):
        """The server's process and everything below it."""
        return processes.tree(self.process.pid)

    def ask(self, path="/", method="GET", body=None, **headers) -> SimpleNamespace:
        """Status, headers and text of an answer; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        cookies = "; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", []))
        return SimpleNamespace(status=answer.status, headers=answer.headers, text=text, cookies=cookies)

    def open_page(self, **headers) -> SimpleNamespace:
        """The page as a browser gets it, with the number of its kernel."""
        page = self.ask("/", **headers)
        assert page.status == 200, page.text
        (config,) = re.findall(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page.text, re.DOTALL)
        page.kernel = json.loads(config)["kernelId"]
        return page

    def known(self, kernel: str) -> dict:
        """What the page's kernel noted."""
        file = self.workspace.root / f"{kernel}.json"
        wait_for(file.exists)
        return json.loads(file.read_text())

    def channels(self, kernel: str, **headers):
        """The websocket that a page speaks over."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return connect(f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?session_id=s", additional_headers=named)

    def end(self) -> None:
        """Whatever is left of it."""
        processes.stop([self.process.pid])
        self.process.communicate()
        self.log.close()


def wait_for(condition, timeout_s=60):
    """Poll until it holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.05)


@pytest.fixture
def start(place):
    """Starts cockpits with these words, and ends them."""
    started = []

    def run(*words, workspace=None, **options):
        started.append(Cockpit(workspace or place, *words, **options))
        return started[-1]

    yield run
    for cockpit in started:
        cockpit.end()


@pytest.fixture(scope="module")
def cockpit(place):
    """One on loopback, for every test of this module that only asks."""
    made = Cockpit(place)
    assert made.address, made.said
    yield made
    made.end()
