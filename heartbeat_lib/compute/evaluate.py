"""Metrics and instants -> outcomes, on the marts, boxed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from heartbeat_lib.compute.freshness import Freshness
from heartbeat_lib.compute.metrics import LivingMetric
from heartbeat_lib.compute.outcome import Outcome
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.marts.engine import MartsError, Scalar
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.value_sql import ValueSqlRefused, parse_value_sql
from heartbeat_lib.workbench import Workbench

Question = tuple[LivingMetric, datetime]
"""One metric as of one instant (aware)."""


def has_clock(workbench: Workbench, metric: LivingMetric) -> bool:
    """Whether the past can be computed: only SQL that names a clock can be pinned to another instant."""
    return parse_value_sql(metric.value_sql, dialect_for(workbench.workspace.marts_url)).has_clock


def evaluate(
    workbench: Workbench,
    questions: Iterable[Question],
    *,
    freshness: Freshness,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Outcome]:
    """Answer each question; the order is the order in which answers arrive.

    Parameters
    ----------
    questions
        Read lazily, so that parsing the next overlaps with running the last.
    freshness
        Of the source schemas of all metrics concerned.
    now
        The clock that `computed_at` is read from.

    Yields
    ------
    Outcome
        One per question. A failure of one never stops another.
    """
    workspace, marts = workbench.workspace, workbench.marts
    dialect = dialect_for(workspace.marts_url)
    asked: dict[str, Question] = {}
    refused: list[tuple[str, ValueSqlRefused]] = []

    def jobs() -> Iterator[tuple[str, str]]:
        for number, (metric, as_of) in enumerate(questions):
            tag = str(number)
            asked[tag] = metric, as_of
            try:
                pinned = parse_value_sql(metric.value_sql, dialect).pinned(as_of, workspace.zone)
            except ValueSqlRefused as fault:
                # Deployed under an older rule: it is named and grey, and the others go on.
                refused.append((tag, fault))
                continue
            yield tag, pinned

    for tag, answer in marts.scalars(jobs(), timeout_s=workspace.settings.compute.timeout_s):
        yield outcome_of(workbench, asked.pop(tag), answer, freshness=freshness, computed_at=now())
    for tag, fault in refused:
        yield outcome_of(workbench, asked.pop(tag), fault, freshness=freshness, computed_at=now())


def outcome_of(
    workbench: Workbench,
    question: Question,
    answer: Scalar | MartsError | ValueSqlRefused,
    *,
    freshness: Freshness,
    computed_at: datetime,
) -> Outcome:
    """What the marts answered to one question, as it is written down."""
    metric, as_of = question
    period = period_at(as_of, Grain(metric.period), workbench.workspace.zone)
    scalar = answer if isinstance(answer, Scalar) else None
    reason = None if scalar else answer.reason if isinstance(answer, MartsError) else "refused"
    return Outcome(
        metric_id=metric.metric_id,
        period=metric.period,
        period_start=period.start,
        as_of=as_of,
        computed_at=computed_at,
        value=scalar.value if scalar else None,
        error_reason=reason,
        error=None if scalar else str(answer),
        error_line=getattr(answer, "line", None),
        source_as_of=freshness.source_as_of(metric),
        stale=freshness.is_stale(metric, as_of),
        settled=as_of == period.last_instant,
        definition_hash=metric.definition_hash,
        elapsed_ms=scalar.elapsed_s * 1000 if scalar else None,
    )
