"""The four signs by which a wall and a conversation name a metric: found among those that nobody has.

A code is read out of the id where one is free, so that people guess it; else it is the first free one with the id's beginning.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import product
from string import ascii_uppercase, digits

_MENTIONED = re.compile(r"'([A-Z0-9]{4})'")


def free_code(metric_id: str, taken: Collection[str]) -> str:
    """Four of A-Z and 0-9 that are not in `taken`, out of the id as far as that goes.

    >>> free_code("late_share", set()), free_code("late_share", {"LATE"}), free_code("gmv", set())
    ('LATE', 'LATS', 'GM00')

    Raises
    ------
    ValueError
        All 1,679,616 are taken.
    """
    for code in _codes(metric_id.replace("_", "").upper()):
        if code not in taken:
            return code
    raise ValueError("no code of four letters and digits is free")


def codes_mentioned(text: str) -> set[str]:
    """Everything in a metric file's text that may be its code: four such signs in quotes."""
    return set(_MENTIONED.findall(text))


def _codes(letters: str) -> Iterator[str]:
    for at in range(3, len(letters)):
        yield f"{letters[:3]}{letters[at]}"
    for number in range(100):
        yield f"{letters[:2]:X<2}{number:02d}"
    for signs in product(ascii_uppercase + digits, repeat=4):
        yield "".join(signs)
