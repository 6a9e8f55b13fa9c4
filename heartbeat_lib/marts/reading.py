"""Data files as SQL: one SELECT per file that gives the marts' columns, with every fault of the file named.

DuckDB reads and Python judges: the separator comes from the header, the types from all values (never a sample), and
column_types decides what each becomes. Files are read strictly; a ragged row, a byte that is not UTF-8 or a digit that
would be lost is a refusal with its line, never a silent repair.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbeat_lib.marts.column_types import (
    TEXT,
    Evidence,
    carried,
    evidence_sql,
    identifier,
    judged,
    literal,
)
from heartbeat_lib.marts.faults import csv_header, csv_line_fault, json_fault, json_keys
from heartbeat_lib.marts.files import Format, SourceFile
from heartbeat_lib.marts.load_errors import SourceFileError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    Connection = duckdb.DuckDBPyConnection

Naming = Callable[[str], str]
_CSV = """quote = '"', escape = '"', comment = '', header = true, skip = 0,
    strict_mode = true, null_padding = false, ignore_errors = false"""
_JSON = "format = 'newline_delimited', records = true, maximum_object_size = 134217728"
_NO_COLUMNS = "the file is empty, so its columns cannot be known. Leave it out, or write one object with all keys, null or not."
_LONG_NUMBER = r"[:\[,]\s*-?(?:0\.0*[1-9][0-9]{17,}|[1-9][0-9.]{18,})"
_LONGER_THAN_64_BITS = r"[0-9]{20}"


def select_file(con: Connection, file: SourceFile, *, naming: Naming, zone: str, known: Mapping[str, str]) -> str:
    """SELECT that reads one file into the marts' columns.

    Parameters
    ----------
    con
        A scratch connection whose TimeZone is the source's.
    naming
        Column name in the file -> column name in the marts.
    known
        Column name in the marts -> type in the last load, for columns without any value.

    Raises
    ------
    SourceFileError
        The file cannot be read in full, strictly, without losing something.
    """
    import duckdb

    try:
        match file.format:
            case Format.CSV:
                columns, source = _csv(con, file)
            case Format.JSONL:
                columns, source = _jsonl(con, file)
            case Format.PARQUET:
                columns, source = _parquet(con, file)
    except duckdb.Error as error:
        raise named_fault(file, error) from error
    except (OSError, EOFError, zlib.error) as error:
        raise SourceFileError(file.path, f"cannot be read: {error}") from error
    return _select(columns, source, path=file.path, naming=naming, zone=zone, known=known)


def select_arrow(con: Connection, name: str, table: pa.Table, *, naming: Naming, zone: str, known: Mapping[str, str]) -> str:
    """SELECT over a table in memory, registered on `con` under `name`. Raises SourceFileError."""
    _refuse_wide_decimals(None, table.schema, name)
    con.register(name, table)
    source = identifier(name)
    return _select(_described(con, source), source, path=None, naming=naming, zone=zone, known=known, table=name)


def named_fault(file: SourceFile, error: Exception) -> SourceFileError:
    """DuckDB's failure on a file as ours, with the line found again by reading the file slowly."""
    found = None
    with suppress(OSError, EOFError, zlib.error):  # a damaged .gz: DuckDB's words must do
        if file.format is Format.CSV:
            found = csv_line_fault(file)
        elif file.format is Format.JSONL:
            found = json_fault(file)
            if found is None and not any(json_keys(file)):
                return SourceFileError(file.path, _NO_COLUMNS)
    if found is not None:
        return SourceFileError(file.path, found[1], line=found[0])
    return SourceFileError(file.path, " ".join(str(error).partition("\n")[0].split()))


def _select(
    columns: Sequence[tuple[str, str, str]],
    source: str,
    *,
    path: Path | None,
    naming: Naming,
    zone: str,
    known: Mapping[str, str],
    table: str = "",
) -> str:
    """`columns` are (name in the file, SQL of the column, type)."""
    taken: dict[str, str] = {}
    parts: list[str] = []
    for name, column, kind in columns:
        target = naming(name)
        if target in taken:
            fault = f"columns {taken[target]!r} and {name!r} would both be {target!r} in the marts; rename one."
            raise SourceFileError(path, fault, table=table)
        taken[target] = name
        parts.append(f"{carried(column, kind, zone, known.get(target))} AS {identifier(target)}")
    return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608 - names are quoted, types are our own


def _csv(con: Connection, file: SourceFile) -> tuple[list[tuple[str, str, str]], str]:
    separator, header = csv_header(file)
    labels = [f"c{number}" for number in range(len(header))]
    path, options = _path(file.path), f"delim = {literal(separator)}, {_CSV}"

    def reading(kinds: Sequence[str]) -> str:
        columns = ", ".join(f"{label}: {literal(kind)}" for label, kind in zip(labels, kinds, strict=True))
        return f"read_csv({path}, auto_detect = false, columns = {{{columns}}}, {options})"

    names = ", ".join(literal(label) for label in labels)
    sniff = f"SELECT Columns FROM sniff_csv({path}, sample_size = -1, names = [{names}], {options})"  # noqa: S608
    sniffed = {column["name"]: column["type"] for column in con.execute(sniff).fetchall()[0][0]}
    kinds = _judged(con, reading([TEXT] * len(labels)), sniffed)
    # Times are read as text and cast in the query: only there does the source's zone reach values without one.
    plain = [kind if kind in ("BIGINT", "DOUBLE", "BOOLEAN") else TEXT for kind in kinds]
    return list(zip(header, labels, kinds, strict=True)), reading(plain)


