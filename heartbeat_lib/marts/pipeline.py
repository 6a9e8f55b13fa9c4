"""A dlt pipeline file into the marts: one schema per load, all or nothing, with dlt's own write dispositions.

The file is ordinary Python that defines, under the schema's name, a dlt source (or resource) callable without arguments.
dlt's memory of earlier runs (incremental cursors, merge keys, the tables' columns) lies in the schema itself and is read
back from there at each run; no folder keeps anything. The surprise: a schema that files or the demo made is cleared first,
because dlt can only go on from tables that it knows.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from heartbeat_lib.marts.load import check_schema
from heartbeat_lib.marts.load_errors import LoadError, PipelineError
from heartbeat_lib.marts.load_notes import LoadResult, inserted_at, last_inserted
from heartbeat_lib.marts.loading import Progress, clear, clear_staging, opened, tables_of
from heartbeat_lib.marts.swap import WAIT_S, beside, one_loader

if TYPE_CHECKING:
    from dlt.extract import DltResource, DltSource

    from heartbeat_lib.marts.dlt_run import DltRun

STEPS = 3


class _NothingNew(Exception):
    """Leaves the copy behind: dlt found no row and wrote nothing."""


def load_pipeline(
    marts_path: Path,
    *,
    schema: str,
    file: Path,
    project: Path,
    state_dir: Path,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
) -> LoadResult:
    """Run the dlt source that `file` defines under the name `schema`, into that schema.

    Parameters
    ----------
    marts_path
        The DuckDB file; made when missing.
    project
        The workspace: `.dlt/config.toml` and `.dlt/secrets.toml` are read from it, and the file is named relative to it.
    state_dir
        Where dlt may work; nothing stays there.
    wait_s
        How long to wait for another loader.

    Returns
    -------
    LoadResult
        Rows per table of this run; `skipped`, and no tables, where dlt found nothing new.

    Raises
    ------
    LoadError
        Nothing was loaded, and the marts are as they were. PipelineError names the file and line.
    """
    check_schema(schema, marts_path)
    shown = str(file.relative_to(project) if file.is_relative_to(project) else file)
    if not file.is_file():
        raise LoadError(f"There is no file {file}. A pipeline is a Python file that defines a dlt source named {schema}.")
    say = progress or (lambda step, done, total: None)
    from heartbeat_lib.marts.dlt_run import working_dlt

    with one_loader(marts_path, wait_s=wait_s), working_dlt(state_dir, project=project) as run, _on_path(file.parent):
        try:
            say(f"running {shown}", 0, STEPS)
            with _named_faults(file, shown):
                source = _source(file, shown, schema)
            with beside(marts_path) as copy:
                with opened(copy) as marts:
                    if "_heartbeat_files" in tables_of(marts, schema):
                        clear(marts, schema)
                with _named_faults(file, shown):
                    load_id, rows = _run(run, copy, schema, source, lambda: say(f"writing {schema}", 1, STEPS))
                with opened(copy) as marts:
                    clear_staging(marts, schema)
                    ended = inserted_at(marts, schema, load_id)
                    marts.execute("CHECKPOINT")
                say("putting the new marts in place", 2, STEPS)
        except _NothingNew:
            load_id, ended = last_inserted(marts_path, schema)
            return LoadResult(schema=schema, tables={}, load_id=load_id, inserted_at=ended, skipped=True)
    say("loaded", STEPS, STEPS)
    return LoadResult(schema=schema, tables=rows, load_id=load_id, inserted_at=ended)


def _run(
    run: DltRun, copy: Path, schema: str, source: DltSource | DltResource, writing: Callable[[], None]
) -> tuple[str, dict[str, int]]:
    """One run on the copy: dlt's load id and the rows per table. Raises _NothingNew, and whatever the file raises."""
    pipeline = run.pipeline(copy, schema)
    pipeline.sync_destination()
    pipeline.extract(source)
    counts = pipeline.normalize().row_counts
    writing()
    info = pipeline.load()
    info.raise_on_failed_jobs()
    if not info.loads_ids:
        raise _NothingNew
    return info.loads_ids[-1], {table: rows for table, rows in sorted(counts.items()) if not table.startswith("_dlt")}


def _source(file: Path, shown: str, schema: str) -> DltSource | DltResource:
    """What the file defines under the schema's name, ready to run."""
    from dlt.extract import DltResource, DltSource

    module = _imported(file)
    if not hasattr(module, schema):
        known = _sources_of(module)
        defines = f"it defines {', '.join(known)}" if known else "it defines no dlt source at all"
        raise PipelineError(file, shown, f"no dlt source named {schema}; {defines}. Name the source like the schema.")
    found = getattr(module, schema)
    made = found() if callable(found) and not isinstance(found, DltResource) else found
    if not isinstance(made, DltSource | DltResource):
        raise PipelineError(file, shown, f"{schema} is no dlt source but {type(made).__name__}. Write @dlt.source above it.")
    return made


def _imported(file: Path) -> ModuleType:
    """The file as a module; once per process and state of the file, so that several sources share what it prepares."""
    seen = file.stat()
    digest = sha256(f"{file} {seen.st_mtime_ns} {seen.st_size}".encode()).hexdigest()[:12]
    # dlt looks for a source's secrets under the last part of this name, as if the file had been imported plainly.
    name = f"heartbeat_pipeline_{digest}.{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} is no Python file. A pipeline's name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _sources_of(module: ModuleType) -> list[str]:
    from dlt.extract import DltResource, DltSource, SourceFactory

    kinds = (SourceFactory, DltSource, DltResource)
    return sorted(name for name, value in vars(module).items() if isinstance(value, kinds) and not name.startswith("_"))


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """A pipeline file may import its neighbours, as when it is run by hand."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _named_faults(file: Path, shown: str) -> Iterator[None]:
    """Whatever is raised inside becomes one PipelineError: the words inside dlt's wrappings, the line in the file."""
    try:
        yield
    except (LoadError, _NothingNew):
        raise
    except (Exception, SystemExit) as error:  # a file that calls sys.exit must not take the worker with it
        chain = _chain(error)
        own = next((each for each in chain if not type(each).__module__.startswith("dlt.")), chain[-1])
        lines = [line for each in (own, *reversed(chain)) if (line := _line(each, file)) is not None]
        said: Any = own.msg if isinstance(own, SyntaxError) else own
        words = str(said).strip().partition("\n")[0][:500]
        fault = f"{type(own).__name__}: {words}" if words else type(own).__name__
        raise PipelineError(file, shown, fault, line=lines[0] if lines else None) from error


def _chain(error: BaseException) -> list[BaseException]:
    """The error and those behind it, outermost first; what was raised `from None` hides what is behind it."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return chain


def _line(error: BaseException, file: Path) -> int | None:
    """The deepest line of `file` in the error's traceback."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else None
