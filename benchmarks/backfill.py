"""A backfill against the loop of boxed queries: what the trial of a batch costs, and what it saves.

    .venv/bin/python benchmarks/backfill.py [--quick]

Nine shapes of query, a year of days each, on 1 M rows of payments that lie in no order of time. Two ways in turn, in several
rounds: the loop alone, every period in a query of its own; and the backfill as it is. Prints medians, the ratio of the
backfill to the loop against the limit, for comparison all periods in one bare statement (stopped at twice the loop's time),
and which way the backfill took. Ratios on a noisy machine wobble by some percent, those of the shortest loops by more.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from figures import Figure, figure, main, seconds

from heartbeat_lib import compute, lifecycle
from heartbeat_lib.compute import batches
from heartbeat_lib.marts import MartsError, dialect_for
from heartbeat_lib.model.period import Grain, periods_ended
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import create

LIMIT = 1.10
LEAST_ROUNDS, MOST_ROUNDS = 2, 15
ROWS = 1_000_000
LAST_MONTH = "FROM bench.payments WHERE booked_at >= current_date - 30 AND booked_at <= now()"
SHAPES = {
    "count of a day, by bounds": "SELECT count(*) FROM bench.payments WHERE booked_at >= current_date AND booked_at <= now()",
    "sum of the last 30 days": f"SELECT sum(amount) {LAST_MONTH}",
    "median of the last 30 days": f"SELECT median(amount) {LAST_MONTH}",
    "share by FILTER": f"SELECT 100.0 * count(*) FILTER (WHERE status = 'failed') / nullif(count(*), 0) {LAST_MONTH}",
    "latest by ORDER BY LIMIT 1": "SELECT amount FROM bench.payments WHERE booked_at <= now() ORDER BY booked_at DESC LIMIT 1",
    "join with NOT EXISTS": "SELECT count(*) FROM bench.payments AS p WHERE p.booked_at >= current_date - 30 "
    "AND p.booked_at <= now() AND NOT EXISTS "
    "(SELECT 1 FROM bench.refunds AS r WHERE r.payment_id = p.payment_id AND r.refunded_at <= now())",
    "whole table, date_trunc": "SELECT max(n) FROM (SELECT date_trunc('week', booked_at) AS week, count(*) AS n "
    "FROM bench.payments WHERE booked_at <= now() GROUP BY week)",
    "a day by its date": "SELECT sum(amount) FROM bench.payments WHERE booked_at::date = current_date",
    "time kept as text": "SELECT count(DISTINCT branch) FROM bench.payments WHERE CAST(booked_text[:10] AS DATE) = current_date",
}
FILE = """\
-- {metric_id}: a benchmark.
INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('{metric_id}', '{code}', '{metric_id}', 'day', $value${query}$value$, 'A benchmark.', '{sources}');
"""


def make_marts(file: Path) -> None:
    """Payments over 400 days ending now, in no order, and a refund for every fortieth."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA bench")
        connection.execute(
            """
            CREATE TABLE bench.payments AS
            SELECT i AS payment_id,
                   now()::TIMESTAMPTZ - to_seconds(i * 34560000 // $rows) AS booked_at,
                   ((hash(i) % 100000) / 100)::DECIMAL(18, 2) AS amount,
                   (hash(i, 1) % 200)::INTEGER AS branch,
                   strftime(booked_at, '%Y-%m-%dT%H:%M:%S') AS booked_text,
                   CASE WHEN hash(i, 2) % 50 = 0 THEN 'failed' ELSE 'done' END AS status
            FROM range($rows) AS t(i) ORDER BY hash(i, 3)
            """,
            {"rows": ROWS},
        )
        connection.execute(
            """
            CREATE TABLE bench.refunds AS
            SELECT payment_id, booked_at + INTERVAL 3 DAY AS refunded_at FROM bench.payments WHERE hash(payment_id, 4) % 40 = 0
            """
        )


def case(bench: Workbench, name: str, metric_id: str, *, days: int, per_shape_s: float) -> Figure:
    """One shape of query over so many days."""
    until = datetime.now(UTC)
    first = until - timedelta(days=days)
    ways: list[str] = []

    def backfill() -> None:
        report = compute.backfill(bench, [metric_id], first=first, until=until, replace=True, actor="bench@x.example")
        assert report.failed == 0, report.failures
        ways.append("batch" if report.batched else "loop")

    def loop() -> None:
        least, batches.LEAST = batches.LEAST, sys.maxsize  # no metric has so many periods: nothing is tried
        try:
            backfill()
        finally:
            batches.LEAST = least
            ways.pop()

    pairs: list[tuple[float, float]] = []
    started = time.perf_counter()
    while len(pairs) < LEAST_ROUNDS or (len(pairs) < MOST_ROUNDS and time.perf_counter() - started < per_shape_s):
        if len(pairs) % 2:  # who comes second finds warm caches
            built_s = seconds(backfill)
            pairs.append((seconds(loop), built_s))
        else:
            pairs.append((seconds(loop), seconds(backfill)))
    alone = statistics.median(alone for alone, _ in pairs)

    zone = bench.workspace.zone
    instants = [period.last_instant for period in periods_ended(Grain.DAY, first=first, until=until, zone=zone)]
    text = parse_value_sql(SHAPES[name], dialect_for(bench.workspace.marts_url)).pinned_to_each(instants, zone)
    try:
        bare = f"one bare statement {bench.marts.numbers(text, timeout_s=2 * alone).elapsed_s:.2f} s"
    except MartsError as error:
        bare = f"one bare statement: {error.reason}"
    way = "/".join(sorted(set(ways)))
    return figure(f"{name}, {days} days", pairs, limit=LIMIT, remark=f"by {way}; {bare}")


def measure(quick: bool) -> Iterator[Figure]:
    """A year of days (120 with `quick`) of every shape; eight minutes, or two."""
    days, per_shape_s = (120, 5.0) if quick else (365, 30.0)
    with tempfile.TemporaryDirectory() as folder:
        workspace = create(Path(folder) / "bench", operator="bench@x.example", zone="Europe/Berlin")
        assert workspace.marts_file is not None
        make_marts(workspace.marts_file)
        for number, query in enumerate(SHAPES.values()):
            sources = "bench.payments, bench.refunds" if "bench.refunds" in query else "bench.payments"
            text = FILE.format(metric_id=f"shape_{number}", code=f"B{number:03d}", query=query, sources=sources)
            (workspace.metrics / f"shape_{number}.sql").write_text(text, "utf-8")
        try:
            with Workbench(workspace) as bench:
                lifecycle.deploy(bench)  # which computes today's values, so the workers are warm
                for number, name in enumerate(SHAPES):
                    yield case(bench, name, f"shape_{number}", days=days, per_shape_s=per_shape_s)
        finally:
            EmbeddedServer(workspace.state).stop()


if __name__ == "__main__":
    main(measure, __doc__)
