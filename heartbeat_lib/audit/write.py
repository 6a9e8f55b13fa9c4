"""The end of an audit: its report, its pictures, what it computed, and its row in the store.

In this order: the pictures, then the report, whole and under a name that nobody has, then one transaction with the observations
and the row. So a kill leaves at worst a report of which the store knows nothing; never a row without its report, and never a
verdict without evidence. What is refused or fails on the way takes its files back.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from heartbeat_lib.audit import pictures, report
from heartbeat_lib.audit.case import Case, select
from heartbeat_lib.audit.evidence import HEADLINES, Evidence, Layer, LayerName
from heartbeat_lib.audit.past import Recomputed, record
from heartbeat_lib.audit.report import Picture
from heartbeat_lib.model.markup import element
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.store import Role, load_sql, translated
from heartbeat_lib.workspace import Workspace

_PERIODS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A finished audit. `report` is relative to the workspace; `broken`: a layer was not examined because something failed."""

    metric_id: str
    audit_date: date
    report: str
    verdict: Verdict
    layers: tuple[Layer, ...]
    broken: bool

    def _repr_html_(self) -> str:
        headline = f"{self.metric_id}: {HEADLINES[self.verdict]}."
        return element("p", element("b", headline), " The report: ", element("code", self.report))

    def __repr__(self) -> str:
        return f"{self.metric_id}: {HEADLINES[self.verdict]}. The report: {self.report}"


def conclude(
    case: Case,
    layers: Sequence[Layer],
    *,
    recomputed: Recomputed | None = None,
    notebook: str | None = None,
    run_id: int | None = None,
) -> Audited:
    """Write what an audit found, files and row.

    Parameters
    ----------
    layers
        What was looked at. One that is missing makes the whole doubtful at best.
    recomputed
        What was computed of the past, to be kept as observations; None: nothing was.
    notebook
        The executed notebook, relative to the workspace; None: there is none.
    run_id
        The run that this belongs to; None: somebody audits by hand.

    Raises
    ------
    StoreError, OSError
        It could not be written; no file was left and no row.
    """
    evidence = Evidence(layers=tuple(sorted(layers, key=lambda layer: list(LayerName).index(layer.name))))
    # Where nothing at all could be looked at, nothing is drawn either: this must work when all else failed.
    drawn = [] if all(layer.broken for layer in evidence.layers) else _drawn(case, evidence)
    with _placed(case, evidence, drawn, notebook) as path:
        shown = case.workbench.workspace.relative(path)
        _record(case, evidence, recomputed, report=shown, notebook=notebook, run_id=run_id)
    return Audited(
        metric_id=case.metric_id,
        audit_date=case.audit_date,
        report=shown,
        verdict=evidence.verdict,
        layers=evidence.layers,
        broken=evidence.broken,
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    suffix: str
    words: str
    svg: bytes


def _drawn(case: Case, evidence: Evidence) -> list[_Drawing]:
    metric, figures = case.metric, report.figures(case.metric)
    rows = select(case, "drawn_history", metric_id=case.metric_id, as_of=case.as_of, periods=_PERIODS)
    past = [
        pictures.Past(start=row["period_start"], value=row["value"], status=row["status"], same_meaning=row["same_meaning"])
        for row in rows
    ]
    lines = {name: metric[f"{name}_value"] for name in ("norm", "alert", "target")}
    history = pictures.history(
        past,
        figures=figures,
        zone=case.workbench.workspace.zone,
        mean=metric["benchmark_mean"],
        sd=metric["benchmark_stddev"],
        **lines,
    )
    tables = [table for layer in evidence.layers if layer.name is LayerName.REBUILD for table in layer.tables]
    roads = pictures.rebuild(pictures.roads_of(tables), figures=figures)
    of = f"of {metric['code']} {metric['name']}"
    drawn = [
        _Drawing("history", f"History {of}: the last kept periods, what is normal in grey, its thresholds", history),
        _Drawing("rebuild", f"The number {of} beside what each other road gave", roads),
    ]
    return [drawing for drawing in drawn if drawing.svg]


@contextmanager
def _placed(case: Case, evidence: Evidence, drawn: Sequence[_Drawing], notebook: str | None) -> Iterator[Path]:
    """The report in its place, with its pictures; taken back where the block raises."""
    folder = case.workbench.workspace.audits
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        with _alone(case.workbench.workspace):
            stem = _free_stem(case, folder)
            shown = [Picture(file=f"{stem}-{one.suffix}.svg", words=one.words) for one in drawn]
            for picture, one in zip(shown, drawn, strict=True):
                written.append(_put(folder / picture.file, one.svg))
            text = report.text(case, evidence.layers, evidence.verdict, pictures=shown, notebook=notebook)
            written.append(_put(folder / f"{stem}.md", text.encode("utf-8")))
        yield written[-1]
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _free_stem(case: Case, folder: Path) -> str:
    """Neither in the folder nor in the store, which remembers reports that somebody removed."""
    taken = {
        Path(row["report"]).stem for row in select(case, "names_taken", metric_id=case.metric_id, audit_date=case.audit_date)
    }
    stem = f"{case.audit_date.isoformat()}-{case.metric_id}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in names if name not in taken and not (folder / f"{name}.md").exists())


def _put(path: Path, content: bytes) -> Path:
    """Written beside under a name of our own, then put in place whole. Pictures of an audit that was killed are overwritten."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.suffix == ".md":
            os.link(beside, path)  # refuses a name that is taken, and shows the whole text or nothing
        else:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """One process at a time chooses a name; the lock goes with its process."""
    workspace.state.mkdir(parents=True, exist_ok=True)
    with (workspace.state / "metric-audits.lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_UN)


def _record(
    case: Case, evidence: Evidence, recomputed: Recomputed | None, *, report: str, notebook: str | None, run_id: int | None
) -> None:
    layers = [
        {"name": layer.name, "verdict": layer.verdict, "why": layer.why} | ({"broken": True} if layer.broken else {})
        for layer in evidence.layers
    ]
    values = {
        "metric_id": case.metric_id,
        "audit_date": case.audit_date,
        "as_of": case.as_of,
        "auditor": case.auditor,
        "definition_hash": case.metric["definition_hash"],
        "verdict": evidence.verdict,
        "layers": json.dumps(layers, ensure_ascii=False),
        "report": report,
        "notebook": notebook,
        "run_id": run_id,
    }
    with translated("Recording the audit"), case.workbench.store.connect(Role.COMPUTE) as connection:
        if recomputed is not None and recomputed.periods:
            record(connection, recomputed, run_id=run_id)
        connection.execute(load_sql(__package__ or "", "append"), values)
