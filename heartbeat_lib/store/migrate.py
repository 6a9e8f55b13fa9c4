"""The schema as numbered SQL files, each applied once, in order, in a transaction of its own.

What was applied is recorded with its sha256. A database that knows more than this code is refused, and so is an applied
file whose text has changed. Two processes that migrate at once meet at the lock of the record table: the second finds the
work done. A database where nothing is behind costs one query and no lock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql

from heartbeat_lib.store.errors import (
    DatabaseNewer,
    MigrationChanged,
    MigrationFailed,
    StoreBusy,
    first_line,
    in_words,
    translated,
)
from heartbeat_lib.store.sql_files import load_sql

_PACKAGE = "heartbeat_lib.store"
_ABSENT = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.InsufficientPrivilege)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file of `migrations/`: `0003_history.sql` has number 3."""

    number: int
    name: str
    text: LiteralString

    @property
    def sha256(self) -> str:
        """Of the text with line ends as \\n, so that a checkout on another system reads the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def shipped() -> tuple[Migration, ...]:
    """The migrations of this code, in order."""
    folder = resources.files(_PACKAGE) / "migrations"
    found = ((re.fullmatch(r"(\d{4})_\w+\.sql", file.name), file) for file in folder.iterdir())
    texts = ((int(match[1]), file) for match, file in found if match)
    return tuple(
        Migration(number=number, name=file.name, text=cast(LiteralString, file.read_text("utf-8")))
        for number, file in sorted(texts, key=lambda pair: pair[0])
    )


def is_current(connection: psycopg.Connection[Any], migrations: tuple[Migration, ...] | None = None) -> bool:
    """Whether the database stands where this code expects it; False where it is behind or empty.

    Ends the connection's transaction.

    Raises
    ------
    DatabaseNewer
        It was migrated by newer code.
    MigrationChanged
        An applied migration reads differently now.
    """
    known = shipped() if migrations is None else migrations
    try:
        applied = _applied(connection)
    except _ABSENT:
        return False
    finally:
        connection.rollback()
    return _to_do(applied, known) == []


def migrate(
    connection: psycopg.Connection[Any], migrations: tuple[Migration, ...] | None = None, *, lock_timeout_s: int = 30
) -> int:
    """Bring the database up to this code; `connection` belongs to the login that owns the schema.

    Returns
    -------
    int
        How many migrations this call applied.

    Raises
    ------
    DatabaseNewer, MigrationChanged
        See `is_current`; nothing is done.
    MigrationFailed
        One did not go through and was rolled back; those before it stand.
    StoreBusy
        Another process has been migrating for `lock_timeout_s`.
    """
    known = shipped() if migrations is None else migrations
    _make_record_table(connection)
    done = 0
    while True:
        with translated("Migrating the database"), connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(f"{lock_timeout_s}s")))
            try:
                connection.execute(load_sql(_PACKAGE, "lock_schema_version"))
            except psycopg.errors.LockNotAvailable:
                raise StoreBusy(
                    f"Another process has been migrating the database for {lock_timeout_s} s. "
                    "Wait for it, or end it and try again."
                ) from None
            to_do = _to_do(_applied(connection), known)
            if not to_do:
                return done
            _apply(connection, to_do[0])
        done += 1


def secure_database(connection: psycopg.Connection[Any]) -> None:
    """Let only our four logins into the connection's database. A copy of a database does not inherit this.

    A login that does not own the database cannot do it; that is a thing for its administrator then, and no reason to stop.
    """
    try:
        with connection.transaction():
            # Two processes that grant at once would get "tuple concurrently updated".
            connection.execute(load_sql(_PACKAGE, "lock_schema_version"))
            connection.execute(load_sql(_PACKAGE, "database_rights"))
    except psycopg.errors.InsufficientPrivilege:
        return


def _make_record_table(connection: psycopg.Connection[Any]) -> None:
    # IF NOT EXISTS does not help two sessions that begin at the same moment: one of them fails once.
    for _ in range(10):
        try:
            if connection.execute("SELECT to_regclass('heartbeat.schema_version') IS NULL").fetchall()[0][0]:
                connection.execute(load_sql(_PACKAGE, "create_schema_version"))
            connection.commit()
            return
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema):
            connection.rollback()
        except psycopg.Error as error:
            connection.rollback()
            raise MigrationFailed(f"The database cannot take Heartbeat's schema: {first_line(error)}.") from error
    raise StoreBusy("Other processes are setting up this database at the same time. Try again.")


def _applied(connection: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
    return connection.execute(load_sql(_PACKAGE, "schema_version")).fetchall()


def _to_do(applied: list[tuple[int, str, str]], known: tuple[Migration, ...]) -> list[Migration]:
    """Migrations that are not applied yet, in order."""
    by_number = {migration.number: migration for migration in known}
    latest = max(by_number, default=0)
    newest = max((number for number, _, _ in applied), default=0)
    if newest > latest:
        raise DatabaseNewer(found=newest, known=latest)
    for number, name, sha256 in applied:
        if number not in by_number or by_number[number].sha256 != sha256:
            raise MigrationChanged(name)
    return [migration for migration in known if migration.number > newest]


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    """Run one migration and record it, in the caller's transaction."""
    try:
        with _may_make_doors(connection):
            connection.execute(migration.text)
        values = {"number": migration.number, "name": migration.name, "sha256": migration.sha256}
        connection.execute(load_sql(_PACKAGE, "record_migration"), values)
    except psycopg.Error as error:
        position = error.diag.statement_position
        line = f" (line {migration.text.count(chr(10), 0, int(position)) + 1})" if position else ""
        raise MigrationFailed(f"Migration {migration.name}{line} did not go through: {in_words(error, 'PostgreSQL')}") from error


@contextmanager
def _may_make_doors(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let a login that is no superuser give functions to the guard inside the block; afterwards it is no member again."""
    superuser, guarded, version = connection.execute(load_sql(_PACKAGE, "migrating_login")).fetchall()[0]
    if superuser or not guarded:
        yield
        return
    connection.execute("GRANT CREATE ON SCHEMA heartbeat TO heartbeat_guard")
    with_all = " WITH INHERIT TRUE, SET TRUE" if version >= 160000 else ""
    connection.execute(sql.SQL("GRANT heartbeat_guard TO CURRENT_USER" + with_all))
    yield
    connection.execute("REVOKE heartbeat_guard FROM CURRENT_USER")
    connection.execute("REVOKE CREATE ON SCHEMA heartbeat FROM heartbeat_guard")
