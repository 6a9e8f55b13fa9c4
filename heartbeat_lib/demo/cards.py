"""Schema `cards`: the cards in people's hands, and the collateral that fintechs owe for card schemes.

Harbour Bank sponsors fintechs into the card schemes. Each first of a month it calls collateral from every client, due on
the 15th or, at a weekend, on the Monday after. Planted at `ending`: the client Nordlicht Pay has left its last four calls
due unpaid, each 12 percent larger than the one before.
"""

from datetime import date

import numpy as np
import pyarrow as pa

from heartbeat_lib.demo import columns
from heartbeat_lib.demo.columns import NEVER, Mask
from heartbeat_lib.demo.draws import Floats, Ints, below, choice, daily_count, keys, rows_of, skewed, uniform
from heartbeat_lib.demo.span import YEAR_DAYS, Span, identifier, next_working_day
from heartbeat_lib.demo.webbank import open_account

CLIENTS = (
    "Alster Wallet", "Brise Bank", "Deichgeld", "Fjordcard", "Hafen Payments", "Heidekasse", "Kogge Pay",
    "Leuchtturm Finance", "Lotse Card", "Nordlicht Pay", "Priel Money", "Wattpay",
)  # fmt: skip
BEHIND = CLIENTS.index("Nordlicht Pay")
CALLS_BEHIND = 4
_DUE_AFTER = 14
_CARD_DAYS = 300


def cards(span: Span) -> pa.Table:
    """One row per card sent out. 86 percent are activated, most within a week; the others never are."""
    issuing = span.days(_CARD_DAYS)
    days, numbers = rows_of(issuing, daily_count(issuing, "cards issued", 36.0, wobble=0.15))
    rows = keys(days, numbers)
    issued = span.office(days, uniform(rows, "issued hour"))
    waited_us = skewed(rows, "activated after", median=4.0, spread=0.45) * 86_400e6
    activated = np.where(uniform(rows, "activated") < 0.87, issued + waited_us.astype(np.int64), NEVER)
    blocked = issued + (skewed(rows, "blocked after", median=60.0, spread=0.7) * 86_400e6).astype(np.int64)
    lost = uniform(rows, "blocked") < 0.05
    table = pa.table(
        {
            "card_id": identifier(days, numbers),
            "account_id": open_account(days, rows, "card holder"),
            "product": columns.words(choice(rows, "product", (70, 22, 8)), ("debit", "credit", "business")),
            "issued_at": columns.instants(issued, NEVER),
            "activated_at": columns.instants(activated, span.horizon_us),
            "blocked_at": columns.instants(np.where(lost, blocked, NEVER), span.horizon_us),
        }
    )
    return columns.happened(table, issued, span.horizon_us)


def collateral_calls(span: Span) -> pa.Table:
    """One row per client and month: the collateral asked for."""
    days, clients, amounts, _ = _calls(span)
    called = span.instants(days, np.full(len(days), 6.0))
    table = pa.table(
        {
            "call_id": identifier(days, clients),
            "client_id": clients + 101,
            "client_name": columns.words(clients, CLIENTS),
            "called_on": columns.dates(days),
            "due_on": columns.dates(_due(days)),
            "amount_eur": columns.money(amounts),
        }
    )
    return columns.happened(table, called, span.horizon_us)


def collateral_payments(span: Span) -> pa.Table:
    """One row per payment towards a call; a fifth of the calls is paid in two parts, one in fourteen some days late."""
    days, clients, amounts, unpaid = _calls(span)
    days, clients, amounts = days[~unpaid], clients[~unpaid], amounts[~unpaid]
    rows = keys(days, clients)
    late = uniform(rows, "collateral late") < 0.07
    paid_on = _due(days) + np.where(late, 1 + below(rows, "days late", 5), -below(rows, "days early", 8))
    paid = span.office(paid_on, uniform(rows, "collateral hour"))
    # The first part goes out a few days before the rest, in whole cents so that both add up to the call.
    first = np.where(uniform(rows, "two parts") < 0.2, np.rint(amounts * 40.0) / 100.0, 0.0)
    two = first > 0
    amount = np.concatenate([amounts - first, first[two]])
    when = np.concatenate([paid, span.office(days[two] + 3, uniform(rows[two], "first part hour"))])
    call = np.concatenate([identifier(days, clients), identifier(days, clients)[two]])
    table = pa.table(
        {
            "payment_id": call * 10 + np.concatenate([np.ones(len(days), np.int64), np.full(two.sum(), 2)]),
            "call_id": call,
            "paid_at": columns.instants(when, NEVER),
            "amount_eur": columns.money(amount),
        }
    ).take(np.argsort(when, kind="stable"))
    return columns.happened(table, np.sort(when), span.horizon_us)


def _due(called: Ints) -> Ints:
    return next_working_day(called + _DUE_AFTER)


def _calls(span: Span) -> tuple[Ints, Ints, Floats, Mask]:
    """Day, client, amount in whole cents and "is never paid" of every call; one element per call, oldest first."""
    firsts = np.array([day for day in span.days(YEAR_DAYS) if date.fromordinal(int(day)).day == 1], dtype=np.int64)
    days, clients = rows_of(firsts, np.full(len(firsts), len(CLIENTS), dtype=np.int64))
    size = skewed(keys(np.zeros_like(clients), clients), "client size", median=70_000.0, spread=0.35)
    amounts = size * (1.0 + 0.1 * (uniform(keys(days, clients), "call size") - 0.5))
    past_due = firsts[_due(firsts) < span.ending]
    behind = (clients == BEHIND) & (days >= past_due[-CALLS_BEHIND])
    steps = np.cumsum(behind) * behind
    return days, clients, np.rint(amounts * 1.12**steps * 100.0) / 100.0, behind
