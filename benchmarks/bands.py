"""All bands against the bare aggregate: what choosing windows and meanings, and writing, costs.

    .venv/bin/python benchmarks/bands.py [--quick]

For 1,000 and 10,000 metrics of 90 settled days each, written day by day as ticks do: mean and sample deviation of the same
settled rows grouped by metric (read only, one known window for all), and the whole statement that renews every band, in turn,
several rounds, on the embedded PostgreSQL. Prints medians and their ratio against the limit; ratios on a noisy machine wobble
by some percent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from figures import Figure, figure, main, seconds

from heartbeat_lib.benchmark import refresh_benchmarks
from heartbeat_lib.store import Role, Store
from heartbeat_lib.store.embedded import EmbeddedServer

LIMIT = 2.5
ROUNDS = 15
ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 17, tzinfo=UTC)
APPLY = "SELECT heartbeat.apply_registry(%s::jsonb, NULL, 'bench@x.example', NULL, NULL, NULL, 0, false) ->> 'refusals'"
FILL = """
INSERT INTO heartbeat.metric_history
    (metric_id, period, period_start, value, status, computed_at, attempted_at, settled, origin, definition_hash)
SELECT living.metric_id, 'day', day AT TIME ZONE 'Europe/Berlin', (1000 + 100 * random())::numeric(10, 2), 'green', now(), now(),
       day < timestamp '2026-11-24', 'tick', living.definition_hash
FROM generate_series(timestamp '2026-08-26', timestamp '2026-11-24', interval '1 day') AS day, heartbeat.metric_registry AS living
ORDER BY day, living.metric_id
"""
BARE = """
SELECT metric_id, avg(value), stddev_samp(value)
FROM heartbeat.metric_history
WHERE settled AND period_start >= timestamp '2026-10-25' AT TIME ZONE 'Europe/Berlin'
  AND period_start < timestamp '2026-11-24' AT TIME ZONE 'Europe/Berlin'
GROUP BY metric_id
"""


def fill(store: Store, metrics: int) -> None:
    """Deploy so many metrics through the door, and write 90 settled days and a running one for each."""
    rows = [
        {
            "metric_id": f"metric_{number:05d}",
            "name": "A benchmark",
            "period": "day",
            "value_sql": "SELECT 1",
            "description": "A benchmark.",
            "sources": ["bench.payments"],
            "dialect": "duckdb",
            "definition_hash": f"hash of metric_{number:05d}, as long as they are in real life",
            "hash_version": "none",
        }
        for number in range(metrics)
    ]
    with store.connect(Role.DEPLOY) as connection:
        ((refusals,),) = connection.execute(APPLY, [json.dumps(rows)]).fetchall()
        assert refusals == "[]", refusals
    with store.connect(Role.COMPUTE) as connection:
        connection.execute(FILL)
    vacuum(store)


def vacuum(store: Store) -> None:
    """As autovacuum does after so many rows."""
    with store.connect_migrating(autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def case(metrics: int, rounds: int) -> Figure:
    """So many metrics of 90 days."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder) / ".heartbeat")
        try:
            store = Store.open(state_dir=server.state_dir)
            fill(store, metrics)
            with store.connect(Role.COMPUTE) as connection:

                def bare() -> None:
                    assert len(connection.execute(BARE).fetchall()) == metrics
                    connection.commit()

                def bands() -> None:
                    found = refresh_benchmarks(connection, zone=ZONE, now=NOW)
                    connection.commit()
                    assert (found.metrics, found.shown) == (metrics, metrics)

                first = seconds(bands)
                vacuum(store)
                bare()
                pairs = [(seconds(bare), seconds(bands)) for _ in range(rounds)]
        finally:
            server.stop()
    return figure(f"{metrics:,} metrics, {metrics * 90:,} rows", pairs, limit=LIMIT, remark=f"first run {first:.2f} s")


def measure(quick: bool) -> Iterator[Figure]:
    """1,000 and 10,000 metrics."""
    for metrics in (1_000, 10_000):
        yield case(metrics, 5 if quick else ROUNDS)


if __name__ == "__main__":
    main(measure, __doc__)
