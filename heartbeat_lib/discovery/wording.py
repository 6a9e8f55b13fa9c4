"""Texts that say nothing, and bases that are none: what a story is refused for.

Searched with a fixed vocabulary; nothing is guessed. It is conservative: a short text is fine where it says something. What only
holds a place, and the handful of phrases that every workshop knows, are refused by name.
"""

from __future__ import annotations

import re
from decimal import Decimal

_PLACE_HELD = re.compile(
    r"<\s*fill in|\bTODO\b|\bFIXME\b|\bTBD\b|\bTBA\b|\bTBC\b|\bX{3,}\b|\?{3,}|\A\s*<[^<>]*>\s*\Z"
    r"|(?i:\blorem ipsum\b|\bplaceholder\b)"
)
_ALONE = frozenset(
    {
        "todo", "fixme", "tbd", "tba", "tbc", "na", "n/a", "none", "null", "nil", "nothing", "x", "xx", "xxx", "test", "tests",
        "testing", "lorem", "foo", "bar", "asdf", "abc", "blah", "unknown", "dunno", "placeholder", "fill",
    }
)  # fmt: skip
_EMPTY_PHRASES = frozenset(
    {
        "to be decided", "to be defined", "to be determined", "to be discussed", "to be done", "to be filled in", "to follow",
        "still open", "open", "later", "we will see", "not known", "not known yet", "do not know", "don't know", "no idea",
        "see above", "as above", "as discussed", "management", "the management", "the business", "business", "everyone",
        "everybody", "somebody", "someone", "nobody", "the team", "team", "us", "we", "they", "it is bad", "that is bad",
        "this is bad", "it's bad", "bad", "very bad", "not good", "it is not good", "something is wrong",
        "something went wrong", "it is red", "red is bad", "a problem", "problems", "money", "a lot", "a lot of money",
        "much money", "some money", "important", "it is important", "very important", "gut feeling", "a guess", "guess",
        "my guess", "experience", "common sense", "because", "why not", "yes", "no",
    }
)  # fmt: skip
_SPAN = r"(?:(?:the|our|its|all|any)\s+)?(?:last|past|previous|recent|trailing|prior)\b"
_STATISTIC = r"(?:average|mean|median|maximum|minimum|max|min|highest|lowest|worst|best|typical value)"
_OWN_PAST = re.compile(
    r"\b(?P<spread>percentiles?|quantiles?|quartiles?|p9\d|"
    r"standard deviations?|std\.?\s*dev\w*|stddev|sigmas?|z-?scores?|outliers?)\b"
    rf"|\b{_STATISTIC}\s+(?:of|over|in|from)\s+{_SPAN}"
    rf"|\b{_STATISTIC}\s+(?:of|over|in|from)\s+(?:the\s+|its\s+|our\s+)?(?:own\s+|metric'?s\s+)?(?:history|past|values|numbers|data)\b"
    rf"|\b(?:rolling|moving|historical|historic|past)\s+(?:{_STATISTIC}|values?|data|numbers?|performance)\b"
    rf"|\b(?:its|the metric'?s|the number'?s|the value'?s|the kpi'?s)\s+(?:own\s+)?(?:history|past|values)\b"
    rf"|\b(?:own|metric'?s)\s+(?:history|past)\b"
    rf"|\b(?:from|in|of|by)\s+(?:the\s+)?(?:history|data|sql|marts?)\s*\.?\s*\Z"
    rf"|\A\s*(?:the\s+)?(?:history|data|past|query|sql|marts?|values?)\s*\.?\s*\Z",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"\b(?:SLAs?|SLOs?|contracts?|agreements?|clauses?|regulations?|regulators?|laws?|articles?|rules?|polic(?:y|ies)|schemes?|limits?)\b",
    re.IGNORECASE,
)
"""A promise may be made about a percentile: then it comes from whoever made it."""
_NUMBER = re.compile(r"\d+(?:[.,'\u00a0\u2009 ]\d+)*")


def says_nothing(text: str) -> str | None:
    """Why a text says nothing; None where it says something.

    >>> says_nothing("TBD"), says_nothing("refunds are paid")
    ("'TBD' only holds a place", None)
    """
    words = " ".join(re.sub(r"[^\w\s'/]", " ", text.lower().replace("’", "'")).split())
    if not words:
        return f"{_short(text)} only holds a place" if text.strip() else "missing"
    if words in _ALONE or set(words.split()) <= _ALONE or _PLACE_HELD.search(text):
        return f"{_short(text)} only holds a place"
    if words in _EMPTY_PHRASES:
        return f"{_short(text)} says nothing that anybody could check"
    return None


def from_its_own_past(text: str) -> str | None:
    """Why a basis is none: it names what the metric itself said before; None where it does not.

    >>> from_its_own_past("95th percentile of the last year")[:40]
    "'percentile' is taken from the data; a t"
    >>> from_its_own_past("Carrier contract, clause 4: refunds from 5 % on")
    >>> from_its_own_past("SLA with the scheme: 95th percentile under 2 s")
    """
    promised = _OUTSIDE.search(text) is not None
    found = next((one for one in _OWN_PAST.finditer(text) if not (promised and one["spread"])), None)
    if found is None:
        return None
    return (
        f"{_short(found[0])} is taken from the data; a threshold never comes from the data that it polices: "
        "name a contract, a rule, a capacity"
    )


def holds_an_amount(text: str) -> bool:
    """Whether a text holds a number above zero.

    >>> holds_an_amount("about 62,000 EUR a year"), holds_an_amount("0 EUR")
    (True, False)
    """
    return any(Decimal(re.sub(r"\D", "", number)) > 0 for number in _NUMBER.findall(text)) and not re.match(
        r"\s*[-\u2212]\s*\d", text
    )


def _short(text: str) -> str:
    one = " ".join(text.split())
    return repr(one if len(one) <= 60 else f"{one[:57]}...")
