"""Chance that can be looked up: every random number is a hash of a date, a row's number within the date, and a purpose.

Nothing is drawn in sequence, so a row comes out the same whichever other rows are made, and any table can name a row
of another one without having made it. numpy's own generators promise no such thing from version to version; a hash does.
"""

import hashlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

ROWS_PER_DAY = 100_000
_FIELD = np.uint64(0xFFFF)


def keys(days: Ints, numbers: Ints) -> Keys:
    """One key per row: `days` are proleptic ordinals (`date.toordinal`), `numbers` count the rows of a day from 0."""
    return (days * ROWS_PER_DAY + numbers).astype(np.uint64)


def uniform(rows: Keys, purpose: str) -> Floats:
    """Evenly spread numbers in [0, 1), one per key; another `purpose` gives numbers that have nothing to do with these."""
    return (_mixed(rows, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def bell(rows: Keys, purpose: str) -> Floats:
    """Bell-shaped numbers, mean 0 and deviation 1, never beyond 3.47: the sum of the four quarters of one hash."""
    mixed = _mixed(rows, purpose)
    total = sum(((mixed >> np.uint64(shift)) & _FIELD).astype(np.float64) for shift in (0, 16, 32, 48))
    return (np.asarray(total) / 65_535.0 - 2.0) * np.sqrt(3.0)


def skewed(rows: Keys, purpose: str, *, median: float, spread: float) -> Floats:
    """Positive numbers with a long tail, such as amounts and waiting times: `median` times e to `spread` times `bell`."""
    return median * np.exp(spread * bell(rows, purpose))


def below(rows: Keys, purpose: str, limits: Ints | int) -> Ints:
    """Whole numbers from 0 up to but not including `limits` (one for all, or one per key)."""
    return (uniform(rows, purpose) * limits).astype(np.int64)


def choice(rows: Keys, purpose: str, weights: tuple[float, ...]) -> Ints:
    """Positions 0 .. len(weights) - 1, each as often as its weight says; the weights need not add up to 1."""
    steps = np.cumsum(weights)
    return np.searchsorted(steps / steps[-1], uniform(rows, purpose), side="right").astype(np.int64)


def daily_count(days: Ints, purpose: str, usual: Floats | float, *, wobble: float = 0.03) -> Ints:
    """How many rows each day has: `usual`, up to the share `wobble` more or less, and the same whoever asks."""
    swing = 2.0 * uniform(keys(days, np.zeros_like(days)), purpose) - 1.0
    return np.rint(usual * (1.0 + wobble * swing)).astype(np.int64)


def rows_of(days: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """The day and the number within its day of every row, for `counts[i]` rows on `days[i]`."""
    ends = np.cumsum(counts)
    return np.repeat(days, counts), np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


@cache
def _salt(purpose: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little"))


def _mixed(rows: Keys, purpose: str) -> Keys:
    """The finishing steps of splitmix64, with the purpose added to the key first; overflow is the point of it."""
    mixed = rows * np.uint64(0x9E3779B97F4A7C15) + _salt(purpose)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
