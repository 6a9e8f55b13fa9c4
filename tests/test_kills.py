"""Killed in the middle, and two at once: whole processes, real signals, and the laws that must hold afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heartbeat_lib import lifecycle, reading
from heartbeat_lib.store import Role
from heartbeat_lib.workbench import Workbench
from tests.fixtures import change_marts, metric_text

HEARTBEAT = Path(sys.executable).with_name("heartbeat")
COUNT = 12
MARTS = "CREATE SCHEMA shop; CREATE TABLE shop.numbers AS SELECT unnest(range(1, 200001)) AS x"
QUERY = "SELECT median(x) + {} FROM shop.numbers WHERE current_date IS NOT NULL"


@pytest.fixture
def bench(whole_workspace) -> Iterator[Workbench]:
    """A workspace with a server of its own and twelve deployed metrics."""
    change_marts(whole_workspace, MARTS)
    write(whole_workspace, 0)
    with Workbench(whole_workspace) as made:
        lifecycle.deploy(made)
        yield made


def write(workspace, number):
    """Twelve files whose meaning hangs on `number`."""
    for at in range(COUNT):
        text = metric_text(f"metric_{at:02d}", QUERY.format(number), code=f"M{at:03d}", norm=1, alert=2)
        (workspace.metrics / f"metric_{at:02d}.sql").write_text(text, "utf-8")


def start(bench, *words):
    """`heartbeat` in its own process group, so that its workers die with it."""
    return subprocess.Popen(
        [HEARTBEAT, *words],
        cwd=bench.workspace.root,
        env={name: value for name, value in os.environ.items() if not name.startswith("HEARTBEAT_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(bench, query):
    """What the reader sees."""
    with bench.store.connect(Role.READER) as connection:
        return connection.execute(query).fetchall()


def check_the_laws_of_ticks(bench):
    """Every finished tick has an observation of every metric, every other has none, and history says what the last one said."""
    query = """
        SELECT run.outcome, run.kind, count(seen.run_id)
        FROM heartbeat.run AS run LEFT JOIN heartbeat.metric_observation AS seen USING (run_id)
        WHERE run.kind = 'tick' GROUP BY run.run_id, run.outcome, run.kind
    """
    for outcome, _, observations in rows(bench, query):
        assert (outcome, observations) in {("ok", COUNT), ("aborted", 0)}
    last = """
        SELECT count(*) FROM heartbeat.metric_history AS kept
        JOIN (SELECT DISTINCT ON (metric_id) * FROM heartbeat.metric_observation ORDER BY metric_id, observation_id DESC) AS seen
        USING (metric_id, period, period_start) WHERE kept.value = seen.value AND kept.as_of = seen.as_of
    """
    assert rows(bench, last) == [(COUNT,)]


@pytest.mark.parametrize("times", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_a_tick_that_is_killed_counts_for_nothing(bench, times):
    """SIGKILL anywhere; the next tick closes it as aborted and is whole itself."""
    delays = random.Random(7)
    killed = 0
    for _ in range(times):
        process = start(bench, "refresh")
        time.sleep(delays.uniform(0.25, 0.9))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    lifecycle.tick(bench)
    assert killed
    outcomes = [run["outcome"] for run in reading.runs(bench) if run["kind"] == "tick"]
    assert outcomes[0] == "ok"
    assert "running" not in outcomes
    check_the_laws_of_ticks(bench)


def ticking(bench, *words):
    """A process of tests.ticking."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ticking", words[0], str(bench.workspace.root), *map(str, words[1:])],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_clocks_side_by_side_do_each_due_tick_once(bench):
    """Thirty due times, two processes that both call all of them."""
    both = [ticking(bench, "dues", "2041-05-06T10:17:00+00:00", 30) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    done = sorted(line for out, _ in said for line in out.split())
    assert len(done) == len(set(done)) == 30
    query = (
        "SELECT due, outcome, count(*) FROM heartbeat.run WHERE kind = 'tick' GROUP BY due, outcome HAVING outcome <> 'aborted'"
    )
    assert {(outcome, count) for _, outcome, count in rows(bench, query)} == {("ok", 1)}
    assert len(rows(bench, query)) == 30


def boundaries(bench, victim, due, steps):
    """Ticks that die at one statement after another, until one has fewer statements; how many died."""
    for at in steps:
        process = ticking(bench, "dying", due.isoformat(), at, victim)
        out, err = process.communicate()
        if "whole" in out:
            return at - 1
        if victim == "self":
            assert process.returncode == -signal.SIGKILL, err
        due += timedelta(hours=1)
    return len(steps)


@pytest.mark.parametrize("victim", ["self", "server"])
@pytest.mark.parametrize("steps", [(3, 9, 14), pytest.param(range(1, 200), marks=pytest.mark.slow)])
def test_killed_at_any_statement_a_tick_is_whole_or_absent(bench, victim, steps):
    """The process, or the server under it; the next tick closes what was left and settles what was missed."""
    first = datetime(2041, 5, 6, 10, 17, tzinfo=UTC)
    boundaries(bench, victim, first, steps)
    query = """
        SELECT run.due, run.outcome, count(seen.run_id) FILTER (WHERE seen.origin = 'tick')
        FROM heartbeat.run AS run LEFT JOIN heartbeat.metric_observation AS seen USING (run_id)
        WHERE run.kind = 'tick' GROUP BY run.run_id
    """
    last = first + timedelta(days=30)
    lifecycle.tick(bench, due=last, now=lambda: last)
    for due, outcome, observations in rows(bench, query):
        assert outcome in ("ok", "aborted", "failed")
        # Every metric's running value, and beside it what the tick had to close.
        assert observations >= COUNT if outcome == "ok" else observations == 0, (due, outcome, observations)
    unsettled = "SELECT count(*) FROM heartbeat.metric_history WHERE NOT settled AND period_start < '2041-06-04'"
    assert rows(bench, unsettled) == [(0,)]
    assert bench.store.tamperings() == ()


@pytest.mark.parametrize("times", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_a_deploy_that_is_killed_is_as_before_or_as_after(bench, times):
    """Never half: all twelve have the old meaning, or all twelve the new one."""
    delays = random.Random(11)
    for number in range(1, times + 1):
        write(bench.workspace, number)
        process = start(bench, "deploy")
        time.sleep(delays.uniform(0.3, 1.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        meanings = rows(bench, "SELECT DISTINCT value_sql FROM heartbeat.metric_registry")
        assert len(meanings) == 1
    lifecycle.deploy(bench)
    assert rows(bench, "SELECT DISTINCT value_sql FROM heartbeat.metric_registry") == [(QUERY.format(times),)]
    assert bench.store.tamperings() == ()


def test_two_ticks_at_once_are_one_or_one_after_the_other(bench):
    """Both exit 0; who came second says so."""
    both = [start(bench, "refresh") for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    finished = sum("12 computed" in out for out, _ in said)
    stood_back = sum("Another tick is running" in err for _, err in said)
    assert finished + stood_back == 2
    assert finished >= 1
    check_the_laws_of_ticks(bench)


def test_two_deploys_at_once_leave_one_whole_registry(bench):
    """One waits or is refused; nothing is mixed."""
    write(bench.workspace, 1)
    both = [start(bench, "deploy") for _ in range(2)]
    said = [process.communicate() for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes in ([0, 0], [0, 1]), said
    assert all("Traceback" not in err for _, err in said)
    assert rows(bench, "SELECT DISTINCT value_sql FROM heartbeat.metric_registry") == [(QUERY.format(1),)]


def test_an_interrupted_backfill_is_taken_up_again(bench):
    """Ctrl-C ends it at once; what was committed is not computed twice."""
    process = start(bench, "backfill", "--from", "2020-01-01")
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    ((before,),) = rows(bench, "SELECT count(*) FROM heartbeat.metric_history")
    again = start(bench, "backfill", "metric_00", "--from", "2026-11-01", "--to", "2026-11-10")
    out, _ = again.communicate()
    assert again.returncode == 0, out
    ((after,),) = rows(bench, "SELECT count(*) FROM heartbeat.metric_history")
    assert after >= before
    assert [run["outcome"] for run in reading.runs(bench)[:2]] == ["ok", "aborted"]


def test_a_server_that_dies_in_a_tick_gives_one_line_and_no_half_tick(bench):
    """The database is stopped hard while values are computed; the next tick starts it again."""
    change_marts(
        bench.workspace,
        "ALTER TABLE shop.numbers RENAME TO few;"
        "CREATE VIEW shop.numbers AS SELECT x FROM shop.few, range(1000) AS slow(y) WHERE hash(x, y) % 1000000 = 1",
    )
    process = start(bench, "refresh")
    time.sleep(1.5)
    server = int((bench.workspace.state / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert "went away" in err
    change_marts(bench.workspace, "DROP VIEW shop.numbers; ALTER TABLE shop.few RENAME TO numbers")
    assert lifecycle.tick(bench).report.ok == COUNT
    assert [run["outcome"] for run in reading.runs(bench) if run["kind"] == "tick"] == ["ok", "aborted"]
