"""What a request meets before anything else: which host it names, which page it comes from, how large it is.

A page of the internet can make the browser send requests here, and with a name of its own that resolves to 127.0.0.1 it would
even read the answers. So only loopback names are answered, and a request that a browser marks with another origin is refused.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heartbeat_lib.api.problems import Problem

_log = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024
_OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_ON_EVERY_ANSWER: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


class Walls:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it with a problem: 421, 403, 413; 500 where the application broke."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _ON_EVERY_ANSWER.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            _check(Headers(scope=scope))
            await self.app(scope, _counted(receive), send_guarded)
        except Problem as problem:
            await problem.response()(scope, receive, send_guarded)
        except Exception:
            if begun:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            problem = Problem(500, "Something failed that nobody foresaw. What it was stands in the log of `heartbeat api`.")
            await problem.response()(scope, receive, send_guarded)


def _check(headers: Headers) -> None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _OURS.fullmatch(hosts[0]):
        raise Problem(421, "This API answers to 127.0.0.1 and localhost only, whatever other name leads here.")
    origins = headers.getlist("origin")
    if origins and (len(origins) > 1 or origins[0].lower() != f"http://{hosts[0].lower()}"):
        raise Problem(403, "This request comes from a page of another origin, and those may not use the API.")
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 12 or int(length) > MOST_BYTES):
        raise _too_large()


def _counted(receive: Receive) -> Receive:
    """The body piece by piece, up to the limit: a sender need not say its length."""
    seen = 0

    async def next_piece() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise _too_large()
        return message

    return next_piece


def _too_large() -> Problem:
    return Problem(413, f"A body may have {MOST_BYTES} bytes at most.", headers={"Connection": "close"})
