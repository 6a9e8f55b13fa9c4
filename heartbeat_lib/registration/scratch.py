"""The scratch database: a file's SQL runs verbatim where nothing is worth attacking.

One throwaway database per run, always on the embedded server, holding an empty `heartbeat.metric_registry`. Each file gets a
transaction of its own; what stands in the table at its end is the file's content, and the transaction is rolled back. The
surprise: a file may end that transaction, sleep, or close its own connection. Each is noticed, named, and costs the next
file nothing but a new connection.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from heartbeat_lib.registration.findings import Finding
from heartbeat_lib.registration.metric_file import MetricFile
from heartbeat_lib.registration.statements import statement_lines
from heartbeat_lib.store import load_sql
from heartbeat_lib.store.embedded import EmbeddedServer

STATEMENT_TIMEOUT_S = 2
DEADLINE_S = 3
_PREFIX = "heartbeat_scratch_"
_PEOPLE_DECIDE = ("owner", "verification_state", "row_version")

Row = dict[str, Any]


class Scratch:
    """A connection to the scratch database, replaced whenever a file spoils it."""

    def __init__(self, server: EmbeddedServer, database: str) -> None:
        self._server, self._database = server, database
        self._connection: psycopg.Connection[Any] | None = None

    def evaluate(self, file: MetricFile) -> Row | list[Finding]:
        """The one row that the file leaves behind, or why there is none.

        Returns
        -------
        dict or list of Finding
            Columns of the scratch registry with thresholds as Decimal; or at least one finding of severity `error`.
        """
        connection = self._connect()
        late = threading.Event()

        def cancel() -> None:
            late.set()
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=1)

        deadline = threading.Timer(DEADLINE_S, cancel)
        deadline.start()
        try:
            return self._run(connection, file)
        except psycopg.Error as error:
            if late.is_set():
                message = f"did not finish within {DEADLINE_S} s; a metric file only inserts and updates one row"
                return [file.finding("timeout", message)]
            return [_in_words(file, error)]
        finally:
            deadline.cancel()
            self._clean(connection)

    def _run(self, connection: psycopg.Connection[Any], file: MetricFile) -> Row | list[Finding]:
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT pg_catalog.pg_current_xact_id()::text AS id")
            mine = cursor.fetchall()[0]["id"]
            # A file is text from a person, run as such in a database made for it: the one place where that is right.
            cursor.execute(file.text.encode())
            idle = [number for number, status in enumerate(_statuses(cursor)) if re.fullmatch("(INSERT 0|UPDATE) 0", status)]
            if connection.info.transaction_status != TransactionStatus.INTRANS:
                return [self._ended(file)]
            cursor.execute("SELECT pg_catalog.pg_current_xact_id()::text AS id")
            if cursor.fetchall()[0]["id"] != mine:
                return [self._ended(file)]
            cursor.execute("SELECT * FROM heartbeat.metric_registry ORDER BY metric_id")
            rows = cursor.fetchall()
        lines = statement_lines(file)
        message = "changes no row: its WHERE matches nothing, or it stands before the INSERT"
        findings = [file.finding("no-effect", message, line=lines.get(number, 1)) for number in idle]
        findings += _judge_rows(file, rows)
        return findings or rows[0]

    def _ended(self, file: MetricFile) -> Finding:
        lines = enumerate(file.text.upper().split("\n"), start=1)
        line = next((number for number, text in lines if "COMMIT" in text or "ROLLBACK" in text), 1)
        message = "ends the transaction it runs in; leave COMMIT, ROLLBACK and BEGIN out"
        return file.finding("transaction", message, line=line)

    def _connect(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._server.connect_file(self._database)
            self._connection.execute(sql.SQL("SET statement_timeout = {}").format(sql.Literal(f"{STATEMENT_TIMEOUT_S}s")))
            self._connection.commit()
        return self._connection

    def _clean(self, connection: psycopg.Connection[Any]) -> None:
        """Back to an empty table: by rolling back, or where that cannot be trusted by a new connection and TRUNCATE."""
        status = connection.info.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            connection.rollback()
            # A file may have changed settings or taken session locks; both outlive a rollback.
            with suppress(psycopg.Error):
                connection.autocommit = True
                connection.execute("DISCARD ALL")
                connection.execute(sql.SQL("SET statement_timeout = {}").format(sql.Literal(f"{STATEMENT_TIMEOUT_S}s")))
                connection.autocommit = False
                left = connection.execute("SELECT count(*) FROM heartbeat.metric_registry").fetchall()[0][0]
                connection.rollback()
                if left == 0:
                    return
        connection.close()
        self._connection = None
        with self._server.connect_admin(self._database) as admin:
            admin.execute("TRUNCATE heartbeat.metric_registry")

    def close(self) -> None:
        """Close the connection; the database goes with `scratch`."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def scratch(server: EmbeddedServer) -> Iterator[Scratch]:
    """A scratch database for the time of the block, dropped at its end.

    Leftovers of processes that are gone are swept first; those of living ones are spared.
    """
    server.ensure_running()
    database = f"{_PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
    with server.connect_admin("postgres") as admin:
        admin.autocommit = True
        _sweep(admin)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO heartbeat_file").format(sql.Identifier(database)))
    inside: Scratch | None = None
    try:
        with server.connect_admin(database) as admin:
            admin.execute(load_sql(__package__ or "", "scratch"))
        inside = Scratch(server, database)
        yield inside
    finally:
        if inside is not None:
            inside.close()
        with server.connect_admin("postgres") as admin:
            admin.autocommit = True
            _drop(admin, database)


