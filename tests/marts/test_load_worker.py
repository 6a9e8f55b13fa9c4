"""Loading in a process of its own: deadlines, deaths, and that none is left behind. Real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from heartbeat_lib.marts.load_errors import LoadDeadlineError, LoadError, LoadWorkerDiedError
from heartbeat_lib.marts.load_worker import LoadJob, LoadWorker
from heartbeat_lib.marts.swap import one_loader

PIPELINES = """
    import os, pathlib, signal, subprocess, sys, time
    import dlt

    ROOT = pathlib.Path.cwd()

    @dlt.resource(write_disposition="replace")
    def good():
        yield {"pid": os.getpid()}

    @dlt.resource
    def slow():
        yield {"id": 1}
        helper = subprocess.Popen(["sleep", "60"])
        (ROOT / "helper").write_text(str(helper.pid))
        time.sleep(60)

    @dlt.resource
    def killed():
        os.kill(os.getpid(), signal.SIGKILL)
        yield {}

    @dlt.resource
    def crashed():
        print("the library said so", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
        yield {}
"""
PARENT = """
    import sys
    from pathlib import Path
    from heartbeat_lib.marts.load_worker import LoadJob, LoadWorker

    root = Path(sys.argv[1])
    with LoadWorker(project=root, state_dir=root / "state") as worker:
        job = LoadJob(schema="slow", marts=root / "marts.duckdb", pipeline=root / "pipelines.py")
        worker.load(job, deadline_s=60, progress=lambda *step: print(worker.pid, flush=True))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    """One folder and one worker for all tests here: dlt is imported once, where a test does not kill it."""
    made = Place(tmp_path_factory.mktemp("loads"))
    yield made
    made.worker.close()


class Place:
    """A folder with pipelines of every temper and a folder of files, loaded through one worker."""

    def __init__(self, root):
        self.root, self.marts = root, root / "marts.duckdb"
        self.file = root / "pipelines.py"
        self.file.write_text(textwrap.dedent(PIPELINES), "utf-8")
        (root / "shop").mkdir()
        (root / "shop" / "orders.csv").write_text("id\n1\n2\n", "utf-8")
        self.worker = LoadWorker(project=root, state_dir=root / "state")

    def load(self, schema, deadline_s=30.0, **more):
        job = LoadJob(schema=schema, marts=self.marts, pipeline=self.file)
        return self.worker.load(job, deadline_s=deadline_s, **more)

    def load_shop(self, **more):
        job = LoadJob(schema="shop", marts=self.marts, folder=self.root / "shop", zone="Europe/Berlin")
        return self.worker.load(job, deadline_s=30.0, **more)

    def rows(self, sql):
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return con.execute(sql).fetchall()


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_folders_and_pipelines_load_in_one_worker(place):
    """dlt is imported once for a pass, and not in this process's time."""
    steps = []
    shop = place.load_shop(progress=lambda step, done, total: steps.append((step, done, total)))
    place.load("good")
    assert shop.tables == {"orders": 2}
    assert shop.inserted_at.tzinfo is not None
    assert steps[0] == ("reading orders.csv", 0, 3)
    assert place.rows("SELECT pid FROM good.good") == [(place.worker.pid,)]
    assert place.load_shop().skipped


def test_a_load_that_fails_is_told_in_its_own_words(place):
    """The worker lives on for the next source."""
    with pytest.raises(LoadError, match=r"^pipelines\.py: no dlt source named nothing; it defines crashed, good"):
        place.load("nothing")
    before = place.worker.pid
    place.load("good")
    assert place.worker.pid == before


def test_a_load_past_its_deadline_is_killed_with_all_that_it_started(place, eventually):
    """The text says which source, which deadline and what to do; the next source is loaded, and leftovers go."""
    place.load("good")
    before, killed = place.marts.read_bytes(), place.worker.pid
    started = time.monotonic()
    with pytest.raises(LoadDeadlineError, match=r"Loading slow took longer than its deadline of 1 s .* raise `deadline`"):
        place.load("slow", deadline_s=1.0)
    assert 1.0 <= time.monotonic() - started < 3.0
    assert not is_alive(killed)
    helper = int((place.root / "helper").read_text())
    eventually(lambda: not is_alive(helper))
    assert place.marts.read_bytes() == before
    place.load("good")
    assert place.worker.pid != killed
    assert {path.name for path in place.root.glob("marts*")} == {"marts.duckdb", "marts.duckdb.lock"}
    assert list((place.root / "state" / "dlt").iterdir()) == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("killed", r"^The process that loaded killed died \(killed, perhaps for want of memory\)"),
        ("crashed", r"^The process that loaded crashed died \(SIGSEGV\).*the library said so$"),
    ],
)
def test_a_worker_that_dies_by_itself_is_named(place, schema, words):
    """For want of memory, or of a crash in a library; the next source meets a new worker."""
    with pytest.raises(LoadWorkerDiedError, match=words):
        place.load(schema)
    assert not place.load("good").skipped


def test_waiting_for_another_loader_counts_towards_the_deadline(place):
    """And who holds the marts is named, just before the kill would have come."""
    started = time.monotonic()
    with one_loader(place.marts), pytest.raises(LoadError, match=f"being loaded by process {os.getpid()}"):
        place.load("good", deadline_s=1.0)
    assert time.monotonic() - started < 1.5


def test_a_worker_that_died_between_two_loads_is_replaced(place):
    """The source that comes next is not to blame."""
    place.load("good")
    os.kill(place.worker.pid, signal.SIGKILL)
    time.sleep(0.1)
    place.load("good")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_with_its_parent(place, how, eventually):
    """However the parent ends; Ctrl-C too takes no longer than the parent itself."""
    script = [sys.executable, "-c", textwrap.dedent(PARENT), str(place.root)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.send_signal(how)
        assert parent.wait(timeout=5) == -how
        eventually(lambda: not is_alive(worker))
