"""A process of ours that is asked over a socket pair and may be killed at any moment.

Requests and answers are JSON, one a line. The process gets the number of its end of the pair and its parent's id as the first
two words. What it prints is kept until it ends, because its last line may say why it did. The surprise: it dies with the
thread that started it (PR_SET_PDEATHSIG counts threads, not processes).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


class ChildProcess:
    """`python -m module FD PARENT words...`, started when this is made. Only `kill` may be called from other threads."""

    def __init__(self, module: str, *words: str, folder: Path | None = None) -> None:
        self._channel, theirs = socket.socketpair()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end, with the process
        self._buffer = b""
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), str(os.getpid()), *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C belongs to the parent, and one kill ends all that the child started
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_dead(self) -> bool:
        """It ended by itself, or somebody killed it."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill it; `end` still has to be called."""
        self._process.kill()

    def send(self, request: Mapping[str, Any], *, timeout_s: float, descriptors: Sequence[int] = ()) -> None:
        """Ask, and hand over open files. Raises OSError when the process is gone or does not listen."""
        self._channel.settimeout(timeout_s)
        line = json.dumps(request, default=str).encode() + b"\n"
        if descriptors:
            line = line[socket.send_fds(self._channel, [line], list(descriptors)) :]
        self._channel.sendall(line)

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next answer. Raises TimeoutError at the deadline, EOFError or OSError when the process is gone."""
        until = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            if (left := until - time.monotonic()) <= 0:
                raise TimeoutError
            self._channel.settimeout(left)
            chunk = self._channel.recv(1 << 16)
            if not chunk:
                raise EOFError("the process hung up")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def end(self, *, patience_s: float = 0.0) -> tuple[int, str]:
        """Kill and reap it with all that it started. Returns its exit code and the last line it printed.

        With patience a process that is dying gets the time to do so by itself, so that its own end is told.
        """
        self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=patience_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        self._complaints.seek(0)
        words = self._complaints.read().decode("utf-8", "replace").strip()[-2000:]
        self._complaints.close()
        return code, words.splitlines()[-1][:500] if words else ""
