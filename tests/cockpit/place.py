"""A store to look at: metrics as a deploy makes them, history as ticks keep it, people's decisions through their door."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from heartbeat_lib.cockpit.opened import read_opened
from heartbeat_lib.cockpit.wall import read_wall
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.store import Role
from heartbeat_lib.verification import decide
from heartbeat_lib.workbench import Workbench

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 8, 29, tzinfo=UTC)
"""A Tuesday, 09:29 in Berlin."""
KEEP = """
INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, status_reason, computed_at, attempted_at,
    source_as_of, settled, stale, origin, definition_hash, error)
SELECT living.metric_id, living.period, %(start)s, %(value)s, judged.status, judged.status_reason,
       CASE WHEN %(value)s::numeric IS NOT NULL OR %(error)s::text IS NULL THEN %(at)s::timestamptz END,
       %(at)s, %(at)s, %(settled)s, %(stale)s, %(origin)s, living.definition_hash, %(error)s
FROM heartbeat.metric_registry AS living,
     heartbeat.judge(%(value)s::numeric, living.direction, living.norm_value, living.alert_value, %(error)s::text IS NOT NULL,
                     %(stale)s) AS judged
WHERE living.metric_id = %(metric_id)s
"""
BAND = """
INSERT INTO heartbeat.metric_benchmark
    (metric_id, benchmark_mean, benchmark_stddev, n, window_start, window_end, definition_hash, computed_at)
VALUES (%s, %s, %s, %s, '2026-10-24', '2026-11-24', %s, now())
"""
SOURCE = """
INSERT INTO heartbeat.source_state (source_schema, last_load, usual_rhythm, max_age, failed_loads, last_error, seen_at)
VALUES (%s, %s, %s, %s, %s, %s, now())
"""
HIGHER = {"direction": "higher_is_worse", "norm_value": 0.65, "alert_value": 0.90, "threshold_basis": "a rule", "unit": "%"}


def day(text: str) -> datetime:
    """The start of a day in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def _says(metric_id: str, code: str) -> dict[str, Any]:
    return {
        "metric_id": metric_id, "code": code, "name": metric_id.title(), "period": "day", "value_sql": "SELECT 1",
        "description": "A test.", "sources": ["shop.orders"], "dialect": "duckdb", "definition_hash": f"{metric_id} one",
        "hash_version": "words 1",
    }  # fmt: skip


class Place:
    """The store of one test, and what the cockpit reads in it."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.rows: dict[str, dict[str, Any]] = {}

    def deploy_many(self, count: int) -> None:
        """Deploy metrics that are judged by 1 and 2."""
        for i in range(count):
            self.rows[f"metric_{i:03}"] = {**_says(f"metric_{i:03}", f"M{i:03}"), **HIGHER, "norm_value": 1, "alert_value": 2}
        self._deploy("a test")

    def metric(self, metric_id: str = "late_share", code: str | None = None, **says: Any) -> None:
        """Deploy a metric, or what its file says anew."""
        known = self.rows.get(metric_id) or _says(metric_id, code or metric_id[:4].upper())
        reason = says.pop("reason", "a test")
        self.rows[metric_id] = {**known, **says}
        self._deploy(reason)

    def retire(self, metric_id: str) -> None:
        """Deploy without a metric."""
        del self.rows[metric_id]
        self._deploy("gone")

    def _deploy(self, reason: str) -> None:
        with self.bench.store.connect(Role.DEPLOY) as connection:
            (answer,) = connection.execute(
                "SELECT heartbeat.apply_registry(%s::jsonb, NULL, 'dana@x.example', %s, 'abcdef0123', false, 9, false)",
                [json.dumps(list(self.rows.values())), reason],
            ).fetchall()[0]
        assert answer["refusals"] == []

    def keep(self, start: datetime | str, value: Any = None, *, metric_id: str = "late_share", **more: Any) -> None:
        """Keep one period, judged as compute would."""
        start = day(start) if isinstance(start, str) else start
        values = {"error": None, "settled": True, "stale": False, "origin": "tick", "at": start + timedelta(hours=1), **more}
        with self.bench.store.connect(Role.COMPUTE) as connection:
            connection.execute(KEEP, {"metric_id": metric_id, "start": start, "value": value, **values})

    def keep_days(self, values: list[Any], *, until: str = "2026-11-24", metric_id: str = "late_share", **more: Any) -> None:
        """Keep days one after the other, the last of them `until`."""
        self.keep_periods(values, Grain.DAY, until=day(until), metric_id=metric_id, **more)

    def keep_periods(
        self, values: list[Any], grain: Grain, *, until: datetime, metric_id: str = "late_share", **more: Any
    ) -> None:
        """Keep periods of one grain, the last of them the one around `until`."""
        period = period_at(until, grain, BERLIN)
        for value in reversed(values):
            self.keep(period.start, value, metric_id=metric_id, **more)
            period = period_at(period.start - timedelta(microseconds=1), grain, BERLIN)

    def band(self, mean: Any, sd: Any, n: int = 30, *, metric_id: str = "late_share", meaning: str | None = None) -> None:
        """Say what is normal."""
        with self.bench.store.connect(Role.COMPUTE) as connection:
            connection.execute(BAND, [metric_id, mean, sd, n, meaning or self.rows[metric_id]["definition_hash"]])

    def source(
        self, schema: str = "shop", *, age: timedelta | None = None, rhythm: timedelta | None = None,
        promise: timedelta | None = None, failed: int = 0, error: str | None = None,
    ) -> None:  # fmt: skip
        """Say when a source was loaded."""
        with self.bench.store.connect(Role.COMPUTE) as connection:
            connection.execute(SOURCE, [schema, None if age is None else NOW - age, rhythm, promise, failed, error])

    def decide(self, metric_id: str = "late_share", *, reason: str | None = "because", proved: bool = True, **patch: Any) -> None:
        """Change what people own."""
        with self.bench.store.connect(Role.READER) as connection:
            query = "SELECT row_version FROM heartbeat.metric_registry WHERE metric_id = %s"
            ((version,),) = connection.execute(query, [metric_id]).fetchall()
        done = decide(
            self.bench, metric_id, patch, row_version=version, actor="mara@x.example", proved=proved, via="cockpit", reason=reason
        )
        assert done.changed, done.refusals

    def wall(self, now: datetime = NOW, you: str | None = None):
        """Header and tiles."""
        with self.bench.store.connect(Role.OPERATOR) as connection:
            return read_wall(connection, self.bench, now=now, you=you)

    def tile(self, metric_id: str = "late_share", now: datetime = NOW):
        """One tile of the wall."""
        return next(tile for tile in self.wall(now)[1] if tile["id"] == metric_id)

    def opened(self, metric_id: str = "late_share", now: datetime = NOW, periods: int | None = 90):
        """One metric's panel."""
        with self.bench.store.connect(Role.OPERATOR) as connection:
            return read_opened(connection, self.bench, metric_id, now=now, periods=periods)
