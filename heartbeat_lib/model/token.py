"""How far a token of the HTTP API reaches."""

from __future__ import annotations

from enum import StrEnum


class TokenRole(StrEnum):
    """Of a token, and so of whoever comes with it."""

    READER = "reader"
    """Reads."""
    OPERATOR = "operator"
    """Reads, and decides under the token's name."""
