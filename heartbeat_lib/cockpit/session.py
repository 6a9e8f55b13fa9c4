"""One viewer's conversation: answers what the page asks, and tells it what changed.

One thread does all of it and owns the one connection, so nothing here needs a lock. It starts when the page says hello, which is
why a kernel that waits for its viewer has read nothing yet; it rests, without a connection, once the page has been silent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

import psycopg

from heartbeat_lib.cockpit import reviews
from heartbeat_lib.cockpit.decisions import save
from heartbeat_lib.cockpit.identity import Identity
from heartbeat_lib.cockpit.opened import read_opened
from heartbeat_lib.cockpit.rehearsal import rehearse
from heartbeat_lib.cockpit.shapes import Tile
from heartbeat_lib.cockpit.wall import read_wall
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.store import Role, StoreError, StoreUnavailable, load_sql, translated
from heartbeat_lib.workbench import Workbench

_LOOK_S = 1.0
"""How often the store is asked whether anything changed."""
_SILENT_S = 60.0
"""A page pings every few seconds; without a word for so long it is gone."""
_IDENTITY_S = 30.0
"""For the proxy's word on who looks, which comes with the page's own request: no decision is recorded without it."""
_WAITS_S = (1.0, 2.0, 4.0, 8.0)
"""Between attempts at a store that does not answer; the last one repeats."""

Message = Mapping[str, Any]
Send = Callable[[dict[str, Any]], None]
_log = logging.getLogger(__name__)


class Session:
    """What stands behind one page. `send` gets messages for the page and may be called from another thread."""

    def __init__(self, workbench: Workbench, send: Send, identity: Identity) -> None:
        self._workbench, self._send, self._identity = workbench, send, identity
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._worker: threading.Thread | None = None
        self._heard = self._looked = time.monotonic()
        self._connection: psycopg.Connection[Any] | None = None
        self._opened_once = False
        self._version: tuple[Any, ...] | None = None
        self._sent: dict[str, Tile] = {}
        self._failures = 0

    def hear(self, message: Message) -> None:
        """Take a message of the page. A ping is answered at once, whatever the store does: it shows that this process lives."""
        self._heard = time.monotonic()
        if message.get("kind") == "ping":
            self._send({"kind": "pong", "silent_s": round(time.monotonic() - self._looked, 1)})
            if self._worker is not None and self._worker.is_alive():
                return
        self._inbox.put(message)
        if self._worker is None or not self._worker.is_alive():
            self._looked = time.monotonic()
            self._worker = threading.Thread(target=self._work, name="cockpit", daemon=True)
            self._worker.start()

    def end(self) -> None:
        """Stop talking, and wait for an answer on its way."""
        self._heard = float("-inf")
        if self._worker is not None:
            self._inbox.put({"kind": "end"})
            self._worker.join(_SILENT_S)

    def _work(self) -> None:
        wait = _LOOK_S
        while time.monotonic() - self._heard < _SILENT_S:
            try:
                message = self._inbox.get(timeout=wait)
            except Empty:
                message = {"kind": "look"}
            if message.get("kind") == "end":
                break
            try:
                with translated("Reading the store"):
                    self._answer(message)
                wait = _LOOK_S
            except StoreError as trouble:
                wait = self._tell_trouble(message, str(trouble))
            except Exception:
                # A defect, or a message that no page of ours sends; the conversation goes on.
                _log.exception("The cockpit could not answer %r", message.get("kind"))
                words = "Heartbeat could not answer this; the log of `heartbeat cockpit` says why."
                if "n" in message:
                    self._reply(message, trouble=words)
                else:
                    wait = self._tell_trouble(message, words)
        self._forget_connection()

    def _answer(self, message: Message) -> None:
        match message.get("kind"):
            case "hello":
                self._version = None
                self._sent = {}
                self._look()
            case "open":
                periods = None if message.get("all") else 90
                opened = read_opened(self._connected(), self._workbench, str(message["id"]), now=self._now(), periods=periods)
                self._reply(message, opened=opened)
            case "rehearse":
                self._reply(message, **self._rehearsed(message))
            case "save" | "review":
                self._save(message)
            case "count":
                done = reviews.count(self._connected(), self._workbench, message, **self._who(message), now=self._now())
                self._reply(message, changed=done.changed, refusals=done.refusals)
            case "waiting":
                self._reply(message, waiting=reviews.read_waiting(self._connected(), self._workbench, self._now()))
            case "report":
                self._reply(message, **self._report(str(message["path"])))
            case _:
                self._look()

    def _look(self) -> None:
        """Ask for the version, and where it is another one for everything; only what differs goes to the page."""
        connection = self._connected()
        found = connection.execute(load_sql(__package__ or "", "version")).fetchone() or ()
        version = (*found, self._identity.value)
        if version != self._version or self._failures:
            header, tiles = read_wall(connection, self._workbench, now=self._now(), you=self._identity.value)
            changed = [tile for tile in tiles if self._sent.get(tile["id"]) != tile]
            wall = {"header": header, "order": [tile["id"] for tile in tiles], "tiles": changed}
            self._send({"kind": "wall" if self._version is None else "changed", "wall": wall})
            self._version, self._sent = version, {tile["id"]: tile for tile in tiles}
            self._failures = 0
        self._looked = time.monotonic()

    def _rehearsed(self, message: Message) -> dict[str, Any]:
        try:
            norm, alert = str(message.get("norm", "")), str(message.get("alert", ""))
            return {"rehearsed": rehearse(self._connected(), str(message["id"]), norm, alert)}
        except StoreError:
            raise
        except HeartbeatError as refused:
            return {"refused": str(refused)}

    def _save(self, message: Message) -> None:
        decide = save if message["kind"] == "save" else reviews.answer
        outcome = decide(self._connected(), self._workbench, message, **self._who(message))
        opened = read_opened(self._connected(), self._workbench, str(message["id"]), now=self._now())
        self._reply(message, changed=outcome.changed, refusals=outcome.refusals, opened=opened)
        self._look()

    def _who(self, message: Message) -> dict[str, Any]:
        """Who decides, for the record: as proved by the proxy, else as the person says, else the operator."""
        proved = self._identity.wait(_IDENTITY_S)
        actor = proved or str(message.get("who") or "").strip() or self._workbench.workspace.settings.operator
        return {"actor": actor, "proved": proved is not None}

    def _report(self, path: str) -> dict[str, str]:
        """The report as a page, or why there is none: people may have moved it."""
        from heartbeat_lib.audit.rendered import NoSuchReportError, render

        try:
            return {"html": render(self._workbench.workspace, path)}
        except NoSuchReportError as refused:
            return {"refused": str(refused)}

    def _tell_trouble(self, message: Message, words: str) -> float:
        """Say so, and return the seconds until the next attempt."""
        self._forget_connection()
        wait = _WAITS_S[min(self._failures, len(_WAITS_S) - 1)]
        self._failures += 1
        _log.warning("%s", words)
        if "n" in message:
            self._reply(message, trouble=words)
        self._send({"kind": "trouble", "words": words, "again_s": wait})
        return wait

    def _connected(self) -> psycopg.Connection[Any]:
        """The connection, opened where there is none.

        A server that somebody stopped is not started again by a page that nobody may be looking at.
        """
        if self._connection is None or self._connection.closed:
            store = self._workbench.store
            if self._opened_once and store.embedded and store.server.address() is None:
                raise StoreUnavailable("The embedded database is stopped. `heartbeat up` starts it.")
            self._connection = store.connect(Role.OPERATOR, autocommit=True)
            self._opened_once = True
        return self._connection

    def _forget_connection(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def _reply(self, message: Message, **content: Any) -> None:
        self._send({"kind": "answer", "n": message["n"], **content})

    @staticmethod
    def _now() -> datetime:
        return datetime.now(UTC)
