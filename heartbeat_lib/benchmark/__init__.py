"""Stage 4, benchmark: what is normal for every metric, from its own history. It informs and never judges.

A band is mean and sample deviation of the settled values before the period on show, so a spike cannot hide inside its own
band. Settled rows of the present meaning and grain count: 30 days back for hours and days, 26 weeks for weeks, 24 periods for
longer ones. Fewer than 7 values make no band. All metrics are one statement; no threshold and no status is within its reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from heartbeat_lib.store import load_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """How many metrics were looked at, and how many of them have the 7 values that a shown band takes."""

    metrics: int
    shown: int


def refresh_benchmarks(connection: psycopg.Connection[Any], *, zone: ZoneInfo, now: datetime) -> Bands:
    """Make every band anew; bands of metrics that are gone, or say `benchmark_kind = 'none'`, are removed.

    Parameters
    ----------
    connection
        Of the role compute, inside the transaction that ends the run; committed by whoever opened it.
    zone
        The workspace's: windows are cut on its wall clock.
    now
        This moment, aware. The window of a metric that shows nothing yet ends here.

    Raises
    ------
    psycopg.Error
        The store refused; nothing of it is written.
    """
    values = {"zone": zone.key, "now": now}
    ((metrics, shown),) = connection.execute(load_sql(__name__, "refresh"), values).fetchall()
    return Bands(metrics=metrics, shown=shown)
