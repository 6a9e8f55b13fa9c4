"""The HTTP API: a door on this machine's loopback for whoever wants to read metrics and decide about them from a program.

It holds no rule: rows come from `reading`, decisions go to `verification.decide`, and what the database refuses is
translated into a problem (RFC 9457). Its own are only the walls of HTTP: host, origin, size, who asks.
"""

from heartbeat_lib.api.app import make_app
from heartbeat_lib.api.server import PortTakenError, serve

__all__ = ["PortTakenError", "make_app", "serve"]
