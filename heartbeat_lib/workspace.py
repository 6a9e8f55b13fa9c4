"""A workspace: the folder with `heartbeat.toml`, its settings, and where its things lie.

It is found upward from the current folder, or named by `--workspace` or `HEARTBEAT_WORKSPACE`. Everything Heartbeat makes
by itself lies in `.heartbeat/` below it, which git ignores.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.settings import Settings, read_settings

FILE = "heartbeat.toml"


class NoWorkspaceError(HeartbeatError):
    """No `heartbeat.toml` where one was looked for."""


class WorkspaceExistsError(HeartbeatError):
    """`heartbeat init` was pointed at a folder that is a workspace already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One folder and what its file says. Paths are absolute."""

    root: Path
    settings: Settings

    @classmethod
    def find(cls, folder: Path | None = None) -> Workspace:
        """The workspace at `folder`; without it at `HEARTBEAT_WORKSPACE`, else the nearest one upward from here.

        Raises
        ------
        NoWorkspaceError
            There is none; the message says how to make one.
        SettingsError
            Its file does not hold.
        """
        named = folder or (Path(os.environ["HEARTBEAT_WORKSPACE"]) if os.environ.get("HEARTBEAT_WORKSPACE") else None)
        if named is not None:
            root = named.expanduser().resolve()
            if not (root / FILE).is_file():
                raise NoWorkspaceError(f"{root} is no workspace: it has no {FILE}. Make one: heartbeat init {named}")
        else:
            here = Path.cwd()
            found = next((place for place in (here, *here.parents) if (place / FILE).is_file()), None)
            if found is None:
                raise NoWorkspaceError(
                    f"No {FILE} in {here} or above it. Make a workspace with `heartbeat init DIR`, "
                    "or name one with --workspace DIR."
                )
            root = found
        return cls(root=root, settings=read_settings(root / FILE))

    @property
    def zone(self) -> ZoneInfo:
        """Zone in which periods are cut and clocks are read."""
        return self.settings.time_zone

    @property
    def state(self) -> Path:
        """Everything Heartbeat makes by itself: server, marts, secrets, executed notebooks."""
        return self.root / ".heartbeat"

    @property
    def runs(self) -> Path:
        """Executed notebooks: the records of what the clock ran."""
        return self.state / "runs"

    @property
    def metrics(self) -> Path:
        """The folder of metric files."""
        return self.root / self.settings.metrics

    @property
    def audits(self) -> Path:
        """The folder of audit reports."""
        return self.root / self.settings.reports / "metric-audits"

    @property
    def candidates_reports(self) -> Path:
        """The folder of discovery's dated reports."""
        return self.root / self.settings.reports / "metric-candidates"

    @property
    def marts_url(self) -> str:
        """The marts in the form that `HEARTBEAT_MARTS_URL` takes."""
        named = self.settings.marts_url
        if named is None:
            return f"duckdb://{self.state / 'marts.duckdb'}"
        return named if "://" in named else f"duckdb://{self.root / Path(named).expanduser()}"

    @property
    def marts_file(self) -> Path | None:
        """The DuckDB file behind `marts_url`, or None where the marts are another engine."""
        scheme, _, path = self.marts_url.partition("://")
        return Path(path) if scheme == "duckdb" else None

    def relative(self, path: Path) -> str:
        """`path` as people write it: relative to the workspace where it lies inside, with forward slashes."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def create(folder: Path, *, operator: str, zone: str) -> Workspace:
    """A new workspace: `heartbeat.toml`, an empty `db/metrics/`, and `.heartbeat/` ignored by git.

    Files that stand there already are left as they are.

    Raises
    ------
    WorkspaceExistsError
        The folder has a `heartbeat.toml`; it is not touched.
    """
    root = folder.expanduser().resolve()
    file = root / FILE
    if file.exists():
        raise WorkspaceExistsError(f"{root} is a workspace already; its {FILE} was left as it is.")
    root.mkdir(parents=True, exist_ok=True)
    (root / "db" / "metrics").mkdir(parents=True, exist_ok=True)
    ignore = root / ".gitignore"
    lines = ignore.read_text("utf-8").splitlines() if ignore.exists() else []
    if ".heartbeat/" not in lines:
        ignore.write_text("\n".join([*lines, ".heartbeat/", ""]), "utf-8")
    quoted = operator.replace("\\", "\\\\").replace('"', '\\"')
    file.write_text(_TEMPLATE.format(operator=quoted, zone=zone), "utf-8")
    return Workspace.find(root)


def git_email(folder: Path) -> str | None:
    """git's `user.email` as seen from `folder`; None without git or without the setting."""
    try:
        answer = subprocess.run(
            ["git", "config", "user.email"], cwd=folder, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def machine_zone() -> str:
    """IANA name of this machine's time zone; `UTC` where the machine does not say."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named:
        timezone = Path("/etc/timezone")
        named = timezone.read_text().strip() if timezone.is_file() else ""
    if not named:
        # A link such as /etc/localtime -> /usr/share/zoneinfo/Europe/Berlin carries the name.
        named = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        return ZoneInfo(named).key or "UTC"
    except (ValueError, OSError, KeyError):
        return "UTC"


_TEMPLATE = """\
# A Heartbeat workspace. Every setting has a variable that wins: time_zone is HEARTBEAT_TIME_ZONE.
operator = "{operator}"
time_zone = "{zone}"   # periods are cut, and "today" is read, in this zone

# Where the numbers come from: each folder of Parquet, CSV or JSON-lines files becomes a schema of the marts.
# [[source]]
# schema = "shop"
# folder = "data/shop"
# max_age = "26h"        # your promise of how old the last load that brought rows may get
"""
