"""The process that serves: a socket on 127.0.0.1 and uvicorn on it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

import uvicorn

from heartbeat_lib.api.app import make_app
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.workbench import Workbench

_PATIENCE_S = 3
"""How long open requests may go on once the process is told to end."""


class PortTakenError(HeartbeatError):
    """Another process listens there."""


def serve(bench: Workbench, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; open requests get 3 seconds.

    Parameters
    ----------
    port
        On 127.0.0.1; 0 takes a free one.
    ready
        Called with the base address, such as http://127.0.0.1:8717, once connections are accepted.

    Raises
    ------
    PortTakenError
        The port cannot be had.
    """
    # TCP said in so many words: else asyncio leaves the delay of small packets on, which costs every answer 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()
        except OSError as error:
            raise PortTakenError(
                f"Port {port} of 127.0.0.1 cannot be had ({error.strerror}). Another workspace's API, perhaps: give another "
                "one with --port, or with port under [api] in heartbeat.toml."
            ) from None
        config = uvicorn.Config(
            make_app(bench),
            log_level="warning",
            access_log=False,
            # What a proxy's headers say of the peer is hearsay, and who asks hangs on it.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE_S,
        )
        # uvicorn raises the signal again when it is done; the default would then kill the process before it has tidied up.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        ready(f"http://127.0.0.1:{listening.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listening])
