"""dlt, kept quiet and on a leash: one run into one schema of one DuckDB file.

dlt is imported inside `working_dlt` and nowhere else, with telemetry off, no progress, no signal handlers and every path
inside the given folder. The surprise: its settings are environment variables, so they are set for the time of the run
and put back; a lock keeps a second thread out meanwhile.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbeat_lib.marts.load_errors import LoadError

if TYPE_CHECKING:
    import dlt
    import pyarrow as pa

_SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "RUNTIME__INTERCEPT_SIGNALS": "false",
    "RESTORE_FROM_DESTINATION": "false",  # what dlt remembers would fight with a table that changed its type
    "ENABLE_RUNTIME_TRACE": "false",
    "NORMALIZE__WORKERS": "1",
}
_ENDING = re.compile(r"[\W_]+$")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class DltRun:
    """A loaded and configured dlt. `naming` makes a name in a file into the name of a table or column."""

    naming: Callable[[str], str]
    folder: Path

    def __call__(
        self,
        database: Path,
        schema: str,
        tables: Mapping[str, Iterator[pa.Table]],
        *,
        key: Sequence[str],
    ) -> str:
        """Load each table's batches. Returns dlt's load id.

        Raises
        ------
        LoadError
            What a batch raised as LoadError, or dlt's failure with its innermost words.
        """
        import dlt

        how: dict[str, Any] = {"write_disposition": "append"}
        if key:
            how = {"write_disposition": {"disposition": "merge", "strategy": "upsert"}, "primary_key": list(key)}
        resources = [dlt.resource(batches, name=name, **how) for name, batches in tables.items()]
        try:
            info = self.pipeline(database, schema).run(resources)
            info.raise_on_failed_jobs()
        except Exception as error:
            ours, innermost = _roots(error)
            if ours is not None:
                raise ours from error
            words = str(innermost).strip().partition("\n")[0][:500]
            raise LoadError(f"dlt could not load schema {schema}: {words or type(innermost).__name__}") from error
        return info.loads_ids[-1]

    def pipeline(self, database: Path, schema: str) -> dlt.Pipeline:
        """dlt's pipeline into `schema` of `database`; always of the same name, by which its state is found again."""
        import dlt

        return dlt.pipeline(
            f"heartbeat_{schema}",
            destination=dlt.destinations.duckdb(str(database)),
            dataset_name=schema,
            pipelines_dir=str(self.folder),
        )


@contextmanager
def working_dlt(state_dir: Path, *, project: Path | None = None) -> Iterator[DltRun]:
    """dlt with a working folder of its own under `state_dir`, which is gone when the block ends.

    With a `project` dlt works as its users know it: configuration and secrets come from `project/.dlt`, and what it
    remembers of earlier runs comes from the marts.
    """
    home = state_dir / "dlt"
    home.mkdir(parents=True, exist_ok=True)
    _sweep(home)
    folder = Path(tempfile.mkdtemp(prefix=f"load.{os.getpid()}.", dir=home))
    settings = _SETTINGS | {"DLT_DATA_DIR": str(home), "DLT_PROJECT_DIR": str(project or home)}
    if project is not None:
        settings["RESTORE_FROM_DESTINATION"] = "true"
    with _one_at_a_time:
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            from dlt.common.normalizers.naming.snake_case import NamingConvention

            if project is not None:
                _read_configuration()
            snake_case = NamingConvention().normalize_identifier

            def naming(name: str) -> str:
                # dlt would write a closing bracket or percent sign as an x: "orders[1]" as orders_1x.
                return snake_case(_ENDING.sub("", name.strip()) or name)

            yield DltRun(naming=naming, folder=folder)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            if project is not None:
                _read_configuration()
            shutil.rmtree(folder, ignore_errors=True)


def warm_up(state_dir: Path) -> None:
    """Import dlt now, so that the 2 s are not counted against the first source."""
    with working_dlt(state_dir):
        import dlt  # noqa: F401


def _read_configuration() -> None:
    """dlt reads `.dlt/*.toml` once per process, and the folder to look in has just changed."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    Container()[PluggableRunContext].reload_providers()


def _sweep(home: Path) -> None:
    """Remove what killed loads left."""
    for leftover in home.glob("load.*.*"):
        pid = leftover.name.split(".")[1]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _roots(error: BaseException) -> tuple[LoadError | None, BaseException]:
    """Our own error inside dlt's wrappings, if there is one, and the innermost error."""
    seen: set[int] = set()
    while True:
        if isinstance(error, LoadError):
            return error, error
        seen.add(id(error))
        inner = error.__cause__ or error.__context__
        if inner is None or id(inner) in seen:
            return None, error
        error = inner
