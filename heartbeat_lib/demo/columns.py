"""From numpy to Arrow: ids, words, days, instants and money as the marts want to see them.

An instant is TIMESTAMPTZ (UTC, microseconds), money DECIMAL(18, 2), a word plain text. A fact later
than the horizon is NULL: `instants` is the only way to a filled time, so no table can know too much.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from heartbeat_lib.demo.draws import Floats, Ints
from heartbeat_lib.demo.span import DAY_US

Mask = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max
INSTANT = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 2)
RATE = pa.decimal128(18, 6)
_EPOCH = 719_163


def instants(when_us: Ints, horizon_us: int) -> pa.Array:
    """TIMESTAMPTZ of microseconds since 1970, NULL where `when_us` lies after the horizon (`NEVER` always does)."""
    return pa.array(when_us, mask=when_us > horizon_us).view(INSTANT)


def dates(days: Ints) -> pa.Array:
    """DATE of ordinals."""
    return pa.array((days - _EPOCH).astype(np.int32)).view(pa.date32())


def money(amounts: Floats) -> pa.Array:
    """DECIMAL(18, 2) of amounts, rounded to the cent."""
    return pa.array(amounts.round(2)).cast(MONEY)


def rates(values: Floats) -> pa.Array:
    """DECIMAL(18, 6) of exchange rates."""
    return pa.array(values.round(6)).cast(RATE)


def words(positions: Ints, vocabulary: Sequence[str | None]) -> pa.Array:
    """Text: `vocabulary[positions[i]]` for each row; a None in the vocabulary is NULL."""
    return pa.array(vocabulary, type=pa.string()).take(pa.array(positions.astype(np.int32)))


def day_of(when_us: Ints) -> Ints:
    """UTC day (ordinal) of instants; for weekdays of things that happen by day, not for periods."""
    return when_us // DAY_US + _EPOCH


def happened(table: pa.Table, when_us: Ints, horizon_us: int) -> pa.Table:
    """The rows whose own instant is not after the horizon."""
    known = when_us <= horizon_us
    return table if known.all() else table.filter(pa.array(known))
