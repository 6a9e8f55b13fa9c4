"""One load, from the SELECT of each source to the new marts file. `load` is the door to it.

The work happens on a copy: read what columns were called and typed before, clear the schema (or align with it, when a
key is given), let dlt write, note which files it was made from, CHECKPOINT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.marts import merging, reading
from heartbeat_lib.marts.column_types import identifier, literal
from heartbeat_lib.marts.files import SourceFile
from heartbeat_lib.marts.load_notes import LoadResult, inserted_at, remember
from heartbeat_lib.marts.swap import beside

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from heartbeat_lib.marts.dlt_run import DltRun

BATCH_ROWS = 250_000
Types = Mapping[str, Mapping[str, str]]  # table -> column -> DuckDB type

Progress = Callable[[str, int, int], None]
"""Called with what begins now, the steps done and the steps in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A table that comes from one file."""

    file: SourceFile

    @property
    def path(self) -> Path | None:
        return self.file.path


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySource:
    """A table that was handed over."""

    table: pa.Table

    @property
    def path(self) -> Path | None:
        return None


Source = FileSource | MemorySource


def load_sources(
    marts_path: Path,
    schema: str,
    sources: Mapping[str, Source],
    *,
    zone: ZoneInfo,
    key: Sequence[str] | None,
    run: DltRun,
    progress: Progress | None = None,
    before_swap: Callable[[], None] = lambda: None,
) -> LoadResult:
    """Bring `sources` (table -> source) into `schema` and swap. Hold `one_loader` around it. Raises LoadError."""
    say = progress or (lambda step, done, total: None)
    names, total, reading_left = list(sources), len(sources) + 2, set(sources)
    rows = dict.fromkeys(names, 0)

    def batches(table: str, select: str) -> Iterator[pa.Table]:
        source = sources[table]
        say(f"reading {source.path.name if source.path else table}", names.index(table), total)
        for batch in _batches(readers[table], select, source):
            rows[table] += batch.num_rows
            yield batch
        reading_left.discard(table)
        if not reading_left:
            say(f"writing {schema}", total - 2, total)

    columns = [run.naming(name) for name in key or ()]
    with beside(marts_path) as copy, _scratch(zone) as scratch:
        # One connection each, because dlt may ask for a table's rows while another's are half fetched.
        readers = {table: scratch.cursor() for table in sources}
        with opened(copy) as marts:
            if "_dlt_pipeline_state" in tables_of(marts, schema):
                clear(marts, schema)  # a pipeline file made it; its columns are none that rows of a file could merge into
            known = _types(marts, schema)
            selects = {
                table: _select(readers[table], table, source, naming=run.naming, zone=zone.key, known=known.get(table, {}))
                for table, source in sources.items()
            }
            if columns:
                selects = _merged(marts, readers, schema, sources, selects, known, columns)
            clear(marts, schema, data=not columns)
        load_id = run(copy, schema, {table: batches(table, selects[table]) for table in names}, key=columns)
        before_swap()
        with opened(copy) as marts:
            clear_staging(marts, schema)
            result = LoadResult(schema=schema, tables=rows, load_id=load_id, inserted_at=inserted_at(marts, schema, load_id))
            files = {table: source.file for table, source in sources.items() if isinstance(source, FileSource)}
            remember(marts, result, files, zone=zone, key=key)
            marts.execute("CHECKPOINT")
        say("putting the new marts in place", total - 1, total)
    say("loaded", total, total)
    return result


def _select(
    scratch: duckdb.DuckDBPyConnection,
    table: str,
    source: Source,
    *,
    naming: Callable[[str], str],
    zone: str,
    known: Mapping[str, str],
) -> str:
    if isinstance(source, FileSource):
        return reading.select_file(scratch, source.file, naming=naming, zone=zone, known=known)
    return reading.select_arrow(scratch, f"given {table}", source.table, naming=naming, zone=zone, known=known)


def _merged(
    marts: duckdb.DuckDBPyConnection,
    readers: Mapping[str, duckdb.DuckDBPyConnection],
    schema: str,
    sources: Mapping[str, Source],
    selects: Mapping[str, str],
    known: Types,
    key: Sequence[str],
) -> dict[str, str]:
    """The SELECTs fit for a merge; columns of the marts that must widen are widened, on the copy."""
    done: dict[str, str] = {}
    for table, select in selects.items():
        path = sources[table].path
        held = merging.check_key(readers[table], select, table=table, key=key, path=path)
        done[table], widen = merging.align(readers[table], held, table=table, known=known.get(table, {}), path=path)
        for column, kind in widen.items():
            marts.execute(f"ALTER TABLE {identifier(schema)}.{identifier(table)} ALTER {identifier(column)} TYPE {kind}")
    return done


def _batches(reader_con: duckdb.DuckDBPyConnection, select: str, source: Source) -> Iterator[pa.Table]:
    """The rows in bounded batches; at least one, so that a table without rows is made all the same."""
    import duckdb
    import pyarrow as pa

    try:
        reader = reader_con.sql(select).to_arrow_reader(BATCH_ROWS)
        yield reader.schema.empty_table()
        for batch in reader:
            yield pa.Table.from_batches([batch])
    except (duckdb.Error, pa.ArrowException) as error:
        if isinstance(source, FileSource):
            raise reading.named_fault(source.file, error) from error
        raise


@contextmanager
def _scratch(zone: ZoneInfo) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that reads the sources, with the source's zone as its own."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        con.execute("SET GLOBAL autoload_known_extensions = false")
        con.execute("SET GLOBAL autoinstall_known_extensions = false")
        con.execute(f"SET GLOBAL TimeZone = {literal(zone.key)}")
        yield con


@contextmanager
def opened(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The copy of the marts, open for writing while the block lasts."""
    import duckdb

    with duckdb.connect(str(copy)) as con:
        yield con


def clear(marts: duckdb.DuckDBPyConnection, schema: str, *, data: bool = True) -> None:
    """Drop dlt's memory of the schema and, where the load replaces it, the data; `_dlt_loads` keeps its past."""
    clear_staging(marts, schema)
    for table in tables_of(marts, schema):
        if table != "_dlt_loads" and (data or table.startswith("_dlt_")):
            marts.execute(f"DROP TABLE {identifier(schema)}.{identifier(table)}")


def clear_staging(marts: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Drop the schema in which dlt prepares a merge."""
    marts.execute(f"DROP SCHEMA IF EXISTS {identifier(schema + '_staging')} CASCADE")


def tables_of(marts: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """Every table of the schema, the loader's own too."""
    found = marts.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND NOT internal", [schema])
    return [name for (name,) in found.fetchall()]


def _types(marts: duckdb.DuckDBPyConnection, schema: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in marts.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND NOT internal", [schema]
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found
