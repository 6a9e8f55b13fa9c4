"""The four logins that a process may come in as. What each may do is decided in the database (migrations), not here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

MAINTENANCE_LOGIN = "postgres"
"""Superuser of the embedded server: migrations and scratch databases only."""
FILE_LOGIN = "heartbeat_file"
"""Runs metric files, in scratch databases only."""


class Role(StrEnum):
    """A process takes the least of these that does its work, and is that login: it never plays a role by SET ROLE."""

    DEPLOY = "heartbeat_deploy"
    """May call apply_registry. Reads everything."""
    OPERATOR = "heartbeat_operator"
    """May call patch_verification and the other functions for people. Reads everything."""
    COMPUTE = "heartbeat_compute"
    """Writes runs, observations, history and bands. Reads everything."""
    READER = "heartbeat_reader"
    """Reads everything."""

    @property
    def short(self) -> str:
        """The name in variables: `HEARTBEAT_DATABASE_URL_<short>`."""
        return self.name


def role_urls_from_environment(environment: Mapping[str, str] | None = None) -> dict[Role, str]:
    """URLs of separate logins, from `HEARTBEAT_DATABASE_URL_<ROLE>`; empty ones count as not given.

    >>> role_urls_from_environment({"HEARTBEAT_DATABASE_URL_READER": "postgresql://reader@db/heartbeat"})
    {<Role.READER: 'heartbeat_reader'>: 'postgresql://reader@db/heartbeat'}
    """
    variables = os.environ if environment is None else environment
    named = {role: variables.get(f"HEARTBEAT_DATABASE_URL_{role.short}", "") for role in Role}
    return {role: url for role, url in named.items() if url}
