"""The child process that runs DuckDB, so that any query can be stopped by killing it.

Started by `duckdb_pool` with one end of a socket pair; requests and answers are JSON, one a line, and the opened marts
file travels as a descriptor. Numbers travel as text with their type, so 38 digits arrive as 38 digits. The process sees
a read-only file, has no way to other files, and lives no longer than its parent.

The surprise: DuckDB counts `LINE n` of an error from a text whose leading comments it has cut off, while the position in
it still includes them. `one_select` cuts first and adds the lines back.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as wall_time
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
NUMBER_TYPES = INTEGERS | {f"U{name}" for name in INTEGERS} | {"FLOAT", "DOUBLE", "DECIMAL"}
WRITER_WAIT_S = 2.0
MOST_NUMBERS = 10_000
MOST_ROWS = 10_000
MOST_SIGNS = 8_000_000
FETCHED_AT_ONCE = 200
LINE = re.compile(r"\n\s*LINE (\d+): ")
DAMAGE = re.compile(r"Corrupt database file|(IO|Serialization|FATAL|INTERNAL) Error: .*(corrupt|checksum|could not read)", re.I)
PR_SET_PDEATHSIG = 1


class Refused(Exception):
    """The second wall: not exactly one SELECT."""


class NoNumber(Exception):
    """The query ran, and its answer is none; `reason` is the stable word."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class Damaged(Exception):
    """The file could not be opened, or is not the one that was meant."""


def is_number_type(type_name: str) -> bool:
    """Whether a DuckDB type name is an integer, decimal or floating type; BOOLEAN is not.

    >>> is_number_type("DECIMAL(38,9)"), is_number_type("BOOLEAN")
    (True, False)
    """
    return type_name.partition("(")[0] in NUMBER_TYPES


def first_line(sql: str, statement: str) -> int:
    """How many lines of `sql` come before the statement that DuckDB extracted from it."""
    return sql.count("\n", 0, max(sql.rfind(statement), 0))


def one_select(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, int]:
    """The one SELECT in `sql` and the lines before it. Raises Refused, or DuckDB's own ParserException."""
    if "\0" in sql:
        raise Refused("value_sql has a NUL byte in it; DuckDB would stop reading there, and a reviewer would not.")
    statements = con.extract_statements(sql)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        found = " and ".join(kinds) if kinds else "nothing"
        raise Refused(f"value_sql must be exactly one SELECT; found {found}.")
    text = statements[0].query
    if sql.startswith(text):
        return statements[0], 0
    return con.extract_statements(text)[0], first_line(sql, text)


def fault_of(error: BaseException, lines_before: int = 0) -> dict[str, Any]:
    """An exception as data: reason, the engine's words up to its `LINE n`, that line, and whether this process is spent."""
    import duckdb

    text = str(error)
    at = LINE.search(text)
    line = int(at[1]) + lines_before if at else None
    if isinstance(error, duckdb.OutOfMemoryException):
        text = text.partition("\n")[0]  # what follows is advice about settings that are locked here
    words = " ".join((text[: at.start()] if at else text).split())[:500]
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return {"fault": "memory", "message": words, "spent": True}
    if isinstance(error, Refused):
        return {"fault": "refused", "message": words}
    if isinstance(error, Damaged):
        return {"fault": "marts_unreadable", "message": words}
    spent = isinstance(error, duckdb.FatalException | duckdb.InternalException)
    reason = "marts_unreadable" if DAMAGE.match(text) else "query_failed"
    return {"fault": reason, "message": words, "line": line, "spent": spent}


def holds_file(identity: list[int]) -> bool:
    """Whether this process has the file (device, inode) open for reading; True where that cannot be known."""
    if not sys.platform.startswith("linux"):
        return True
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names of descriptors, not paths
        with contextlib.suppress(OSError):
            seen = os.fstat(int(number))
            # The descriptor that the parent sent is O_PATH: it names the file without reading or locking it.
            if [seen.st_dev, seen.st_ino] == identity and not fcntl.fcntl(int(number), fcntl.F_GETFL) & os.O_PATH:
                return True
    return False


