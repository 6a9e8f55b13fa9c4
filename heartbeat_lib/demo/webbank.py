"""Schema `webbank`: customers, their accounts, and the payments they make.

Accounts and customers reach 1,100 days back, so that every payment has an account that was open when it was made. Weekends
are quiet: transfers fall to a third, card payments to three quarters. Chargebacks are in `chargebacks`.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from heartbeat_lib.demo import columns
from heartbeat_lib.demo.columns import NEVER
from heartbeat_lib.demo.draws import (
    Floats,
    Ints,
    Keys,
    bell,
    below,
    choice,
    daily_count,
    keys,
    rows_of,
    skewed,
    uniform,
)
from heartbeat_lib.demo.span import DAY_US, HOUR_US, PAYMENT_DAYS, Span, identifier, next_working_day, weekday

SCHEMES = ("card", "sepa", "instant", "swift")
CARD = 0
_SEPA, _INSTANT, _SWIFT = 1, 2, 3
_USUAL = np.array([2_550.0, 1_870.0, 1_140.0, 115.0])
_MEDIAN = np.array([48.0, 300.0, 80.0, 900.0])
_CARD_WEEK = np.array([0.95, 0.95, 0.97, 1.0, 1.15, 0.85, 0.65])
_TRANSFER_WEEK = np.array([1.06, 1.02, 1.0, 1.04, 1.12, 0.42, 0.30])
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "PLN")
_CHANNELS = ("app", "web", "branch", "api")
# What the bank's day looks like: the share of its payments that starts in each hour of the wall clock.
_HOURS = np.array([2, 1, 1, 1, 1, 3, 9, 20, 35, 50, 58, 60, 62, 58, 52, 52, 54, 58, 55, 45, 33, 22, 12, 6], dtype=float)

_OLDEST_ACCOUNT, _OLDEST_CUSTOMER = 1_100, 1_160
_YOUNGEST_IN_USE, _OLDEST_IN_USE = 30, 700
_ACCOUNTS, _OPENED_SHARE = 22.0, 0.93


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """Payments before they become a table, for the tables that follow from them; one array element per payment."""

    days: Ints
    numbers: Ints
    schemes: Ints
    amounts: Floats
    settled_us: Ints
    table: pa.Table


def hour_of_day(share: Floats) -> Floats:
    """Wall hours (0 <= h < 24) at which a share (0 <= s < 1) of a day's business has happened."""
    return np.interp(share, np.concatenate([[0.0], np.cumsum(_HOURS) / _HOURS.sum()]), np.arange(25.0))


def usual_payments(days: Ints) -> Ints:
    """Number of payments per day and scheme, as an array of shape (days, schemes)."""
    return np.stack([_scheme_count(days, scheme) for scheme in range(len(SCHEMES))], axis=1)


def open_account(days: Ints, rows: Keys, purpose: str) -> Ints:
    """Ids of accounts opened between 30 and 700 days before each day, drawn for the given keys."""
    opened = days - _YOUNGEST_IN_USE - below(rows, purpose + " age", _OLDEST_IN_USE - _YOUNGEST_IN_USE)
    return identifier(opened, below(rows, purpose, _opened_count(opened)))


def known_customer(days: Ints, rows: Keys, purpose: str) -> Ints:
    """Ids of customers who joined between 1 and 700 days before each day, drawn for the given keys."""
    joined = days - 1 - below(rows, purpose + " age", _OLDEST_IN_USE - 1)
    return identifier(joined, below(rows, purpose, _customer_count(joined)))


def customers(span: Span) -> pa.Table:
    """One row per customer. An identity document runs out once in the table's time and is mostly renewed around then."""
    joining = span.days(_OLDEST_CUSTOMER)
    days, numbers = rows_of(joining, _customer_count(joining))
    rows = keys(days, numbers)
    joined = _applied(span, days, rows)
    expires = days + 90 + below(rows, "identity valid", 2_400)
    # Renewals start a month before; those of far-off days are not known yet, so one far-off day stands for all of them.
    around = np.minimum(expires, span.ending + 60) - 30 + below(rows, "identity renewal", 40)
    renewed = span.office(around, uniform(rows, "renewal hour"))
    never = uniform(rows, "never renewed") < 0.03
    table = pa.table(
        {
            "customer_id": identifier(days, numbers),
            "joined_on": columns.dates(days),
            "segment": columns.words(choice(rows, "segment", (78, 15, 7)), ("retail", "self-employed", "company")),
            "country": columns.words(choice(rows, "country", (84, 6, 4, 3, 3)), ("DE", "AT", "PL", "NL", "FR")),
            "identity_expires_on": columns.dates(expires),
            "identity_renewed_at": columns.instants(np.where(never, NEVER, renewed), span.horizon_us),
        }
    )
    return columns.happened(table, joined, span.horizon_us)


