"""The end of an audit: files and row together, names that nobody else takes, nothing left of what failed."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import psycopg
import pytest

from heartbeat_lib.audit import write
from heartbeat_lib.audit.case import open_case, select
from heartbeat_lib.audit.evidence import LayerName, broken_layer
from heartbeat_lib.audit.write import conclude
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import Role, StoreError
from tests.audit.findings import HOSTILE, layers

DAY = date(2026, 11, 24)


@pytest.fixture
def case_of(bench, deployed, marts):
    """Opens a case of `late`, whose name a test may choose."""
    marts("CREATE SCHEMA shop; CREATE TABLE shop.parcels AS SELECT 7 AS x")

    def opened(name="Late parcels"):
        deployed(late=("SELECT sum(x) FROM shop.parcels", {"name": name.replace("'", "''"), "norm": 5, "alert": 9}))
        return open_case(bench, "late", audit_date=DAY, auditor="ann@x.example")

    return opened


def rows(bench):
    """All audits, oldest first."""
    with bench.store.connect(Role.READER) as connection:
        found = connection.execute(
            "SELECT metric_id, report, verdict, layers, auditor, run_id FROM heartbeat.metric_audit ORDER BY 2"
        )
        return found.fetchall()


def files(bench):
    """What lies in the folder of reports, hidden files too."""
    return sorted(path.name for path in bench.workspace.audits.iterdir())


def test_an_audit_leaves_its_report_its_picture_and_its_row(bench, case_of):
    """Under one name; the row says what the report says."""
    done = conclude(case_of(), layers())
    assert files(bench) == ["2026-11-24-late-history.svg", "2026-11-24-late.md"]
    ((metric_id, report, verdict, kept, auditor, run_id),) = rows(bench)
    assert (metric_id, report, verdict) == ("late", "reports/metric-audits/2026-11-24-late.md", "holds")
    assert (auditor, run_id) == ("ann@x.example", None)
    assert kept == [{"name": name, "verdict": "holds", "why": "It was looked at."} for name in LayerName]
    assert (done.report, done.verdict, done.broken) == (report, Verdict.HOLDS, False)
    text = (bench.workspace.root / report).read_text("utf-8")
    assert "(2026-11-24-late-history.svg)" in text


def test_layers_are_told_in_their_order(bench, case_of):
    """However a notebook gave them."""
    done = conclude(case_of(), list(reversed(layers())))
    assert [layer.name for layer in done.layers] == list(LayerName)
    assert [layer["name"] for layer in rows(bench)[0][3]] == list(LayerName)


def test_a_layer_that_broke_is_remembered_as_such(bench, case_of):
    """The row tells it from one that had nothing to look at; the whole is doubtful."""
    done = conclude(case_of(), [*layers()[:4], broken_layer(LayerName.ACTION, "the disk is full")])
    assert (done.verdict, done.broken) == (Verdict.DOUBTFUL, True)
    assert rows(bench)[0][3][4] == {
        "name": "action",
        "verdict": "not examined",
        "why": "It could not be examined: the disk is full",
        "broken": True,
    }


def test_a_layer_that_is_missing_makes_the_whole_doubtful(case_of):
    """A notebook may be edited; what was not asked was not shown."""
    assert conclude(case_of(), layers()[:4]).verdict is Verdict.DOUBTFUL


def test_a_second_audit_of_a_day_stands_beside_the_first(bench, case_of):
    """And a third."""
    case = case_of()
    reports = [conclude(case, layers()).report for _ in range(3)]
    assert [Path(report).name for report in reports] == ["2026-11-24-late.md", "2026-11-24-late-2.md", "2026-11-24-late-3.md"]
    assert "2026-11-24-late-3-history.svg" in files(bench)


def test_a_report_that_somebody_removed_does_not_give_its_name_away(bench, case_of):
    """The store still speaks of it."""
    case = case_of()
    (bench.workspace.root / conclude(case, layers()).report).unlink()
    assert conclude(case, layers()).report.endswith("-late-2.md")


def test_audits_at_the_same_time_take_different_names(bench, case_of):
    """Eight threads, each as another process would."""
    case = case_of()
    made = []
    threads = [threading.Thread(target=lambda: made.append(conclude(case, layers()).report)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8
    assert sorted(made) == sorted(row[1] for row in rows(bench))
    assert len(files(bench)) == 16


def test_a_row_that_is_refused_takes_its_files_back(bench, case_of, databases):
    """Nothing claims what the store does not know."""
    case = case_of()
    with bench.store.connect_migrating() as admin:
        admin.execute("REVOKE INSERT ON heartbeat.metric_audit FROM heartbeat_compute")
        admin.execute(
            "REVOKE INSERT (metric_id, audit_date, as_of, auditor, definition_hash, verdict, layers, report, notebook, run_id) "
            "ON heartbeat.metric_audit FROM heartbeat_compute"
        )
    with pytest.raises((StoreError, psycopg.errors.InsufficientPrivilege)) as refused:
        conclude(case, layers())
    assert "metric_audit" in f"{refused.value} {refused.value.__cause__}"
    assert files(bench) == []
    assert rows(bench) == []


def test_a_kill_before_the_row_leaves_no_row(bench, case_of, monkeypatch):
    """What dies between the report and the row leaves evidence without a claim; the next audit stands beside it."""

    class Killed(BaseException):
        """As SIGKILL: nothing after it runs."""

    case = case_of()
    with monkeypatch.context() as patched:
        patched.setattr(write, "_record", lambda *_, **__: (_ for _ in ()).throw(Killed))
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed):
            conclude(case, layers())
    assert rows(bench) == []
    assert conclude(case, layers()).report.endswith("-late-2.md")


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if "\x00" not in text])
def test_hostile_names_and_findings_are_kept_as_they_are(bench, case_of, hostile):
    """In the row every letter of them, in the report as text; the file's name comes from the id alone."""
    done = conclude(case_of(hostile), layers(hostile))
    assert rows(bench)[0][3][0]["why"] == hostile
    assert files(bench) == ["2026-11-24-late-history.svg", "2026-11-24-late.md"]
    lines = (bench.workspace.root / done.report).read_text("utf-8").split("\n---\n", 1)[1].splitlines()
    assert [line for line in lines if line.startswith("# ")] == [line for line in lines if line.startswith("# LATE")]


def test_the_past_is_drawn_up_to_the_audited_instant(case_of):
    """An audit as of last month does not know this month."""
    case = case_of()
    known = {"metric_id": case.metric_id, "periods": 90}
    assert len(select(case, "drawn_history", **known, as_of=case.as_of)) == 1
    assert select(case, "drawn_history", **known, as_of=case.metric["period_start"].replace(year=2020)) == []
