"""An audit against papermill on an empty notebook that imports the same libraries, and ten in a batch against ten single runs.

    .venv/bin/python benchmarks/audit.py [--quick]

Everything is a process of its own, as people start it: `papermill empty.ipynb`, `heartbeat audit ID`, `heartbeat audit ID ID`,
in turn, several rounds. Medians and their ratio against the limit; the store runs already, for it outlives commands.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from figures import Figure, figure, main, seconds
from refresh import FILE, make_marts

from heartbeat_lib import lifecycle
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import create

SINGLE, BATCH = 1.3, 0.6
ROUNDS = 5
QUERY = "SELECT sum(amount) FROM bench.payments WHERE booked_at >= current_date - 7 AND booked_at <= now() AND branch = {n}"
IMPORTS = "from heartbeat_lib.audit.layers import ready\nready()"
BIN = Path(sys.executable).parent


def measure(quick: bool) -> Iterator[Figure]:
    """One audit, then ten."""
    rounds = 2 if quick else ROUNDS
    with tempfile.TemporaryDirectory(prefix="heartbeat-bench-") as folder:
        workspace = create(Path(folder) / "workspace", operator="bench@x.example", zone="Europe/Berlin")
        assert workspace.marts_file is not None
        make_marts(workspace.marts_file, 100_000)
        ids = [f"audited_{n}" for n in range(10)]
        for n, metric_id in enumerate(ids):
            text = FILE.format(metric_id=metric_id, code=f"AU{n:02d}", query=QUERY.format(n=n))
            (workspace.metrics / f"{metric_id}.sql").write_text(text, "utf-8")
        with Workbench(workspace) as bench:
            lifecycle.deploy(bench)
        empty = Path(folder) / "empty.ipynb"
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IMPORTS)], metadata=kernel), empty)
        bare = [str(BIN / "papermill"), str(empty), str(empty.with_suffix(".out.ipynb")), "--no-progress-bar"]
        heartbeat = [str(BIN / "heartbeat"), "--workspace", str(workspace.root), "audit"]

        def run(*words: str) -> None:
            subprocess.run(words, check=True, capture_output=True)

        try:
            run(*heartbeat, ids[0])
            pairs = [(seconds(lambda: run(*bare)), seconds(lambda: run(*heartbeat, ids[0]))) for _ in range(rounds)]
            yield figure("one audit", pairs, limit=SINGLE, remark="bare: papermill on an empty notebook")
            singly = [lambda metric_id=metric_id: run(*heartbeat, metric_id) for metric_id in ids]
            rounds = max(1, rounds // 2)
            pairs = [(sum(map(seconds, singly)), seconds(lambda: run(*heartbeat, *ids))) for _ in range(rounds)]
            yield figure("ten in a batch", pairs, limit=BATCH, remark="bare: ten single audits")
        finally:
            EmbeddedServer(workspace.state).stop()


if __name__ == "__main__":
    main(measure, __doc__)
