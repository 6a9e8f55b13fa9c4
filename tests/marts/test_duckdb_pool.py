"""Workers that are killed, starved, cancelled, orphaned, and files that change or break under them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from itertools import pairwise

import duckdb
import pytest

from heartbeat_lib.marts import LimitExceeded, MartsUnreachable, Scalar

FOREVER = "SELECT count(*) FROM range(10000000000) a, range(1000000) b"


def remade(path, value, *, aside="next.duckdb"):
    """Puts a new marts file in the place of the old one, as a load does."""
    made = path.with_name(aside)
    with duckdb.connect(str(made)) as con:
        con.execute(f"CREATE SCHEMA shop; CREATE TABLE shop.state AS SELECT {value} AS value")
    made.replace(path)


@pytest.fixture
def state_file(tmp_path):
    path = tmp_path / "marts.duckdb"
    remade(path, 1)
    return path


def test_a_query_past_its_deadline_is_killed_and_the_next_one_runs(marts):
    """Neither an interrupt nor a setting stops every query; a kill does."""
    began = time.monotonic()
    with pytest.raises(LimitExceeded, match=r"longer than 0\.5 s") as stopped:
        marts.scalar(FOREVER, timeout_s=0.5)
    assert stopped.value.reason == "timeout"
    assert time.monotonic() - began < 1.5
    assert marts.scalar("SELECT 7").value == 7


def test_a_killed_query_costs_the_others_of_its_batch_nothing(marts):
    """Nine metrics of ten are right although one never ends."""
    jobs = [(f"m{number}", f"SELECT {number}") for number in range(9)]
    outcomes = dict(marts.scalars([("forever", FOREVER), *jobs], timeout_s=0.5))
    assert outcomes.pop("forever").reason == "timeout"
    assert {tag: outcome.value for tag, outcome in outcomes.items()} == {f"m{number}": number for number in range(9)}


def test_a_query_that_asks_for_too_much_memory_is_stopped_by_name(marts_file, opened):
    """The machine stays usable, and the failure says memory, not "error"."""
    marts = opened(marts_file, workers=1)
    with pytest.raises(LimitExceeded) as stopped:
        marts.scalar("SELECT len(list_sort(range(400000000)))", timeout_s=10)
    assert stopped.value.reason == "memory"
    assert marts.scalar("SELECT 7").value == 7


def test_a_worker_killed_from_outside_is_replaced(marts_file, opened, workers):
    """The system's own memory killer sends the same signal; the query is named, the next one runs."""
    marts = opened(marts_file, workers=1)
    marts.scalar("SELECT 1")
    outcomes = []

    def ask():
        outcomes.extend(marts.scalars([("a", FOREVER), ("b", "SELECT 2")], timeout_s=20))

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    thread.join(timeout=10)
    found = dict(outcomes)
    assert found["a"].reason == "memory"
    assert found["b"].value == 2


def test_cancel_stops_what_runs_from_another_thread(marts):
    """A person at a notebook interrupts a query and keeps the marts."""
    timer = threading.Timer(0.3, marts.cancel, ["slow"])
    timer.start()
    began = time.monotonic()
    with pytest.raises(LimitExceeded) as stopped:
        marts.scalar(FOREVER, timeout_s=20, tag="slow")
    assert stopped.value.reason == "cancelled"
    assert time.monotonic() - began < 3
    assert marts.scalar("SELECT 7").value == 7


def test_cancel_while_a_worker_starts_is_a_cancel(marts_file, opened):
    """However early the interrupt comes, it is not mistaken for broken marts."""
    for wait_s in (0.05, 0.1, 0.15, 0.2):
        marts = opened(marts_file, workers=1)
        threading.Timer(wait_s, marts.cancel, ["early"]).start()
        outcomes = dict(marts.scalars([("early", FOREVER), ("next", "SELECT 7")], timeout_s=20))
        assert outcomes["early"].reason == "cancelled"
        assert outcomes["next"].value == 7


def test_a_worker_that_died_while_idle_is_not_blamed_on_the_next_query(marts_file, opened, workers, eventually):
    """Between two ticks the machine may have killed it for its own reasons."""
    before = workers()
    marts = opened(marts_file, workers=1)
    marts.scalar("SELECT 1")
    (pid,) = workers() - before
    os.kill(pid, signal.SIGKILL)
    # An ending process is no longer there some moments before its parent can tell; without WNOWAIT this would reap it.
    eventually(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None)
    assert marts.scalar("SELECT 7").value == 7


