"""One metric with everything that its panel shows: what it says, its history, what people own of it, its log.

Read on the caller's connection, which is in no transaction afterwards.
"""

from __future__ import annotations

from datetime import datetime
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartbeat_lib.cockpit import changes, reviews
from heartbeat_lib.cockpit.past import history_of
from heartbeat_lib.cockpit.rehearsal import rehearsed
from heartbeat_lib.cockpit.shapes import Fields, Opened, Scale, StageNow, Tile
from heartbeat_lib.cockpit.sources import iso, source_rows
from heartbeat_lib.cockpit.tile import PERIODS, Teller, figures_of_row
from heartbeat_lib.cockpit.wall import read_rows, read_sources
from heartbeat_lib.model import words
from heartbeat_lib.model.figures import Figures, typed
from heartbeat_lib.model.stage import Stage, stage_of
from heartbeat_lib.reading.rows import Row, fetch
from heartbeat_lib.store import load_sql
from heartbeat_lib.workbench import Workbench

_NEXT = {
    Stage.BENCHMARK: "a norm or an alert, and where it comes from: type them under Thresholds",
    Stage.PROVISIONAL_THRESHOLDS: "a value to judge: the next tick brings one, if the sources are alive",
    Stage.UNVERIFIED: "somebody who stands behind it: take it, or type an address under Owner",
    Stage.OWNER_ASSIGNED: "the owner's review: an audit, and an answer to it",
    Stage.OWNER_REVIEW: "the owner's answer to the audit: read its report under Audits, then say what you think",
    Stage.VERIFIED: "nothing; it stays verified until its meaning changes or a person takes it back",
}


def read_opened(
    connection: psycopg.Connection[Any], workbench: Workbench, metric_id: str, *, now: datetime, periods: int | None = PERIODS
) -> Opened | None:
    """Everything about one living metric; None where it is not alive (any more).

    Parameters
    ----------
    connection
        As anybody who may read; it stays open.
    now
        Aware.
    periods
        How many of history, the newest; None: all that are kept.

    Raises
    ------
    StoreError
        The database does not answer.
    """
    found = read_rows(connection, metric_id)
    if not found:
        return None
    (row,) = found
    past = fetch(connection, load_sql(__package__ or "", "past"), metric_id=metric_id, periods=periods)
    log = fetch(connection, load_sql("heartbeat_lib.reading", "changes"), metric_id=metric_id, since=None, limit=None)
    sources, zone = read_sources(connection), workbench.workspace.zone
    teller, figures = Teller(workbench, sources, now), figures_of_row(row)
    tile = teller.tile(row)
    lines = (row["norm_value"], row["alert_value"])
    since = changes.meaning_since(log)
    return Opened(
        tile=tile,
        headline=_headline(row, tile, figures),
        period="" if row["period_start"] is None else words.long_period(row["period_start"], row["period"], now, zone),
        period_word=f"{row['period']}s",
        computed=iso(row["computed_at"]),
        source_as_of=iso(row["source_as_of"]),
        error=row["error"] or "",
        attempted=iso(row["attempted_at"]),
        stage=_stage(row),
        fields=_fields(row),
        changed_by=row["changed_by"],
        changed_at=row["changed_at"].isoformat(),
        meaning_hash=row["definition_hash"][: changes.HASH],
        meaning_since=iso(since) or "",
        direction=(row["direction"] or "").replace("_", " "),
        trust_words=_trust(row, log, zone),
        due_words=_due(row, teller),
        description=row["description"],
        notes=row["notes"] or "",
        sql=dedent(row["value_sql"]).strip("\n"),
        sources=source_rows(row["sources"], sources, now),
        scale=Scale(by=figures.by, decimals=figures.decimals, unit=figures.unit),
        history=history_of(past, log, row, figures, now=now, zone=zone),
        in_force=None if lines == (None, None) else rehearsed(connection, metric_id, *lines),
        changes=changes.told(log, figures),
        audits=reviews.audits_of(connection, row),
        hand_counts=reviews.counts_of(connection, row, figures, zone),
    )


def _headline(row: Row, tile: Tile, figures: Figures) -> str:
    """What the value is measured by, as one sentence; for grey the reason."""
    if tile["status"] == "grey":
        return f"{tile['why'][:1].upper()}{tile['why'][1:].removesuffix('.')}."
    value, norm, alert = row["value"], row["norm_value"], row["alert_value"]
    lines = {name: line for name, line in (("norm", norm), ("alert", alert)) if line is not None}
    # Written in its few decimals a value may look like a threshold that it does not reach.
    blurred = any(figures.text(line) == figures.text(value) and line != value for line in lines.values())
    said = figures.exact if blurred else figures.with_unit
    reached, short = ("above", "below") if row["direction"] == "higher_is_worse" else ("below", "above")
    if tile["status"] == "green":
        name = next(iter(lines))
        return f"{said(value)} is {short} the {name} of {said(lines[name])}."
    name = "alert" if tile["status"] == "red" else "norm"
    rest = f" and {short} the alert of {said(alert)}" if name == "norm" and alert is not None else ""
    return f"{said(value)} is at or {reached} the {name} of {said(lines[name])}{rest}."


def _stage(row: Row) -> StageNow:
    stage = stage_of(row, audited=bool(row["audit_present"]))
    return StageNow(number=int(stage), name=stage.name.lower().replace("_", " "), next=_NEXT[stage])


def _fields(row: Row) -> Fields:
    due = row["target_due_date"]
    return Fields(
        owner=row["owner"] or "",
        norm=typed(row["norm_value"]),
        alert=typed(row["alert_value"]),
        basis=row["threshold_basis"] or "",
        target=typed(row["target_value"]),
        due="" if due is None else due.isoformat(),
    )


def _trust(row: Row, log: list[Row], zone: ZoneInfo) -> str:
    def on(instant: datetime) -> str:
        return words.day(instant.astimezone(zone), year=True)

    if row["verification_state"] == "verified":
        signed = changes.verified(log)
        return "Verified." if signed is None else f"Verified by {signed['actor']} on {on(signed['at'])}, on this meaning."
    said = ["Unverified."]
    if row["unsigned_by_meaning"]:
        said.append(f"Its meaning changed on {on(row['unsigned_at'])}, so it asks again.")
    elif (taken := changes.unverified(log)) is not None:
        said.append(f"{taken['actor']} took it back on {on(taken['at'])}.")
    said.append("It has no owner, and verifying needs one." if row["owner"] is None else "The owner has not stood behind it yet.")
    return " ".join(said)


def _due(row: Row, teller: Teller) -> str:
    if row["target_value"] is None:
        return ""
    shown = "For show: it changes no colour."
    day = row["target_due_date"]
    if day is None:
        return shown
    local = datetime(day.year, day.month, day.day, tzinfo=teller.zone)
    return f"{words.day(local, year=True, weekday=True)}, {teller.due(day)}. {shown}"
