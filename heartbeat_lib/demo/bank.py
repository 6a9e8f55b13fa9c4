"""Harbour Bank: about a million payments over 200 days, and all that hangs on them.

A date's rows are the same whatever `ending` is, apart from what is planted, and the same `ending` gives the same bytes.
Only what has happened by `until` is there, in rows and in columns: this morning's bank knows nothing of this afternoon.

Planted for a cockpit to find, counted back from `ending`:

- `cards`: the client Nordlicht Pay has left its last four collateral calls due unpaid, each 12 percent larger;
- `fx`: the feed stopped; the newest rates are those of five days before;
- `webbank.payments`: weekends are quiet, transfers at a third, cards at three quarters of a working day;
- `webbank.chargebacks`: a spike 12 days before (and around it), four times the usual number yesterday and today;
- `aml`: alerts of the rule `structuring` lie untouched since 48 days before, so those older than 30 days pile up.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from heartbeat_lib.demo import aml, cards, fx, webbank
from heartbeat_lib.demo.chargebacks import chargebacks
from heartbeat_lib.demo.span import Span
from heartbeat_lib.model.errors import HeartbeatError


class UntilWithoutZoneError(HeartbeatError):
    """The instant up to which the bank should run has no offset."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(f"until={until.isoformat()} has no offset from UTC, so it names no instant. Give it a time zone.")


def bank(*, ending: date, until: datetime | None = None, zone: ZoneInfo) -> Mapping[str, Mapping[str, pa.Table]]:
    """All tables of the demo bank as they stood at `until`.

    Parameters
    ----------
    ending
        The last day with rows. The planted events hang on it.
    until
        An aware instant; what happens later is left out. Default: the last microsecond of `ending` in `zone`, which is
        also the latest that counts.
    zone
        Where the bank's days begin and end, and its people go to work.

    Returns
    -------
    Mapping[str, Mapping[str, pyarrow.Table]]
        schema -> table -> rows, ids as int64, instants as UTC timestamps in microseconds, money as decimal128(18, 2):
        webbank (customers, accounts, payments, chargebacks), cards (cards, collateral_calls, collateral_payments),
        aml (alerts, cases), fx (rates). Payments reach 200 days back, rates and collateral 400, accounts 1,100.

    Raises
    ------
    UntilWithoutZoneError
        `until` is naive.

    Examples
    --------
    >>> tables = bank(ending=date(2026, 11, 24), zone=ZoneInfo("Europe/Berlin"))
    >>> tables["fx"]["rates"].column("rate_on")[-1].as_py()
    datetime.date(2026, 11, 19)
    """
    if until is not None and until.utcoffset() is None:
        raise UntilWithoutZoneError(until)
    span = Span.until(ending, until, zone)
    payments = webbank.payments(span)
    return {
        "webbank": {
            "customers": webbank.customers(span),
            "accounts": webbank.accounts(span),
            "payments": payments.table,
            "chargebacks": chargebacks(span, payments),
        },
        "cards": {
            "cards": cards.cards(span),
            "collateral_calls": cards.collateral_calls(span),
            "collateral_payments": cards.collateral_payments(span),
        },
        "aml": {"alerts": aml.alerts(span), "cases": aml.cases(span)},
        "fx": {"rates": fx.rates(span)},
    }
