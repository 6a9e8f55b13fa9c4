"""Copy beside, load, swap: readers see whole states only, and a kill leaves the old one."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib.marts import Scalar
from heartbeat_lib.marts.load import load_folder
from heartbeat_lib.marts.load_errors import LoadBusyError, LoadError
from heartbeat_lib.marts.swap import beside, one_loader


@pytest.fixture
def marts_path(tmp_path):
    path = tmp_path / "marts.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS v")
    return path


def value(path):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("SELECT v FROM t").fetchall()[0][0]


def change(copy, to):
    with duckdb.connect(str(copy)) as con:
        con.execute(f"UPDATE t SET v = {to}")


def names(path):
    return sorted(each.name for each in path.parent.iterdir())


def test_a_change_appears_when_the_block_ends(marts_path):
    """Not a moment earlier."""
    with beside(marts_path) as copy:
        change(copy, 2)
        assert value(marts_path) == 1
    assert value(marts_path) == 2
    assert names(marts_path) == ["marts.duckdb"]


def test_a_failed_change_leaves_the_old_file_and_no_copy(marts_path):
    """All or nothing."""
    before = marts_path.read_bytes()
    with pytest.raises(duckdb.CatalogException), beside(marts_path) as copy:
        change(copy, "nope()")
    assert marts_path.read_bytes() == before
    assert names(marts_path) == ["marts.duckdb"]


def test_leftovers_of_killed_loads_are_removed(marts_path):
    """A disk full of dead copies helps nobody."""
    for pid in (999_999_999, os.getpid()):
        (marts_path.parent / f"marts.duckdb.loading.{pid}").write_bytes(b"half")
    (marts_path.parent / "marts.duckdb.loading.1.wal").write_bytes(b"half")
    with beside(marts_path) as copy:
        change(copy, 2)
    assert names(marts_path) == ["marts.duckdb"]
    assert value(marts_path) == 2


def test_one_loader_at_a_time_and_the_other_learns_who(marts_path):
    """Two loads at once would each undo the other."""
    busy = pytest.raises(LoadBusyError, match=f"process {os.getpid()} since")
    with one_loader(marts_path), busy, one_loader(marts_path, wait_s=0.2):
        pass


def test_the_lock_frees_itself_when_its_holder_is_killed(marts_path):
    """No lock to remove by hand after a crash."""
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from heartbeat_lib.marts.swap import one_loader
        with one_loader(Path({str(marts_path)!r})):
            print(flush=True)
            time.sleep(60)
    """)
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(LoadBusyError, match=f"process {holder.pid}"), one_loader(marts_path, wait_s=0.1):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with one_loader(marts_path, wait_s=2):
        pass


def test_a_file_that_somebody_writes_is_not_copied(marts_path):
    """His changes would be lost when the copy takes the place."""
    script = f"import duckdb, time; con = duckdb.connect({str(marts_path)!r}); print(flush=True); time.sleep(60)"
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        with pytest.raises(LoadError, match=f"PID {writer.pid}.*Close it there"), beside(marts_path, writer_wait_s=0.3):
            pass
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_what_a_killed_writer_had_committed_is_not_lost(marts_path):
    """His journal lies beside the file; left there it would be replayed onto the new one."""
    script = textwrap.dedent(f"""
        import duckdb, os, signal
        con = duckdb.connect({str(marts_path)!r})
        con.execute("CREATE TABLE other AS SELECT 5 AS x")
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", script], check=False)
    assert "marts.duckdb.wal" in names(marts_path)
    with beside(marts_path) as copy:
        change(copy, 2)
    assert names(marts_path) == ["marts.duckdb"]
    with duckdb.connect(str(marts_path), read_only=True) as con:
        assert con.execute("SELECT v, x FROM t, other").fetchall() == [(2, 5)]


def test_a_damaged_file_is_not_loaded_into(marts_path):
    """What lies beside the source's schema could not be kept."""
    marts_path.write_bytes(b"x" * 5000)
    with pytest.raises(LoadError, match="Move the file away"), beside(marts_path):
        pass


def test_the_first_load_makes_the_file(tmp_path):
    """There is nothing to copy yet."""
    path = tmp_path / "new" / "marts.duckdb"
    with one_loader(path), beside(path) as copy, duckdb.connect(str(copy)) as con:
        con.execute("CREATE TABLE t AS SELECT 9 AS v")
    assert value(path) == 9


LOADER = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from heartbeat_lib.marts.load import load_folder
root = Path(sys.argv[1])
load_folder(root / "marts.duckdb", schema="shop", folder=root / "shop", zone=ZoneInfo("UTC"), state_dir=root / "state")
"""


@pytest.mark.slow
def test_readers_see_whole_states_beside_loaders_that_are_killed(tmp_path, opened):
    """Two tables of one load always agree, whichever loader died wherever, and the last load is seen."""
    random.seed(20261124)
    (tmp_path / "shop").mkdir()

    def write(state):
        for name in ("a", "b"):
            rows = "".join(f"{n},{state}\n" for n in range(20_000))
            (tmp_path / "shop" / f"{name}.csv").write_text("id,state\n" + rows)

    def load():
        load_folder(
            tmp_path / "marts.duckdb", schema="shop", folder=tmp_path / "shop", zone=ZoneInfo("UTC"), state_dir=tmp_path / "state"
        )

    write(0)
    load()
    marts = opened(tmp_path / "marts.duckdb")
    jobs = [("a", "SELECT max(state) + count(*) FROM shop.a"), ("b", "SELECT min(state) + count(*) FROM shop.b")]
    states, killed = [], 0
    for state in range(1, 16):
        write(state)
        loader = subprocess.Popen([sys.executable, "-c", LOADER, str(tmp_path)])
        ends = time.monotonic() + (random.uniform(0.3, 2.0) if state % 3 else 60)
        while loader.poll() is None:
            found = dict(marts.scalars(jobs))
            assert all(isinstance(outcome, Scalar) for outcome in found.values()), found
            assert found["a"].value == found["b"].value
            states.append(found["a"].value - 20_000)
            if time.monotonic() > ends:
                loader.send_signal(signal.SIGKILL)
                loader.wait()
                killed += 1
        if not state % 3:
            assert loader.returncode == 0
            assert marts.scalar(jobs[0][1]).value == 20_000 + state
    assert killed > 3
    assert states == sorted(states)
    load()
    assert not list(tmp_path.glob("*.loading.*"))
    assert not list((tmp_path / "state" / "dlt").iterdir())
