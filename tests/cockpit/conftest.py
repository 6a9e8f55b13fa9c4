"""A workbench with a handful of metrics, each at another point of its life; and a page that writes down what it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from heartbeat_lib.cockpit.identity import proved_identity
from heartbeat_lib.cockpit.session import Session
from tests.api.conftest import deploy, row

ROWS = [
    row(
        "late_share", "LATE", name="Late parcels", unit="%",
        norm_value=5, alert_value=10, threshold_basis="a test", direction="higher_is_worse",
    ),
    row("orders", "ORDS"),
    row("refunds", "REFU"),
]  # fmt: skip


@pytest.fixture
def place(bench, store):
    """The workbench with three metrics, without a value yet."""
    deploy(store, *ROWS)
    return bench


class Page:
    """The other end of a session: asks, and keeps what it hears."""

    def __init__(self, workbench, identity) -> None:
        self.heard: list[dict] = []
        self.session = Session(workbench, self.heard.append, identity)
        self._n = 0

    def tell(self, kind, **content):
        """Say something that has no answer of its own."""
        self.session.hear({"kind": kind, **content})

    def ask(self, kind, **content) -> dict:
        """Ask, and return the answer."""
        self._n += 1
        n = self._n
        self.session.hear({"kind": kind, "n": n, **content})
        return self.wait(lambda message: message["kind"] == "answer" and message["n"] == n)

    def wait(self, told, seconds: float = 20) -> dict:
        """The first message, heard already or soon, that `told` takes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in self.heard:
                if told(message):
                    return message
            time.sleep(0.01)
        raise AssertionError(f"not heard in {seconds} s; heard: {[message['kind'] for message in self.heard]}")

    def tile(self, metric_id) -> dict:
        """What the page shows of a metric now."""
        looks = [message["wall"] for message in self.heard if "wall" in message]
        return [tile for wall in looks for tile in wall["tiles"] if tile["id"] == metric_id][-1]


@pytest.fixture
def open_page(place) -> Iterator:
    """Opens pages; those still open are closed at the end."""
    pages: list[Page] = []

    def opened(identity=None, workbench=place) -> Page:
        page = Page(workbench, identity or proved_identity(workbench.workspace.settings))
        pages.append(page)
        page.tell("hello")
        page.wait(lambda message: message["kind"] == "wall")
        return page

    yield opened
    for page in pages:
        page.session.end()


@pytest.fixture
def page(open_page) -> Page:
    """A page that has seen the wall."""
    return open_page()
