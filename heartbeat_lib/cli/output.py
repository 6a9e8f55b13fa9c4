"""How the command line speaks: results on stdout, everything else on stderr, user text never read as markup."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from heartbeat_lib.compute import Progress
    from heartbeat_lib.registration import Finding
    from heartbeat_lib.workbench import Workbench

_QUIET_S = 5


@cache
def stdout() -> Console:
    """Console for results. Away from a terminal lines are as long as they need to be."""
    from rich.console import Console

    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 160)


@cache
def stderr() -> Console:
    """Console for progress, warnings and errors."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, width=None if sys.stderr.isatty() else 1000)


def complain(message: str) -> None:
    """One refusal on stderr."""
    stderr().print(f"heartbeat: {message}", style="red", soft_wrap=True)


def warn(message: str) -> None:
    """One warning on stderr."""
    stderr().print(f"heartbeat: warning: {message}", style="yellow", soft_wrap=True)


def say(line: str) -> None:
    """One line about what happens now, on stderr."""
    stderr().print(line, style="dim", soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON value on stdout: numbers with every digit, instants ISO 8601 with offset, paths as text."""
    from heartbeat_lib.model.json_text import json_text

    sys.stdout.write(json_text(value, indent=2))
    sys.stdout.write("\n")


def print_findings(findings: Sequence[Finding]) -> None:
    """Findings as `file:line: severity rule: message`, the form that editors can jump to."""
    for finding in findings:
        style = "red" if finding.severity == "error" else "yellow"
        text = f"{finding.file}:{finding.line}: {finding.severity} [{finding.rule}] {finding.message}"
        stderr().print(text, style=style, soft_wrap=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on a terminal; elsewhere a plain line every few seconds, so that short work says nothing."""
    console = stderr()
    if console.is_terminal:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return

    told = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _QUIET_S:
            told = time.monotonic()
            say(f"{what}: {done} of {total}")

    yield line


@contextmanager
def workbench() -> Iterator[Workbench]:
    """The workbench of this call, closed at its end; unknown `HEARTBEAT_` variables are named first."""
    from heartbeat_lib.settings import unknown_variables
    from heartbeat_lib.workbench import Workbench

    with Workbench.open() as bench:
        for name, near in unknown_variables().items():
            hint = f"; did you mean {near}?" if near else ""
            warn(f"the variable {name} means nothing to Heartbeat{hint}")
        yield bench
