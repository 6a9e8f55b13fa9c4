"""How these tests go through people's door, and read its answer."""

from __future__ import annotations

import json

from heartbeat_lib.store import load_sql

DOOR = load_sql("heartbeat_lib.verification", "patch_verification")
THRESHOLDS = {"norm_value": 5, "alert_value": 10, "threshold_basis": "the carrier's contract"}
RISING = {"norm_value": 5, "alert_value": 10, "direction": "higher_is_worse"}
OWNED = {"owner": "olga@x.example"}
VERIFY = {"verification_state": "verified"}


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


def told(answer):
    """(kind, field, rule) of each refusal."""
    return [(refusal["kind"], refusal["field"], refusal["rule"]) for refusal in answer["refusals"]]