def test_cancel_of_an_unknown_tag_is_no_error(marts):
    """It may have finished a moment ago."""
    marts.cancel("nothing")


def test_cancel_reaches_what_still_waits(marts_file, opened):
    """A queue of two behind one worker: the second is cancelled before it began."""
    marts = opened(marts_file, workers=1)
    marts.scalar("SELECT 1")
    timer = threading.Timer(0.2, marts.cancel, ["waiting"])
    timer.start()
    outcomes = dict(marts.scalars([("first", FOREVER), ("waiting", "SELECT 1")], timeout_s=1))
    assert outcomes["first"].reason == "timeout"
    assert outcomes["waiting"].reason == "cancelled"


def test_a_batch_given_up_drops_what_has_not_run(marts_file, opened):
    """Ctrl-C in a tick does not leave a queue of queries behind."""
    marts = opened(marts_file, workers=1)
    batch = marts.scalars([("first", "SELECT 1"), *((str(number), FOREVER) for number in range(20))], timeout_s=1)
    assert next(batch)[0] == "first"
    batch.close()
    began = time.monotonic()
    assert marts.scalar("SELECT 7").value == 7
    assert time.monotonic() - began < 4


def test_closing_kills_the_workers_in_mid_query(marts_file, opened, workers, eventually):
    """Nothing is left computing for nobody."""
    before = workers()
    marts = opened(marts_file)
    thread = threading.Thread(target=lambda: list(marts.scalars([("a", FOREVER)], timeout_s=20)))
    thread.start()
    eventually(lambda: len(workers() - before) == 1)
    time.sleep(0.2)
    marts.close()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert workers() <= before


def test_one_query_starts_one_worker(marts_file, opened, workers):
    """`heartbeat try` does not pay for a whole pool."""
    before = workers()
    opened(marts_file, workers=4).scalar("SELECT 1")
    assert len(workers() - before) == 1


def test_workers_stay_between_calls(marts_file, opened, workers):
    """A start costs more than a hundred small queries."""
    before = workers()
    marts = opened(marts_file, workers=1)
    marts.scalar("SELECT 1")
    first = workers() - before
    marts.scalar("SELECT 1")
    assert workers() - before == first


def test_several_threads_share_the_pool(marts):
    """A cockpit and a clock in one process ask at once."""
    found = []

    def ask(number):
        found.extend(outcome.value for _, outcome in marts.scalars([("", f"SELECT {number}")] * 10))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(found) == sorted(list(range(8)) * 10)


def test_asking_inside_a_batch_does_not_wait_for_it(marts):
    """A caller may look something up while it walks through a batch."""
    for _, outcome in marts.scalars([(str(number), f"SELECT {number}") for number in range(5)]):
        assert marts.scalar(f"SELECT {outcome.value} + 1").value == outcome.value + 1


def test_a_new_file_is_seen_by_the_next_call(state_file, opened):
    """A load replaces the file; a warm worker must not go on reading the old one."""
    marts = opened(state_file)
    assert marts.scalar("SELECT value FROM shop.state").value == 1
    remade(state_file, 2)
    assert marts.scalar("SELECT value FROM shop.state").value == 2


def test_a_batch_sees_one_file_although_it_is_replaced_meanwhile(state_file, opened):
    """Metrics of one tick speak of one state, even those after a kill, when the name points elsewhere."""
    marts = opened(state_file, workers=1)
    jobs = [("a", "SELECT value FROM shop.state"), ("forever", FOREVER)]
    jobs += [(f"b{number}", "SELECT value FROM shop.state") for number in range(20)]
    batch = marts.scalars(jobs, timeout_s=0.5)
    assert next(batch)[1].value == 1
    remade(state_file, 2)
    outcomes = dict(batch)
    assert outcomes.pop("forever").reason == "timeout"
    assert {outcome.value for outcome in outcomes.values()} == {1}
    assert marts.scalar("SELECT value FROM shop.state").value == 2


