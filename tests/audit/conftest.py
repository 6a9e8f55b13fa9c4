"""Cases for the audit: the metrics of the demo and of the Berka bank over their data, and a shop of one's own."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib import lifecycle
from heartbeat_lib.audit.case import Case
from heartbeat_lib.demo.bank import bank
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.metric import MetricDefinition
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.registration.check import check
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace, create

REPOSITORY = Path(__file__).parents[2]
BERKA = REPOSITORY.parent / "shared" / "data" / "berka"
DEMO_METRICS, BERKA_METRICS = REPOSITORY / "db" / "metrics", REPOSITORY / "tests" / "berka" / "metrics"
TUESDAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
END_OF_1998 = datetime(1998, 12, 31, 11, tzinfo=UTC)

Loaded = tuple[Workbench, Mapping[str, MetricDefinition]]
MakeCase = Callable[..., Case]


@pytest.fixture(scope="session")
def demo(tmp_path_factory, server) -> Iterator[Loaded]:
    """The demo bank that ends on a Tuesday, and its metrics."""
    workspace = _workspace(tmp_path_factory.mktemp("demo"), "Europe/Berlin", server, DEMO_METRICS)
    with duckdb.connect(str(workspace.marts_file)) as connection:
        for schema, tables in bank(ending=TUESDAY, zone=ZoneInfo("Europe/Berlin")).items():
            connection.execute(f"CREATE SCHEMA {schema}")
            for name, rows in tables.items():
                connection.register("rows", rows)
                connection.execute(f"CREATE TABLE {schema}.{name} AS FROM rows")
                connection.unregister("rows")
    yield from _loaded(workspace)


@pytest.fixture(scope="session")
def berka(tmp_path_factory, server) -> Iterator[Loaded]:
    """The Czech bank of 1993 to 1998 and its metrics; skipped where its data are not there."""
    if not BERKA.is_dir():
        pytest.skip(f"the bank's data are not there: {BERKA}")
    workspace = _workspace(tmp_path_factory.mktemp("berka"), "Europe/Prague", server, BERKA_METRICS)
    with duckdb.connect(str(workspace.marts_file)) as connection:
        connection.execute("CREATE SCHEMA berka")
        for file in BERKA.glob("*.parquet"):
            connection.execute(f"CREATE TABLE berka.{file.stem} AS FROM '{file}'")
    yield from _loaded(workspace)


@pytest.fixture(scope="session")
def demo_case(demo) -> MakeCase:
    """`demo_case(metric_id, sql=None, **columns)`: a case of the demo, with another SQL or other columns where given."""
    return _cases(demo, NOON)


@pytest.fixture(scope="session")
def berka_case(berka) -> MakeCase:
    """The same for the Berka bank, at the end of 1998."""
    return _cases(berka, END_OF_1998)


@pytest.fixture
def deployed(bench, file_of) -> Callable[..., None]:
    """Writes metric files and deploys them: id = value_sql, or (value_sql, what `file_of` takes); `more` is appended as it is."""

    def deploy(*, more: str = "", **files) -> None:
        for metric_id, given in files.items():
            query, changes = given if isinstance(given, tuple) else (given, {})
            (bench.workspace.metrics / f"{metric_id}.sql").write_text(file_of(metric_id, query, **changes) + more, "utf-8")
        lifecycle.deploy(bench)

    return deploy


def _workspace(folder: Path, zone: str, server, metrics: Path) -> Workspace:
    made = create(folder / "workspace", operator="ann@x.example", zone=zone)
    (made.root / ".heartbeat").symlink_to(server.state_dir)
    toml = made.root / "heartbeat.toml"
    toml.write_text('marts_url = "marts/marts.duckdb"\n' + toml.read_text("utf-8"), "utf-8")
    (made.root / "marts").mkdir()
    shutil.copytree(metrics, made.metrics, dirs_exist_ok=True)
    return Workspace.find(made.root)


def _loaded(workspace: Workspace) -> Iterator[Loaded]:
    checked = check(workspace)
    assert checked.errors == ()
    with Workbench(workspace) as bench:
        yield bench, checked.definitions


def _cases(loaded: Loaded, as_of: datetime) -> MakeCase:
    bench, definitions = loaded

    def case(metric_id: str, sql: str | None = None, **columns: object) -> Case:
        metric = {field.name: getattr(definitions[metric_id], field.name) for field in dataclasses.fields(MetricDefinition)}
        metric |= columns
        parsed = parse_value_sql(sql or metric["value_sql"], DUCKDB)
        return Case(workbench=bench, metric=metric, parsed=parsed, as_of=as_of, audit_date=as_of.date(), auditor="ann@x.example")

    return case
