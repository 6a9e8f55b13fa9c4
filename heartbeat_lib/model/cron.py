"""When things are due: a crontab line read in the workspace's zone gives instants, and an instant is a due tick's identity.

The line is read on the wall clock, and wall clocks jump. The hourly `17 * * * *` comes 23 times on a day of 23 hours and 25
times on one of 25, each instant once. A time that a night skips comes as far after the jump as it would have come after its
beginning; a time that a night shows twice comes twice. The surprise: APScheduler reads the line well and steps over such
nights badly (a job at 0:17 has no turn on the day after the clocks went forward), so it is only asked in a zone without jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.model.errors import HeartbeatError

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_INSTANT = timedelta(microseconds=1)
_SPANS = (timedelta(hours=2), timedelta(days=2), timedelta(days=70), timedelta(days=3653))
_JUMP = timedelta(hours=26)
"""More than any zone ever jumped: Apia left out a whole day."""


class CronError(HeartbeatError):
    """A text that is no crontab line."""


@dataclass(frozen=True)
class Cron:
    """One crontab line (minute, hour, day of month, month, day of week) in a zone.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> Cron("17 * * * *", berlin).latest(datetime(2026, 11, 24, 12, 0, tzinfo=UTC)).isoformat()
    '2026-11-24T11:17:00+00:00'
    """

    text: str
    zone: ZoneInfo

    @cached_property
    def _trigger(self) -> CronTrigger:
        from apscheduler.triggers.cron import CronTrigger

        fields = self.text.split()
        if len(fields) != 5:
            raise CronError(f"{self.text!r} is no crontab line: it has five fields, such as '17 * * * *'")
        if any(letter.isdigit() for letter in fields[4].partition("/")[0]):
            # 1 is Monday to cron and Tuesday to the scheduler; a name is the same to both.
            raise CronError(f"{self.text!r}: write the day of the week by name, such as mon or mon-fri")
        try:
            return CronTrigger.from_crontab(self.text, timezone=UTC)
        except ValueError as error:
            raise CronError(f"{self.text!r} is no crontab line: {error}") from None

    def check(self) -> None:
        """Read the line.

        Raises
        ------
        CronError
            Not five fields, a value out of range, or a day of the week as a number.
        """
        _ = self._trigger

    def between(self, after: datetime, until: datetime) -> list[datetime]:
        """Due instants in (after, until], oldest first, in UTC. Both aware."""
        margin = self._margin(after, until)
        wall = self._wall(after) - margin
        last = self._wall(until) + margin
        found: set[datetime] = set()
        while (wall := self._trigger.get_next_fire_time(None, wall)) is not None and wall <= last:
            local = wall.replace(tzinfo=self.zone)
            for fold in (0, 1):
                instant = local.replace(fold=fold).astimezone(UTC)
                # A skipped time reads differently from both sides; the reading from before the jump lies after it.
                exists = fold == 0 or self._wall(instant) == wall
                if exists and after < instant <= until:
                    found.add(instant)
            wall += _INSTANT
        return sorted(found)

    def next(self, after: datetime) -> datetime | None:
        """The first due instant later than `after` (aware), in UTC; None where none comes in ten years."""
        return next((found[0] for span in _SPANS if (found := self.between(after, after + span))), None)

    def latest(self, now: datetime) -> datetime | None:
        """The last due instant that is not later than `now` (aware), in UTC; None where there was none in ten years."""
        return next((found[-1] for span in _SPANS if (found := self.between(now - span, now))), None)

    def _wall(self, instant: datetime) -> datetime:
        """What the zone's wall clock shows, dressed as UTC."""
        return instant.astimezone(self.zone).replace(tzinfo=UTC, fold=0)

    def _margin(self, after: datetime, until: datetime) -> timedelta:
        """How far wall clock and time may disagree around a span: nothing, unless clocks jump near its ends."""
        for end in (after, until):
            offsets = {(end + away).astimezone(self.zone).utcoffset() for away in (-_JUMP, timedelta(), _JUMP)}
            if len(offsets) > 1:
                return _JUMP
        return timedelta()
