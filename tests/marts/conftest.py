"""Real DuckDB files and real workers; every test gets its own marts file."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib.marts import Limits, Marts, open_marts

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="session")
def marts_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A marts file with two sources: shop (1,000 sales, loaded twice, once failed) and crm (never through the loader)."""
    path = tmp_path_factory.mktemp("template") / "marts.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("SET TimeZone = 'Europe/Berlin'")
        con.execute("CREATE SCHEMA shop")
        con.execute("CREATE SCHEMA crm")
        con.execute(
            "CREATE TABLE shop.sales AS SELECT i AS id, (i % 100)::DECIMAL(12, 2) AS amount, "
            "TIMESTAMPTZ '2026-06-30 23:30:00' + to_minutes(i) AS booked_at FROM range(1000) t(i)"
        )
        con.execute("CREATE TABLE shop._dlt_loads (load_id VARCHAR, status BIGINT, inserted_at TIMESTAMPTZ)")
        con.execute(
            "INSERT INTO shop._dlt_loads VALUES ('1', 0, '2026-07-01 10:00:00+02'), ('2', 0, '2026-07-02 10:00:00+02'), "
            "('3', 1, '2026-07-03 10:00:00+02')"
        )
        con.execute("CREATE TABLE crm.customers (id INTEGER, name VARCHAR)")
        con.execute("CREATE VIEW crm.everyone AS SELECT * FROM crm.customers")
    return path


@pytest.fixture
def marts_file(marts_template: Path, tmp_path: Path) -> Path:
    """A copy of the template that a test may break."""
    return Path(shutil.copy(marts_template, tmp_path))


@pytest.fixture
def opened() -> Iterator[Callable[..., Marts]]:
    """Opens marts, closes them after the test."""
    held: list[Marts] = []

    def open_(path: Path, *, zone: ZoneInfo = BERLIN, workers: int = 2, memory_bytes: int = 3 << 30) -> Marts:
        held.append(open_marts(str(path), zone=zone, limits=Limits(workers=workers, memory_bytes=memory_bytes)))
        return held[-1]

    yield open_
    for marts in held:
        marts.close()


@pytest.fixture
def marts(marts_file: Path, opened: Callable[..., Marts]) -> Marts:
    """The marts of `marts_file`, opened in Berlin with two workers."""
    return opened(marts_file)


@pytest.fixture(scope="session")
def children() -> Callable[[int], set[int]]:
    """Process ids of the living children of a process."""

    def find(parent: int) -> set[int]:
        found: set[int] = set()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(ppid) == parent and state != "Z":
                found.add(int(entry.name))
        return found

    return find


@pytest.fixture(scope="session")
def workers(children: Callable[[int], set[int]]) -> Callable[[], set[int]]:
    """Process ids of this process's marts workers."""

    def find() -> set[int]:
        found: set[int] = set()
        for pid in children(os.getpid()):
            with suppress(OSError):  # gone since
                if b"duckdb_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.add(pid)
        return found

    return find


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Waits for a condition, and fails when it does not come true in time."""

    def wait(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.02)

    return wait