def _jsonl(con: Connection, file: SourceFile) -> tuple[list[tuple[str, str, str]], str]:
    if file.size == 0:
        raise SourceFileError(file.path, _NO_COLUMNS)
    path = _path(file.path)
    sniff = f"read_json({path}, sample_size = -1, maximum_depth = 2, map_inference_threshold = -1, {_JSON})"
    sniffed = [(name, kind) for name, _, kind in _described(con, sniff)]
    _refuse_twins(file, [name for name, _ in sniffed])

    def reading(kinds: Sequence[str]) -> str:
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for (name, _), kind in zip(sniffed, kinds, strict=True))
        return f"read_json({path}, columns = {{{columns}}}, {_JSON})"

    as_text = reading([TEXT] * len(sniffed))
    _refuse_lost_digits(con, file, path, [name for name, kind in sniffed if kind == "DOUBLE"], as_text)
    times = {name: kind for name, kind in sniffed if kind == "DATE" or kind.startswith("TIMESTAMP")}
    kinds = {name: kind.strip('"') for name, kind in sniffed}
    if times:
        kinds |= zip(times, _judged(con, as_text, times), strict=True)
    numbers = ("BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "BOOLEAN")
    plain = [kinds[name] if kinds[name] in numbers else TEXT for name, _ in sniffed]
    scalar = {*numbers, "DATE", "TIME", "NULL", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
    # Lists, objects and mixtures were read as their JSON text already.
    columns = [(name, identifier(name), kinds[name] if kinds[name] in scalar else TEXT) for name, _ in sniffed]
    return columns, reading(plain)


def _parquet(con: Connection, file: SourceFile) -> tuple[list[tuple[str, str, str]], str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        _refuse_wide_decimals(file.path, pq.read_schema(file.path), "")
    except (pa.ArrowException, OSError) as error:
        raise SourceFileError(file.path, f"not a readable Parquet file: {str(error).partition(chr(10))[0]}") from error
    source = f"read_parquet({_path(file.path)})"
    return _described(con, source), source


def _described(con: Connection, source: str) -> list[tuple[str, str, str]]:
    rows: list[tuple[Any, ...]] = con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    return [(row[0], identifier(row[0]), row[1]) for row in rows]


def _judged(con: Connection, as_text: str, sniffed: Mapping[str, str]) -> list[str]:
    """The types that columns really carry, by one pass over all of their values as text."""
    each = ", ".join(evidence_sql(identifier(name), kind) for name, kind in sniffed.items())
    row = con.execute(f"SELECT {each} FROM {as_text}").fetchall()[0]  # noqa: S608
    found = [
        Evidence(values=a, year_first=b, marked_utc=c, whole=d, fraction=e, digits=f, plain=g)
        for a, b, c, d, e, f, g in (row[at : at + 7] for at in range(0, len(row), 7))
    ]
    return [judged(kind, seen) for kind, seen in zip(sniffed.values(), found, strict=True)]


def _path(path: Path) -> str:
    """The file and no other, whatever its name: `[`, `*` and `?` would otherwise be a pattern."""
    return literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute())))


def _refuse_lost_digits(con: Connection, file: SourceFile, path: str, doubles: Sequence[str], as_text: str) -> None:
    """JSON numbers are doubles to every reader; one written with more digits than that holds is refused, not rounded.

    DuckDB looks for numbers that could be (18 digits and a point, 20 without, 16 in a column of doubles); only then is the
    file read slowly.
    """
    lines = f"""read_csv({path}, auto_detect = false, delim = '\x01', quote = '', escape = '', header = false,
        strict_mode = false, columns = {{line: 'VARCHAR'}}, max_line_size = 134217728)"""
    suspicious = f"""SELECT 1 FROM {lines} WHERE regexp_matches(line, {literal(_LONG_NUMBER)}) AND len(list_filter(
        regexp_extract_all(line, {literal(_LONG_NUMBER)}),
        lambda found: contains(found, '.') OR regexp_matches(found, '{_LONGER_THAN_64_BITS}'))) > 0 LIMIT 1"""  # noqa: S608
    long = " OR ".join(f"regexp_matches({identifier(name)}, '^-?[0-9]{{16,}}$')" for name in doubles) or "false"
    among_doubles = f"SELECT 1 FROM {as_text} WHERE {long} LIMIT 1"  # noqa: S608
    if con.execute(suspicious).fetchall() or (doubles and con.execute(among_doubles).fetchall()):
        found = json_fault(file, doubles)
        if found is not None:
            raise SourceFileError(file.path, found[1], line=found[0])


def _refuse_twins(file: SourceFile, names: Sequence[str]) -> None:
    """DuckDB tells `a` from `A` by calling the second a_1; read back by that name the column would be empty."""
    numbered = [name for name in names if re.search(r"_[0-9]+$", name)]
    keys = json_keys(file) if numbered else set()
    invented = [name for name in numbered if name not in keys]
    if invented:
        raise SourceFileError(
            file.path, f"two keys differ only in upper and lower case ({invented[0]!r}); rename one, or merge them."
        )


def _refuse_wide_decimals(path: Path | None, schema: pa.Schema, table: str) -> None:
    import pyarrow as pa

    for field in schema:
        if pa.types.is_decimal(field.type) and field.type.precision > 38:
            fault = f"column {field.name!r} is {field.type}; the marts hold 38 digits. Write it with less precision, or as text."
            raise SourceFileError(path, fault, table=table)
