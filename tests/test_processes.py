"""Long-running processes: announced, found by birth and number, ended with all they started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from heartbeat_lib import processes
from heartbeat_lib.workspace import create

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def place(tmp_path):
    """A workspace without a server."""
    return create(tmp_path / "w", operator="ann@x.example", zone="Europe/Berlin")


@pytest.fixture
def start():
    """Starts Python and waits until it says that it is ready."""
    started = []

    def run(program):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        processes.end(processes.tree(process.pid))
        process.wait()


def test_a_process_is_known_while_it_lives(place):
    """And not a moment longer."""
    with processes.announced(place, "schedule"):
        assert processes.living(place) == [processes.Announced(name="schedule", pid=os.getpid())]
    assert processes.living(place) == []


@pytest.mark.parametrize("left", ["a number that is nobody's", "a number that is somebody else's by now", "half a file"])
def test_what_a_dead_process_left_is_removed(place, left):
    """Numbers are given away again; births are not."""
    folder = place.state / "processes"
    folder.mkdir(parents=True)
    pid = os.getpid() if "else" in left else 2**22 - 1
    text = '{"name": "sch' if "half" in left else json.dumps({"name": "schedule", "pid": pid, "born": 12345.0})
    (folder / "schedule.1.json").write_text(text, "utf-8")
    assert processes.living(place) == []
    assert list(folder.iterdir()) == []


def test_ending_a_tree_ends_what_it_started(start):
    """A notebook's kernel must not outlive the clock."""
    family = processes.tree(start(PARENT).pid)
    assert len(family) == 2
    processes.end(family)
    time.sleep(0.1)
    assert [process for process in family if process.is_running() and process.status() != "zombie"] == []


def test_who_does_not_listen_is_killed_after_the_patience(start):
    """SIGTERM first, SIGKILL in the end."""
    stubborn = start(STUBBORN)
    stubborn.terminate()
    began = time.monotonic()
    processes.end(processes.tree(stubborn.pid), patience_s=0.5)
    assert 0.4 < time.monotonic() - began < 5
    assert stubborn.wait() == -9


def test_a_process_that_is_gone_has_no_tree(start):
    """It may end between two looks."""
    process = start("print('ready', flush=True)")
    process.wait()
    assert processes.tree(process.pid) == []
