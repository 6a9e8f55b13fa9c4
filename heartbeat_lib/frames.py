"""The same answers as pandas frames, for notebooks: a door, like the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat_lib import reading

if TYPE_CHECKING:
    import pandas as pd

    from heartbeat_lib.lifecycle import Tick
    from heartbeat_lib.workbench import Workbench


def loads(tick: Tick) -> pd.DataFrame:
    """One row per source of a tick: schema, rows, unchanged, error (why it was not loaded), seconds."""
    import pandas as pd

    rows = [
        {
            "schema": load.schema,
            "rows": sum(load.tables.values()),
            "unchanged": load.unchanged,
            "error": load.error or "",
            "seconds": round(load.seconds, 3),
        }
        for load in tick.loads
    ]
    return pd.DataFrame(rows, columns=["schema", "rows", "unchanged", "error", "seconds"])


def phases(tick: Tick) -> pd.DataFrame:
    """One row per phase of a tick, in order: load, compute (asking the marts), judge (judging and writing); seconds."""
    import pandas as pd

    rows = [{"phase": phase, "seconds": round(seconds, 3)} for phase, seconds in tick.report.phases.items()]
    return pd.DataFrame(rows, columns=["phase", "seconds"])


def failures(tick: Tick) -> pd.DataFrame:
    """One row per question that gave no number: metric_id, period_start, reason (a stable word), message (the engine's words)."""
    import pandas as pd

    rows = [
        {
            "metric_id": failure.metric_id,
            "period_start": failure.period_start.isoformat(),
            "reason": failure.reason,
            "message": failure.message,
        }
        for failure in tick.report.failures
    ]
    return pd.DataFrame(rows, columns=["metric_id", "period_start", "reason", "message"])


def metrics(workbench: Workbench) -> pd.DataFrame:
    """One row per living metric by id: code, name, value (float), unit, status, status_reason, period_start."""
    import pandas as pd

    columns = ["metric_id", "code", "name", "value", "unit", "status", "status_reason", "period_start"]
    frame = pd.DataFrame(reading.metrics(workbench), columns=columns)
    frame["value"] = frame["value"].astype(float)
    return frame.fillna({"status_reason": "", "unit": ""})


def bands(workbench: Workbench) -> pd.DataFrame:
    """One row per living metric by id: what is normal and how unusual the shown value is.

    Columns mean and deviation (floats, the metric's unit; NaN below 7 values), n (the values behind them), value, unit, and
    remark (empty where there is nothing unusual).
    """
    import pandas as pd

    columns = {"benchmark_mean": "mean", "benchmark_stddev": "deviation", "benchmark_n": "n", "value": "value", "unit": "unit"}
    rows = reading.metrics(workbench)
    frame = pd.DataFrame(rows, columns=["metric_id", *columns]).rename(columns=columns)
    frame["remark"] = [reading.remark(row) for row in rows]
    frame = frame.astype({"mean": float, "deviation": float, "value": float, "n": "Int64"})
    return frame.fillna({"unit": "", "n": 0})


def history(workbench: Workbench, metric_id: str) -> pd.DataFrame:
    """Kept periods of one metric, oldest first: period_start, value (float; NaN = no value), status, settled, origin."""
    import pandas as pd

    columns = ["period_start", "value", "status", "status_reason", "settled", "origin", "computed_at"]
    frame = pd.DataFrame(reading.history(workbench, metric_id), columns=columns)
    frame["value"] = frame["value"].astype(float)
    return frame
