"""Bringing files, or tables in memory, into the marts: one schema per load, through dlt, all or nothing.

Without a key a schema equals its folder after the load: tables whose file is gone go too. With a key rows are merged
(replaced where the key is known, added where not) and nothing else is touched. Either way the change appears at once,
by `swap`, and `_dlt_loads` says when. The surprise: dlt starts from nothing each time. Its own memory of earlier loads
is a folder that a kill can leave half-written; here the marts file is the only memory, and only `_dlt_loads` is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.marts.files import SourceFile, fingerprint, source_files
from heartbeat_lib.marts.load_errors import LoadError
from heartbeat_lib.marts.load_notes import LoadResult, last_load
from heartbeat_lib.marts.loading import FileSource, MemorySource, Progress, load_sources
from heartbeat_lib.marts.swap import WAIT_S, one_loader

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED = frozenset({"main", "temp", "system", "information_schema", "pg_catalog"})


def load_folder(
    marts_path: Path,
    *,
    schema: str,
    folder: Path,
    zone: ZoneInfo,
    key: Sequence[str] | None = None,
    state_dir: Path,
    unless_unchanged: bool = False,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
) -> LoadResult:
    """Load every data file at the top of `folder` as a table of `schema`.

    Parameters
    ----------
    marts_path
        The DuckDB file; made when missing.
    zone
        The source's zone: what a time without zone in these files means.
    key
        Columns that identify a row, in every table of the folder: merge instead of replace.
    state_dir
        Where dlt may work; nothing stays there.
    unless_unchanged
        Do nothing when files, zone and key are those of the last load.
    wait_s
        How long to wait for another loader.

    Raises
    ------
    LoadError
        Nothing was loaded, and the marts are as they were. SourceFileError names the file and line.
    """
    check_schema(schema, marts_path)
    files = source_files(folder)
    with one_loader(marts_path, wait_s=wait_s):
        if unless_unchanged:
            last = last_load(marts_path, schema, files, zone=zone, key=key)
            if last is not None:
                return last
        from heartbeat_lib.marts.dlt_run import working_dlt

        def unchanged() -> None:
            if fingerprint(source_files(folder)) != fingerprint(files):
                raise LoadError(f"{folder} changed while it was being read. Load again when it is complete.")

        with working_dlt(state_dir) as run:
            by_table: dict[str, SourceFile] = {}
            for file in files:
                table = _table_name(file.stem, run.naming(file.stem), str(file.path))
                if table in by_table:
                    raise LoadError(f"{by_table[table].path} and {file.path} would both be table {table}; rename one.")
                by_table[table] = file
            sources = {table: FileSource(file=file) for table, file in by_table.items()}
            return load_sources(
                marts_path, schema, sources, zone=zone, key=key, run=run, progress=progress, before_swap=unchanged
            )


def load_tables(
    marts_path: Path,
    *,
    schema: str,
    tables: Mapping[str, pa.Table],
    zone: ZoneInfo,
    key: Sequence[str] | None = None,
    state_dir: Path,
    progress: Progress | None = None,
    wait_s: float = WAIT_S,
) -> LoadResult:
    """Load tables in memory by the same path as files; see `load_folder`. Raises LoadError."""
    check_schema(schema, marts_path)
    if not tables:
        raise LoadError(f"No table was given for schema {schema}.")
    with one_loader(marts_path, wait_s=wait_s):
        from heartbeat_lib.marts.dlt_run import working_dlt

        with working_dlt(state_dir) as run:
            sources: dict[str, MemorySource] = {}
            for name, table in tables.items():
                target = _table_name(name, run.naming(name), f"table {name!r}")
                if target in sources:
                    raise LoadError(f"Two tables would both be {schema}.{target}; rename one.")
                sources[target] = MemorySource(table=table)
            return load_sources(marts_path, schema, sources, zone=zone, key=key, run=run, progress=progress)


def check_schema(schema: str, marts: Path) -> None:
    """Raises LoadError where `schema` cannot be the name of a source in these marts."""
    if not SCHEMA_NAME.fullmatch(schema):
        raise LoadError(f"{schema!r} cannot be a schema: use lower-case letters, digits and single underscores, a letter first.")
    # The file's own name is DuckDB's name for the whole database: shop.orders in shop.duckdb would mean two things.
    if schema in RESERVED or schema.endswith("_staging") or schema == marts.name.partition(".")[0].lower():
        raise LoadError(f"The schema name {schema!r} is taken by the engine or the loader; choose another.")


def _table_name(given: str, name: str, where: str) -> str:
    if name.startswith(("_dlt", "_heartbeat")) or not given.strip():
        raise LoadError(f"{where}: {name!r} is a name of the loader's own tables; rename it.")
    return name