def test_readers_never_see_the_file_go_back(state_file, opened):
    """Under a stream of replacements each call sees a state at least as new as the one before."""
    marts = opened(state_file)
    stop = threading.Event()

    def replacing():
        for value in range(2, 1000):
            if stop.is_set():
                return
            remade(state_file, value)

    thread = threading.Thread(target=replacing)
    thread.start()
    seen = []
    for _ in range(60):
        outcomes = list(marts.scalars([(str(number), "SELECT value FROM shop.state") for number in range(4)]))
        values = {outcome.value for _, outcome in outcomes if isinstance(outcome, Scalar)}
        assert len(values) == 1, outcomes
        seen.extend(values)
    stop.set()
    thread.join()
    assert all(earlier <= later for earlier, later in pairwise(seen))
    assert seen[-1] > seen[0]


def test_an_idle_pool_lets_go_of_the_file(state_file, opened):
    """DuckDB shuts writers out while anybody reads; between ticks somebody else may write."""
    opened(state_file).scalar("SELECT 1")
    deadline = time.monotonic() + 5
    while True:
        with contextlib.suppress(duckdb.IOException), duckdb.connect(str(state_file)) as writer:
            writer.execute("UPDATE shop.state SET value = 3")
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_missing_file_says_to_load(tmp_path, opened):
    """The first thing a new workspace meets."""
    marts = opened(tmp_path / "marts.duckdb")
    with pytest.raises(MartsUnreachable, match="heartbeat load") as missing:
        marts.scalar("SELECT 1")
    assert missing.value.reason == "marts_unreadable"


def test_a_file_that_comes_later_is_found(tmp_path, opened):
    """The clock may start before the first load."""
    marts = opened(tmp_path / "marts.duckdb")
    with pytest.raises(MartsUnreachable):
        marts.scalar("SELECT 1")
    remade(tmp_path / "marts.duckdb", 5)
    assert marts.scalar("SELECT value FROM shop.state").value == 5


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"", "empty"),
        (lambda data: data[:100], "ould not read"),
        (lambda data: data[: len(data) // 2], "ould not read"),
        (lambda data: b"x" * len(data), "not a valid DuckDB"),
    ],
    ids=["empty", "cut to nothing", "cut in half", "overwritten"],
)
def test_a_broken_file_is_unreadable_for_every_metric_in_one_line(marts_file, opened, damage, words):
    """Every tile turns grey for the same reason, and the reason is not the metric."""
    marts_file.write_bytes(damage(marts_file.read_bytes()))
    jobs = [(tag, "SELECT sum(id) FROM shop.sales") for tag in "ab"]
    outcomes = [outcome for _, outcome in opened(marts_file).scalars(jobs)]
    for outcome in outcomes:
        assert isinstance(outcome, MartsUnreachable)
        assert words in str(outcome)
        assert "\n" not in str(outcome)


