"""Instants and days as people type them: without an offset they are in the workspace's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import typer

from heartbeat_lib.model.period import Grain, period_at


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An aware instant in UTC. A bare day is its last microsecond, for "as of 3 May" means all of it.

    Raises
    ------
    typer.BadParameter
        Neither a day nor an instant.

    >>> instant("2013-06-30T12:00", ZoneInfo("UTC")).isoformat()
    '2013-06-30T12:00:00+00:00'
    """
    parsed_day = _day(text)
    if parsed_day is not None:
        return day_end(parsed_day, zone) - timedelta(microseconds=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no instant; write 2026-11-24, 2026-11-24T09:30 or 2026-11-24T09:30+01:00"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def instant_or_now(text: str | None, zone: ZoneInfo) -> datetime:
    """`instant`, or this moment; the end of a day that is not over yet is this moment too."""
    now = datetime.now(UTC)
    if text is None:
        return now
    moment = instant(text, zone)
    return now if _day(text) == now.astimezone(zone).date() else moment


def day_start_or_instant(text: str, zone: ZoneInfo) -> datetime:
    """An aware instant in UTC; a bare day is its first, for "since 3 May" means from its beginning."""
    parsed_day = _day(text)
    return day_start(parsed_day, zone) if parsed_day is not None else instant(text, zone)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """First instant of a local day, in UTC."""
    return period_at(datetime.combine(day, time(12), tzinfo=zone), Grain.DAY, zone).start


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """First instant after a local day, in UTC."""
    return period_at(datetime.combine(day, time(12), tzinfo=zone), Grain.DAY, zone).end


def day(text: str) -> date:
    """A day.

    Raises
    ------
    typer.BadParameter
        Not written as 2026-11-24.
    """
    parsed = _day(text)
    if parsed is None:
        raise typer.BadParameter(f"{text!r} is no day; write 2026-11-24")
    return parsed


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
