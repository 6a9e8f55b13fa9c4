"""The clock: due notebooks in child processes, each due instant once, and an end that discards what was running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import psutil
import pytest

from heartbeat_lib import lifecycle, processes, reading
from heartbeat_lib.schedule import Clock
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace
from tests.fixtures import change_marts, metric_text

NEVER = "0 0 1 jan *"
SLOW = "CREATE VIEW shop.slow AS SELECT count(*) AS n FROM range(40000000000) AS r(i) WHERE hash(i) % 7 = 3"


@pytest.fixture
def place(whole_workspace):
    """A workspace with one metric, whose tick was due on New Year's Day and whose bands were too."""
    change_marts(whole_workspace, "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 7 AS x")
    text = metric_text("orders", "SELECT sum(x) FROM shop.orders")
    (whole_workspace.metrics / "orders.sql").write_text(text, "utf-8")
    toml = whole_workspace.root / "heartbeat.toml"
    clocked = f'\n[schedule]\ntick = "{NEVER}"\nbenchmarks = "{NEVER}"\n[api]\nport = 0\n[cockpit]\nport = 0\n'
    toml.write_text(toml.read_text("utf-8") + clocked, "utf-8")
    workspace = Workspace.find(whole_workspace.root)
    with Workbench(workspace) as bench:
        lifecycle.deploy(bench)
    return workspace


def run_until(workspace, condition, timeout_s=60):
    """Run a clock in this process until `condition(lines)` holds; what it said."""
    lines = []
    clock = Clock(workspace, lines.append)
    thread = threading.Thread(target=clock.run)
    thread.start()
    deadline = time.monotonic() + timeout_s
    try:
        while not condition(lines) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        clock.stop()
        thread.join(30)
    assert not thread.is_alive()
    return lines


def ticks(workspace):
    """Its ticks, newest first."""
    with Workbench(workspace) as bench:
        return [run for run in reading.runs(bench) if run["kind"] == "tick"]


def test_what_became_due_without_a_clock_is_called_at_once_and_once(place):
    """The tick of New Year's Day, with its executed notebook; a second clock finds it done."""
    said = run_until(place, lambda lines: any("tick due" in line for line in lines))
    (run,) = ticks(place)
    year = datetime.now(UTC).year
    assert run["due"] == datetime(year, 1, 1, tzinfo=place.zone)
    assert run["outcome"] == "ok"
    assert set(run["detail"]["phases"]) == {"load", "compute", "judge"}
    record = nbformat.read(place.root / run["notebook"], as_version=4)
    assert any(cell.cell_type == "code" and cell.outputs for cell in record.cells)
    assert any("tick due" in line and "done in" in line for line in said)
    again = run_until(place, lambda lines: False, timeout_s=2)
    assert not any("tick" in line for line in again)
    assert len(ticks(place)) == 1


def test_a_failed_notebook_keeps_its_failing_cell_and_its_run(place):
    """The record is where one looks first."""
    own = place.root / "notebooks" / "operate"
    own.mkdir(parents=True)
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("raise OSError('the disk [is] full')")])
    nbformat.write(broken, own / "refresh.ipynb")
    said = run_until(place, lambda lines: any("tick due" in line for line in lines))
    assert any("OSError: the disk [is] full" in line for line in said), said
    (run,) = ticks(place)
    assert (run["outcome"], run["detail"]["error"]) == ("failed", "OSError: the disk [is] full")
    record = nbformat.read(place.root / run["notebook"], as_version=4)
    assert any(output.output_type == "error" for cell in record.cells if cell.cell_type == "code" for output in cell.outputs)


def test_records_older_than_kept_are_removed(place):
    """Thirty days, unless the workspace says otherwise."""
    place.runs.mkdir(parents=True)
    old, young = place.runs / "old.ipynb", place.runs / "young.ipynb"
    for file, days in ((old, 31), (young, 29)):
        file.write_text("{}", "utf-8")
        past = time.time() - timedelta(days=days).total_seconds()
        os.utime(file, (past, past))
    run_until(place, lambda lines: any("tick due" in line for line in lines))
    assert (old.exists(), young.exists()) == (False, True)


def test_the_clock_audits_what_nobody_looked_at_since_it_was_due(place):
    """Once: a second clock finds the work done. Each audit is a run with the due instant and its own record."""
    toml = place.root / "heartbeat.toml"
    toml.write_text(toml.read_text("utf-8") + f'[[schedule.audit]]\ncron = "{NEVER}"\nall_unverified = true\n', "utf-8")
    workspace = Workspace.find(place.root)
    said = run_until(workspace, lambda lines: any("audit due" in line for line in lines), timeout_s=120)
    assert any("audit due" in line and "done in" in line for line in said), said
    with Workbench(workspace) as bench:
        (run,) = [run for run in reading.runs(bench) if run["kind"] == "audit"]
    assert run["due"] == datetime(datetime.now(UTC).year, 1, 1, tzinfo=place.zone)
    assert (place.root / run["notebook"]).is_file()
    assert (place.root / run["detail"]["report"]).is_file()
    again = run_until(workspace, lambda lines: False, timeout_s=3)
    assert not any("audit" in line for line in again)


def start(workspace, *words):
    """`heartbeat` as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "heartbeat_lib.cli", *words],
        cwd=workspace.root,
        env={name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition, timeout_s=60):
    """Poll until it holds."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)
    return found


