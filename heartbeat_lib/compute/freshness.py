"""How far the sources are loaded, asked once per pass, and whether that keeps the promises made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heartbeat_lib.compute.metrics import LivingMetric
from heartbeat_lib.marts.engine import MartsError
from heartbeat_lib.workbench import Workbench


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Per source schema: `loaded`, when the last load that brought rows ended (aware, UTC; None where nothing says so), and
    `promises`, the `max_age` that somebody gave."""

    loaded: Mapping[str, datetime | None]
    promises: Mapping[str, timedelta | None]

    def source_as_of(self, metric: LivingMetric) -> datetime | None:
        """Last load that brought rows, of the stalest source; None where any source does not tell."""
        ages = [self.loaded.get(schema) for schema in metric.schemas]
        known = [age for age in ages if age is not None]
        return min(known) if known and len(known) == len(ages) else None

    def is_stale(self, metric: LivingMetric, as_of: datetime) -> bool:
        """Some source is older, at `as_of`, than somebody promised."""
        for schema in metric.schemas:
            promise, loaded = self.promises.get(schema), self.loaded.get(schema)
            if promise is not None and (loaded is None or as_of - loaded > promise):
                return True
        return False


def freshness_of(workbench: Workbench, schemas: Sequence[str]) -> Freshness:
    """Ask the marts once for all of `schemas`. Marts that cannot be read know of none."""
    promises = {source.schema_name: source.max_age for source in workbench.workspace.settings.source}
    try:
        loaded = workbench.marts.freshness(schemas) if schemas else {}
    except MartsError:
        # Each query meets the same trouble and reports it in the engine's words; here the age is unknown.
        loaded = {}
    return Freshness(loaded=loaded, promises=promises)
