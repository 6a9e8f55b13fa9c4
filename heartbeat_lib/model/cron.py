"""When things are due: a crontab line read in the workspace's zone gives instants, and an instant is a due tick's identity.

The surprises come from zones. The hourly `17 * * * *` comes 23 times on a day of 23 hours and 25 times on one of 25, each
instant once. A line for a time that a night skips comes at the same distance after the jump, and one for a time that a night
shows twice comes twice: two instants, two identities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat_lib.model.errors import HeartbeatError

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_INSTANT = timedelta(microseconds=1)
_LOOK_BACK = (timedelta(hours=3), timedelta(days=3), timedelta(days=70), timedelta(days=4000))


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
    def trigger(self) -> CronTrigger:
        """The line as APScheduler understands it.

        Raises
        ------
        CronError
            Not five fields, a value out of range, or a day of the week as a number.
        """
        from apscheduler.triggers.cron import CronTrigger

        fields = self.text.split()
        if len(fields) != 5:
            raise CronError(f"{self.text!r} is no crontab line: it has five fields, such as '17 * * * *'")
        if any(letter.isdigit() for letter in fields[4].partition("/")[0]):
            # 1 is Monday to cron and Tuesday to the scheduler; a name is the same to both.
            raise CronError(f"{self.text!r}: write the day of the week by name, such as mon or mon-fri")
        try:
            return CronTrigger.from_crontab(self.text, timezone=self.zone)
        except ValueError as error:
            raise CronError(f"{self.text!r} is no crontab line: {error}") from None

    def next(self, after: datetime) -> datetime | None:
        """The first due instant later than `after` (aware), in UTC; None where none ever comes, as on 31 February."""
        start = (after.astimezone(UTC) + _INSTANT).astimezone(self.zone)
        found = self.trigger.get_next_fire_time(None, start)
        return None if found is None else found.astimezone(UTC)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Due instants in (after, until], oldest first, in UTC."""
        due = self.next(after)
        while due is not None and due <= until:
            yield due
            due = self.next(due)

    def latest(self, now: datetime) -> datetime | None:
        """The last due instant that is not later than `now`, in UTC; None where there was none in ten years."""
        for back in _LOOK_BACK:
            found = None
            for found in self.between(now - back, now):  # noqa: B007
                pass
            if found is not None:
                return found
        return None
