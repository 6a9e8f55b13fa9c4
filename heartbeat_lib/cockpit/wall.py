"""The cockpit's first look: the header and every living metric's tile, in the order in which they want attention.

The tiles are one statement, whatever their number; the connection is the caller's and is in no transaction afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from heartbeat_lib import review
from heartbeat_lib.cockpit.shapes import ClockNow, Header, Tile
from heartbeat_lib.cockpit.sources import Sources, iso, oldest, schemas_of
from heartbeat_lib.cockpit.tile import PERIODS, Teller
from heartbeat_lib.model.cron import Cron
from heartbeat_lib.model.words import schedule
from heartbeat_lib.reading.rows import Row, fetch
from heartbeat_lib.store import load_sql
from heartbeat_lib.workbench import Workbench

_ATTENTION = {"red": 0, "amber": 1, "grey": 2, "green": 3}
_NEVER = "9"
"""Sorts after every instant."""


def read_wall(
    connection: psycopg.Connection[Any], workbench: Workbench, *, now: datetime, you: str | None = None
) -> tuple[Header, list[Tile]]:
    """The header, and the tiles in order: red, amber, grey, green; verified first; longest in this status first; by code.

    Parameters
    ----------
    connection
        As anybody who may read; it stays open.
    now
        Aware; ages, due dates and the clock are told as of this instant.
    you
        The proved identity of who looks, None where nothing proves one.

    Raises
    ------
    StoreError
        The database does not answer.
    """
    clock = _clock(connection, workbench)
    sources = read_sources(connection)
    rows = read_rows(connection)
    teller = Teller(workbench, sources, now)
    tiles = sorted((teller.tile(row) for row in rows), key=_place)
    settings = workbench.workspace.settings
    header = Header(
        title=settings.cockpit.title or workbench.workspace.root.name,
        zone=str(workbench.workspace.zone),
        at=now.isoformat(),
        you=you,
        operator=settings.operator,
        owner_signs=settings.require_owner_signature,
        clock=clock,
        oldest=oldest(_all_schemas(rows), sources, now),
        waiting=len(review.waiting(workbench, now, connection=connection)),
    )
    return header, tiles


def read_rows(connection: psycopg.Connection[Any], metric_id: str | None = None) -> list[Row]:
    """Rows of `sql/wall.sql`: of all living metrics, or of one (none where it is not alive)."""
    return fetch(connection, load_sql(__package__ or "", "wall"), metric_id=metric_id, periods=PERIODS)


def read_sources(connection: psycopg.Connection[Any]) -> Sources:
    """What ticks know of each source, by schema."""
    return {row["schema"]: row for row in fetch(connection, load_sql(__package__ or "", "sources"))}


def _clock(connection: psycopg.Connection[Any], workbench: Workbench) -> ClockNow:
    """The clock, with the instant from which on two ticks are missing: the second due time after the last finished one."""
    (row,) = fetch(connection, load_sql("heartbeat_lib.reading", "clock"))
    crontab = workbench.workspace.settings.schedule.tick
    cron = Cron(crontab, workbench.workspace.zone)
    last: datetime | None = row["last_due"]
    first = None if last is None else cron.next(last)
    late = None if first is None else cron.next(first)
    return ClockNow(
        last=iso(last),
        late_at=iso(late),
        rhythm=schedule(crontab),
        running=row["running"],
    )


def _all_schemas(rows: Sequence[Row]) -> list[str]:
    """Schemas that some living metric reads; a source that nobody reads ages unnoticed."""
    return list(dict.fromkeys(schema for row in rows for schema in schemas_of(row["sources"])))


def _place(tile: Tile) -> tuple[int, bool, str, str]:
    return _ATTENTION[tile["status"]], tile["state"] != "verified", tile["since"] or _NEVER, tile["code"]
