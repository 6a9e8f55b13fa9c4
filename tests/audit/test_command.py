"""`heartbeat audit` as people type it: one, several, a broken one, and a kernel that dies."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest

from tests.cli.command_line import METRIC, CommandLine

pytestmark = pytest.mark.slow  # processes, kernels and browsers

LAYERS = ["methodology", "source", "rebuild", "history", "action"]
TEMPLATE = Path(__file__).parents[2] / "notebooks" / "validate" / "metric_validate.ipynb"


@pytest.fixture(scope="module")
def shop():
    """A workspace with two metrics of which one's table is gone; not in a folder of pytest's, see tests/cli."""
    root = Path(tempfile.mkdtemp(prefix="heartbeat-test-")) / "shop"
    CommandLine(root.parent)("init", str(root), "--operator", "ann@x.example")
    exports = root / "exports"
    exports.mkdir()
    (exports / "parcels.csv").write_text(
        "id,promised_on,delivered_on\n1,2026-01-01,2026-01-03\n2,2026-01-01,2026-01-01\n", "utf-8"
    )
    (exports / "gone.csv").write_text("id\n1\n", "utf-8")
    run = CommandLine(root)
    run("load", "shop", "exports")
    metrics = root / "db" / "metrics"
    (metrics / "parcels_late.sql").write_text(METRIC, "utf-8")
    gone = METRIC.replace("parcels_late", "rows_gone").replace("LATE", "GONE")
    gone = gone.replace("shop.parcels", "shop.gone").replace(
        " WHERE promised_on <= current_date AND delivered_on > promised_on", ""
    )
    (metrics / "rows_gone.sql").write_text(gone, "utf-8")
    run("deploy")
    (exports / "gone.csv").unlink()
    run("load", "shop", "exports")
    yield run
    run("stop")
    shutil.rmtree(root.parent)


@pytest.fixture
def own_notebook(shop):
    """Writes a notebook of the workspace's own in which one cell says something else; it is gone afterwards."""
    path = shop.root / "notebooks" / "validate" / "metric_validate.ipynb"

    def write(instead):
        notebook = nbformat.read(TEMPLATE, as_version=4)
        for cell in notebook.cells:
            if cell.source.startswith("source = layers.source"):
                cell.source = instead
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    yield write
    shutil.rmtree(shop.root / "notebooks", ignore_errors=True)


def audits(shop):
    """Its audit runs, newest first."""
    return [run for run in shop.json("runs") if run["kind"] == "audit"]


def test_one_metric_gives_one_object_and_exit_code_nought(shop):
    """Also where the verdict is bad: a count of another number makes it fail."""
    found = shop.json("audit", "parcels_late", "--hand-count", "7")
    assert list(found) == ["metric_id", "audit_date", "report", "verdict", "layers"]
    assert [layer["name"] for layer in found["layers"]] == LAYERS
    assert all(set(layer) == {"name", "verdict", "why"} for layer in found["layers"])
    assert (found["metric_id"], found["verdict"]) == ("parcels_late", "fails")
    assert "7 parcels" in found["layers"][2]["why"]
    report = (shop.root / found["report"]).read_text("utf-8")
    assert "# LATE Late parcels: something is wrong" in report
    run = audits(shop)[0]
    assert (run["outcome"], run["detail"]["verdict"], run["detail"]["report"]) == ("ok", "fails", found["report"])
    assert run["notebook"] in report
    record = nbformat.read(shop.root / run["notebook"], as_version=4)
    assert all(cell.execution_count for cell in record.cells if cell.cell_type == "code")


def test_another_road_may_be_given_as_text_or_as_a_file(shop):
    """The same SQL in a file and on the line lead to the same verdict."""
    road = "SELECT count(*) FILTER (WHERE date_diff('day', promised_on, delivered_on) >= 1) FROM shop.parcels"
    (shop.root / "road.sql").write_text(road, "utf-8")
    for given in (road, "@road.sql"):
        found = shop.json("audit", "parcels_late", "--rebuild-sql", given)
        assert found["layers"][2]["verdict"] == "holds", found["layers"][2]


def test_what_could_not_be_examined_is_reported_and_exits_1(shop):
    """A table that is gone: the report is there, says so, and nothing claims a pass."""
    found = json.loads(shop("audit", "rows_gone", "--json", exit_code=1).stdout)
    assert found["verdict"] in ("doubtful", "fails")
    report = (shop.root / found["report"]).read_text("utf-8")
    assert "gone" in report
    assert "not examined" in report
    assert audits(shop)[0]["outcome"] == "failed"


def test_a_batch_goes_on_after_a_broken_metric_and_prints_an_array(shop):
    """Progress on stderr, one object per metric in the order of the ids."""
    found = json.loads(shop("audit", "rows_gone", "parcels_late", "--json", exit_code=1).stdout)
    assert [one["metric_id"] for one in found] == ["rows_gone", "parcels_late"]
    assert len({run["notebook"] for run in audits(shop)[:2]}) == 2


def test_all_unverified_and_older_than_choose_metrics(shop):
    """What was looked at just now is not older than a day; everything is unverified here."""
    shop("audit", "--all-unverified", exit_code=1)
    done = shop("audit", "--older-than", "1d")
    assert "Nothing to audit." in done.stderr
    assert shop.json("audit", "--older-than", "1d") == []


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("raise OSError('the disk [is] full\\n# Verdict')", "OSError: the disk \\[is\\] full \\# Verdict"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the notebook could not be run: "),
    ],
    ids=["a cell raises", "the kernel dies"],
)
def test_a_notebook_that_stops_half_way_still_gives_a_report(shop, own_notebook, cell, words):
    """The command writes it itself: every layer not examined, and why; exit code 1."""
    own_notebook(cell)
    found = json.loads(shop("audit", "parcels_late", "--json", exit_code=1).stdout)
    assert found["verdict"] == "doubtful"
    assert {layer["verdict"] for layer in found["layers"]} == {"not examined"}
    report = (shop.root / found["report"]).read_text("utf-8")
    assert words in report
    run = audits(shop)[0]
    assert run["outcome"] == "failed"
    assert (shop.root / run["notebook"]).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["../../x"], "is no metric's id"),
        (["late'; DROP TABLE x --"], "is no metric's id"),
        (["never_was"], "no metric 'never_was'"),
        (["parcels_late", "--as-of", "2999-01-01"], "has not come yet"),
        (["parcels_late", "--hand-count", "many"], "is no number"),
        (["parcels_late", "never_was"], "no metric 'never_was'"),
    ],
)
def test_what_cannot_be_audited_is_refused_before_anything_is_looked_at(shop, words, told):
    """No report, no run, no path from an id."""
    before = (len(audits(shop)), sorted(shop.root.glob("reports/**/*")))
    assert told in shop("audit", *words, exit_code=1).stderr
    assert (len(audits(shop)), sorted(shop.root.glob("reports/**/*"))) == before


WRONG = [[], ["a_b", "c_d", "--hand-count", "1"], ["--older-than", "soon"], ["a_b", "--rebuild-sql", "@no.sql"]]


@pytest.mark.parametrize("words", WRONG)
def test_wrong_use_exits_2(shop, words):
    """What to write instead is told."""
    assert shop("audit", *words, exit_code=2).stderr
