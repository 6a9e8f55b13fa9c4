"""Bringing sources into the marts: every `[[source]]` of the workspace, one folder by hand, or the demo bank.

`[[source]]`s are loaded in a worker process, each with its deadline; one that fails or hangs is told in its SourceLoad and
stops neither the next source nor the compute after it. Whether a folder's files changed is decided here, so a tick in which
nothing changed starts no worker. What a person loads by hand runs in this process and raises.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat_lib.marts.files import source_files
from heartbeat_lib.marts.load_notes import last_load
from heartbeat_lib.marts.load_worker import LoadJob, LoadWorker
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.settings import Source
from heartbeat_lib.workbench import Workbench

if TYPE_CHECKING:
    from heartbeat_lib.marts.load_notes import LoadResult

Say = Callable[[str], None]
"""Takes one line about what happens now."""


def silent(_: str) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLoad:
    """What became of one source: its tables and rows, that it brought nothing new, or why it failed."""

    schema: str
    tables: dict[str, int] = field(default_factory=dict)
    unchanged: bool = False
    error: str | None = None
    seconds: float = 0.0

    def record(self) -> dict[str, object]:
        """The load as it stands in a run's `detail`."""
        return {
            "schema": self.schema,
            "rows": sum(self.tables.values()),
            "unchanged": self.unchanged,
            "error": self.error,
            "seconds": round(self.seconds, 3),
        }


class NoSourcesError(HeartbeatError):
    """There is nothing to load: no `[[source]]`, or marts that Heartbeat does not fill."""


def load_all(workbench: Workbench, *, say: Say = silent) -> tuple[SourceLoad, ...]:
    """Every `[[source]]`, one after another; a failed one leaves its schema as it was and says why in its `error`."""
    workspace = workbench.workspace
    with LoadWorker(project=workspace.root, state_dir=workspace.state) as worker:
        return tuple(_load(workbench, source, worker, say) for source in workspace.settings.source)


def load_folder(workbench: Workbench, schema: str, folder: Path, *, say: Say = silent) -> SourceLoad:
    """One folder into one schema, now. A `[[source]]` of that schema lends its key and time zone.

    Raises
    ------
    LoadError
        A file or the folder cannot be loaded; the marts are as before.
    """
    from heartbeat_lib.marts import load as loading

    source = next((s for s in workbench.workspace.settings.source if s.schema_name == schema), None)
    started = datetime.now(UTC)
    say(f"Loading {folder} into {schema} ...")
    result = loading.load_folder(
        _marts_file(workbench),
        schema=schema,
        folder=folder.expanduser().resolve(),
        zone=(source and source.time_zone) or workbench.workspace.zone,
        key=source.key if source else (),
        state_dir=workbench.workspace.state,
        progress=_steps(say, schema),
    )
    return _loaded(result, started)


def load_demo(workbench: Workbench, *, ending: date | None = None, say: Say = silent) -> tuple[SourceLoad, ...]:
    """The synthetic bank, 200 days long: up to this moment, or all of the day `ending`. Raises LoadError."""
    from heartbeat_lib.demo.bank import bank
    from heartbeat_lib.marts import load as loading

    zone = workbench.workspace.zone
    now = datetime.now(UTC)
    say("Making the demo bank ...")
    schemas = bank(ending=ending or now.astimezone(zone).date(), until=None if ending else now, zone=zone)
    loads: list[SourceLoad] = []
    for schema, tables in schemas.items():
        started = datetime.now(UTC)
        say(f"Loading {schema}: {', '.join(tables)} ...")
        result = loading.load_tables(
            _marts_file(workbench), schema=schema, tables=tables, zone=zone, state_dir=workbench.workspace.state
        )
        loads.append(_loaded(result, started))
    return tuple(loads)


def _load(workbench: Workbench, source: Source, worker: LoadWorker, say: Say) -> SourceLoad:
    started = datetime.now(UTC)
    try:
        job = _job(workbench, source)
        result = _unchanged(workbench, source, job)
        if result is None:
            say(f"Loading {source.folder or source.pipeline} into {source.schema_name} ...")
            steps = _steps(say, source.schema_name)
            result = worker.load(job, deadline_s=source.deadline.total_seconds(), progress=steps)
    except (HeartbeatError, OSError) as error:
        seconds = (datetime.now(UTC) - started).total_seconds()
        return SourceLoad(schema=source.schema_name, error=str(error), seconds=seconds)
    return _loaded(result, started)


def _job(workbench: Workbench, source: Source) -> LoadJob:
    """The source with absolute paths. Raises NoSourcesError where the marts are no DuckDB file."""
    workspace = workbench.workspace
    return LoadJob(
        schema=source.schema_name,
        marts=_marts_file(workbench),
        folder=source.folder and workspace.root / source.folder.expanduser(),
        pipeline=source.pipeline and workspace.root / source.pipeline.expanduser(),
        zone=(source.time_zone or workspace.zone).key,
        key=source.key,
    )


def _unchanged(workbench: Workbench, source: Source, job: LoadJob) -> LoadResult | None:
    """The folder's last load where its files are still the same. Raises LoadError where there are no files."""
    if job.folder is None:
        return None
    zone = source.time_zone or workbench.workspace.zone
    return last_load(job.marts, job.schema, source_files(job.folder), zone=zone, key=job.key)


def _steps(say: Say, schema: str) -> Callable[[str, int, int], None]:
    """The loader's steps as lines: which table, of how many."""
    return lambda step, done, total: say(f"{schema}: {step} ({done} of {total})") if done < total else None


def _loaded(result: LoadResult, started: datetime) -> SourceLoad:
    seconds = (datetime.now(UTC) - started).total_seconds()
    return SourceLoad(schema=result.schema, tables=dict(result.tables), unchanged=result.skipped, seconds=seconds)


def _marts_file(workbench: Workbench) -> Path:
    file = workbench.workspace.marts_file
    if file is None:
        raise NoSourcesError(
            f"The marts are at {workbench.workspace.marts_url.partition(':')[0]}; Heartbeat loads files into DuckDB only."
        )
    with suppress(FileExistsError):
        file.parent.mkdir(parents=True)
    return file
