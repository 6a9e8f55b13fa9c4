"""Tokens: shown once, kept as a hash, one per identity."""

from __future__ import annotations

import pytest

from heartbeat_lib import access
from heartbeat_lib.access import NoSuchTokenError, TokenNameError, TokenNameInUseError
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.store import Role, StoreBusy


def test_a_token_is_kept_nowhere(bench, store):
    """Who reads the store cannot come in with what he reads."""
    token = access.make(bench, "ann@x.example", TokenRole.OPERATOR)
    with store.connect(Role.OPERATOR) as connection:
        (kept,) = connection.execute("SELECT to_jsonb(t)::text FROM heartbeat.api_token AS t").fetchone()
    assert token not in kept
    assert token[3:] not in kept
    assert access.holder(bench, token) == access.Holder(name="ann@x.example", role=TokenRole.OPERATOR)


def test_the_list_shows_no_hash(bench):
    """It is for people."""
    access.make(bench, "ann@x.example", TokenRole.READER)
    (row,) = access.tokens(bench)
    assert set(row) == {"name", "role", "made", "revoked", "last_used"}


@pytest.mark.parametrize("again", ["ann@x.example", "Ann@X.example"])
def test_a_name_in_use_is_refused(bench, again):
    """An owner is compared without regard to case, and so is who proves to be one."""
    first = access.make(bench, "ann@x.example", TokenRole.READER)
    with pytest.raises(TokenNameInUseError, match="heartbeat token revoke"):
        access.make(bench, again, TokenRole.OPERATOR)
    assert access.holder(bench, first).role is TokenRole.READER


def test_a_revoked_name_may_be_made_anew(bench):
    """The old token stays out."""
    first = access.make(bench, "ann@x.example", TokenRole.READER)
    access.revoke(bench, "Ann@x.example")
    second = access.make(bench, "ann@x.example", TokenRole.OPERATOR)
    assert access.holder(bench, first) is None
    assert access.holder(bench, second).role is TokenRole.OPERATOR
    (row,) = access.tokens(bench)
    assert (row["revoked"], row["last_used"] is not None) == (None, True)


def test_what_is_not_in_use_cannot_be_revoked(bench):
    """Once is enough."""
    access.make(bench, "ann@x.example", TokenRole.READER)
    access.revoke(bench, "ann@x.example")
    for name in ("ann@x.example", "nobody", "a\0b"):
        with pytest.raises(NoSuchTokenError):
            access.revoke(bench, name)


@pytest.mark.slow
def test_a_token_that_somebody_holds_is_not_waited_for_without_end(bench, store):
    """Whoever may note a use can hold the row, and must not keep a token from being revoked unheard."""
    access.make(bench, "ann@x.example", TokenRole.READER)
    with store.connect(Role.OPERATOR) as holder:
        holder.execute("SELECT FROM heartbeat.api_token FOR UPDATE")
        with pytest.raises(StoreBusy):
            access.revoke(bench, "ann@x.example")
    access.revoke(bench, "ann@x.example")


@pytest.mark.parametrize(
    "name", ["", " ", " ann", "ann ", "an\nn", "a\0b", "ann\u202e@x.example", "ann\u200b@x.example", "x" * 255]
)
def test_a_name_that_could_be_taken_for_another_is_refused(bench, name):
    """It stands in the record for ever."""
    with pytest.raises(TokenNameError):
        access.make(bench, name, TokenRole.READER)
