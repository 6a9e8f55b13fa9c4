"""A profile of one large table against a bare SUMMARIZE of it, and the catalogue of 300 tables against counting and dating them.

    .venv/bin/python benchmarks/probe.py [--quick]

Bare is a plain DuckDB connection with all cores. The profile (10 M rows of seven columns; quick: 1 M) is all of it: nulls,
different values, ranges, the most frequent values, keys counted exactly, rows by day. The catalogue is held to its seconds, not
to the bare way, which is one count and one newest value per table in a single statement: books of the loader, days and pauses
come on top. Both in turn with warm workers, several rounds; medians and their ratio against the limit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
from figures import Figure, figure, main, seconds

from heartbeat_lib.discovery.probe import catalogue
from heartbeat_lib.discovery.profile import profile
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import create

LIMIT = 2.0
CATALOGUE_S = 10.0
"""What the catalogue of 300 tables may take, on a busy machine too."""
TABLES = 300
ROUNDS = 5
PAYMENTS = """
CREATE TABLE bench.payments AS
SELECT i AS payment_id,
       now()::TIMESTAMPTZ - to_seconds(i * 17280000 // $rows) AS booked_at,
       (hash(i) % 100000)::DECIMAL(18, 2) / 100 AS amount,
       (hash(i, 1) % 200)::INTEGER AS branch,
       CASE WHEN hash(i, 2) % 50 = 0 THEN 'failed' ELSE 'done' END AS status,
       CASE WHEN hash(i, 3) % 10 > 0 THEN 'customer ' || hash(i, 4) % 500000 END AS customer,
       current_date - (i * 200 // $rows)::INTEGER + (hash(i, 5) % 3)::INTEGER AS due_on
FROM range($rows) AS t(i)
"""


def fill(file: Path, rows: int) -> None:
    """One large table, and 300 of up to 20,000 rows with the loader's columns and books."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA bench")
        connection.execute(PAYMENTS, {"rows": rows})
        connection.execute("CREATE SCHEMA many")
        connection.execute("CREATE TABLE many._dlt_loads AS SELECT 'load' AS load_id, 0 AS status, now() AS inserted_at")
        for number in range(TABLES):
            connection.execute(
                f"CREATE TABLE many.table_{number:03d} AS SELECT i AS id, now() - to_minutes(i * 15) AS seen_at, i % 7 AS kind, "  # noqa: S608
                f"'load' AS _dlt_load_id FROM range({number * 7919 % 20_000 + 1}) AS t(i)"
            )


def case(rows: int, rounds: int) -> Iterator[Figure]:
    """The profile of so many rows, and the catalogue of all."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-bench-") as folder:
        workspace = create(Path(folder) / "workspace", operator="bench@x.example", zone="Europe/Berlin")
        assert workspace.marts_file is not None
        workspace.marts_file.parent.mkdir(parents=True, exist_ok=True)
        fill(workspace.marts_file, rows)
        counts = " UNION ALL ".join(f"SELECT count(*), max(seen_at) FROM many.table_{n:03d}" for n in range(TABLES))  # noqa: S608
        try:
            with Workbench(workspace) as bench, duckdb.connect(str(workspace.marts_file), read_only=True) as plain:
                plain.execute("SET enable_progress_bar = false")
                plain.execute("SET GLOBAL TimeZone = 'Europe/Berlin'")

                def summarize() -> None:
                    plain.execute("SUMMARIZE bench.payments").fetchall()

                def profiled() -> None:
                    found = profile(bench, "bench.payments")
                    assert (found.rows, found.keys) == (rows, (("payment_id",),))

                def counted() -> None:
                    assert len(plain.execute(counts).fetchall()) == TABLES

                def catalogued() -> None:
                    assert len(catalogue(bench, "many")) == TABLES

                summarize()
                profiled()
                pairs = [(seconds(summarize), seconds(profiled)) for _ in range(rounds)]
                yield figure(f"profile, {rows:,} rows", pairs, limit=LIMIT, remark="bare: SUMMARIZE")
                counted()
                first = seconds(catalogued)
                pairs = [(seconds(counted), seconds(catalogued)) for _ in range(rounds)]
                slowest = max(ours for _, ours in pairs)
                kept = "kept" if max(first, slowest) <= CATALOGUE_S else "MISSED"
                remark = f"first {first:.2f} s, slowest {slowest:.2f} s; limit {CATALOGUE_S:g} s {kept}"
                # The limit is in seconds: as a ratio, it is that many times the median bare way.
                bare = sorted(each for each, _ in pairs)[len(pairs) // 2]
                yield figure(f"catalogue, {TABLES} tables", pairs, limit=CATALOGUE_S / bare, remark=remark)
        finally:
            EmbeddedServer(workspace.state).stop()


def measure(quick: bool) -> Iterator[Figure]:
    """10 M rows; quick: 1 M."""
    yield from case(1_000_000 if quick else 10_000_000, 3 if quick else ROUNDS)


if __name__ == "__main__":
    main(measure, __doc__)
