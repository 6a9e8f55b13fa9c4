"""How old the sources are: of a metric the stalest counts, in the header the one that is latest against its own rhythm."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from heartbeat_lib.cockpit.shapes import Oldest, SourceAge, SourceRow
from heartbeat_lib.model.display import age
from heartbeat_lib.model.words import counted, first_line, promise, rhythm
from heartbeat_lib.reading.rows import Row

_RHYTHMS = 3
"""Later than this many of its own rhythms a source is stale."""

Sources = Mapping[str, Row]
"""Source schema -> last_load, usual_rhythm, max_age, failed_loads, last_error; see sql/sources.sql."""
_UNKNOWN: Row = {"last_load": None, "usual_rhythm": None, "max_age": None, "failed_loads": 0, "last_error": None}


def schemas_of(tables: Sequence[str]) -> list[str]:
    """Source schemas of a metric's `schema.table` names, each once; a name with a colon has no table and no age."""
    return list(dict.fromkeys(table.partition(".")[0] for table in tables if ":" not in table))


def source_age(tables: Sequence[str], sources: Sources, now: datetime) -> SourceAge:
    """The stalest source of a metric: a stale one first, then one of unknown age, then the oldest."""
    schemas = schemas_of(tables)
    if not schemas:
        return SourceAge(schema="", at=None, stale=False, promise="")
    schema = min(schemas, key=lambda name: _freshness(sources.get(name, _UNKNOWN), now))
    known = sources.get(schema, _UNKNOWN)
    return SourceAge(schema=schema, at=iso(known["last_load"]), stale=_is_stale(known, now), promise=promise(known["max_age"]))


def broken_promise(tables: Sequence[str], sources: Sources, now: datetime) -> str:
    """`stale: 31 h, promised 24 h`, of the source that is furthest past its promise; `stale` where no promise is known."""
    promised = [known for name in schemas_of(tables) if (known := sources.get(name)) and known["max_age"] is not None]
    if not promised:
        return "stale"

    def lateness(known: Row) -> float:
        return math.inf if known["last_load"] is None else (now - known["last_load"]) / known["max_age"]

    worst = max(promised, key=lateness)
    old = "no load known" if worst["last_load"] is None else age(now - worst["last_load"])
    return f"stale: {old}, promised {promise(worst['max_age'])}"


def oldest(schemas: Iterable[str], sources: Sources, now: datetime) -> Oldest | None:
    """The source that is latest against its own rhythm; by age alone among those whose rhythm nobody knows yet."""
    loaded = [(name, sources[name]) for name in schemas if name in sources and sources[name]["last_load"] is not None]
    if not loaded:
        return None

    def lateness(item: tuple[str, Row]) -> tuple[float, float]:
        span = now - item[1]["last_load"]
        usual = item[1]["usual_rhythm"]
        return (span / usual if usual else 0.0, span.total_seconds())

    name, known = max(loaded, key=lateness)
    return Oldest(schema=name, at=known["last_load"].isoformat(), stale=_is_stale(known, now))


def source_rows(tables: Sequence[str], sources: Sources, now: datetime) -> list[SourceRow]:
    """Every source of a metric, in the order in which its file names them."""
    return [
        SourceRow(
            schema=schema,
            tables=[table for table in tables if table.partition(".")[0] == schema],
            at=iso(known["last_load"]),
            rhythm=rhythm(known["usual_rhythm"]),
            promise=promise(known["max_age"]),
            stale=_is_stale(known, now),
            trouble=_trouble(known),
        )
        for schema in schemas_of(tables)
        for known in [sources.get(schema, _UNKNOWN)]
    ]


def _is_stale(known: Row, now: datetime) -> bool:
    """Past its promise (a source that was never loaded keeps none), or past three times its rhythm."""
    loaded, promised, usual = known["last_load"], known["max_age"], known["usual_rhythm"]
    if loaded is None:
        return promised is not None
    return (promised is not None and now - loaded > promised) or bool(usual and now - loaded > _RHYTHMS * usual)


def _freshness(known: Row, now: datetime) -> tuple[bool, float]:
    """Smaller is staler."""
    loaded = known["last_load"]
    return (not _is_stale(known, now), -math.inf if loaded is None else loaded.timestamp())


def _trouble(known: Row) -> str:
    failed = known["failed_loads"]
    said = first_line(known["last_error"])
    if not failed:
        return ""
    which = "the last load" if failed == 1 else f"the last {counted(failed, 'load')}"
    return f"{which} failed{f': {said}' if said else ''}"


def iso(instant: datetime | None) -> str | None:
    """An instant as the page takes it."""
    return None if instant is None else instant.isoformat()
