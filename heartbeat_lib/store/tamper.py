"""What a superuser did past the doors can be seen: seven queries that find nothing on a clean store.

A superuser can switch triggers off, become the guard, or hand out rights; he cannot do it without leaving one of these
traces. `heartbeat doctor` and every tick look. One query per file, each giving (subject, detail), one row per tampering.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg

from heartbeat_lib.store.roles import Role
from heartbeat_lib.store.sql_files import load_sql

CHECKS = {
    "registry_differs_from_log": "the registry row of {subject} is not what its log ends with: {detail}",
    "log_chain_broken": "the log of {subject} was edited: {detail}",
    "trigger_off": "the trigger {subject} {detail}",
    "guard_has_members": "the role {subject} can act as heartbeat_guard: {detail}",
    "foreign_login_in_log": "a change of {subject} did not come through a door: {detail}",
    "door_changed": "the function {subject} {detail}",
    "role_has_settings": "the role {subject} has a setting that Heartbeat did not give: {detail}",
}
"""Rule (and query file) -> its sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """One trace: `rule` is a key of CHECKS, `subject` the metric, trigger, function or role it is about."""

    rule: str
    subject: str
    detail: str

    @property
    def message(self) -> str:
        """The finding as a sentence."""
        return CHECKS[self.rule].format(subject=self.subject, detail=self.detail)


def findings(
    connection: psycopg.Connection[Any], *, door_logins: Iterable[str] = (Role.DEPLOY, Role.OPERATOR)
) -> tuple[Tampering, ...]:
    """Every trace of tampering, in the order of CHECKS; empty on a clean store.

    Parameters
    ----------
    connection
        Of any of our roles, in UTC (the log holds instants as text in UTC).
    door_logins
        Logins that the doors are used under; `Store.door_logins` knows them.
    """
    values = {"door_logins": [str(login) for login in door_logins]}
    return tuple(
        Tampering(rule=rule, subject=subject, detail=detail)
        for rule in CHECKS
        for subject, detail in connection.execute(load_sql(__package__ or "", rule), values).fetchall()
    )
