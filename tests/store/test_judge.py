"""The one priority of statuses: failed > no value > no threshold > red > amber > stale > green."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEVERITY = ["green", "amber", "red"]
VALUES = [None, *map(Decimal, ("-11", "-10", "-9.99", "-5", "-4", "0", "4.999", "5", "7", "10", "10.5"))]
NORMS = [None, Decimal(5), Decimal(-5)]
ALERTS = [None, Decimal(10), Decimal(5), Decimal(-10)]
DIRECTIONS = [None, "higher_is_worse", "lower_is_worse"]
FLAGS = [None, False, True]


def expected(value, direction, norm, alert, failed, stale):
    """The sentence of the design, in its order."""
    if failed:
        return "grey", "failed"
    if value is None:
        return "grey", "no_value"
    if direction is None or (norm is None and alert is None):
        return "grey", "no_threshold"

    def reached(threshold):
        return threshold is not None and (value >= threshold if direction == "higher_is_worse" else value <= threshold)

    if reached(alert):
        return "red", None
    if reached(norm):
        return "amber", None
    return ("grey", "stale") if stale else ("green", None)


def judged(admin, cases):
    """The function's answers, in order."""
    columns = zip(*cases, strict=True)
    return admin.execute(
        "SELECT j.status, j.status_reason "
        "FROM unnest(%s::numeric[], %s::text[], %s::numeric[], %s::numeric[], %s::boolean[], %s::boolean[]) "
        "WITH ORDINALITY AS c (value, direction, norm, alert, failed, stale, number) "
        "CROSS JOIN LATERAL heartbeat.judge(c.value, c.direction, c.norm, c.alert, c.failed, c.stale) AS j ORDER BY number",
        [list(column) for column in columns],
    ).fetchall()


def test_every_combination_is_judged_by_the_one_priority(admin):
    """3,888 of them, unknown flags included."""
    cases = list(product(VALUES, DIRECTIONS, NORMS, ALERTS, FLAGS, FLAGS))
    answers = judged(admin, cases)
    wrong = [(case, answer) for case, answer in zip(cases, answers, strict=True) if answer != expected(*case)]
    assert wrong == []
    assert len(cases) == len(answers) == 12 * 3 * 3 * 4 * 3 * 3


@pytest.mark.parametrize(("direction", "value"), [("higher_is_worse", 10), ("lower_is_worse", 10)])
def test_reaching_a_threshold_counts_as_crossing_it(admin, direction, value):
    """ "At most ten" and "ten is too many" must not be told apart by a rounding."""
    assert judged(admin, [(value, direction, None, 10, False, False)]) == [("red", None)]
    assert judged(admin, [(value, direction, 10, None, False, False)]) == [("amber", None)]


def test_stale_only_takes_away_green(admin):
    """A red that is old is still a red."""
    cases = [(value, "higher_is_worse", 5, 10, False, True) for value in (1, 5, 10)]
    assert judged(admin, cases) == [("grey", "stale"), ("amber", None), ("red", None)]


numbers = st.decimals(min_value=-1000, max_value=1000, places=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(numbers, numbers, numbers, numbers, st.sampled_from(DIRECTIONS[1:])), min_size=30, max_size=30))
def test_a_worse_value_never_reads_better(admin, cases):
    """The law behind all thresholds, whatever they are."""
    ordered = []
    for one, another, first, second, direction in cases:
        low, high = sorted((one, another))
        norm, alert = sorted((first, second), reverse=direction == "lower_is_worse")
        better, worse = (low, high) if direction == "higher_is_worse" else (high, low)
        ordered += [(better, direction, norm, alert, False, False), (worse, direction, norm, alert, False, False)]
    answers = [SEVERITY.index(status) for status, _ in judged(admin, ordered)]
    assert all(better <= worse for better, worse in zip(answers[::2], answers[1::2], strict=True))
