"""The validate notebook: on the demo of a fixed day, by papermill as the command runs it and by nbval as CI does."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import nbformat
import papermill
import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench

pytestmark = pytest.mark.slow  # processes, kernels and browsers

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "validate" / "metric_validate.ipynb"
METRICS = ("chargeback_rate", "payment_volume")
ENDING = date(2026, 10, 31)
AS_OF = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)


@pytest.fixture
def demo(whole_workspace):
    """The demo bank of a fixed day, with two of its metrics."""
    (whole_workspace.root / "pipelines").mkdir()
    for name in METRICS:
        (whole_workspace.metrics / f"{name}.sql").write_bytes((ROOT / "db" / "metrics" / f"{name}.sql").read_bytes())
    with Workbench(whole_workspace) as bench:
        lifecycle.load_demo(bench, ending=ENDING)
        lifecycle.deploy(bench)
    return whole_workspace


def nbval(notebook, workspace, *words):
    """`pytest --nbval` on a notebook."""
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-current-env", *words, str(notebook)]
    environment = os.environ | {"HEARTBEAT_WORKSPACE": str(workspace.root)}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, check=False)


def shown(notebook):
    """What the cells show, as Jupyter would."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(str(output.get("data", output.get("text", ""))) for output in outputs)


@pytest.mark.parametrize("metric_id", METRICS)
def test_the_notebook_shows_the_same_every_time(demo, tmp_path, metric_id):
    """Run once by papermill, then cell for cell by nbval against what that run showed; only the report's name may differ."""
    record = tmp_path / "metric_validate.ipynb"
    words = {"metric_id": metric_id, "as_of": AS_OF.isoformat(), "audit_date": "2026-10-31", "workspace": str(demo.root)}
    papermill.execute_notebook(NOTEBOOK, record, parameters=words, progress_bar=False, cwd=tmp_path)
    text = shown(nbformat.read(record, as_version=4))
    assert "text/html" in text
    assert "could not be examined:" not in text
    done = nbval(record, demo, "--nbval")
    assert done.returncode == 0, done.stdout + done.stderr
    with Workbench(demo) as bench, bench.store.connect(Role.READER) as connection:
        rows = connection.execute("SELECT report, run_id, notebook FROM heartbeat.metric_audit ORDER BY audit_id").fetchall()
    stem = f"reports/metric-audits/2026-10-31-{metric_id}"
    assert rows == [(f"{stem}.md", None, None), (f"{stem}-2.md", None, None)]
    assert (demo.root / rows[0][0]).read_text("utf-8") == (demo.root / rows[1][0]).read_text("utf-8").replace(
        f"{metric_id}-2-", f"{metric_id}-"
    )


def test_the_notebook_knows_every_parameter_of_an_audit():
    """Papermill only warns of one that it does not know."""
    known = set(papermill.inspect_notebook(NOTEBOOK))
    assert known == {
        "metric_id", "audit_date", "as_of", "hand_count", "rebuild_sql", "auditor", "workspace", "notebook", "run_id",
    }  # fmt: skip
