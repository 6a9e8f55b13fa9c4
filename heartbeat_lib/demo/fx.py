"""Schema `fx`: the rates at which the bank books foreign currency, published every morning, weekends included.

Planted at `ending`: the feed stopped. The newest rates are those of five days before, and nothing said so.
"""

import numpy as np
import pyarrow as pa

from heartbeat_lib.demo import columns
from heartbeat_lib.demo.draws import keys, rows_of, uniform
from heartbeat_lib.demo.span import YEAR_DAYS, Span

SILENT_DAYS = 5
CURRENCIES = ("USD", "GBP", "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "HUF", "JPY")
_LEVELS = np.array([1.12, 0.86, 0.95, 4.28, 25.1, 11.2, 11.6, 7.46, 396.0, 168.0])


def rates(span: Span) -> pa.Table:
    """One row per day and currency: units of the currency for one euro, published between 7:00 and 7:20.

    A level drifts along slow waves of the calendar and jitters by a third of a percent, so it hangs on its date alone.
    """
    quoted = span.days(YEAR_DAYS)[:-SILENT_DAYS]
    days, which = rows_of(quoted, np.full(len(quoted), len(CURRENCIES), dtype=np.int64))
    rows = keys(days, which)
    phase = 2.0 * np.pi * uniform(keys(np.zeros_like(which), which), "phase")
    drift = 0.03 * np.sin(days / 58.0 + phase) + 0.012 * np.sin(days / 17.0 + 2.0 * phase)
    level = _LEVELS[which] * (1.0 + drift + 0.006 * (uniform(rows, "jitter") - 0.5))
    published = span.instants(days, 7.0 + uniform(keys(days, np.zeros_like(days)), "published") / 3.0)
    table = pa.table(
        {
            "rate_on": columns.dates(days),
            "currency": columns.words(which, CURRENCIES),
            "published_at": columns.instants(published, columns.NEVER),
            "mid": columns.rates(level),
        }
    )
    return columns.happened(table, published, span.horizon_us)