def open_marts(request: dict[str, Any], memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """Open the file read-only with every door shut, waiting briefly for a writer. Raises Damaged."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(request["threads"]),
        "memory_limit": f"{memory_bytes * 2 // 3}B",
        "temp_directory": "",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
    }
    deadline = time.monotonic() + WRITER_WAIT_S
    while True:
        try:
            con = duckdb.connect(request["path"], read_only=True, config=config)
        except duckdb.Error as error:
            words = str(error).partition(" See also http")[0]
            if "Conflicting lock" not in words:
                raise Damaged(f"{words} Move it away and run `heartbeat load`.") from error
            if time.monotonic() > deadline:
                raise Damaged(f"{words}. Until that process closes the file nobody else can read it.") from error
            time.sleep(0.05)
            continue
        if holds_file(request["identity"]):
            break
        # DuckDB resolves the descriptor to a name before it opens; a load put another file there in between. The next
        # time the name is gone, and the descriptor is all there is to open.
        con.close()
        if time.monotonic() > deadline:
            raise Damaged("the file is being replaced again and again")
    zone = request["zone"].replace("'", "''")
    try:
        con.execute(f"SET GLOBAL TimeZone = '{zone}'")
    except duckdb.Error as error:
        raise Damaged(str(error)) from error
    con.execute("SET GLOBAL enable_external_access = false")
    con.execute("SET GLOBAL python_enable_replacements = false")
    con.execute("SET GLOBAL lock_configuration = true")
    return con


def describe(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    """Names and types that a query would give; it is bound and not run."""
    statement, before = one_select(con, sql)
    cursor = con.cursor()
    try:
        rows = cursor.execute(f"DESCRIBE {statement.query}").fetchall()
        return {"columns": [[row[0], row[1].strip('"')] for row in rows]}
    except Exception as error:
        return fault_of(error, before)
    finally:
        cursor.close()


def ask(con: duckdb.DuckDBPyConnection, sql: str, read: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Run one SELECT and let `read` take the answer from the cursor; failures are data, NoNumber of `read` among them."""
    statement, before = one_select(con, sql)
    started = time.perf_counter()
    cursor = con.cursor()
    try:
        cursor.execute(statement)
        reply = read(cursor)
        return {**reply, "elapsed_s": time.perf_counter() - started}
    except NoNumber as fault:
        return {"fault": fault.reason, "message": str(fault)}
    except Exception as error:
        return fault_of(error, before)
    finally:
        cursor.close()


def scalar(cursor: Any) -> dict[str, Any]:
    """One number as text with its type. The type is judged before a row is fetched, and two rows at most are."""
    columns = cursor.description or []
    if len(columns) != 1:
        raise NoNumber("not_one_column", f"The query gives {len(columns)} columns; one number is wanted.")
    kind = number_type(columns[0])
    rows = cursor.fetchmany(2)
    if len(rows) > 1:
        raise NoNumber("not_one_row", "The query gives more than one row; one number is wanted.")
    return {"value": text_of(rows[0][0]) if rows else None, "type": kind}


def numbers(cursor: Any) -> dict[str, Any]:
    """The values of the second column as texts, in the order of the first, which must be 0, 1, 2 and so on."""
    columns = cursor.description or []
    if len(columns) != 2:
        raise NoNumber("not_one_column", f"The batch gives {len(columns)} columns; a number and a value are wanted.")
    kind = number_type(columns[1])
    rows = sorted(cursor.fetchmany(MOST_NUMBERS + 1), key=lambda row: row[0])
    if len(rows) > MOST_NUMBERS or [row[0] for row in rows] != list(range(len(rows))):
        raise NoNumber("not_one_row", "The batch does not give each number once; one row each is wanted.")
    return {"values": [text_of(value) for _, value in rows], "type": kind}


def some_rows(cursor: Any, limit: int) -> dict[str, Any]:
    """Names and types of the columns and the first rows, each value as kind and text; how many more there are nobody counts."""
    columns = [[str(name), str(kind).strip('"')] for name, kind, *_ in cursor.description or []]
    wanted, rows, signs = min(limit, MOST_ROWS), list[list[list[str] | None]](), 0
    while len(rows) <= wanted and (part := cursor.fetchmany(min(FETCHED_AT_ONCE, wanted + 1 - len(rows)))):
        for row in part:
            cells = [cell_of(value) for value in row]
            signs += sum(len(cell[1]) for cell in cells if cell)
            if signs > MOST_SIGNS:
                raise NoNumber("too_large", f"The rows are larger than {MOST_SIGNS:,} signs; ask for fewer rows or columns.")
            rows.append(cells)
    return {"columns": columns, "rows": rows[:wanted], "more": len(rows) > wanted}


def cell_of(value: Any) -> list[str] | None:
    """A value as its kind and its text, with all of its digits; an instant in UTC, whatever has no kind here as text."""
    match value:
        case None:
            return None
        case bool():
            return ["bool", "true" if value else ""]
        case int():
            return ["int", str(value)]
        case Decimal():
            return ["decimal", str(value)]
        case float():
            return ["float", repr(value)]
        case datetime():
            return ["datetime", (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()]
        case date():
            return ["date", value.isoformat()]
        case wall_time():
            return ["time", value.isoformat()]
        case bytes():
            return ["text", value.hex()]
        case _:
            return ["text", str(value)]


def number_type(column: tuple[Any, ...]) -> str:
    """The type of a result's column, of numbers or of nothing but NULL. Raises NoNumber."""
    kind = str(column[1]).strip('"')
    if not is_number_type(kind) and kind != "NULL":
        raise NoNumber("not_a_number", f"The column {column[0]!r} is {kind}, not a number.")
    return kind


def text_of(value: Any) -> str | None:
    """A number with all of its digits; NULL stays None. Raises NoNumber where it is not finite."""
    if isinstance(value, float) and value - value != 0.0:
        raise NoNumber("not_finite", f"The query gives {value}; a division by zero? nullif(x, 0) helps.")
    return None if value is None else str(value)


def answer(con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> dict[str, Any]:
    """One request on the open file, failures included as data."""
    try:
        if request["op"] in ("scalar", "numbers"):
            return ask(con, request["sql"], scalar if request["op"] == "scalar" else numbers)
        if request["op"] == "some_rows":
            return ask(con, request["sql"], partial(some_rows, limit=request["limit"]))
        if request["op"] == "describe":
            return describe(con, request["sql"])
        return {"rows": con.cursor().execute(request["sql"]).fetchall()}
    except Exception as error:
        return fault_of(error)


def die_with_parent(parent: int) -> None:
    """Follow the parent into death, however it dies. A worker deep in a query reads no socket, so the kernel must do it."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def serve(channel: socket.socket, memory_bytes: int) -> None:
    """Answer requests one after another until the parent hangs up."""
    con: duckdb.DuckDBPyConnection | None = None
    marts_fd: int | None = None
    buffer = b""
    while True:
        chunk, fds, _, _ = socket.recv_fds(channel, 1 << 16, 1)
        if not chunk:
            return
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["op"] in ("open", "close"):
                if con is not None:
                    con.close()
                    con = None
                if marts_fd is not None:
                    os.close(marts_fd)
                marts_fd = fds.pop() if fds else None
                reply: dict[str, Any] = {"ok": True}
                if request["op"] == "open":
                    if marts_fd is not None:
                        request["path"] = f"/proc/self/fd/{marts_fd}"
                    try:
                        con = open_marts(request, memory_bytes)
                    except Exception as error:
                        reply = fault_of(error)
            else:
                reply = {"fault": "query_failed", "message": "no file is open"} if con is None else answer(con, request)
            channel.sendall(json.dumps(reply).encode() + b"\n")
            if reply.get("spent"):
                return


def main() -> None:
    """`python -m heartbeat_lib.marts.duckdb_worker FD PARENT MEMORY_BYTES`."""
    fd, parent, memory_bytes = (int(word) for word in sys.argv[1:4])
    die_with_parent(parent)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):  # not POSIX, or already lower: DuckDB's memory_limit remains
        pass
    channel = socket.socket(fileno=fd)
    import duckdb

    channel.sendall(json.dumps({"ready": duckdb.__version__}).encode() + b"\n")
    serve(channel, memory_bytes)


if __name__ == "__main__":
    main()
