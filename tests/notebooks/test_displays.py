"""The page about notebooks, typed into a real kernel."""

from __future__ import annotations

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

PAGE = Path(__file__).parents[2] / "docs" / "notebooks.md"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def shop(whole_workspace):
    """A workspace with `late_share`, whose name is markup, computed once."""
    change_marts(whole_workspace, "CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT 7 AS x")
    text = metric_text("late_share", "SELECT sum(x) FROM shop.parcels", name=HOSTILE, norm=5, alert=9)
    (whole_workspace.metrics / "late_share.sql").write_text(text, "utf-8")
    with Workbench(whole_workspace) as bench:
        lifecycle.deploy(bench)
    return whole_workspace


def test_the_page_about_notebooks_runs_as_it_stands_and_shows_pictures(shop):
    """Jupyter asks for HTML and gets it, with a text for those that cannot show it; a hostile name is text there."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    cells = [nbformat.v4.new_code_cell(cell) for cell in code.strip().split("\n\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(shop.root)}}).execute()
    metric, history, plan = (cell.outputs[0].data for cell in cells[-3:])
    for shown in (metric, history, plan):
        assert {"text/html", "text/plain"} <= set(shown)
        assert "<img" not in shown["text/html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in metric["text/html"]
    assert "▲</span> Amber" in metric["text/html"]
    assert "<svg" in metric["text/html"]
    assert metric["text/plain"] == f"LATE {HOSTILE}: 7, amber; unverified, no owner"
    assert "<svg" in history["text/html"]
    assert "<table" in history["text/html"]
    assert history["text/plain"].startswith("late_share: 1 period, the last ")
    assert ">= unchanged<" in plan["text/html"]
