"""Tokens: made, listed, revoked, and looked up by whoever comes with one."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workbench import Workbench

_FORM = re.compile(r"hb_[A-Za-z0-9_-]{43}")


class TokenNameError(HeartbeatError):
    """The name cannot stand in the record."""


class TokenNameInUseError(HeartbeatError):
    """A token that is not revoked has this name."""


class NoSuchTokenError(HeartbeatError):
    """No token that could be revoked has this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a token proves its bearer to be."""

    name: str
    role: TokenRole


def make(workbench: Workbench, name: str, role: TokenRole) -> str:
    """A new token under `name`, an address mostly. It is returned once and kept nowhere.

    Raises
    ------
    TokenNameInUseError
        Another one, not revoked, has the name; case does not make a difference.
    TokenNameError
        The name is empty, too long, begins or ends with a blank, or holds characters that cannot be seen.
    StoreError
        The store cannot be reached as the login that migrates, or somebody holds the token for ten seconds.
    """
    token = f"hb_{secrets.token_urlsafe(32)}"
    values = {"name": name, "role": role, "hash": _hash(token)}
    malformed = TokenNameError(
        f"{name!r} cannot be a token's name: at most 254 characters that can be seen, such as ann@company.example, "
        "with no blank at either end."
    )
    if "\0" in name or not name.isprintable():
        raise malformed
    with translated("Making a token"), workbench.store.connect_migrating() as connection:
        connection.execute(_sql("wait_ten_seconds"))
        try:
            made = connection.execute(_sql("make"), values).rowcount
        except psycopg.errors.CheckViolation:
            raise malformed from None
    if not made:
        raise TokenNameInUseError(
            f"A token named {name!r} is in use. `heartbeat token revoke {name}` ends it; then make a new one."
        )
    return token


def revoke(workbench: Workbench, name: str) -> None:
    """Let nobody in with this token any more; from the next request on.

    Raises
    ------
    NoSuchTokenError
        There is none by this name, or it is revoked already.
    StoreError
        The store cannot be reached as the login that migrates, or somebody holds the token for ten seconds.
    """
    with translated("Revoking a token"), workbench.store.connect_migrating() as connection:
        connection.execute(_sql("wait_ten_seconds"))
        if not connection.execute(_sql("revoke"), {"name": name.replace("\0", "")}).rowcount:
            raise NoSuchTokenError(f"No token in use is named {name!r}. `heartbeat token list` shows them.")


def tokens(workbench: Workbench) -> list[dict[str, Any]]:
    """Every token by name, revoked ones too: name, role, made, revoked, last_used (to the minute)."""
    with (
        translated("Reading the tokens"),
        workbench.store.connect(Role.READER) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(_sql("all")).fetchall()


def holder(workbench: Workbench, token: str) -> Holder | None:
    """Whom `token` proves its bearer to be, None for an unknown or revoked one; notes that it was used.

    Raises
    ------
    StoreError
        The store cannot be reached.
    """
    if not _FORM.fullmatch(token):
        return None
    values = {"hash": _hash(token)}
    with translated("Looking up a token"), workbench.store.connect(Role.READER) as connection:
        found = connection.execute(_sql("holder"), values).fetchone()
    if found is None:
        return None
    name, role, to_note = found
    if to_note:
        with translated("Noting a token's use"), workbench.store.connect(Role.OPERATOR) as connection:
            connection.execute(_sql("note_use"), values)
    return Holder(name=name, role=TokenRole(role))


def _hash(token: str) -> str:
    # No salt and no slow hash: nobody guesses 256 random bits.
    return hashlib.sha256(token.encode()).hexdigest()


def _sql(name: str) -> Any:
    return load_sql(__package__ or "", name)
