"""The sources of a workspace in one pass: who fails is told, and stops neither the next source nor the compute."""

from __future__ import annotations

import os
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib import doctor, lifecycle, reading, sources
from heartbeat_lib.demo.bank import bank
from heartbeat_lib.marts.load import load_tables
from heartbeat_lib.marts.load_worker import LoadJob, LoadWorker
from heartbeat_lib.settings import Source
from heartbeat_lib.sources import SourceLoad
from heartbeat_lib.workbench import Workbench

ROOT = Path(__file__).parents[1]
PIPELINE = """
    import time
    import dlt

    @dlt.resource(write_disposition="replace")
    def crm():
        yield [{"id": 1}, {"id": 2}]

    @dlt.resource
    def slow():
        yield {"id": 1}
        time.sleep(60)

    @dlt.resource
    def broken():
        raise ValueError("no answer from the shop")
        yield {}
"""
AT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@pytest.fixture
def with_sources(workspace, store):
    """Makes the workspace's workbench with these sources: one folder `exports`, one file `pipelines/all.py`."""
    (workspace.root / "exports").mkdir()
    (workspace.root / "exports" / "orders.csv").write_text("id\n1\n2\n3\n", "utf-8")
    (workspace.root / "pipelines").mkdir()
    (workspace.root / "pipelines" / "all.py").write_text(textwrap.dedent(PIPELINE).lstrip("\n"), "utf-8")
    opened: list[Workbench] = []

    def make(*made: Source) -> Workbench:
        settings = workspace.settings.model_copy(update={"source": made})
        bench = Workbench(replace(workspace, settings=settings))
        bench.__dict__["store"] = store
        opened.append(bench)
        return bench

    yield make
    for bench in opened:
        bench.close()


def folder(schema, path="exports"):
    """A `[[source]]` of files."""
    return Source(schema=schema, folder=path)


def pipeline(schema, *, deadline_s=60.0, path="pipelines/all.py"):
    """A `[[source]]` of code; a test cannot wait for the minute that is the shortest deadline of a file."""
    return Source(schema=schema, pipeline=path).model_copy(update={"deadline": timedelta(seconds=deadline_s)})


def test_every_source_is_loaded_and_a_fault_is_told_beside_the_others(with_sources):
    """A folder that is gone, a pipeline that raises, a file that is missing, one that hangs: the rest is loaded."""
    bench = with_sources(
        folder("gone", "no/such"), pipeline("broken"), pipeline("slow", deadline_s=1), pipeline("absent", path="x.py"),
        folder("shop"), pipeline("crm"),
    )  # fmt: skip
    said: list[str] = []
    gone, broken, slow, absent, shop, crm = sources.load_all(bench, say=said.append)
    assert "no/such" in (gone.error or "")
    assert broken.error == "pipelines/all.py, line 15: ValueError: no answer from the shop"
    assert "slow took longer than its deadline of 1 s" in (slow.error or "")
    assert "x.py" in (absent.error or "")
    assert (shop.tables, crm.tables) == ({"orders": 3}, {"crm": 2})
    assert "Loading exports into shop ..." in said
    assert "shop: reading orders.csv (0 of 3)" in said
    assert "crm: running pipelines/all.py (0 of 3)" in said


def test_unchanged_folders_start_no_process(with_sources):
    """An hourly look costs nothing, and the children's time says so."""
    bench = with_sources(folder("shop"), folder("crm"))
    sources.load_all(bench)
    before = os.times().children_user
    said: list[str] = []
    assert [load.unchanged for load in sources.load_all(bench, say=said.append)] == [True, True]
    assert (os.times().children_user, said) == (before, [])


def test_a_tick_computes_after_a_load_that_was_stopped(with_sources, file_of):
    """The marts are as they were, every metric has its value, and the record names source and deadline."""
    bench = with_sources(folder("shop"), pipeline("slow", deadline_s=1))
    lifecycle.load_sources(bench)
    (bench.workspace.metrics / "orders.sql").write_text(
        file_of("orders", "SELECT count(*) FROM shop.orders WHERE current_date IS NOT NULL", norm=100, alert=200), "utf-8"
    )
    lifecycle.deploy(bench)
    tick = lifecycle.tick(bench)
    assert tick.report.ok == 1
    assert reading.metric(bench, "orders")["value"] == 3
    shop, slow = reading.runs(bench)[0]["detail"]["loads"]
    assert (shop["unchanged"], shop["error"]) == (True, None)
    assert "deadline of 1 s" in slow["error"]


def test_marts_that_are_no_duckdb_file_are_a_fault_of_each_source(with_sources):
    """The tick goes on; its record says why nothing was loaded."""
    bench = with_sources(folder("shop"))
    settings = bench.workspace.settings.model_copy(update={"marts_url": "postgresql://host/marts"})
    bench.workspace = replace(bench.workspace, settings=settings)
    assert "into DuckDB only" in (sources.load_all(bench)[0].error or "")


def test_a_load_is_recorded_with_rows_and_not_with_tables():
    """What `runs` shows; the names of a hundred tables would drown it."""
    load = SourceLoad(schema="shop", tables={"a": 1, "b": 2}, seconds=0.12345)
    assert load.record() == {"schema": "shop", "rows": 3, "unchanged": False, "error": None, "seconds": 0.123}


def test_doctor_names_a_folder_and_a_pipeline_file_that_are_missing(with_sources):
    """Before the next tick does."""
    bench = with_sources(folder("shop"), folder("gone", "no/such"), pipeline("crm"), pipeline("absent", path="x.py"))
    found = [(error.rule, error.message) for error in doctor.examine(bench).errors]
    assert found == [
        ("source", "the folder no/such of source gone does not exist"),
        ("source", "the pipeline file x.py of source absent does not exist"),
    ]


def test_the_demo_bank_is_the_same_by_pipeline_and_by_load_demo(tmp_path):
    """Tables, columns, types, rows and every value, of the same instant, to the cent and the microsecond."""
    fixed = tmp_path / "fixed.py"
    fixed.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'pipelines')!r})\n"
        "import datetime\n"
        "import harbour_bank\n"
        f"harbour_bank.until = lambda: datetime.datetime.fromisoformat({AT.isoformat()!r})\n"
        "from harbour_bank import aml, cards, fx, webbank\n",
        "utf-8",
    )
    zone = ZoneInfo("Europe/Berlin")
    by_pipeline, by_demo = tmp_path / "a.duckdb", tmp_path / "b.duckdb"
    tables = bank(ending=AT.astimezone(zone).date(), until=AT, zone=zone)
    with LoadWorker(project=tmp_path, state_dir=tmp_path / "state") as worker:
        for schema in tables:
            load_tables(by_demo, schema=schema, tables=tables[schema], zone=zone, state_dir=tmp_path / "state")
            worker.load(LoadJob(schema=schema, marts=by_pipeline, pipeline=fixed), deadline_s=60)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{by_pipeline}' AS p (READ_ONLY); ATTACH '{by_demo}' AS d (READ_ONLY)")
        columns = (
            "SELECT schema_name, table_name, column_name, column_index, data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND NOT starts_with(table_name, '_') ORDER BY ALL"
        )
        assert con.execute(columns, ["p"]).fetchall() == con.execute(columns, ["d"]).fetchall()
        for schema, named in tables.items():
            for name, rows in named.items():
                digest = f"SELECT count(*), bit_xor(hash(t)), sum(hash(t)::HUGEINT) FROM {{}}.{schema}.{name} AS t"
                found = con.execute(digest.format("p")).fetchall()
                assert found == con.execute(digest.format("d")).fetchall()
                assert found[0][0] == rows.num_rows
