"""From a candidate to a metric file: discovery writes the text, registration judges it, and only then it is put in its place.

Nothing is registered: a person completes, commits and deploys the file. Thresholds are taken with their outside source or not at
all. The surprise: a file that already reads exactly so is taken for ours, because a kill may have come between file and record.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from heartbeat_lib import registration
from heartbeat_lib.discovery.candidate import Candidate, CandidateError, CandidateStage, candidate
from heartbeat_lib.discovery.candidates import mark_promoted
from heartbeat_lib.discovery.metric_file import NothingToPromoteError, metric_file_text
from heartbeat_lib.discovery.refusals import aligned_candidate, refuse_metric_id
from heartbeat_lib.discovery.wording import from_its_own_past, says_nothing
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.registration.check import metric_paths
from heartbeat_lib.workbench import Workbench


class ThresholdsRefusedError(CandidateError):
    """Thresholds that are not whole, or whose basis is none."""


class FileExistsAlreadyError(CandidateError):
    """The metric's file is there and says something else; it was left as it is."""


class FileRefusedError(CandidateError):
    """What would be the file has errors; they are in `findings`. No file was written."""

    def __init__(self, findings: Sequence[registration.Finding]) -> None:
        self.findings = tuple(findings)
        lines = "".join(f"\n{one.file}:{one.line}: {one.severity} [{one.rule}] {one.message}" for one in findings)
        super().__init__(f"No file was written, because it would be refused; mend story or SQL and draft it again:{lines}")


def promote(
    workbench: Workbench,
    candidate_id: str,
    *,
    norm: Decimal | None = None,
    alert: Decimal | None = None,
    basis: str | None = None,
    by: str | None = None,
    on: date | None = None,
) -> Path:
    """Write `db/metrics/<id>.sql` from the draft, and keep that it was promoted.

    Parameters
    ----------
    norm, alert
        Amber and red; both or none.
    basis
        Where the two come from outside the data.
    by, on
        Who does it (None: the operator), and the report's day (None: today in the workspace's zone).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ThresholdsRefusedError, NothingToPromoteError, NotAlignedError, FileExistsAlreadyError, FileRefusedError, IdTakenError
        Nothing was written; the message says why and what to do.
    """
    known = candidate(workbench, candidate_id)
    if known.stage is not CandidateStage.DRAFTED:
        known = aligned_candidate(workbench, candidate_id)
        raise NothingToPromoteError(f"{candidate_id} has no draft yet: heartbeat candidate draft {candidate_id} --sql FILE")
    said = _thresholds(known, norm, alert, basis)
    text = metric_file_text(known, dialect=dialect_for(workbench.workspace.marts_url), norm=norm, alert=alert, basis=said)
    path = workbench.workspace.metrics / f"{candidate_id}.sql"
    shown = workbench.workspace.relative(path)
    if path.exists() or path.is_symlink():
        _refuse_other(path, shown, text)
        return _marked(workbench, known, path, by, on)
    refuse_metric_id(workbench, candidate_id)
    _judge(workbench, path, text)
    try:
        placed = _put(path, text)
    except OSError as error:
        raise CandidateError(f"{shown} could not be written ({error.strerror}); {candidate_id} is as it was.") from None
    if not placed:
        _refuse_other(path, shown, text)
    try:
        return _marked(workbench, known, path, by, on)
    except CandidateError:
        path.unlink()  # somebody was quicker, so the file would be of a draft that counts no more
        raise


def _thresholds(known: Candidate, norm: Decimal | None, alert: Decimal | None, basis: str | None) -> str | None:
    """The basis as it is to be kept; None where there are no thresholds."""
    if norm is None and alert is None:
        if basis is not None:
            raise ThresholdsRefusedError("A basis without thresholds: say --norm and --alert too, or leave it out.")
        return None
    if norm is None or alert is None:
        raise ThresholdsRefusedError(
            "One threshold alone does not say which side is worse: say both, --norm (amber) and --alert (red), or none."
        )
    if not (norm.is_finite() and alert.is_finite()):
        raise ThresholdsRefusedError("A threshold is a number.")
    if norm == alert:
        raise ThresholdsRefusedError(
            f"Two equal thresholds, {norm}, do not say which side is worse. Say two that differ, or none and write them into the "
            "file with a direction."
        )
    said = (basis or "").strip()
    why = says_nothing(said) if said else "missing"
    if why is None:
        why = from_its_own_past(said)
    if why is None and (named := [table for table in (known.draft or {})["tables"] if str(table).lower() in said.lower()]):
        why = f"{named[0]} is what the metric reads; a threshold never comes from the data that it polices"
    if why is not None:
        raise ThresholdsRefusedError(
            f"Thresholds need a basis outside the data (--basis): {why}. A contract, a rule or a capacity is one."
        )
    return said


def _judge(workbench: Workbench, path: Path, text: str) -> None:
    """Raise FileRefusedError where `heartbeat check` would refuse the file beside those that are there."""
    workspace = workbench.workspace
    workspace.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="promote-", dir=workspace.state) as folder:
        beside = Path(folder) / path.name
        beside.write_text(text, "utf-8", newline="")
        # Ours comes last, so that a code which two files have is its fault.
        checked = registration.check(workspace, [*metric_paths(workspace), beside])
        ours = workspace.relative(beside)
        errors = [replace(found, file=workspace.relative(path)) for found in checked.errors if found.file == ours]
    if errors:
        raise FileRefusedError(errors)


def _put(path: Path, text: str) -> bool:
    """The whole file or none, and never over another: False where something is there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    return True


def _refuse_other(path: Path, shown: str, text: str) -> None:
    try:
        same = not path.is_symlink() and path.read_bytes() == text.encode("utf-8")
    except OSError:
        same = False
    if not same:
        raise FileExistsAlreadyError(f"{shown} exists already and was left as it is. Move it away, or choose another id.")


def _marked(workbench: Workbench, known: Candidate, path: Path, by: str | None, on: date | None) -> Path:
    mark_promoted(workbench, known, workbench.workspace.relative(path), by=by, on=on)
    return path
