"""A tick against the bare queries: what the box, the ledger and the history cost.

    .venv/bin/python benchmarks/refresh.py [--quick]

For 20 and 200 metrics on 1 M rows and 200 on 10 M: the same pinned queries one after another on a plain DuckDB connection
with all cores, and a whole tick (boxed workers, observations, history, run) with warm workers, in turn, several rounds.
Prints medians and their ratio against the limit; the start-up of the first tick is told apart. Ratios on a noisy machine
wobble by some percent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from figures import Figure, figure, main, seconds

from heartbeat_lib import lifecycle
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import create

LIMIT = 1.15
ROUNDS = 7
SHAPES = [
    "SELECT count(*) FROM bench.payments WHERE booked_at >= current_date AND booked_at <= now() AND branch = {n}",
    "SELECT sum(amount) FROM bench.payments WHERE booked_at >= current_date - {n} AND booked_at <= now()",
    "SELECT median(amount) FROM bench.payments WHERE booked_at >= current_date - 7 AND booked_at <= now() AND branch = {n}",
    "SELECT 100.0 * count(*) FILTER (WHERE status = 'failed') / nullif(count(*), 0) FROM bench.payments "
    "WHERE booked_at >= current_date - 30 AND booked_at <= now() AND branch = {n}",
    "SELECT date_diff('day', max(booked_at)::date, current_date) FROM bench.payments WHERE branch = {n} AND booked_at <= now()",
]
FILE = """\
-- {metric_id}: a benchmark.
INSERT INTO heartbeat.metric_registry
    (metric_id, code, name, period, value_sql, description, sources, norm_value, alert_value)
VALUES ('{metric_id}', '{code}', '{metric_id}', 'day', $value${query}$value$, 'A benchmark.', 'bench.payments', 1e9, 2e9);
"""


def make_marts(file: Path, rows: int) -> None:
    """A table of payments over 200 days ending now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA bench")
        connection.execute(
            """
            CREATE TABLE bench.payments AS
            SELECT now()::TIMESTAMPTZ - to_seconds(i * 17280000 // $rows) AS booked_at,
                   (hash(i) % 100000)::DECIMAL(18, 2) / 100 AS amount,
                   (hash(i, 1) % 200)::INTEGER AS branch,
                   CASE WHEN hash(i, 2) % 50 = 0 THEN 'failed' ELSE 'done' END AS status
            FROM range($rows) AS t(i)
            """,
            {"rows": rows},
        )


def case(metrics: int, rows: int, rounds: int) -> Figure:
    """So many metrics on so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = create(Path(folder) / "bench", operator="bench@x.example", zone="Europe/Berlin")
        assert workspace.marts_file is not None
        make_marts(workspace.marts_file, rows)
        queries: list[str] = []
        for number in range(metrics):
            queries.append(SHAPES[number % len(SHAPES)].format(n=number % 180 + 1))
            text = FILE.format(metric_id=f"metric_{number:03d}", code=f"B{number:03d}", query=queries[-1])
            (workspace.metrics / f"metric_{number:03d}.sql").write_text(text, "utf-8")
        try:
            with Workbench(workspace) as bench:
                lifecycle.deploy(bench)
            with Workbench(workspace) as bench:
                first = seconds(lambda: lifecycle.tick(bench))
                dialect = dialect_for(workspace.marts_url)

                def bare() -> None:
                    as_of = datetime.now(UTC)
                    for query in queries:
                        plain.execute(parse_value_sql(query, dialect).pinned(as_of, workspace.zone)).fetchall()

                with duckdb.connect(str(workspace.marts_file), read_only=True) as plain:
                    plain.execute("SET GLOBAL TimeZone = 'Europe/Berlin'")
                    bare()
                    pairs = [(seconds(bare), seconds(lambda: lifecycle.tick(bench))) for _ in range(rounds)]
        finally:
            EmbeddedServer(workspace.state).stop()
    limit = LIMIT if metrics >= 200 else None
    return figure(f"{metrics} metrics, {rows:,} rows", pairs, limit=limit, remark=f"first tick {first:.2f} s")


def measure(quick: bool) -> Iterator[Figure]:
    """20 and 200 metrics on 1 M rows, and 200 on 10 M."""
    for metrics, rows in [(20, 1_000_000), (200, 1_000_000)] + ([] if quick else [(200, 10_000_000)]):
        yield case(metrics, rows, 3 if quick else ROUNDS)


if __name__ == "__main__":
    main(measure, __doc__)
