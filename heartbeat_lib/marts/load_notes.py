"""What the marts file remembers of its loads: of which files a schema was made, and when its last load ended.

The note lies in `_heartbeat_files` inside the schema it speaks of, so it changes with the data and not a moment earlier;
when is dlt's `_dlt_loads`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.marts.files import SourceFile, fingerprint

if TYPE_CHECKING:
    import duckdb

VERSION = 1  # of how files are read; a new one makes every folder count as changed
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What a load brought.

    Attributes
    ----------
    tables
        Table -> rows read for it. With `skipped`, what the last load had brought (of a folder; a pipeline does not say).
    inserted_at
        When the load ended, aware and UTC: the `source_as_of` of metrics on this schema.
    skipped
        True where nothing had changed and nothing was written.
    """

    schema: str
    tables: Mapping[str, int]
    load_id: str
    inserted_at: datetime
    skipped: bool = False


def last_load(
    marts_path: Path, schema: str, files: Sequence[SourceFile], *, zone: ZoneInfo, key: Sequence[str] | None
) -> LoadResult | None:
    """The last load of `schema` if it was made from these very files in the same way; None means: load."""
    import duckdb

    if not marts_path.exists():
        return None
    try:
        with duckdb.connect(str(marts_path), read_only=True) as marts:
            noted = marts.execute(
                f"SELECT file, size, modified_ns, table_name, rows, load_id, how FROM {identifier(schema)}._heartbeat_files"  # noqa: S608
            ).fetchall()
            same = sorted(row[:3] for row in noted) == fingerprint(files)
            if not same or {row[6] for row in noted} != {_how(zone, key)}:
                return None
            load_id = noted[0][5]
            return LoadResult(
                schema=schema,
                tables={row[3]: row[4] for row in noted},
                load_id=load_id,
                inserted_at=inserted_at(marts, schema, load_id),
                skipped=True,
            )
    except duckdb.Error:  # no such table yet, or a file that the load itself will speak about
        return None


def remember(
    marts: duckdb.DuckDBPyConnection,
    result: LoadResult,
    files: Mapping[str, SourceFile],
    *,
    zone: ZoneInfo,
    key: Sequence[str] | None,
) -> None:
    """Note which file each table (the key of `files`) was made from, and how."""
    name = f"{identifier(result.schema)}._heartbeat_files"
    marts.execute(
        f"CREATE OR REPLACE TABLE {name} (file VARCHAR, size BIGINT, modified_ns BIGINT, table_name VARCHAR, rows BIGINT, "
        "load_id VARCHAR, how VARCHAR)"
    )
    for table, file in files.items():
        noted = [file.path.name, file.size, file.modified_ns, table, result.tables[table], result.load_id, _how(zone, key)]
        marts.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?, ?)", noted)  # noqa: S608


def inserted_at(marts: duckdb.DuckDBPyConnection, schema: str, load_id: str) -> datetime:
    """When a load ended, aware and UTC."""
    ((microseconds,),) = marts.execute(
        f"SELECT epoch_us(inserted_at) FROM {identifier(schema)}._dlt_loads WHERE load_id = ?",  # noqa: S608
        [load_id],
    ).fetchall()
    return EPOCH + timedelta(microseconds=microseconds)


def last_inserted(marts_path: Path, schema: str) -> tuple[str, datetime]:
    """Load id and end (aware, UTC) of the schema's last complete load."""
    import duckdb

    with duckdb.connect(str(marts_path), read_only=True) as marts:
        ((load_id,),) = marts.execute(
            f"SELECT load_id FROM {identifier(schema)}._dlt_loads WHERE status = 0 ORDER BY inserted_at DESC LIMIT 1"  # noqa: S608
        ).fetchall()
        return load_id, inserted_at(marts, schema, load_id)


def _how(zone: ZoneInfo, key: Sequence[str] | None) -> str:
    return f"{VERSION} {zone.key} {','.join(key or ())}"
