"""GET: the objects of `heartbeat list`, `show`, `history`, `changes` and `rehearse` with `--json`, and whether all is well."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime

from heartbeat_lib import reading, verification
from heartbeat_lib.api import documents
from heartbeat_lib.api.digits import MOST_DIGITS, Digits, too_long
from heartbeat_lib.api.problems import Problem, fault
from heartbeat_lib.api.versions import etag
from heartbeat_lib.api.who import Bench, who
from heartbeat_lib.model.metric import METRIC_ID


def only_known_parameters(request: Request) -> None:
    """Refuse a misspelt filter: ignored, it would answer another question than was asked.

    Raises
    ------
    Problem
        422, with every unknown name, and every name that is given twice.
    """
    known = [parameter.alias for parameter in request.scope["route"].dependant.query_params]
    given = [name for name, _ in request.query_params.multi_items()]
    errors = [
        fault(name, "unknown_parameter", f"There is no parameter {name!r} here. Known: {', '.join(known) or 'none'}.")
        for name in dict.fromkeys(given)
        if name not in known
    ]
    errors += [fault(name, "given_twice", f"{name} is given twice.") for name in known if given.count(name) > 1]
    if errors:
        raise Problem(422, " ".join(str(error["message"]) for error in errors), errors=errors)


def _number(value: Decimal | None) -> Decimal | None:
    if value is not None and too_long(value):
        raise ValueError(f"more than {MOST_DIGITS} digits")
    return value


# The form is described and not checked by the framework, for which an id of another form would be a bad value and not a metric
# that there is not.
_SAID: dict[str, Any] = {"pattern": f"^{METRIC_ID.pattern}$"}


def _metric_id(
    metric_id: Annotated[str, Path(description="The metric's id.", examples=["chargeback_rate"], json_schema_extra=_SAID)],
) -> str:
    if not METRIC_ID.fullmatch(metric_id):
        message = f"{metric_id!r} is no metric's id. GET /api/metrics shows them."
        raise Problem(404, message, errors=[fault("metric_id", "unknown_metric", message)])
    return metric_id


MetricId = Annotated[str, Depends(_metric_id)]
Number = Annotated[Decimal | None, AfterValidator(_number)]

health = APIRouter(prefix="/api", dependencies=[Depends(only_known_parameters)])
router = APIRouter(prefix="/api/metrics", dependencies=[Depends(who), Depends(only_known_parameters)])


@health.get("/health", **documents.HEALTH)
def is_it_well(bench: Bench) -> Digits:
    """Whether the store answers, and whether ticks come when they are due. Needs no token."""
    clock = reading.clock(bench, datetime.now(UTC))
    state = {"last_due": clock.last_due, "missed": clock.missed, "running": clock.running, "stands_still": clock.stands_still}
    return Digits({"status": "ok", "clock": state})


@router.get("", **documents.METRICS)
def list_metrics(
    bench: Bench,
    status: Annotated[Literal["green", "amber", "red", "grey"] | None, Query(description="Colour on show.")] = None,
    state: Annotated[Literal["verified", "unverified"] | None, Query(description="Whether somebody stands behind it.")] = None,
    owner: Annotated[str | None, Query(min_length=1, description="The owner's address.")] = None,
    code: Annotated[str | None, Query(min_length=1, description="The four characters on the tile.")] = None,
    text: Annotated[str | None, Query(min_length=1, description="Found in id, name or description.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Items of one page.")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Digits:
    """Living metrics by id, page by page."""
    if cursor is not None and not METRIC_ID.fullmatch(cursor):
        message = "cursor is not the `next` of a page before."
        raise Problem(422, message, errors=[fault("cursor", "cursor", message)])
    wanted = [
        row
        for row in sorted(reading.metrics(bench), key=lambda row: row["metric_id"])
        if (status is None or row["status"] == status)
        and (state is None or row["verification_state"] == state)
        and (owner is None or (row["owner"] or "").lower() == owner.lower())
        and (code is None or (row["code"] or "") == code.upper())
        and (text is None or _mentions(row, text))
        and (cursor is None or row["metric_id"] > cursor)
    ]
    page = wanted[:limit]
    return Digits({"items": page, "next": page[-1]["metric_id"] if len(wanted) > limit else None})


def _mentions(row: dict[str, Any], text: str) -> bool:
    return any(text.casefold() in (row[column] or "").casefold() for column in ("metric_id", "name", "description"))


@router.get("/{metric_id}", **documents.METRIC)
def show(metric_id: MetricId, bench: Bench) -> Digits:
    """One living metric, and in ETag the version that a decision must name."""
    row = reading.metric(bench, metric_id)
    return Digits(row, headers={"ETag": etag(row["row_version"])})


@router.get("/{metric_id}/history", **documents.HISTORY)
def history(metric_id: MetricId, bench: Bench) -> Digits:
    """Every kept period, oldest first; of retired metrics too."""
    return Digits(reading.history(bench, metric_id))


@router.get("/{metric_id}/changes", **documents.CHANGES)
def changes(
    metric_id: MetricId,
    bench: Bench,
    since: Annotated[AwareDatetime | None, Query(description="An instant with its offset.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many, newest first.")] = 200,
) -> Digits:
    """Who changed what, when, through which door and why, newest first; of retired metrics too."""
    rows = reading.changes(bench, metric_id, since=since, limit=limit)
    if not rows:
        reading.history(bench, metric_id)  # a metric that never was is refused, and not said to be unchanged
    return Digits(rows)


@router.get("/{metric_id}/rehearsal", **documents.REHEARSAL)
def rehearsal(
    metric_id: MetricId,
    bench: Bench,
    norm: Annotated[Number, Query(description="Amber from here on.")] = None,
    alert: Annotated[Number, Query(description="Red from here on.")] = None,
) -> Digits:
    """What thresholds would have said of the kept history; nothing is written and nothing is proposed."""
    reading.metric(bench, metric_id)
    return Digits(verification.rehearse(bench, metric_id, norm=norm, alert=alert).json())
