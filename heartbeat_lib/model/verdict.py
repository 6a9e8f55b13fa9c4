"""What looking at a number led to: the word that audits and sanity checks share, and its sign."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What looking led to."""

    HOLDS = "holds"
    DOUBTFUL = "doubtful"
    """It may be right; a person has to look."""
    FAILS = "fails"
    NOT_EXAMINED = "not examined"
    """There was nothing to look at, or it could not be looked at."""


SIGNS = {Verdict.HOLDS: "✓", Verdict.DOUBTFUL: "?", Verdict.FAILS: "✗", Verdict.NOT_EXAMINED: "–"}
"""Beside the word, never instead of it."""
