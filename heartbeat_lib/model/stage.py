"""The ten stages of a metric's life, and which of them a living metric stands in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Stage(IntEnum):
    """The stages by number. A living metric stands in 4 to 9; 1 to 3 lie before the first tick, 10 after the last."""

    DISCOVERY = 1
    REGISTRATION = 2
    BACKFILL = 3
    BENCHMARK = 4
    """Values are collected; there is no threshold yet."""
    PROVISIONAL_THRESHOLDS = 5
    """Somebody set a norm or an alert; no value has been judged by it yet."""
    UNVERIFIED = 6
    """Values are judged; nobody stands behind the number: the honest default."""
    OWNER_ASSIGNED = 7
    OWNER_REVIEW = 8
    """An audit of the present meaning is there to be answered."""
    VERIFIED = 9
    RETIREMENT = 10


def stage_of(metric: Mapping[str, Any], *, audited: bool = False) -> Stage:
    """The stage of a living metric, from its registry row and the status it shows.

    Parameters
    ----------
    metric
        With verification_state, owner, norm_value, alert_value and status (green, amber, red, grey or None).
    audited
        Whether there is an audit of its present meaning.
    """
    if metric["verification_state"] == "verified":
        return Stage.VERIFIED
    if metric["owner"] is not None:
        return Stage.OWNER_REVIEW if audited else Stage.OWNER_ASSIGNED
    if metric["norm_value"] is None and metric["alert_value"] is None:
        return Stage.BENCHMARK
    return Stage.UNVERIFIED if metric["status"] in ("green", "amber", "red") else Stage.PROVISIONAL_THRESHOLDS


def next_step(metric: Mapping[str, Any]) -> str:
    """What takes a living metric to its next stage, as a sentence; `metric` is a row with its `stage`."""
    match metric["stage"]:
        case Stage.BENCHMARK:
            return "a norm or an alert, with the basis it comes from: heartbeat set ID --norm X --alert Y --basis TEXT"
        case Stage.PROVISIONAL_THRESHOLDS:
            return "a value to judge: heartbeat refresh, or a source that is alive"
        case Stage.UNVERIFIED:
            return "somebody who stands behind it: heartbeat set ID --owner MAIL"
        case Stage.OWNER_ASSIGNED:
            return "the owner's review: heartbeat audit ID"
        case Stage.OWNER_REVIEW:
            return "the owner's answer to the audit: heartbeat review ID --outcome agrees --why TEXT"
        case _:
            return "nothing: it stays verified until its meaning changes or a person takes it back"
