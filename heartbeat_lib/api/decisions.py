"""PATCH: a person's decision, carried to `verification.decide` and its answer back. What is refused is refused there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from heartbeat_lib import reading, verification
from heartbeat_lib.api import documents
from heartbeat_lib.api.digits import MOST_DIGITS, Digits, UnreadableError, parse, too_long
from heartbeat_lib.api.problems import Problem, fault
from heartbeat_lib.api.reads import MetricId, only_known_parameters
from heartbeat_lib.api.versions import etag, versions
from heartbeat_lib.api.who import Bench, Who, deciding
from heartbeat_lib.verification import Decision
from heartbeat_lib.workbench import Workbench

router = APIRouter(prefix="/api/metrics", dependencies=[Depends(deciding), Depends(only_known_parameters)])


async def _body(request: Request) -> bytes:
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = re.fullmatch(r'\s*charset="?utf-8"?\s*', rest, re.IGNORECASE) if rest.strip() else True
    if kind.strip().lower() != "application/json" or not charset:
        raise Problem(
            415, "The body must be JSON in UTF-8: Content-Type: application/json.", headers={"Accept-Patch": "application/json"}
        )
    return await request.body()


@router.patch("/{metric_id}/verification", **documents.PATCH)
def decide(
    metric_id: MetricId,
    request: Request,
    bench: Bench,
    asking: Annotated[Who, Depends(deciding)],
    body: Annotated[bytes, Depends(_body)],
) -> Digits:
    """Decide about one metric: owner, thresholds, target, verification; all of the patch, or nothing."""
    seen = versions(request.headers.getlist("if-match"))
    patch, reason = _patch(body)
    decision = verification.decide(
        bench,
        metric_id,
        patch,
        row_version=_one(bench, metric_id, seen),
        actor=asking.name,
        proved=asking.proved,
        via="api",
        reason=reason,
    )
    if decision.refusals:
        raise _refused(bench, metric_id, decision)
    row = reading.metric(bench, metric_id)
    return Digits(row, headers={"ETag": etag(row["row_version"])})


def _one(bench: Workbench, metric_id: str, seen: frozenset[int]) -> int | None:
    """Of several versions the one that stands; the door in the database compares again, with the row locked."""
    if len(seen) == 1:
        return next(iter(seen))
    now = reading.metric(bench, metric_id)["row_version"]
    return now if now in seen else next(iter(seen), None)


def _patch(body: bytes) -> tuple[dict[str, Any], str | None]:
    """The patch and its reason.

    Raises
    ------
    Problem
        400: no JSON; 422: not an object, or something in it that no database takes.
    """
    try:
        patch = parse(body)
    except UnreadableError as error:
        raise Problem(400, str(error), errors=[fault(None, "json", str(error))]) from None
    errors = (
        []
        if isinstance(patch, dict)
        else [fault(None, "object", "The body must be an object: the fields to change, and reason.")]
    )
    for field, value in patch.items() if isinstance(patch, dict) else ():
        errors += [fault(field, rule, message) for rule, message in _untakable(field, value)]
    reason = patch.pop("reason", None) if isinstance(patch, dict) else None
    if reason is not None and not isinstance(reason, str):
        errors.append(fault("reason", "text", "reason must be a text or null."))
    elif reason is not None and not reason.strip():
        errors.append(fault("reason", "empty_text", "reason is an empty text; leave it out, or say why."))
    if errors:
        raise Problem(422, " ".join(str(error["message"]) for error in errors), errors=errors)
    return patch, reason


def _untakable(field: str, value: Any) -> Iterator[tuple[str, str]]:
    """Rule and message of what PostgreSQL could not even look at."""
    if not _storable(field) or (isinstance(value, str) and not _storable(value)):
        yield "text", f"{field.encode('ascii', 'backslashreplace').decode()}: a text cannot hold NUL or half a character."
    elif isinstance(value, Decimal) and too_long(value):
        yield "digits", f"{field} has more than {MOST_DIGITS} digits."
    elif isinstance(value, dict | list):
        yield "scalar", f"{field} must be a text, a number or null, not an object or a list."


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _refused(bench: Workbench, metric_id: str, decision: Decision) -> Problem:
    kinds = {refusal.kind for refusal in decision.refusals}
    errors = [fault(refusal.field, refusal.rule, refusal.message) for refusal in decision.refusals]
    detail = " ".join(refusal.message for refusal in decision.refusals)
    if "unknown_metric" in kinds:
        reading.metric(bench, metric_id)  # knows more: since when it is retired, by whom, and what came instead
        return Problem(404, detail, errors=errors)
    if "stale" in kinds:
        row = reading.metric(bench, metric_id)
        return Problem(412, detail, errors=errors, row=row, headers={"ETag": etag(row["row_version"])})
    return Problem(422 if "value" in kinds else 409, detail, errors=errors)
