"""How these tests go through people's doors, and read their answers."""

from __future__ import annotations

import itertools
import json

from psycopg import sql

from heartbeat_lib.store import load_sql

DOOR = load_sql("heartbeat_lib.verification", "patch_verification")
REVIEW = load_sql("heartbeat_lib.review", "review_metric")
COUNT = load_sql("heartbeat_lib.review", "count_by_hand")
LAYERS = [{"name": "source", "verdict": "holds", "why": "It is fresh."}]
THRESHOLDS = {"norm_value": 5, "alert_value": 10, "threshold_basis": "the carrier's contract"}
RISING = {"norm_value": 5, "alert_value": 10, "direction": "higher_is_worse"}
OWNED = {"owner": "olga@x.example"}
VERIFY = {"verification_state": "verified"}

_reports = itertools.count(1)


def call(
    connection, patch, *, version, metric_id="refund_rate", actor="olga@x.example", proved=False, via="cockpit",
    reason="checked", owner_signs=False,
):  # fmt: skip
    """The function's answer; `patch` is a dict or JSON text."""
    text = patch if isinstance(patch, str) or patch is None else json.dumps(patch)
    values = {
        "metric_id": metric_id, "patch": text, "row_version": version, "actor": actor, "proved": proved, "via": via,
        "reason": reason, "owner_signs": owner_signs,
    }  # fmt: skip
    return connection.execute(DOOR, values).fetchall()[0][0]


def review(
    connection, outcome, *, version, metric_id="refund_rate", patch=None, why="read the audit", actor="olga@x.example",
    proved=False, via="cockpit", owner_signs=False,
):  # fmt: skip
    """What the door of reviews answers; `patch` is a dict or JSON text."""
    values = {
        "metric_id": metric_id, "outcome": outcome, "why": why, "row_version": version, "actor": actor, "proved": proved,
        "patch": patch if isinstance(patch, str) or patch is None else json.dumps(patch), "via": via, "owner_signs": owner_signs,
    }  # fmt: skip
    return connection.execute(REVIEW, values).fetchall()[0][0]


def count_by_hand(
    connection, value, *, metric_id="refund_rate", period="day", start="2026-11-22T23:00+00", source="the ledger",
    actor="olga@x.example", proved=False, via="cockpit",
):  # fmt: skip
    """What the door of hand counts answers."""
    values = {
        "metric_id": metric_id, "period": period, "period_start": start, "value": value, "source": source, "actor": actor,
        "proved": proved, "via": via,
    }  # fmt: skip
    return connection.execute(COUNT, values).fetchall()[0][0]


def audit(connection, *, metric_id="refund_rate", meaning=None, report=None, **columns):
    """An audit that compute wrote of a metric's meaning, here named after it; gives its id."""
    row = {
        "metric_id": metric_id, "audit_date": "2026-11-24", "as_of": "2026-11-24T08:00+00", "auditor": "ann@x.example",
        "definition_hash": meaning or f"hash of {metric_id}", "verdict": "doubtful", "layers": json.dumps(LAYERS),
        "report": report or f"reports/metric-audits/{next(_reports)}-{metric_id}.md", **columns,
    }  # fmt: skip
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(sql.Literal, row.values()))
    statement = sql.SQL("INSERT INTO heartbeat.metric_audit ({}) VALUES ({}) RETURNING audit_id").format(names, values)
    return connection.execute(statement).fetchall()[0][0]


def told(answer):
    """(kind, field, rule) of each refusal."""
    return [(refusal["kind"], refusal["field"], refusal["rule"]) for refusal in answer["refusals"]]
