"""A real page in a real browser: a workspace with a handful of metrics, served by `heartbeat cockpit`, looked at by Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from heartbeat_lib import compute, lifecycle
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace, create
from tests.fixtures import change_marts, metric_text

expect.set_options(timeout=30_000)  # a busy machine is slow and not wrong
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
HOSTILE = "<img src=x onerror=alert(1)>"
METRICS = {
    # id: code, name, present value, norm, alert
    "wait_minutes": ("CALL", "Phone wait, slowest tenth", 12.4, 8, 10),
    "rejects": ("SEPA", "SEPA payments rejected", 284, 120, 200),
    "backlog": ("AMLB", "AML alerts older than 30 days", 57, 40, 80),
    "cost_share": ("CIRX", "Cost to income", 56.2, 60, 70),
    "drop_outs": ("ONBD", "Days from sign-up to first payment", 3.8, 5, 8),
    "no_limits": ("KYCX", "Customers with an expired identity check", 1204, None, None),
    "hostile": ("HTML", HOSTILE, 1, 5, 8),
    "shared_one": ("TWOX", "Looked at by two", 3, 5, 8),
}


def value_sql(metric_id: str) -> str:
    """Today's number; the past moves a little around it."""
    return (
        f"SELECT CASE WHEN current_date >= DATE '{datetime.now(UTC):%Y-%m-%d}' THEN max(value) "
        f"ELSE max(value) * (0.4 + 0.1 * (dayofyear(current_date) % 3)) END FROM shop.readings WHERE name = '{metric_id}'"
    )


@dataclass
class Place:
    """The workspace, its page's address, and the process that serves it."""

    workspace: Workspace
    address: str
    process: subprocess.Popen[str]

    def tick(self) -> None:
        """One tick, made by another process than the page's."""
        with Workbench(self.workspace) as bench:
            lifecycle.tick(bench)

    def write(self, metric_id: str, change: Callable[[str], str] = lambda text: text) -> None:
        """Write a metric's file."""
        code, name, _, norm, alert = METRICS[metric_id]
        text = metric_text(metric_id, value_sql(metric_id), code=code, name=name, norm=norm, alert=alert, sources="shop.readings")
        (self.workspace.metrics / f"{metric_id}.sql").write_text(change(text), "utf-8")

    def deploy(self) -> None:
        """Make the registry equal to the files."""
        with Workbench(self.workspace) as bench:
            lifecycle.deploy(bench)

    def set_value(self, metric_id: str, value: float) -> None:
        """What the next tick will find."""
        change_marts(self.workspace, f"UPDATE shop.readings SET value = {value} WHERE name = '{metric_id}'")

    def kernels(self) -> list[psutil.Process]:
        """The kernels behind the pages."""
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "ipykernel_launcher" in child.cmdline()
        ]


def serve(workspace: Workspace, *options: str, **variables: str) -> tuple[str, subprocess.Popen[str]]:
    """`heartbeat cockpit` on a free port, once it has printed its address."""
    command = [
        sys.executable,
        "-m",
        "heartbeat_lib.cli",
        "--workspace",
        str(workspace.root),
        "cockpit",
        "--no-browser",
        "--port",
        "0",
    ]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, env=os.environ | variables)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address.startswith("http://"), address
    return address, process


def fill(place: Place, days: int = 30) -> None:
    """Marts, metrics, a month of history and a tick."""
    rows = ", ".join(f"('{metric_id}', {value})" for metric_id, (_, _, value, _, _) in METRICS.items())
    change_marts(
        place.workspace, f"CREATE SCHEMA shop; CREATE TABLE shop.readings AS SELECT * FROM (VALUES {rows}) AS t (name, value)"
    )
    for metric_id in METRICS:
        place.write(metric_id)
    with Workbench(place.workspace) as bench:
        lifecycle.deploy(bench)
        now = datetime.now(UTC)
        compute.backfill(bench, first=now - timedelta(days=days), until=now, actor="ann@x.example")
        lifecycle.benchmarks(bench)
        lifecycle.tick(bench)


@pytest.fixture(scope="package")
def place() -> Iterator[Place]:
    """One workspace and one server for all tests of the page; each test takes a metric of its own."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-") as folder:
        workspace = create(Path(folder) / "workspace", operator="ann@x.example", zone="Europe/Berlin")
        made = Place(workspace, "", None)  # type: ignore[arg-type]
        try:
            fill(made)
            made.address, made.process = serve(workspace)
            yield made
        finally:
            if made.process:
                made.process.terminate()
                made.process.wait(30)
            EmbeddedServer(workspace.state).stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert CHROMIUM, "these tests need chromium-headless-shell or chromium; bin/setup installs it"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield running
        running.close()


@pytest.fixture
def visit(place, browser) -> Iterator[Callable[..., Page]]:
    """Opens the page as a visitor with a browser profile of their own; an error in any page's console fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(
        fragment: str = "", *, width: int = 1440, height: int = 1000, scheme: str = "light", who: str | None = None
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        if who:
            context.add_init_script(f"if (origin !== 'null') localStorage.setItem('heartbeat-you', '{who}')")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}") or dialog.accept())
        page.goto(place.address + fragment)
        page.wait_for_selector("[data-metric-id]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