def accounts(span: Span) -> pa.Table:
    """One row per application for an account; `opened_at` stays empty for the 7 percent that come to nothing."""
    applying = span.days(_OLDEST_ACCOUNT)
    days, numbers = rows_of(applying, _account_count(applying))
    rows = keys(days, numbers)
    applied = _applied(span, days, rows)
    wait_days = np.clip(skewed(rows, "opening", median=3.4, spread=0.5).astype(np.int64) + 1, 1, 25)
    opened = span.office(days + wait_days, uniform(rows, "opened"))
    came_to_nothing = numbers >= _opened_count(days)
    new_customer = numbers < _customer_count(days)
    earlier = days - 1 - below(rows, "earlier customer", _OLDEST_CUSTOMER - _OLDEST_ACCOUNT - 1)
    known = identifier(earlier, below(rows, "which earlier", _customer_count(earlier)))
    table = pa.table(
        {
            "account_id": identifier(days, numbers),
            "customer_id": np.where(new_customer, identifier(days, numbers), known),
            "account_type": columns.words(choice(rows, "type", (70, 20, 10)), ("current", "savings", "business")),
            "applied_at": columns.instants(applied, span.horizon_us),
            "opened_at": columns.instants(np.where(came_to_nothing, NEVER, opened), span.horizon_us),
        }
    )
    return columns.happened(table, applied, span.horizon_us)


def payments(span: Span) -> Payments:
    """One row per payment. `status` is what the bank knows at the horizon; the two times say when it came to be so."""
    scheme_counts = usual_payments(span.days(PAYMENT_DAYS))
    days, numbers = rows_of(span.days(PAYMENT_DAYS), scheme_counts.sum(axis=1))
    schemes = np.repeat(np.tile(np.arange(len(SCHEMES)), PAYMENT_DAYS), scheme_counts.ravel())
    rows = keys(days, numbers)
    created = span.instants(days, hour_of_day(uniform(rows, "created")))
    rejected = np.where(uniform(rows, "rejected") < 0.016, created + _seconds(rows, "rejected after", 2.0), NEVER)
    settled = np.where(rejected == NEVER, _settled(created, days, schemes, rows), NEVER)
    amounts = np.maximum(0.01, _MEDIAN[schemes] * np.exp(0.9 * bell(rows, "amount")))
    foreign = (schemes == _SWIFT) & (uniform(rows, "foreign") < 0.85)
    currency = np.where(foreign, 1 + choice(rows, "currency", (50, 20, 18, 12)), 0)
    channel = np.where(schemes == CARD, len(_CHANNELS), choice(rows, "channel", (62, 24, 4, 10)))
    status = np.select([rejected <= span.horizon_us, settled <= span.horizon_us], [2, 1], 0)
    table = pa.table(
        {
            "payment_id": identifier(days, numbers),
            "account_id": open_account(days, rows, "payer"),
            "created_at": columns.instants(created, NEVER),
            "scheme": columns.words(schemes, SCHEMES),
            "channel": columns.words(channel, (*_CHANNELS, "terminal")),
            "currency": columns.words(currency, _CURRENCIES),
            "amount": columns.money(amounts),
            "status": columns.words(status, ("pending", "settled", "rejected")),
            "settled_at": columns.instants(settled, span.horizon_us),
            "rejected_at": columns.instants(rejected, span.horizon_us),
        }
    )
    table = columns.happened(table, created, span.horizon_us)
    return Payments(days=days, numbers=numbers, schemes=schemes, amounts=amounts, settled_us=settled, table=table)


def _applied(span: Span, days: Ints, rows: Keys) -> Ints:
    """When an application came in. A new customer and his first account share their key, so they also share this instant."""
    return span.instants(days, hour_of_day(uniform(rows, "applied")))


def _settled(created: Ints, days: Ints, schemes: Ints, rows: Keys) -> Ints:
    """When each payment reaches the other side: seconds, a night or hours later; SEPA and SWIFT wait for Monday."""
    instant = _seconds(rows, "instant", 1.2)
    # 1.5 of 1,000 take longer than the promised 10 seconds, as many again hang until somebody pushes them.
    luck = uniform(rows, "instant luck")
    instant = np.where(luck < 0.003, 11_000_000 + _seconds(rows, "slow", 8.0), instant)
    instant = np.where(luck < 0.0015, (1.0 + 2.0 * uniform(rows, "hanging")) * HOUR_US, instant)
    card = (20.0 + 10.0 * uniform(rows, "card night")) * HOUR_US
    weekend = (next_working_day(days) - days) * DAY_US
    transfer = (1.0 + 7.0 * uniform(rows, "clearing")) * HOUR_US + weekend
    waits = np.select([schemes == _INSTANT, schemes == CARD], [instant, card], transfer)
    return created + waits.astype(np.int64)


def _seconds(rows: Keys, purpose: str, median: float) -> Ints:
    return (skewed(rows, purpose, median=median, spread=0.4) * 1e6).astype(np.int64)


def _scheme_count(days: Ints, scheme: int) -> Ints:
    week = _CARD_WEEK if scheme == CARD else _TRANSFER_WEEK
    return daily_count(days, f"{SCHEMES[scheme]} payments", _USUAL[scheme] * week[weekday(days)])


def _customer_count(days: Ints) -> Ints:
    return np.rint(_account_count(days) * 0.8).astype(np.int64)


def _opened_count(days: Ints) -> Ints:
    return np.rint(_account_count(days) * _OPENED_SHARE).astype(np.int64)


def _account_count(days: Ints) -> Ints:
    return daily_count(days, "account applications", _ACCOUNTS, wobble=0.2)
