"""What OpenAPI says of each operation: schemas, examples, and every refusal that it may answer with."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

STATIC = resources.files(__package__ or "") / "static"
EXAMPLES: dict[str, Any] = json.loads((STATIC / "examples.json").read_text("utf-8"))

_REFUSALS = {
    400: "Not readable: no JSON, or If-Match holds no entity tag.",
    401: "No token where one is needed, or an unknown or revoked one.",
    403: "A reader's token, or a page of another origin.",
    404: "No such metric; of a retired one it says since when, by whom and why.",
    409: "How things stand forbids it, such as verifying without an owner.",
    412: "Somebody was quicker: `row` is the metric as it stands now.",
    413: "More than 64 KiB.",
    415: "Not application/json.",
    421: "Another host than 127.0.0.1 or localhost.",
    422: "A value that cannot be taken, an unknown field or parameter, an empty text.",
    428: "No If-Match, or `*`.",
    500: "A defect of Heartbeat.",
    503: "The database does not answer, or is held by somebody for too long.",
}
_ALWAYS = (403, 413, 421, 422, 500, 503)


def _maybe(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], **more}


_FAULT = {
    "type": "object",
    "required": ["field", "rule", "message"],
    "properties": {"field": _maybe("string"), "rule": {"type": "string"}, "message": {"type": "string"}},
}
_METRIC = {
    "type": "object",
    "description": "The object of `heartbeat show --json`.",
    "required": ["metric_id", "name", "period", "row_version", "verification_state", "owner", "stage", "value", "status"],
    "properties": {
        "metric_id": {"type": "string"},
        "code": _maybe("string"),
        "name": {"type": "string"},
        "period": {"enum": ["hour", "day", "week", "month", "quarter", "year"]},
        "unit": _maybe("string"),
        "owner": _maybe("string"),
        "norm_value": _maybe("number", description="Amber from here on."),
        "alert_value": _maybe("number", description="Red from here on."),
        "threshold_basis": _maybe("string"),
        "target_value": _maybe("number", description="Shown, never judged."),
        "target_due_date": _maybe("string", format="date"),
        "verification_state": {"enum": ["verified", "unverified"]},
        "row_version": {"type": "integer"},
        "stage": {"type": "integer", "minimum": 4, "maximum": 9},
        "period_start": _maybe("string", description="A date; for hours an instant."),
        "value": _maybe("number"),
        "status": {"enum": ["green", "amber", "red", "grey", None]},
        "status_reason": _maybe("string"),
        "benchmark_mean": _maybe("number", description="Informs, judges nothing."),
        "benchmark_stddev": _maybe("number"),
    },
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _FAULT},
        "row": {"$ref": "#/components/schemas/Metric"},
    },
}
_VISIBLE = {"minLength": 1, "pattern": r"\S"}
_PATCH_BODY = {
    "type": "object",
    "description": "What is left out stays; null clears. Numbers keep every digit.",
    "additionalProperties": False,
    "properties": {
        "owner": _maybe("string", format="email", maxLength=254),
        "norm_value": _maybe("number"),
        "alert_value": _maybe("number"),
        "threshold_basis": _maybe("string", description="Where the thresholds come from, outside the data.", **_VISIBLE),
        "target_value": _maybe("number"),
        "target_due_date": _maybe("string", format="date"),
        "verification_state": {"enum": ["verified", "unverified"]},
        "reason": _maybe("string", description="Kept in the record; verifying needs one.", **_VISIBLE),
    },
    "minProperties": 1,
}
_REHEARSAL = {
    "type": "object",
    "required": list(EXAMPLES["rehearsal"]),
    "properties": {name: {"type": "array" if name == "dates" else "integer"} for name in EXAMPLES["rehearsal"]},
}
_CLOCK = {
    "type": "object",
    "required": ["last_due", "missed", "running", "stands_still"],
    "properties": {
        "last_due": _maybe("string", format="date-time"),
        "missed": {"type": "integer"},
        "running": {"type": "boolean"},
        "stands_still": {"type": "boolean"},
    },
}
SCHEMAS = {"Metric": _METRIC, "Problem": PROBLEM}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(
    schema: dict[str, Any], example: Any, *refusals: int, tag: bool = False, extra: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": "As asked.",
        "content": {"application/json": {"schema": schema, "examples": {"one": {"value": example}}}},
    }
    if tag:
        answer["headers"] = {"ETag": {"description": "The metric's row_version, quoted.", "schema": {"type": "string"}}}
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    responses: dict[int, Any] = {200: answer}
    responses |= {status: {"description": _REFUSALS[status], "content": problem} for status in sorted({*refusals, *_ALWAYS})}
    if 401 in responses:
        responses[401]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return {"responses": responses, "openapi_extra": extra or {}}


def _list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


_PAGE = {
    "type": "object",
    "required": ["items", "next"],
    "properties": {"items": _list(_ref("Metric")), "next": _maybe("string", description="The next page's cursor.")},
}
HEALTH = _operation(
    {"type": "object", "required": ["status", "clock"], "properties": {"status": {"const": "ok"}, "clock": _CLOCK}},
    EXAMPLES["health"],
    extra={"security": []},
)
METRICS = _operation(_PAGE, {"items": [EXAMPLES["metric"]], "next": None}, 401)
METRIC = _operation(_ref("Metric"), EXAMPLES["metric"], 401, 404, tag=True)
HISTORY = _operation(_list({"type": "object"}), [EXAMPLES["period"]], 401, 404)
CHANGES = _operation(_list({"type": "object"}), [EXAMPLES["change"]], 401, 404)
REHEARSAL = _operation(_REHEARSAL, EXAMPLES["rehearsal"], 401, 404)
PATCH = _operation(
    _ref("Metric"),
    EXAMPLES["metric"],
    *(400, 401, 404, 409, 412, 415, 428),
    tag=True,
    extra={
        "parameters": [
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "The version that you saw: the ETag of GET on the metric.",
                "schema": {"type": "string", "pattern": r'^"[1-9][0-9]{0,17}"$'},
                "example": '"3"',
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _PATCH_BODY, "examples": {"tune": {"value": EXAMPLES["patch"]}}}},
        },
    },
)
