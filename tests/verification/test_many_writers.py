"""Many people at once, beside deploys and ticks, and a server that dies: nothing acknowledged is lost, nothing is half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

METRICS = 5
ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(whole_workspace) -> Iterator[Workbench]:
    """A workspace with a server of its own and five deployed metrics."""
    change_marts(whole_workspace, "CREATE SCHEMA shop; CREATE TABLE shop.numbers AS SELECT 500 AS x")
    with Workbench(whole_workspace) as made:
        deploy(made, 0)
        yield made


def deploy(bench, number):
    """Five files with another name, every fourth time with another meaning."""
    for at in range(METRICS):
        query = f"SELECT max(x) + {number // 4} FROM shop.numbers WHERE current_date IS NOT NULL"
        text = metric_text(f"metric_{at:02d}", query, code=f"M{at:03d}", name=f"name {number}")
        (bench.workspace.metrics / f"metric_{at:02d}.sql").write_text(text, "utf-8")
    lifecycle.deploy(bench)


def start(bench, number, count):
    """A process of tests.verification.patching."""
    words = [str(bench.workspace.root), str(number), str(count), str(METRICS)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.verification.patching", *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(processes):
    """(acknowledged as (metric, version, target), stale refusals) of processes, all of which ended well."""
    answers = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), answers
    lines = [line.split() for out, _ in answers for line in out.splitlines()]
    acknowledged = [(words[0], int(words[1]), int(words[2])) for words in lines if len(words) == 3]
    return acknowledged, lines.count(["stale"])


def rows(bench, query):
    """What the reader sees."""
    with bench.store.connect(Role.READER) as connection:
        return connection.execute(query).fetchall()


def check_the_laws(bench, acknowledged):
    """Acknowledged = stored, versions consecutive, log complete, verdicts by the thresholds in force."""
    logged = rows(
        bench,
        "SELECT metric_id, (after ->> 'row_version')::int, (after ->> 'target_value')::int FROM heartbeat.registry_change "
        "WHERE via = 'cli'",
    )
    assert set(acknowledged) <= set(logged)
    assert len(set(logged)) == len(logged)
    gaps = rows(
        bench,
        "SELECT metric_id FROM heartbeat.registry_change GROUP BY metric_id "
        "HAVING count(*) <> max((after ->> 'row_version')::int) OR count(DISTINCT after ->> 'row_version') <> count(*)",
    )
    assert gaps == []
    wrong = rows(
        bench,
        "SELECT shown.* FROM heartbeat.metric_shown AS shown, "
        "heartbeat.judge(value, direction, norm_value, alert_value, error IS NOT NULL, stale) AS judged "
        "WHERE (shown.status, shown.status_reason) IS DISTINCT FROM (judged.status, judged.status_reason)",
    )
    assert wrong == []
    assert bench.store.tamperings() == ()
    return logged


@pytest.mark.parametrize(("writers", "each"), [(3, 20), pytest.param(8, 200, marks=pytest.mark.slow)])
def test_no_patch_of_many_people_is_lost(bench, writers, each):
    """Who comes second is refused as stale, looks again and decides again; the log holds all of them and nothing else."""
    acknowledged, stale = said([start(bench, number, each) for number in range(1, writers + 1)])
    assert len(acknowledged) == writers * each
    assert stale > 0
    assert set(check_the_laws(bench, acknowledged)) == set(acknowledged)


@pytest.mark.parametrize(("writers", "each"), [(2, 40), pytest.param(6, 200, marks=pytest.mark.slow)])
def test_deploys_and_ticks_beside_patches_never_deadlock(bench, writers, each):
    """Table before row, and registry before history, whoever comes: all of them wait in one direction."""
    processes = [start(bench, number, each) for number in range(1, writers + 1)]
    number = 0
    while number < 2 or any(process.poll() is None for process in processes):
        number += 1
        deploy(bench, number)
        lifecycle.tick(bench)
    acknowledged, _ = said(processes)
    assert len(acknowledged) == writers * each
    lifecycle.tick(bench)
    assert set(check_the_laws(bench, acknowledged)) == set(acknowledged)
    ((deadlocks,),) = rows(bench, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks == 0


@pytest.mark.parametrize("times", [1, pytest.param(6, marks=pytest.mark.slow)])
def test_a_server_that_dies_loses_no_acknowledged_patch(bench, times):
    """What was said to be changed is changed; of what was not answered either all or nothing is there."""
    acknowledged = []
    for time_ in range(times):
        processes = [start(bench, 10 * time_ + number, 10_000) for number in range(1, 4)]
        for process in processes:
            assert process.stdout is not None
            acknowledged += [tuple(process.stdout.readline().split())]
        time.sleep(0.3)
        os.kill(int((bench.workspace.state / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        for process in processes:
            # The next call may already find a server that somebody started again; then the process is ended by us.
            time.sleep(0.3)
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate(timeout=60)
            acknowledged += [tuple(line.split()) for line in out.splitlines()]
    whole = [(words[0], int(words[1]), int(words[2])) for words in acknowledged if len(words) == 3]
    assert len(whole) > 3 * times
    check_the_laws(bench, whole)
