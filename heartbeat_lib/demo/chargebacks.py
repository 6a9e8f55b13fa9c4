"""Table `webbank.chargebacks`: card payments that customers had taken back.

One in about 220 card payments comes back, 3 to 30 days after it was made. Planted around `ending`: a spike 12 days before,
and four times the usual number yesterday and today.
"""

import numpy as np
import pyarrow as pa

from heartbeat_lib.demo import columns
from heartbeat_lib.demo.draws import Floats, Ints, below, choice, keys, skewed, uniform
from heartbeat_lib.demo.span import PAYMENT_DAYS, Span, identifier
from heartbeat_lib.demo.webbank import CARD, Payments, hour_of_day

ANSWER_DAYS = 30
_RATE = 0.0045
# Days before `ending` on which more come back than usual, and how many times more.
_PLANTED = {13: 2.5, 12: 5.0, 11: 3.0, 2: 1.6, 1: 4.0, 0: 4.0}
_EARLIEST, _LATEST = 3, 30
_REASONS = ("fraud", "not received", "not as described", "paid twice", "subscription ended")


def chargebacks(span: Span, payments: Payments) -> pa.Table:
    """One row per chargeback; the scheme's deadline for the bank's answer is 30 days after it came in.

    A chargeback follows its payment, so that the tables join without orphans. Those that came in during the first 30 days
    are left out, because part of their payments is older than the table: every date shown has all of its rows.
    """
    card = np.flatnonzero((payments.schemes == CARD) & (payments.settled_us != columns.NEVER))
    days, rows = payments.days[card], keys(payments.days[card], payments.numbers[card])
    received_on = days + _EARLIEST + below(rows, "chargeback after", _LATEST - _EARLIEST + 1)
    chosen = uniform(rows, "chargeback") < _RATE * _boost(span.ending - received_on)
    chosen &= (received_on > span.ending - PAYMENT_DAYS + _LATEST) & (received_on <= span.ending)
    received_on, rows, card = received_on[chosen], rows[chosen], card[chosen]
    payment_id = identifier(payments.days[card], payments.numbers[card])
    received = span.instants(received_on, hour_of_day(uniform(rows, "chargeback hour")))
    answered_on = received_on + skewed(rows, "answered after", median=7.0, spread=0.9).astype(np.int64) + 1
    unanswered = (answered_on > received_on + ANSWER_DAYS) | (uniform(rows, "never answered") < 0.04)
    answered = span.office(np.minimum(answered_on, span.ending + 60), uniform(rows, "answered hour"))
    table = pa.table(
        {
            "chargeback_id": payment_id,
            "payment_id": payment_id,
            "received_at": columns.instants(received, columns.NEVER),
            "reason": columns.words(choice(rows, "reason", (38, 24, 18, 12, 8)), _REASONS),
            "amount_eur": columns.money(payments.amounts[card]),
            "answer_due_on": columns.dates(received_on + ANSWER_DAYS),
            "answered_at": columns.instants(np.where(unanswered, columns.NEVER, answered), span.horizon_us),
        }
    )
    return columns.happened(table.take(np.argsort(received, kind="stable")), np.sort(received), span.horizon_us)


def _boost(days_before_ending: Ints) -> Floats:
    boost = np.ones(len(days_before_ending))
    for day, times in _PLANTED.items():
        boost[days_before_ending == day] = times
    return boost
