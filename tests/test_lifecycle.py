"""Where stages meet: a tick loads its sources first, and a load that fails never stops the compute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat_lib import lifecycle, reading
from heartbeat_lib.compute import DueAlreadyError
from heartbeat_lib.compute.freshness import freshness_of
from heartbeat_lib.compute.metrics import living_metrics
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace


@pytest.fixture
def bench(workspace, store, file_of):
    """One source folder with one file, loaded, and one metric on it."""
    toml = workspace.root / "heartbeat.toml"
    source = '\n[[source]]\nschema = "shop"\nfolder = "exports"\nmax_age = "26h"\n'
    toml.write_text(toml.read_text("utf-8") + source, "utf-8")
    (workspace.root / "exports").mkdir()
    export(workspace, 3)
    with Workbench(Workspace.find(workspace.root)) as made:
        made.__dict__["store"] = store
        lifecycle.load_sources(made)
        text = file_of("orders", "SELECT count(*) FROM shop.orders WHERE current_date IS NOT NULL", norm=100, alert=200)
        (workspace.metrics / "orders.sql").write_text(text, "utf-8")
        lifecycle.deploy(made)
        yield made


def export(workspace, rows):
    """The shop's nightly export of so many orders."""
    lines = ["id,amount", *(f"{number},1.50" for number in range(rows))]
    (workspace.root / "exports" / "orders.csv").write_text("\n".join(lines) + "\n", "utf-8")


def test_a_tick_loads_what_changed_and_computes_on_it(bench):
    """The number is that of the new file, in the same tick."""
    export(bench.workspace, 5)
    tick = lifecycle.tick(bench)
    assert [(load.schema, load.tables, load.unchanged) for load in tick.loads] == [("shop", {"orders": 5}, False)]
    assert reading.metric(bench, "orders")["value"] == 5


def test_unchanged_files_are_not_loaded_again(bench):
    """Else a source that brought nothing for weeks would look fresh for ever."""
    before = reading.metric(bench, "orders")["source_as_of"]
    (load,) = lifecycle.tick(bench).loads
    assert load.unchanged
    assert reading.metric(bench, "orders")["source_as_of"] == before


def test_a_failed_load_never_stops_the_compute(bench):
    """The marts are as they were, the metric has its value, and the record says what failed."""
    (bench.workspace.root / "exports" / "orders.csv").write_bytes(b"id,amount\n1,\xff\xfe\n")
    tick = lifecycle.tick(bench)
    assert "orders.csv" in (tick.loads[0].error or "")
    assert tick.report.ok == 1
    row = reading.metric(bench, "orders")
    assert (row["value"], row["status"]) == (3, "green")
    run = reading.runs(bench)[0]
    assert run["outcome"] == "ok"
    assert "orders.csv" in run["detail"]["loads"][0]["error"]


def test_a_folder_that_is_gone_is_named(bench):
    """A disk that was not mounted."""
    (bench.workspace.root / "exports" / "orders.csv").unlink()
    (bench.workspace.root / "exports").rmdir()
    tick = lifecycle.tick(bench)
    assert "exports" in (tick.loads[0].error or "")
    assert tick.report.ok == 1


def test_a_promise_that_is_not_kept_takes_green_away(bench):
    """max_age is a person's promise; the age counts from the last load that brought rows."""
    with bench.store.connect(Role.COMPUTE) as connection:
        (living,) = living_metrics(connection)
    freshness = freshness_of(bench, ["shop"])
    loaded = freshness.source_as_of(living)
    assert loaded is not None
    assert not freshness.is_stale(living, loaded + timedelta(hours=26))
    assert freshness.is_stale(living, loaded + timedelta(hours=26, seconds=1))


def test_a_deploy_that_changed_something_renews_the_bands(bench, file_of):
    """The new metric has its row, the gone one has none; where nothing changed there is no run."""
    (bench.workspace.metrics / "orders.sql").unlink()
    text = file_of("sales", "SELECT sum(amount) FROM shop.orders WHERE current_date IS NOT NULL")
    (bench.workspace.metrics / "sales.sql").write_text(text, "utf-8")
    lifecycle.deploy(bench, allow_retirements=1)
    with bench.store.connect(Role.READER) as connection:
        assert connection.execute("SELECT metric_id FROM heartbeat.metric_benchmark").fetchall() == [("sales",)]
    last = reading.runs(bench)[0]
    assert (last["kind"], last["detail"]) == ("benchmarks", {"bands": 1, "shown": 0})
    lifecycle.deploy(bench)
    assert reading.runs(bench)[0] == last


def test_a_benchmark_run_is_finished_once_per_due_instant(bench):
    """However many clocks run."""
    due = datetime(2026, 11, 24, 3, 23, tzinfo=UTC)
    done = lifecycle.benchmarks(bench, due=due)
    assert (done.due, done.metrics, done.shown) == (due, 1, 0)
    with pytest.raises(DueAlreadyError):
        lifecycle.benchmarks(bench, due=due)


def test_a_new_meaning_hides_the_old_band_at_once(bench):
    """And the value of an old meaning is not held against a new band."""
    with bench.store.connect_migrating() as connection:
        connection.execute(
            "UPDATE heartbeat.metric_benchmark SET n = 9, benchmark_mean = 1, benchmark_stddev = 0 WHERE metric_id = 'orders'"
        )
    row = reading.metric(bench, "orders")
    assert (row["benchmark_mean"], reading.remark(row)) == (1, "unusual, it never differed before")
    assert reading.remark({**row, "shown_definition_hash": "old"}) == ""
    with bench.store.connect_migrating() as connection:
        connection.execute("UPDATE heartbeat.metric_benchmark SET definition_hash = 'old'")
    assert reading.metric(bench, "orders")["benchmark_mean"] is None
