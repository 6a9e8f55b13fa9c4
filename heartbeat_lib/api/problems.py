"""Refusals as problem+json (RFC 9457): what was wrong, where, and what to do; never a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from heartbeat_lib.api.digits import Digits
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.reading import NoSuchMetricError
from heartbeat_lib.store import StoreError, WriteRefused
from heartbeat_lib.verification.rehearse import RehearsalRefused

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "Who are you?",
    403: "Not allowed",
    404: "No such thing",
    405: "Not this way",
    409: "It does not stand so that this could be done",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Not JSON",
    421: "Not this host",
    422: "A value cannot be taken",
    428: "Say which version you saw",
    500: "Heartbeat failed",
    503: "The database does not answer",
}
"""Every status that a refusal has, and its title."""


class Problem(Exception):
    """A refusal on its way out.

    Parameters
    ----------
    detail
        What happened, why, and what to do.
    errors
        `field` (None: the whole), `rule` and `message` of each fault.
    row
        The metric as it stands, for who decides again.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[Mapping[str, Any]] = (),
        row: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail, self.errors, self.row = status, " ".join(detail.split()), list(errors), row
        self.headers = dict(headers or {})
        super().__init__(detail)

    def response(self) -> Digits:
        """The answer that carries it."""
        content: dict[str, Any] = {
            "type": f"/api/docs#status-{self.status}",
            "title": TITLES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
        }
        if self.row is not None:
            content["row"] = self.row
        return Digits(content, status_code=self.status, headers=self.headers, media_type=MEDIA_TYPE)


def fault(field: str | None, rule: str, message: str) -> dict[str, str | None]:
    """One entry of `errors`."""
    return {"field": field, "rule": rule, "message": message}


def add_to(app: FastAPI) -> None:
    """Make every refusal of `app` a problem; what nobody foresaw is left to the walls, outermost."""

    async def ours(_: Request, problem: Exception) -> Digits:
        assert isinstance(problem, Problem)
        return problem.response()

    async def from_http(request: Request, error: Exception) -> Digits:
        assert isinstance(error, HTTPException)
        detail = {
            404: f"There is nothing at {request.url.path}. /api/docs shows what there is.",
            405: f"{request.method} is not for {request.url.path}. /api/docs shows what is.",
        }.get(error.status_code, str(error.detail))
        return Problem(error.status_code, detail, headers=error.headers).response()

    async def from_validation(_: Request, error: Exception) -> Digits:
        assert isinstance(error, RequestValidationError)
        errors = [
            fault(str(found["loc"][-1]), found["type"], f"{found['loc'][-1]}: {found['msg'].removeprefix('Value error, ')}")
            for found in error.errors()
        ]
        return Problem(422, "; ".join(str(found["message"]) for found in errors), errors=errors).response()

    async def from_heartbeat(_: Request, error: Exception) -> Digits:
        return in_http(error).response()

    app.add_exception_handler(Problem, ours)
    app.add_exception_handler(HTTPException, from_http)
    app.add_exception_handler(RequestValidationError, from_validation)
    app.add_exception_handler(HeartbeatError, from_heartbeat)


def in_http(error: Exception) -> Problem:
    """A refusal of the stages under its status."""
    match error:
        case NoSuchMetricError():
            return Problem(404, str(error), errors=[fault("metric_id", "unknown_metric", str(error))])
        case RehearsalRefused():
            return Problem(422, str(error), errors=[fault(None, "thresholds_fit_direction", str(error))])
        case WriteRefused():
            return Problem(500, str(error))
        case StoreError() if type(error) is not StoreError:
            # Unreachable, busy, of another version: nothing that the caller did, and it may pass.
            return Problem(503, str(error))
        case _:
            return Problem(500, str(error))
