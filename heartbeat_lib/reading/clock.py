"""Whether ticks come when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from heartbeat_lib.model.cron import Cron
from heartbeat_lib.reading.rows import select
from heartbeat_lib.workbench import Workbench

_MANY = 100
_LONG = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """The last finished tick, how many were due since, and whether one runs now."""

    last_due: datetime | None
    missed: int
    running: bool

    @property
    def stands_still(self) -> bool:
        """Two ticks were due since the last finished one, and none is at work: nobody calls them, or they fail."""
        return self.missed >= 2 and not self.running

    def sentence(self, zone: ZoneInfo) -> str:
        """What to tell people, and what to do."""
        if self.last_due is None:
            return "No tick has finished yet. `heartbeat up` starts the clock, `heartbeat refresh` makes one tick."
        missed = f"{self.missed}" if self.missed < _MANY else f"{_MANY} or more"
        return (
            f"The clock stands still: the last finished tick was due {self.last_due.astimezone(zone):%Y-%m-%d %H:%M}, and "
            f"{missed} have been due since. `heartbeat up` starts the clock; `heartbeat runs` shows what failed."
        )


def clock(workbench: Workbench, now: datetime) -> ClockState:
    """The state of the clock at `now` (aware)."""
    (row,) = select(workbench, "clock")
    last, missed = row["last_due"], 0
    if last is not None:
        cron = Cron(workbench.workspace.settings.schedule.tick, workbench.workspace.zone)
        # A clock that stands still for years is not counted to the end.
        missed = min(len(cron.between(last, min(now, last + _LONG))), _MANY)
    return ClockState(last_due=last, missed=missed, running=row["running"])
