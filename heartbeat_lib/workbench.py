"""The Workbench joins workspace, store and marts; every stage takes it.

Store and marts are opened when first used and closed together. `Workbench.open()` is where a notebook begins, so it also has
the questions that an analyst asks first; their answers come from the layers above, which are imported when one is asked.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from heartbeat_lib.workspace import Workspace

if TYPE_CHECKING:
    from heartbeat_lib.cockpit.widget import Cockpit
    from heartbeat_lib.lifecycle import Deployed
    from heartbeat_lib.marts.engine import Limits, Marts
    from heartbeat_lib.reading import History, Metric
    from heartbeat_lib.store import Store


class Workbench:
    """One workspace at work. A context manager: leaving it ends the marts' workers."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @classmethod
    def open(cls, folder: Path | str | None = None) -> Workbench:
        """The workbench of the workspace at `folder`, or of the one around the current folder.

        Raises
        ------
        NoWorkspaceError, SettingsError
            There is no workspace, or its file does not hold.
        """
        return cls(Workspace.find(Path(folder) if folder else None))

    @cached_property
    def store(self) -> Store:
        """The store, started and migrated where needed.

        Raises
        ------
        StoreError
            It cannot be reached, or is newer than this code.
        """
        from heartbeat_lib.store import Store, role_urls_from_environment

        url = self.workspace.settings.database_url
        return Store.open(
            state_dir=self.workspace.state,
            database_url=None if url is None else url.get_secret_value(),
            role_urls=role_urls_from_environment(),
        )

    @cached_property
    def limits(self) -> Limits:
        """How much one query may take, and how many run at a time."""
        from heartbeat_lib.marts import Limits

        compute = self.workspace.settings.compute
        return Limits(timeout_s=compute.timeout_s, workers=compute.workers or Limits().workers)

    @cached_property
    def marts(self) -> Marts:
        """The marts behind their box. Opening reads nothing yet."""
        from heartbeat_lib.marts import open_marts

        return open_marts(self.workspace.marts_url, zone=self.workspace.zone, limits=self.limits)

    def metric(self, metric_id: str) -> Metric:
        """One living metric; a notebook shows it as a tile.

        Raises
        ------
        NoSuchMetricError
            It is not alive; where it is retired the message says since when, by whom and why.
        """
        from heartbeat_lib import reading

        return reading.metric(self, metric_id)

    def history(self, metric_id: str) -> History:
        """Every kept period of one metric, oldest first, of a retired one too.

        Raises
        ------
        NoSuchMetricError
            No metric ever had this id.
        """
        from heartbeat_lib import reading

        return reading.history(self, metric_id)

    def plan(self) -> Deployed:
        """What `heartbeat deploy` would do now, and every finding; nothing is written."""
        from heartbeat_lib import lifecycle

        return lifecycle.plan_deploy(self)

    def cockpit(self) -> Cockpit:
        """The page where owners live, as a widget of this notebook."""
        from heartbeat_lib.cockpit.widget import Cockpit

        return Cockpit(self)

    def close(self) -> None:
        """End the marts' workers and the store's connections; the embedded server lives on."""
        for name in ("marts", "store"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
