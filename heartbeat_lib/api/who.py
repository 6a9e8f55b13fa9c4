"""Who asks: a token proves a name; without one, somebody at this machine is taken for the workspace's operator, unproved."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from heartbeat_lib import access
from heartbeat_lib.api.problems import Problem
from heartbeat_lib.model.token import TokenRole
from heartbeat_lib.workbench import Workbench

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Name for the record, whether it is proved, and whether it may decide."""

    name: str
    proved: bool
    may_decide: bool


def bench_of(request: Request) -> Workbench:
    """The workbench of this process."""
    return request.app.state.bench


Bench = Annotated[Workbench, Depends(bench_of)]


def who(request: Request, bench: Bench) -> Who:
    """Who asks. A token that is not right is never ignored in favour of the operator.

    Raises
    ------
    Problem
        401: no token where one is needed, an unknown or revoked one, or another scheme than Bearer.
    """
    given = request.headers.getlist("authorization")
    if not given:
        if not _at_this_machine(request):
            raise _unknown("This request does not come from this machine, so it needs a token: `Authorization: Bearer ...`.")
        return Who(name=bench.workspace.settings.operator, proved=False, may_decide=True)
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer":
        raise _unknown("One header `Authorization: Bearer TOKEN`, as `heartbeat token new` printed it.")
    holder = access.holder(bench, token.strip())
    if holder is None:
        raise _unknown(
            "This token is unknown or was revoked. `heartbeat token new NAME` makes one.", challenge=', error="invalid_token"'
        )
    return Who(name=holder.name, proved=True, may_decide=holder.role is TokenRole.OPERATOR)


def deciding(asking: Annotated[Who, Depends(who)]) -> Who:
    """Who asks, if that is somebody who may decide.

    Raises
    ------
    Problem
        401 as for `who`; 403: a reader's token.
    """
    if not asking.may_decide:
        raise Problem(403, f"The token of {asking.name} is a reader's: it reads, and decides nothing.")
    return asking


def _at_this_machine(request: Request) -> bool:
    # What came through a proxy comes from the proxy's machine and says nothing about who sits behind it.
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _unknown(detail: str, *, challenge: str = "") -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": f'Bearer realm="heartbeat"{challenge}'})
