"""Every figure of every benchmark in one table: writes docs/performance.md. Twenty minutes on two quiet cores.

    .venv/bin/python benchmarks/table.py [--quick]

With `--quick` the table is printed and nothing is written.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import audit
import backfill
import bands
import cockpit
import patch
import probe
import refresh
from figures import Figure, Measure, shown

TABLE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BENCHMARKS: dict[str, tuple[Measure, str]] = {
    "refresh.py": (refresh.measure, "a tick against its bare queries"),
    "backfill.py": (backfill.measure, "a backfill against the loop of boxed queries"),
    "bands.py": (bands.measure, "all typical bands against the bare aggregate"),
    "audit.py": (audit.measure, "an audit against papermill on an empty notebook, a batch against single audits"),
    "patch.py": (patch.measure, "people's door against the bare UPDATE behind it"),
    "probe.py": (probe.measure, "a profile against a bare SUMMARIZE, the catalogue of 300 tables against their counts"),
    "cockpit.py": (cockpit.measure, "the cockpit in a browser against a bare page of the same wall"),
}
HEAD = """\
# Performance

Made by `.venv/bin/python benchmarks/table.py` on {day}, Python {python}, {cores} cores. Each line compares a bare way with
Heartbeat's in the same run, in turn; medians of several rounds. `.venv/bin/python benchmarks/refresh.py` runs a single one; each
says at its top what it measures, and exits 1 where a limit is missed.

| benchmark | case | bare s | ours s | ratio | limit | remark |
|---|---|---:|---:|---:|---|---|
"""


def row(name: str, one: Figure) -> str:
    """One line of the table."""
    numbers = f"{one.bare_s:.3f} | {one.ours_s:.3f} | {one.ratio:.2f} | {one.verdict}"
    return f"| `{name}` | {one.case} | {numbers} | {one.remark or '-'} |\n"


def main() -> int:
    """Measure everything; exit 1 where a limit is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a quick look; writes nothing")
    quick = options.parse_args().quick
    rows: list[str] = []
    missed = False
    for name, (measure, what) in BENCHMARKS.items():
        print(f"\n{name}: {what}")
        for one in shown(measure(quick)):
            rows.append(row(name, one))
            missed |= one.limit is not None and one.ratio > one.limit
    if not quick:
        head = HEAD.format(day=f"{datetime.now(UTC):%Y-%m-%d}", python=platform.python_version(), cores=os.cpu_count())
        TABLE.write_text(head + "".join(rows), "utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
