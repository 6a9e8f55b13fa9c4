"""Whether a text is near a topic: by the stems of its words, each weighed by how few other texts have it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

_WORD = re.compile(r"[^\W\d_]+")
_EMPTY = """
    a an and any are as at be been but by can do does for from had has have how if in into is it its many more most much
    no not of off on one only or our out over per so that the their them then there these they this those to too under up
    was we were what when where which while who whose why will with without your number share rate count sum total average
    amount value day days daily week month year today yesterday metric
"""
"""Words that tell nothing, and those that every metric's text has."""
_COMMON = frozenset(_EMPTY.split())
_ENDINGS = ("ation", "ment", "ion", "ing", "ed", "er", "al", "ly", "e", "y")
_SHORTEST = 4


def stem(word: str) -> str:
    """A word without its plural and ending, crudely: rejection, rejects and rejected are one.

    >>> stem("payments"), stem("rejection"), stem("rejected"), stem("parties"), stem("party"), stem("losses"), stem("late")
    ('payment', 'reject', 'reject', 'part', 'part', 'loss', 'late')
    """
    word = word.lower()
    if word.endswith("ies") and len(word) > _SHORTEST:
        word = f"{word[:-3]}y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) >= _SHORTEST:
        word = word[:-1]
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= _SHORTEST), word)


def stems(text: str) -> Mapping[str, str]:
    """Stem -> the word as it stands, for the words that tell something."""
    words = (found.group().lower() for found in _WORD.finditer(text))
    return {stem(word): word for word in words if word not in _COMMON and len(word) > 1}


def nearness(topic: str, texts: Sequence[Sequence[tuple[str, float]]]) -> list[tuple[float, tuple[str, ...]]]:
    """How near each of some texts is to a topic: 0 (nothing in common) to 1, and the topic's words found in it.

    Parameters
    ----------
    texts
        Each as its parts with their weights, 0 to 1: a word in the name tells more than one in a remark.
    """
    wanted = stems(topic)
    parts = [[(stems(part), weight) for part, weight in text] for text in texts]
    found = [{stem: max((weight for words, weight in text if stem in words), default=0.0) for stem in wanted} for text in parts]
    telling = {stem: 1 / (1 + math.log1p(sum(one[stem] > 0 for one in found))) for stem in wanted}
    whole = sum(telling.values())
    return [
        (
            sum(telling[stem] * weight for stem, weight in one.items()) / whole if whole else 0.0,
            tuple(wanted[stem] for stem, weight in one.items() if weight),
        )
        for one in found
    ]
