"""Who may come in over HTTP: tokens, each with a name that it proves and a role that says how far it reaches.

A token is 256 random bits, shown once when it is made; the store keeps its hash. The login that migrates writes tokens,
whoever serves requests may only read them and note their use.
"""

from heartbeat_lib.access.tokens import (
    Holder,
    NoSuchTokenError,
    TokenNameError,
    TokenNameInUseError,
    holder,
    make,
    revoke,
    tokens,
)

__all__ = [
    "Holder",
    "NoSuchTokenError",
    "TokenNameError",
    "TokenNameInUseError",
    "holder",
    "make",
    "revoke",
    "tokens",
]
