"""The store's tests run on the embedded server and again, as slow tests, on Debian's PostgreSQL 15 with separate logins.

Here `store` is one database for all tests of a server, emptied before each (0.02 s); a test that changes more than rows says
`fresh_store` and has a database of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from heartbeat_lib.store import Role, Store
from heartbeat_lib.store.migrate import secure_database
from tests.store.door import call

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
EMPTY = (Path(__file__).parent / "empty.sql").read_bytes()
APPLY = """
SELECT heartbeat.apply_registry(
    p_rows => %(rows)s::jsonb, p_expected_version => %(expected)s, p_actor => %(actor)s, p_reason => %(reason)s,
    p_commit => %(commit)s, p_uncommitted => %(uncommitted)s, p_allow_retirements => %(allow)s, p_dry_run => %(dry_run)s)
"""


@pytest.fixture(scope="session")
def postgres_15(scratch_folder) -> Iterator[SimpleNamespace]:
    """A server of one's own: PostgreSQL 15, the schema migrated by its superuser, a login with a password for each role."""
    if not PROGRAMS.is_dir():
        pytest.skip(f"PostgreSQL 15 is not installed in {PROGRAMS}")
    folder = Path(tempfile.mkdtemp(prefix="heartbeat-pg15-", dir=scratch_folder))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    (folder / "password").write_text("maintenance")
    for path in (folder, folder / "password"):
        os.chown(path, account.pw_uid, account.pw_gid)

    def run(program, *words):
        command = [str(PROGRAMS / program), *words]
        subprocess.run(
            command, user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd=folder, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def url(login, password, name):
        return f"postgresql://{login}:{password}@/{name}?host={folder}"

    def admin(name):
        return psycopg.connect(url("postgres", "maintenance", name), autocommit=True)

    def open_store(name):
        logins = {role: url(role, role.short, name) for role in Role}
        return Store.open(state_dir=folder / "no", database_url=url("postgres", "maintenance", name), role_urls=logins)

    try:
        run(
            "initdb", "-A", "scram-sha-256", "--pwfile=password", "-E", "utf8", "--locale=C", "-N", "-U", "postgres", "-D", "data"
        )
        run("pg_ctl", "-w", "-l", "log", "-D", "data", "-o", f"-F -h '' -k {folder}", "start")
        with admin("postgres") as maintenance:
            maintenance.execute("CREATE DATABASE heartbeat")
            Store.open(state_dir=folder / "no", database_url=url("postgres", "maintenance", "heartbeat"))
            for role in Role:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                maintenance.execute(statement.format(sql.Identifier(role), sql.Literal(role.short)))
        yield SimpleNamespace(admin=admin, open=open_store)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            run("pg_ctl", "-w", "-m", "immediate", "-D", "data", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["embedded", pytest.param("postgres_15", marks=pytest.mark.slow)])
def databases(request) -> SimpleNamespace:
    """Both servers in turn; see the fixture of this name in tests/conftest.py."""
    if request.param == "postgres_15":
        return request.getfixturevalue("postgres_15")
    server = request.getfixturevalue("server")
    return SimpleNamespace(admin=server.connect_admin, open=lambda name: Store.open(state_dir=server.state_dir, database=name))


@pytest.fixture
def store(databases) -> Store:
    """The server's shared database: migrated, no metrics, no runs, numbers begin at 1."""
    with databases.admin("postgres") as admin:
        if not admin.execute("SELECT FROM pg_database WHERE datname = 'emptied'").fetchall():
            admin.execute("CREATE DATABASE emptied TEMPLATE heartbeat")
            with databases.admin("emptied") as inside:
                secure_database(inside)
    with databases.admin("emptied") as inside, inside.transaction():
        inside.execute(EMPTY)
    return databases.open("emptied")


@pytest.fixture
def admin(store) -> Iterator[psycopg.Connection[Any]]:
    """The superuser in the test's database, in autocommit."""
    with store.connect_migrating(autocommit=True) as connection:
        yield connection


@pytest.fixture
def row():
    """The row of a metric file, ready to be deployed: id, code, and what it should say differently."""

    def make(metric_id="refund_rate", code=None, **changes):
        return {
            "metric_id": metric_id,
            "code": code or metric_id.replace("_", "").upper().ljust(4, "X")[:4],
            "name": "Refunds",
            "period": "day",
            "value_sql": "SELECT 1",
            "description": "Share of refunded orders.",
            "sources": ["shop.orders"],
            "dialect": "duckdb",
            "definition_hash": f"hash of {metric_id}",
            "hash_version": "sqlglot 30.30.0",
            **changes,
        }

    return make


@pytest.fixture
def deploy(store):
    """Deploys rows as the login for it and gives the function's answer."""

    def apply(
        *rows, expected=None, actor="ann@x.example", reason="a test", commit=None, uncommitted=None, allow=0, dry_run=False
    ):
        values = {
            "rows": json.dumps(rows), "expected": expected, "actor": actor, "reason": reason, "commit": commit,
            "uncommitted": uncommitted, "allow": allow, "dry_run": dry_run,
        }  # fmt: skip
        with store.connect(Role.DEPLOY) as connection:
            return connection.execute(APPLY, values).fetchall()[0][0]

    return apply


@pytest.fixture
def people(admin):
    """Changes columns of a metric as a person's door would: as the guard, with the change's record."""

    def change(metric_id, **columns):
        columns = {**columns, "changed_by": "olga@x.example", "changed_via": "cockpit", "change_reason": None}
        sets = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in columns.items()
        )
        statement = (
            "UPDATE heartbeat.metric_registry SET {}, row_version = row_version + 1, changed_at = now() WHERE metric_id = {}"
        )
        with admin.transaction():
            admin.execute("SET LOCAL ROLE heartbeat_guard")
            done = admin.execute(sql.SQL(statement).format(sets, sql.Literal(metric_id)))
            assert done.rowcount == 1

    return change


@pytest.fixture
def registry(admin):
    """The registry as dicts by metric id, or one metric's."""

    def read(metric_id=None):
        rows = {
            row["metric_id"]: row
            for (row,) in admin.execute("SELECT to_jsonb(r) FROM heartbeat.metric_registry AS r ORDER BY metric_id")
        }
        return rows if metric_id is None else rows[metric_id]

    return read


@pytest.fixture
def count(admin):
    """Number of rows of a table of the schema."""

    def read(table):
        return admin.execute(sql.SQL("SELECT count(*) FROM heartbeat.{}").format(sql.Identifier(table))).fetchall()[0][0]

    return read


@pytest.fixture
def metric(deploy, row):
    """Deploys the one metric of a test with what its file says."""

    def make(**changes):
        assert deploy(row(**changes))["refusals"] == []

    return make


@pytest.fixture
def patch(store, registry):
    """Patches a metric at its present version, as the operator, and gives the function's answer."""

    def change(patch, *, metric_id="refund_rate", version=..., **named):
        if version is ...:
            version = registry().get(metric_id, {"row_version": 1})["row_version"]
        with store.connect(Role.OPERATOR) as connection:
            return call(connection, patch, metric_id=metric_id, version=version, **named)

    return change
