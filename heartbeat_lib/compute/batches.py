"""A backfill's questions: one by one, and where a trial wins many periods of a metric in one statement.

First a few periods of every metric are asked one by one. Where the rest of a metric would take seconds that way, the same
few are asked again in one statement; if the values are equal and the statement at least twice as fast, batches of the rest
follow, each twice as long as the last and each under the same condition. What a batch does not give is asked one by one,
so a failure is always named by the query itself.

The surprise: a lost batch is cheap. It is stopped once it took half of what the loop would need for the same periods, and
since the batches before it saved at least as much, all that can be lost is the first trial: some hundredths of the whole.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from heartbeat_lib.compute.evaluate import Question, evaluate, outcome_of
from heartbeat_lib.compute.freshness import Freshness
from heartbeat_lib.compute.outcome import Outcome
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.marts.engine import MartsError, Scalar
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.workbench import Workbench

LEAST = 40
"""Periods of one metric below which no batch is tried."""
SAMPLE = 16
"""Periods of the trial: a batch must pay for its own start within them."""
MOST = 512
"""Periods of the longest batch: what a stop can lose, and how long progress stands still."""
WORTH_S = 4.0
"""Seconds that the rest must need one by one: a killed worker costs a quarter of a second, a fast loop gains nobody anything."""
SHARE = 0.5
"""Of the loop's time for the same periods, what a batch may take."""
TOLERANCE = 1e-9
"""Between floats, relative: a sum in another order ends in other digits. Integers and decimals are exact."""


def evaluate_many(
    workbench: Workbench, questions: Sequence[Question], *, freshness: Freshness, batched: list[str]
) -> Iterator[Outcome]:
    """Answer each question once, as `evaluate` would; floats agree to nine digits.

    Parameters
    ----------
    questions
        All of them have a clock.
    batched
        Filled with the ids of the metrics that got values from a batch.

    Yields
    ------
    Outcome
        In any order. That of a batch has the batch's time, shared out, as its own.
    """
    by_metric: dict[str, list[Question]] = {}
    for question in questions:
        by_metric.setdefault(question[0].metric_id, []).append(question)
    samples = {metric_id: _spread(asked) for metric_id, asked in by_metric.items() if len(asked) >= LEAST}
    first = {metric_id: samples.get(metric_id, asked) for metric_id, asked in by_metric.items()}
    seen: dict[str, list[Outcome]] = {metric_id: [] for metric_id in samples}
    for outcome in evaluate(workbench, [question for asked in first.values() for question in asked], freshness=freshness):
        if outcome.metric_id in seen:
            seen[outcome.metric_id].append(outcome)
        yield outcome
    left: list[Question] = []
    for metric_id, sample in samples.items():
        tried = {as_of for _, as_of in sample}
        rest = [question for question in by_metric[metric_id] if question[1] not in tried]
        for outcome in _in_batches(workbench, rest, sample, seen[metric_id], freshness=freshness):
            if metric_id not in batched:
                batched.append(metric_id)
            yield outcome
        left += rest
    if left:
        yield from evaluate(workbench, left, freshness=freshness)


def _in_batches(
    workbench: Workbench, rest: list[Question], sample: Sequence[Question], seen: Sequence[Outcome], *, freshness: Freshness
) -> Iterator[Outcome]:
    """Outcomes of one metric by batches, taken off `rest`, which keeps what no batch gave; `seen`: the sample's by the loop."""
    times = [outcome.elapsed_ms for outcome in seen if not outcome.failed and outcome.elapsed_ms is not None]
    if len(times) < len(sample):
        return
    # The engine's own time on both sides, and the median, so that a worker's start and a cold file count for neither.
    loop_s = statistics.median(times) / 1000 / workbench.limits.workers
    if loop_s * len(rest) < WORTH_S:
        return
    values = {outcome.as_of: outcome.value for outcome in seen}
    trial = _ask(workbench, sample, loop_s)
    if trial is None or not all(_equal(values[as_of], one.value) for (_, as_of), one in zip(sample, trial, strict=True)):
        return
    size = len(sample)
    while rest and (answers := _ask(workbench, batch := rest[:size], loop_s)) is not None:
        del rest[: len(batch)]
        at = datetime.now(UTC)
        for question, answer in zip(batch, answers, strict=True):
            yield outcome_of(workbench, question, answer, freshness=freshness, computed_at=at)
        size = min(2 * size, MOST)


def _ask(workbench: Workbench, questions: Sequence[Question], loop_s: float) -> list[Scalar] | None:
    """The batch's answers in order, or None where it failed in any way or was too slow."""
    workspace = workbench.workspace
    value_sql = parse_value_sql(questions[0][0].value_sql, dialect_for(workspace.marts_url))
    sql = value_sql.pinned_to_each([as_of for _, as_of in questions], workspace.zone)
    allowed_s = SHARE * loop_s * len(questions)
    try:
        numbers = workbench.marts.numbers(sql, timeout_s=allowed_s)
    except MartsError:
        return None
    if len(numbers.values) != len(questions) or numbers.elapsed_s > allowed_s:
        return None
    each_s = numbers.elapsed_s / len(questions)
    return [Scalar(value=value, type=numbers.type, elapsed_s=each_s) for value in numbers.values]


def _spread(questions: Sequence[Question]) -> list[Question]:
    """`SAMPLE` of them at equal distances, the first and the last included."""
    last = len(questions) - 1
    return [questions[round(number * last / (SAMPLE - 1))] for number in range(SAMPLE)]


def _equal(alone: int | Decimal | float | None, together: int | Decimal | float | None) -> bool:
    if isinstance(alone, float) and isinstance(together, float):
        return math.isclose(alone, together, rel_tol=TOLERANCE)
    # As text, because 1.5 and 1.50 are different answers of a DECIMAL, and 1 and 1.0 of different types.
    return str(alone) == str(together)
