"""Who looks at this page, where a reverse proxy says so.

The proxy signs people in and names them in a header (`[cockpit] identity_header`). A kernel runs its notebook before its page is
asked for, so the name comes later: Voila hands the headers of the one request that took the kernel to that kernel alone.
"""

from __future__ import annotations

import os
import threading

from heartbeat_lib.settings import Settings


class Identity:
    """The proved address of the page's viewer, once it is known."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._value: str | None = None

    @property
    def value(self) -> str | None:
        """The address as the proxy named it; None where nobody was named, or not yet."""
        return self._value

    def wait(self, timeout_s: float) -> str | None:
        """`value`, after at most so many seconds of waiting for the page's request."""
        self._known.wait(timeout_s)
        return self._value

    def _learn(self, value: str | None) -> None:
        self._value = value
        self._known.set()


def proved_identity(settings: Settings) -> Identity:
    """Start to learn who asks for this kernel's page; without `identity_header` it is known at once that nobody proves it.

    To be called in the kernel while the notebook runs.
    """
    identity, header = Identity(), settings.cockpit.identity_header
    if header is None:
        identity._learn(None)
    else:
        threading.Thread(target=_ask, args=(identity, header), daemon=True, name="identity").start()
    return identity


def environment_name(header: str) -> str:
    """The variable in which Voila hands a header to the kernel.

    >>> environment_name("X-Forwarded-Email")
    'HTTP_X_FORWARDED_EMAIL'
    """
    return f"HTTP_{header.upper().replace('-', '_')}"


def _ask(identity: Identity, header: str) -> None:
    from voila.utils import wait_for_request

    try:
        wait_for_request()  # returns at once where the kernel was started for its page
        named = os.environ.get(environment_name(header), "").strip()
        # The same header twice arrives as one, joined by a comma: somebody sent it past the proxy.
        identity._learn(named if named and "," not in named else None)
    finally:
        identity._known.set()