def test_a_flipped_bit_is_unreadable_or_harmless_and_never_another_number(marts_file, opened):
    """DuckDB checks its blocks; what matters is that a wrong number never comes out."""
    good, path = marts_file.read_bytes(), marts_file
    marts = opened(path, workers=1)
    sql = "SELECT sum(amount) + count(DISTINCT id) FROM shop.sales"
    right, unreadable = marts.scalar(sql).value, 0
    for place in range(20, len(good), len(good) // 40):
        flipped = bytearray(good)
        flipped[place] ^= 4
        aside = path.with_name("aside")
        aside.write_bytes(flipped)
        aside.replace(path)
        try:
            assert marts.scalar(sql).value == right
        except MartsUnreachable:
            unreadable += 1
    assert unreadable > 0


def test_a_file_held_by_a_writer_is_unreadable_and_names_the_holder(marts_file, opened):
    """Only whoever is named can end it. The wait is paid once per batch, not once per metric."""
    script = f"import duckdb, time; con = duckdb.connect({str(marts_file)!r}); print(flush=True); time.sleep(60)"
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        began = time.monotonic()
        outcomes = [outcome for _, outcome in opened(marts_file).scalars([(str(n), "SELECT 1") for n in range(50)])]
        assert time.monotonic() - began < 6
        assert all(isinstance(outcome, MartsUnreachable) for outcome in outcomes)
        assert f"PID {writer.pid}" in str(outcomes[0])
        assert "http" not in str(outcomes[0])
    finally:
        writer.kill()
        writer.wait()


def test_a_short_writer_is_waited_for(marts_file, opened):
    """Somebody who writes for half a second costs half a second, not a grey board."""
    script = f"import duckdb, time; con = duckdb.connect({str(marts_file)!r}); print(flush=True); time.sleep(0.5)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert opened(marts_file).scalar("SELECT 7").value == 7


def test_workers_die_with_a_parent_that_is_killed(marts_file, children, eventually):
    """A worker deep in a query reads nothing from its parent; the kernel must end it."""
    script = textwrap.dedent(f"""
        from zoneinfo import ZoneInfo
        from heartbeat_lib.marts import Limits, open_marts
        marts = open_marts({str(marts_file)!r}, zone=ZoneInfo("UTC"), limits=Limits(workers=2))
        list(marts.scalars([("a", "SELECT 1"), ("b", "SELECT 1")]))
        print("ready", flush=True)
        list(marts.scalars([("a", {FOREVER!r}), ("b", {FOREVER!r})], timeout_s=60))
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    orphans = children(parent.pid)
    assert len(orphans) == 2
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        eventually(lambda: not any("python" in _name(pid) for pid in orphans), 3.0)
    finally:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _name(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            text = stat.read()
    except OSError:
        return ""
    return "" if text.rpartition(")")[2].split()[0] == "Z" else text.partition("(")[2].rpartition(")")[0]


def test_a_process_that_ends_without_closing_leaves_no_worker(marts_file, children, eventually):
    """A notebook that just stops is the common case."""
    script = textwrap.dedent(f"""
        import os
        from pathlib import Path
        from zoneinfo import ZoneInfo
        from heartbeat_lib.marts import open_marts
        marts = open_marts({str(marts_file)!r}, zone=ZoneInfo("UTC"))
        marts.scalar("SELECT 1")
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                    print(entry.name)
            except OSError:
                pass
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True)
    assert done.stderr == ""
    orphans = [int(pid) for pid in done.stdout.split()]
    assert len(orphans) == 1
    eventually(lambda: not any("python" in _name(pid) for pid in orphans), 3.0)


def test_a_module_beside_the_caller_does_not_take_duckdbs_place(marts_file, tmp_path, monkeypatch):
    """Workspaces are full of little scripts; one called duckdb.py must not break the marts."""
    (tmp_path / "duckdb.py").write_text("raise SystemExit('wrong duckdb')")
    script = textwrap.dedent(f"""
        from zoneinfo import ZoneInfo
        from heartbeat_lib.marts import open_marts
        with open_marts({str(marts_file)!r}, zone=ZoneInfo("UTC")) as marts:
            print(marts.scalar("SELECT 7").value)
    """)
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout.strip() == "7"


def test_a_path_with_odd_characters_opens(marts_file, tmp_path, opened):
    """Home folders have spaces, quotes and umlauts."""
    odd = tmp_path / "it's a [mart] ä?.duckdb"
    shutil.copy(marts_file, odd)
    assert opened(odd).scalar("SELECT count(*) FROM shop.sales").value == 1000


def test_a_worker_that_cannot_start_is_named_and_nothing_waits_for_ever(marts_file, opened):
    """A limit too small for DuckDB itself is a setting to mend, not a hanging clock."""
    with pytest.raises(MartsUnreachable, match="did not start"):
        opened(marts_file, workers=1, memory_bytes=40 << 20).scalar("SELECT 1")


def test_ctrl_c_reaches_the_parent_and_not_the_workers(marts_file):
    """An interrupt at a terminal goes to every process of the group; who catches it may let the query end."""
    script = textwrap.dedent(f"""
        import threading, time
        from zoneinfo import ZoneInfo
        from heartbeat_lib.marts import open_marts
        with open_marts({str(marts_file)!r}, zone=ZoneInfo("UTC")) as marts:
            found = []
            asking = threading.Thread(target=lambda: found.extend(marts.scalars([("", "SELECT count(sleep_ms(1500))")])))
            asking.start()
            try:
                print("ready", flush=True)
                time.sleep(30)
            except KeyboardInterrupt:
                asking.join()
            print(found)
    """)
    started = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert started.stdout is not None
    started.stdout.readline()
    time.sleep(0.8)
    os.killpg(started.pid, signal.SIGINT)
    assert "Scalar(value=" in started.stdout.read()
    assert started.wait(timeout=10) == 0
