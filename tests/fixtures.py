"""Workspaces for tests: cheap ones that share the run's server, and whole ones for what happens in other processes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workbench import Workbench
from heartbeat_lib.workspace import Workspace, create

_FILE = """\
-- {metric_id}: a test.
INSERT INTO heartbeat.metric_registry (metric_id, code, name, period, value_sql, description, sources)
VALUES ('{metric_id}', '{code}', '{name}', '{period}', $value${value_sql}$value$, 'A test.', '{sources}');
"""
_THRESHOLDS = """\
UPDATE heartbeat.metric_registry SET norm_value = {norm}, alert_value = {alert}, threshold_basis = 'a test';
"""


@pytest.fixture
def workspace(tmp_path, server) -> Workspace:
    """An empty workspace in Berlin. Its state lies beside the run's server, its marts in a file of its own."""
    made = create(tmp_path / "workspace", operator="ann@x.example", zone="Europe/Berlin")
    (made.root / ".heartbeat").symlink_to(server.state_dir)
    toml = made.root / "heartbeat.toml"
    toml.write_text('marts_url = "marts/marts.duckdb"\n' + toml.read_text("utf-8"), "utf-8")
    (made.root / "marts").mkdir()
    return Workspace.find(made.root)


@pytest.fixture
def bench(workspace, store) -> Iterator[Workbench]:
    """The workspace at work on this test's own database."""
    with Workbench(workspace) as made:
        made.__dict__["store"] = store
        yield made


@pytest.fixture
def marts(workspace) -> Callable[[str], None]:
    """Runs SQL on a copy of the marts file and swaps it in, as a load does."""
    return lambda sql: change_marts(workspace, sql)


@pytest.fixture
def whole_workspace() -> Iterator[Workspace]:
    """A workspace with a server of its own, for tests in which other processes open it."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-") as folder:
        made = create(Path(folder) / "workspace", operator="ann@x.example", zone="Europe/Berlin")
        try:
            yield made
        finally:
            EmbeddedServer(made.state).stop()


def change_marts(workspace: Workspace, sql: str) -> None:
    """Run `sql` on the workspace's marts beside the living file, then put the result in its place."""
    file = workspace.marts_file
    assert file is not None
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".beside")
    if file.exists():
        beside.write_bytes(file.read_bytes())
    with duckdb.connect(str(beside)) as connection:
        connection.execute("SET TimeZone = 'Europe/Berlin'")
        connection.execute(sql)
    beside.replace(file)


@pytest.fixture
def file_of() -> Callable[..., str]:
    """Text of a metric file: id, value_sql, and what else it should say."""
    return metric_text


def metric_text(
    metric_id: str,
    value_sql: str,
    *,
    period: str = "day",
    norm: float | None = None,
    alert: float | None = None,
    sources: str | None = None,
    name: str | None = None,
    code: str | None = None,
) -> str:
    """A small metric file; its sources are the schema.table names in the query, its code the id's first letters."""
    tables = sources or ", ".join(dict.fromkeys(re.findall(r"\b[a-z]+\.[a-z_]+\b", value_sql)))
    file = _FILE.format(
        metric_id=metric_id,
        code=code or re.sub("[^A-Z0-9]", "", metric_id.upper()).ljust(4, "X")[:4],
        name=name or metric_id,
        period=period,
        value_sql=value_sql,
        sources=tables,
    )
    return file if norm is None else file + _THRESHOLDS.format(norm=norm, alert=alert)