def _sweep(admin: psycopg.Connection[Any]) -> None:
    names = admin.execute("SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, %s)", [_PREFIX])
    for (name,) in names.fetchall():
        owner = name.removeprefix(_PREFIX).partition("_")[0]
        if not psutil.pid_exists(int(owner)):
            _drop(admin, name)


def _drop(admin: psycopg.Connection[Any], database: str) -> None:
    with suppress(psycopg.errors.ObjectInUse):
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _statuses(cursor: psycopg.Cursor[Any]) -> Iterator[str]:
    yield cursor.statusmessage or ""
    while cursor.nextset():
        yield cursor.statusmessage or ""


def _judge_rows(file: MetricFile, rows: list[Row]) -> list[Finding]:
    others = [row["metric_id"] for row in rows if row["metric_id"] != file.metric_id]
    if others:
        named = ", ".join(repr(other) for other in others)
        message = f"defines {named}; this file's one metric is {file.metric_id!r}, the name of the file"
        return [file.finding("own-row", message, line=file.line_of(others[0]))]
    if not rows:
        return [file.finding("own-row", f"leaves no row; INSERT the metric {file.metric_id!r}")]
    return []


def _in_words(file: MetricFile, error: psycopg.Error) -> Finding:
    """PostgreSQL's refusal as a finding: its words, the line, and the remedy where we know one."""
    diag = error.diag
    line = 1
    if diag.statement_position:
        line = file.text.count("\n", 0, int(diag.statement_position) - 1) + 1
    words = diag.message_primary or str(error).strip().split("\n")[0]
    match error:
        case psycopg.errors.UndefinedColumn() if any(f'"{column}"' in words for column in _PEOPLE_DECIDE):
            column = next(column for column in _PEOPLE_DECIDE if f'"{column}"' in words)
            message = f"{column} is not for a file to say: people decide it (cockpit, API or `heartbeat set`)"
            return file.finding("people-decide", message, line=file.line_of(column))
        case psycopg.errors.CheckViolation():
            return _broken_check(file, diag.constraint_name or "")
        case psycopg.errors.InsufficientPrivilege():
            message = f"PostgreSQL refuses it: {words}; a metric file only inserts and updates its own row"
            return file.finding("privilege", message, line=line)
        case psycopg.errors.QueryCanceled():
            message = f"a statement ran longer than {STATEMENT_TIMEOUT_S} s; a metric file only inserts and updates one row"
            return file.finding("timeout", message, line=line)
        case psycopg.OperationalError() if not diag.sqlstate:
            return file.finding("connection", "closes the connection it runs on; leave that statement out", line=line)
        case _:
            return file.finding("sql", f"PostgreSQL refuses it: {words}", line=line)


def _broken_check(file: MetricFile, constraint: str) -> Finding:
    column = next((name for name in _CHECKS if constraint.startswith(name)), constraint)
    message = _CHECKS.get(column, f"breaks the rule {constraint}")
    return file.finding(column.replace("_", "-"), message, line=file.line_of(column))


_CHECKS = {
    "metric_id": "metric_id must be a lower-case letter, then 2 to 62 of a-z, 0-9 and underscore",
    "code": "code must be four of A-Z and 0-9, such as 'PAY1'",
    "period": "period must be one of hour, day, week, month, quarter, year",
    "direction": "direction must be 'higher_is_worse' or 'lower_is_worse'",
    "judge": "judge must be 'running' or 'closed'",
    "benchmark_kind": "benchmark_kind must be 'rolling_stat' or 'none'",
    "alert_after": "alert_after counts periods and starts at 1",
    "recover_after": "recover_after counts periods and starts at 1",
    "norm_value": "norm_value must be a finite number",
    "alert_value": "alert_value must be a finite number",
    "target_value": "target_value must be a finite number",
}
