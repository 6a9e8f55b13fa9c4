"""The report of a day: every candidate that somebody changed on it, an entry each, in the order in which they came up.

An entry lies between two markers, and rewriting it leaves every other byte alone, whoever wrote it. One process at a time
writes; a reader sees the whole text before or after.

The surprise: a note of what is about to change is put beside the report before the store is touched. So a folder that cannot be
written refuses the change, and what a kill leaves between store and report is mended by the next command.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from heartbeat_lib.discovery.candidate import Candidate, CandidateError, NoSuchCandidateError, candidate
from heartbeat_lib.discovery.entry import entry_text, picture_of
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.workbench import Workbench

_HEADING = """\
# Metric candidates of {day}

Written by `heartbeat candidate` and the discovery notebook: what somebody changed on this day, as it stood then. Nothing here
is in the registry. What you write between the entries stays.
"""
_NOTE = re.compile(r"\.changing-(\d{4}-\d{2}-\d{2})-([a-z][a-z0-9_]{2,62})")


class ReportFolderError(HeartbeatError):
    """The folder of reports cannot be written, so nothing was changed."""


class ReportNotWrittenError(HeartbeatError):
    """The candidate was changed, and its entry in the report was not; the next command writes it."""


def report_path(workbench: Workbench, on: date) -> Path:
    """Where the report of a day lies."""
    return workbench.workspace.candidates_reports / f"metric-candidates-{on.isoformat()}.md"


def rewrite_entry(workbench: Workbench, changed: Candidate, *, on: date | None = None) -> Path:
    """Put a candidate's entry into the report of a day, in the place of the one that is there, or at the end.

    Parameters
    ----------
    on
        The report's day; None: today in the workspace's zone.

    Raises
    ------
    ReportFolderError
        It cannot be written; the report is as before.
    """
    with _alone(workbench):
        try:
            return _rewritten(workbench, changed, on or _today(workbench))
        except OSError as error:
            raise _folder_error(workbench, error) from None


@contextmanager
def told(workbench: Workbench, candidate_id: str, on: date | None) -> Iterator[None]:
    """Around a change of a candidate in the store: afterwards its entry in the day's report is what the store says.

    Raises
    ------
    ReportFolderError
        Before the block: the folder cannot be written.
    ReportNotWrittenError
        After the block: it can no longer be written.
    """
    day = on or _today(workbench)
    with _alone(workbench):
        note = workbench.workspace.candidates_reports / f".changing-{day.isoformat()}-{candidate_id}"
        try:
            _mend(workbench)
            note.touch()
        except OSError as error:
            raise _folder_error(workbench, error) from None
        try:
            yield
        except CandidateError:
            note.unlink()
            raise
        try:
            _rewritten(workbench, candidate(workbench, candidate_id), day)
            note.unlink()
        except OSError as error:
            where = workbench.workspace.relative(report_path(workbench, day))
            raise ReportNotWrittenError(
                f"{candidate_id} was changed, but its entry in {where} could not be written ({error.strerror}). "
                "Mend that; the next `heartbeat candidate` command writes it."
            ) from None


def _mend(workbench: Workbench) -> None:
    """Write the entries of changes that were cut off between store and report."""
    for note in sorted(workbench.workspace.candidates_reports.glob(".changing-*")):
        if (named := _NOTE.fullmatch(note.name)) is None:
            continue
        with suppress(NoSuchCandidateError):  # cut off before it was there at all
            _rewritten(workbench, candidate(workbench, named[2]), date.fromisoformat(named[1]))
        note.unlink()


def _rewritten(workbench: Workbench, changed: Candidate, day: date) -> Path:
    path = report_path(workbench, day)
    picture_file = path.with_suffix("") / f"{changed.candidate_id}.svg"
    picture = picture_of(changed)
    text = entry_text(
        changed,
        zone=workbench.workspace.zone,
        picture=picture,
        picture_file=picture_file.relative_to(path.parent).as_posix(),
    )
    if picture is not None:
        picture_file.parent.mkdir(parents=True, exist_ok=True)
        _put(picture_file, picture.svg.encode("utf-8"))
    before = path.read_bytes() if path.exists() else _HEADING.format(day=day.isoformat()).encode("utf-8")
    _put(path, _with_entry(before, changed.candidate_id, text.encode("utf-8")))
    if picture is None:
        picture_file.unlink(missing_ok=True)
    return path


def _with_entry(report: bytes, candidate_id: str, text: bytes) -> bytes:
    """The report with this entry in place of the first whole one of this id, or after everything else."""
    of = candidate_id.encode("ascii")
    # An entry has no other beginning within: where somebody lost an end, only what is surely the entry is replaced.
    first, within, last = (
        rb"^<!-- candidate: " + of + rb" -->\r?$",
        rb"(?:(?!^<!-- candidate: ).)*?",
        rb"^<!-- end: " + of + rb" -->",
    )
    found = re.search(first + within + last + rb"(?=\r?$)", report, re.DOTALL | re.MULTILINE)
    if found is not None:
        return report[: found.start()] + text + report[found.end() :]
    gap = b"" if report.endswith(b"\n\n") or not report else b"\n" if report.endswith(b"\n") else b"\n\n"
    return report + gap + text + b"\n"


def _put(path: Path, content: bytes) -> None:
    """Written beside under a name of our own, then put in place whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _alone(workbench: Workbench) -> Iterator[None]:
    """One process at a time changes reports; the lock goes with its process."""
    workspace = workbench.workspace
    try:
        workspace.candidates_reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _folder_error(workbench, error) from None
    workspace.state.mkdir(parents=True, exist_ok=True)
    with (workspace.state / "metric-candidates.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _folder_error(workbench: Workbench, error: OSError) -> ReportFolderError:
    folder = workbench.workspace.relative(workbench.workspace.candidates_reports)
    return ReportFolderError(
        f"{folder} cannot be written ({error.strerror}). A candidate is never changed without its report: nothing was."
    )


def _today(workbench: Workbench) -> date:
    return datetime.now(UTC).astimezone(workbench.workspace.zone).date()
