"""The operate notebooks: run by papermill as a scheduler would, and by nbval as CI does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from heartbeat_lib import lifecycle, reading
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "operate" / "refresh.ipynb"
BENCHMARKS = NOTEBOOK.with_name("benchmarks.ipynb")


@pytest.fixture
def deployed(whole_workspace):
    """Two metrics, of which one will fail."""
    change_marts(
        whole_workspace,
        "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 7 AS x; CREATE TABLE shop.broken AS SELECT 1 AS x",
    )
    for metric_id in ("orders", "broken"):
        text = metric_text(metric_id, f"SELECT sum(x) FROM shop.{metric_id}")
        (whole_workspace.metrics / f"{metric_id}.sql").write_text(text, "utf-8")
    with Workbench(whole_workspace) as bench:
        lifecycle.deploy(bench)
        change_marts(whole_workspace, "DROP TABLE shop.broken")
        yield bench


def text_of(notebook):
    """All that the executed notebook shows."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(str(output.get("data", output.get("text", ""))) for output in outputs)


def test_papermill_keeps_a_record_of_what_ran_what_failed_and_why(deployed, tmp_path):
    """The executed notebook is the run's record."""
    record = tmp_path / "refresh.ipynb"
    papermill.execute_notebook(
        NOTEBOOK, record, parameters={"workspace": str(deployed.workspace.root)}, progress_bar=False, cwd=tmp_path
    )
    shown = text_of(nbformat.read(record, as_version=4))
    assert "broken does not exist" in shown
    assert "query_failed" in shown
    assert "orders" in shown
    run = reading.runs(deployed)[0]
    assert (run["kind"], run["outcome"], run["detail"]["failed"]) == ("tick", "ok", 1)


def test_nbval_runs_every_cell(deployed):
    """The notebook in git works as it stands."""
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env", str(NOTEBOOK)]
    done = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"HEARTBEAT_WORKSPACE": str(deployed.workspace.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_the_benchmark_notebook_keeps_a_record_of_what_is_normal(deployed, tmp_path):
    """Under the instant that it was due, and with the place where it is kept."""
    record = tmp_path / "benchmarks.ipynb"
    words = {
        "workspace": str(deployed.workspace.root),
        "due": "2026-11-24T04:23:00+01:00",
        "notebook": ".heartbeat/runs/benchmarks.ipynb",
    }
    papermill.execute_notebook(BENCHMARKS, record, parameters=words, progress_bar=False, cwd=tmp_path)
    shown = text_of(nbformat.read(record, as_version=4))
    assert "orders" in shown
    assert "deviation" in shown
    run = reading.runs(deployed)[0]
    assert (run["kind"], run["outcome"], run["due"].isoformat()) == ("benchmarks", "ok", "2026-11-24T03:23:00+00:00")
    assert run["notebook"] == ".heartbeat/runs/benchmarks.ipynb"
    assert run["detail"] == {"bands": 2, "shown": 0}
