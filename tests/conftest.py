"""Fixtures that every test may use: one embedded server per run, and a migrated database of its own for each test.

The server is a real one in a folder of its own, stopped and removed at the end. A test's database is a copy of a migrated
template (0.1 s), so tests may commit, and several logins and processes may meet in it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from psycopg import sql

from heartbeat_lib.store import Store
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.store.migrate import secure_database

pytest_plugins = ["tests.fixtures"]

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: one that comes last would leave the other process without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def scratch_folder() -> Path:
    """Where tests put whole servers: in memory where there is room, because a disk makes each cost seconds."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 << 30
    return memory if roomy else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def server(scratch_folder) -> Iterator[EmbeddedServer]:
    """The run's embedded server; its database `heartbeat` is migrated, empty, and only ever copied.

    Its folder is not one of pytest's: those are closed to other users at each start of pytest, and where the tests run as
    root the server is another user.
    """
    folder = Path(tempfile.mkdtemp(prefix="heartbeat-test-", dir=scratch_folder))
    embedded = EmbeddedServer(folder / ".heartbeat")
    try:
        Store.open(state_dir=embedded.state_dir)
        with embedded.connect_admin() as admin:
            # Hundreds of databases are made and dropped; that they survive a power cut is not what is tested here.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        yield embedded
    finally:
        embedded.stop()
        shutil.rmtree(folder)


@pytest.fixture
def databases(server) -> SimpleNamespace:
    """Where a test's database comes from: `admin(dbname)` is a superuser's connection, `open(dbname)` the store in it."""
    return _databases_of(server)


@pytest.fixture(scope="session")
def make_store(server) -> Callable[[], AbstractContextManager[Store]]:
    """Makes stores for laws that need one per example; each is dropped at the end of its block."""
    return lambda: _new_database(_databases_of(server))


@pytest.fixture
def fresh_store(databases) -> Iterator[Store]:
    """A store whose database is this test's alone: migrated, empty, dropped afterwards.

    `store.connect(role)` gives connections; `store.connect_migrating()` the superuser's.
    """
    with _new_database(databases) as made:
        yield made


@pytest.fixture
def store(fresh_store) -> Store:
    """A store of this test's alone."""
    return fresh_store


def _databases_of(server: EmbeddedServer) -> SimpleNamespace:
    return SimpleNamespace(admin=server.connect_admin, open=lambda name: Store.open(state_dir=server.state_dir, database=name))


@contextmanager
def _new_database(databases: SimpleNamespace) -> Iterator[Store]:
    name = f"test_{next(_numbers)}"
    with databases.admin("postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE heartbeat").format(sql.Identifier(name)))
        with databases.admin(name) as inside:
            secure_database(inside)
        yield databases.open(name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
