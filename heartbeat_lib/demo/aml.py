"""Schema `aml`: alerts of the money-laundering rules, and the cases that some of them become.

Nine alerts come from a thousand payments, and most are looked at within a week. Planted at `ending`: the alerts
that the rule `structuring` has raised in the last 48 days lie untouched, so those older than 30 days pile up.
"""

import numpy as np
import pyarrow as pa

from heartbeat_lib.demo import columns
from heartbeat_lib.demo.columns import NEVER
from heartbeat_lib.demo.draws import Ints, choice, daily_count, keys, rows_of, skewed, uniform
from heartbeat_lib.demo.span import PAYMENT_DAYS, Span, identifier
from heartbeat_lib.demo.webbank import hour_of_day, known_customer, usual_payments

RULES = ("large transfer", "fast in and out", "new country", "structuring", "sanctions name")
STRUCTURING = RULES.index("structuring")
STUCK_DAYS = 48
_PER_PAYMENT = 0.009
_ALERT_DAYS = PAYMENT_DAYS
_CASE_SHARE = 0.12


def alerts(span: Span) -> pa.Table:
    """One row per alert; `outcome` is empty as long as it is open."""
    days, numbers, raised, closed = _alerts(span)
    rows = keys(days, numbers)
    outcome = np.where(closed > span.horizon_us, 2, (uniform(rows, "suspicious") < _CASE_SHARE).astype(np.int64))
    table = pa.table(
        {
            "alert_id": identifier(days, numbers),
            "customer_id": known_customer(days, rows, "alerted"),
            "rule": columns.words(_rules(days, numbers), RULES),
            "raised_at": columns.instants(raised, NEVER),
            "closed_at": columns.instants(closed, span.horizon_us),
            "outcome": columns.words(outcome, ("false positive", "case", None)),
        }
    )
    return columns.happened(table, raised, span.horizon_us)


def cases(span: Span) -> pa.Table:
    """One row per case: opened when its alert was closed as suspicious, decided some days later, perhaps reported."""
    days, numbers, _, opened = _alerts(span)
    suspicious = (uniform(keys(days, numbers), "suspicious") < _CASE_SHARE) & (opened <= span.horizon_us)
    days, numbers, opened = days[suspicious], numbers[suspicious], opened[suspicious]
    rows = keys(days, numbers)
    waited = skewed(rows, "decided after", median=3.5, spread=0.6).astype(np.int64) + 1
    opened_on = columns.day_of(opened)
    decided = span.office(opened_on + waited, uniform(rows, "decided hour"))
    decision = np.where(decided > span.horizon_us, 2, choice(rows, "decision", (55, 45)))
    table = pa.table(
        {
            "case_id": identifier(days, numbers),
            "alert_id": identifier(days, numbers),
            "opened_at": columns.instants(opened, NEVER),
            "decided_at": columns.instants(decided, span.horizon_us),
            "decision": columns.words(decision, ("dropped", "reported", None)),
        }
    )
    return table.take(np.argsort(opened, kind="stable"))


def _alerts(span: Span) -> tuple[Ints, Ints, Ints, Ints]:
    """Day, number, instant raised and instant closed (NEVER for those stuck) of every alert."""
    raising = span.days(_ALERT_DAYS)
    usual = usual_payments(raising).sum(axis=1) * _PER_PAYMENT
    days, numbers = rows_of(raising, daily_count(raising, "alerts", usual, wobble=0.1))
    rows = keys(days, numbers)
    raised = span.instants(days, hour_of_day(uniform(rows, "raised")))
    waited = skewed(rows, "closed after", median=4.0, spread=0.7).astype(np.int64) + 1
    closed = span.office(days + waited, uniform(rows, "closed hour"))
    stuck = (_rules(days, numbers) == STRUCTURING) & (days > span.ending - STUCK_DAYS)
    return days, numbers, raised, np.where(stuck, NEVER, closed)


def _rules(days: Ints, numbers: Ints) -> Ints:
    return choice(keys(days, numbers), "rule", (30, 28, 20, 12, 10))
