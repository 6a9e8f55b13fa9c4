"""Late data: do rows arrive after the number of their day was final?

The loader notes which load brought a row. A row is late where an earlier load had already come after the end of the row's day: by
then the day's number was final (a load makes it so), and this row is not in it until the day is computed again. The first load
of all brings the past and says nothing.

The surprise: where each load replaces the whole table every row carries the last load's mark, and nothing can be seen.
"""

from __future__ import annotations

from heartbeat_lib.discovery.subject import Check, Subject, why
from heartbeat_lib.marts import Column, Load, MartsError, Table
from heartbeat_lib.marts.column_types import identifier
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.model.words import counted

NAME = "late data"
_MARK = "_dlt_load_id"
_MUCH = 0.01
"""From this share on a final number is off by what people notice."""


def examine(subject: Subject) -> Check:
    """Ask the loader's marks of every table that says when its rows happened."""
    late: list[tuple[str, int, int, int]] = []
    unseen: list[str] = []
    for name, table in subject.tables.items():
        column = subject.events.get(name)
        try:
            unclear = "has no column that says when a row happened" if column is None else _unseen(subject, table)
            if unclear:
                unseen.append(f"{name} {unclear}")
            elif column is not None:
                late.append((name, *_counts(subject, table, column)))
        except MartsError as error:
            unseen.append(f"{name} could not be asked ({why(error).rstrip('.')})")
    seen = [found for found in late if found[1]]
    unseen += [f"{found[0]} has no row of a load after the first" for found in late if not found[1]]
    rest = f"Not seen: {'; '.join(unseen)}." if unseen else ""
    if not seen:
        return Check(
            name=NAME,
            verdict=Verdict.NOT_EXAMINED,
            evidence=f"{rest} Ask whoever fills the table, or count the same day again tomorrow; a source with a key is "
            "merged and can be seen.",
        )
    name, rows, after, final = max(seen, key=lambda found: found[3] / found[1])
    share = final / rows
    told = (
        f"Of {counted(rows, 'row')} of {name} that came after the first load, {after:,} ({100 * after / rows:.3g} %) came after "
        f"their day had ended, and {final:,} ({100 * share:.3g} %) after a load that had made its number final."
    )
    verdict = Verdict.HOLDS if not final else Verdict.DOUBTFUL if share < _MUCH else Verdict.FAILS
    remedy = " Count a day when its rows are there: a day or two later." if final else ""
    return Check(name=NAME, verdict=verdict, evidence=f"{told}{remedy} {rest}".strip())


def _unseen(subject: Subject, table: Table) -> str:
    """Why lateness cannot be seen in a table; "" where it can."""
    if all(column.name.lower() != _MARK for column in table.columns):
        return "does not say which load brought a row"
    loads = [load for load in subject.workbench.marts.loads(table.schema) if load.completed and load.ended is not None]
    if len(loads) < 2:
        return "was loaded only once"
    if _is_replaced(loads, table.name):
        return "is replaced by each load, so every row looks as young as the last one"
    return ""


def _is_replaced(loads: list[Load], table: str) -> bool:
    """Whether only one load's rows are left."""
    return sum(1 for load in loads if load.rows.get(table)) < 2


def _counts(subject: Subject, table: Table, column: Column) -> tuple[int, int, int]:
    """Rows after the first load; of these after the end of their day; of these after another load had come by then."""
    schema, event = identifier(table.schema), f"rows_read.{identifier(column.name)}"
    day_end = f"CAST(CAST({event} AS DATE) + 1 AS TIMESTAMPTZ)"
    sql = f"""
        WITH loads AS (
            SELECT CAST(load_id AS VARCHAR) AS load_id, inserted_at AS ended,
                lag(inserted_at) OVER (ORDER BY inserted_at) AS before
            FROM {schema}._dlt_loads
            WHERE status = 0
        )
        SELECT count(*), count(*) FILTER (WHERE ended >= {day_end}), count(*) FILTER (WHERE before >= {day_end})
        FROM {schema}.{identifier(table.name)} AS rows_read JOIN loads ON CAST(rows_read.{_MARK} AS VARCHAR) = loads.load_id
        WHERE before IS NOT NULL AND {event} IS NOT NULL
    """  # noqa: S608
    answer = subject.workbench.marts.rows(sql, limit=1, timeout_s=subject.workbench.workspace.settings.compute.timeout_s)
    rows, after, final = (int(str(cell)) for cell in answer.rows[0])
    return rows, after, final