@pytest.fixture
def slow(place):
    """The metric takes for ever."""
    change_marts(place, SLOW)
    text = metric_text("orders", "SELECT max(n) FROM shop.slow")
    change_marts(place, "DROP VIEW shop.slow; CREATE TABLE shop.slow AS SELECT 1 AS n")
    (place.metrics / "orders.sql").write_text(text, "utf-8")
    with Workbench(place) as bench:
        lifecycle.deploy(bench)
    change_marts(place, f"DROP TABLE shop.slow; {SLOW}")
    return place


def alive(process):
    """Whether it still does anything; a zombie waits for a parent that never asks."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running(workspace):
    """The tick that is at work."""
    return next((run for run in ticks(workspace) if run["outcome"] == "running"), None)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_ends_the_clock_at_once_and_discards_the_running_tick(slow, number):
    """Clock, notebook, kernel and workers are gone in seconds; the run is closed as aborted and wrote nothing."""
    clock = start(slow, "schedule")
    wait_for(lambda: running(slow))
    # The clock, the notebook's process, its kernel, and the worker that runs the query.
    family = wait_for(lambda: len(found := processes.tree(clock.pid)) >= 4 and found)
    began = time.monotonic()
    clock.send_signal(number)
    _, said = clock.communicate(timeout=30)
    assert time.monotonic() - began < 10
    assert clock.returncode == 0, said
    assert "discarded" in said
    assert not [member for member in family if alive(member)]
    (run,) = ticks(slow)
    assert run["outcome"] == "aborted"
    assert processes.living(slow) == []


@pytest.mark.slow
def test_a_clock_that_is_killed_leaves_a_tick_that_another_finds(slow):
    """SIGKILL of the clock alone: its tick goes on, or is closed; the next clock does not do it twice."""
    clock = start(slow, "schedule")
    wait_for(lambda: running(slow))
    family = processes.tree(clock.pid)
    clock.kill()
    clock.communicate()
    said = run_until(slow, lambda lines: False, timeout_s=3)
    assert not any("tick due" in line for line in said)
    processes.end(family)
    change_marts(slow, "DROP VIEW shop.slow; CREATE TABLE shop.slow AS SELECT 1 AS n")
    run_until(slow, lambda lines: any("tick due" in line for line in lines))
    assert [run["outcome"] for run in ticks(slow)] == ["ok", "aborted"]


def test_stop_ends_everything_from_elsewhere(place):
    """`heartbeat up` in one shell, `heartbeat stop` in another; the second `up` is refused meanwhile."""
    up = start(place, "up")
    wait_for(lambda: {process.name for process in processes.living(place)} == {"up", "schedule", "api", "cockpit"})
    second = start(place, "up")
    _, refused = second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"as process {up.pid}" in refused
    stop = start(place, "stop")
    out, _ = stop.communicate(timeout=60)
    _, said = up.communicate(timeout=30)
    assert up.returncode == 0, said
    assert "heartbeat up" in out
    assert "http://127.0.0.1:" in said
    assert "server was stopped" in out
    assert processes.living(place) == []


def test_up_leaves_alone_what_runs_already(place):
    """The demo's cockpit, for one: `up` starts the rest, and ends only that."""
    alone = start(place, "api")
    wait_for(lambda: processes.living(place))
    up = start(place, "up")
    wait_for(lambda: {process.name for process in processes.living(place)} == {"up", "schedule", "api", "cockpit"})
    up.terminate()
    _, said = up.communicate(timeout=30)
    assert f"runs already, as process {alone.pid}" in said
    assert [(process.name, process.pid) for process in processes.living(place)] == [("api", alone.pid)]
    alone.terminate()
    alone.communicate(timeout=30)


def test_doctor_says_what_runs(place):
    """And, without a clock, that none does."""
    with_clock = start(place, "schedule")
    wait_for(lambda: processes.living(place))
    out, _ = start(place, "doctor", "--json").communicate(timeout=30)
    assert json.loads(out)["running"] == [f"schedule (process {with_clock.pid})"]
    with_clock.terminate()
    with_clock.communicate(timeout=30)
    out, _ = start(place, "doctor").communicate(timeout=30)
    assert "no clock" in out


@pytest.mark.slow
def test_a_workspace_that_is_up_ticks_by_itself(place):
    """A one-minute crontab line: two ticks, two executed notebooks, two rows, nobody called anything."""
    toml = place.root / "heartbeat.toml"
    toml.write_text(toml.read_text("utf-8").replace(f'tick = "{NEVER}"', 'tick = "* * * * *"'), "utf-8")
    up = start(place, "up")
    try:
        wait_for(lambda: sum(run["outcome"] == "ok" for run in ticks(place)) >= 3, timeout_s=240)
    finally:
        up.send_signal(signal.SIGINT)
        _, said = up.communicate(timeout=30)
    assert up.returncode == 0, said
    done = [run for run in ticks(place) if run["outcome"] == "ok"]
    dues = [run["due"] for run in done]
    # The first was due before the clock began; from then on one a minute.
    assert dues[0] - dues[1] == timedelta(minutes=1)
    assert all(Path(place.root / run["notebook"]).is_file() for run in done)
    assert len({run["notebook"] for run in done}) == len(done)
    assert said.count("tick due") >= 3
