"""Stage 3, compute and backfill: what every metric says, period by period, as of one instant.

A pass pins value_sql to `as_of`, runs it boxed on the marts, appends an observation and upserts `metric_history`. Work that
takes time happens outside any writing transaction; then one transaction writes everything together with the end of the run.
A failure keeps the last good value and says why.
"""

from heartbeat_lib.compute.evaluate import Outcome
from heartbeat_lib.compute.metrics import LivingMetric, UnknownMetricError
from heartbeat_lib.compute.passes import (
    Failure,
    FutureError,
    NoClockError,
    Now,
    Progress,
    Report,
    backfill,
    compute_tick,
    judge,
    record_manual,
    refresh_ids,
    travel,
    try_as_of,
    try_definitions,
    utc_now,
)
from heartbeat_lib.compute.runs import (
    DueAlreadyError,
    Run,
    RunLostError,
    TickRunningError,
    abort_lost_runs,
    is_due,
    note_failure,
    open_run,
)

__all__ = [
    "DueAlreadyError",
    "Failure",
    "FutureError",
    "LivingMetric",
    "NoClockError",
    "Now",
    "Outcome",
    "Progress",
    "Report",
    "Run",
    "RunLostError",
    "TickRunningError",
    "UnknownMetricError",
    "abort_lost_runs",
    "backfill",
    "compute_tick",
    "is_due",
    "judge",
    "note_failure",
    "open_run",
    "record_manual",
    "refresh_ids",
    "travel",
    "try_as_of",
    "try_definitions",
    "utc_now",
]
