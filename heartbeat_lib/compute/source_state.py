"""What ticks know of each source: the last load that brought rows, its usual rhythm, failed loads since, the promise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from heartbeat_lib.compute.freshness import Freshness
from heartbeat_lib.store import load_sql


def note_sources(
    connection: psycopg.Connection[Any],
    freshness: Freshness,
    loads: Mapping[str, str | None],
    *,
    seen_at: datetime,
) -> None:
    """Keep what this tick saw, one row per source schema.

    Parameters
    ----------
    loads
        Schema -> why its load failed, None where it worked; the sources that this tick loaded.
    """
    schemas = {**freshness.loaded, **dict.fromkeys(freshness.promises), **dict.fromkeys(loads)}
    sources = [
        {
            "source_schema": schema,
            "loaded": loaded.isoformat() if (loaded := freshness.loaded.get(schema)) else None,
            "attempt": None if schema not in loads else "failed" if loads[schema] else "worked",
            "error": loads.get(schema),
            "max_age_s": promise.total_seconds() if (promise := freshness.promises.get(schema)) else None,
        }
        for schema in sorted(schemas)
    ]
    if sources:
        values = {"sources": json.dumps(sources), "seen_at": seen_at}
        connection.execute(load_sql(__package__ or "", "note_sources"), values)
