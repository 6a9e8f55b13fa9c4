"""The six sanity checks of a draft: what they ask, in one batch with its value and past, and what they found.

They look for what goes wrong with a number that runs for years, on the data as they are: each gives a verdict and its evidence.
`docs/discovery.md` says how each one looks. None of them changes anything, and none of them is a threshold.
"""

from __future__ import annotations

from decimal import Decimal

from heartbeat_lib.discovery import check_division, check_empty, check_late, check_scale, check_shift, look_ahead
from heartbeat_lib.discovery.subject import Answers, Check, Subject


def asks(subject: Subject) -> dict[str, str]:
    """Tag -> SQL of everything that the checks want to know beside value and past."""
    return check_empty.asks(subject) | check_shift.asks(subject) | look_ahead.asks(subject)


def checks(subject: Subject, answers: Answers, *, rough: Decimal | None, rough_source: str | None) -> tuple[Check, ...]:
    """All six, in the order in which they are shown.

    Parameters
    ----------
    answers
        To value, past and `asks`.
    rough, rough_source
        A second count, in the metric's unit, and where it is from; None: nobody counted.
    """
    return (
        check_empty.examine(subject, answers),
        check_shift.examine(subject, answers),
        check_late.examine(subject),
        check_division.examine(subject, answers),
        look_ahead.examine(subject, answers),
        check_scale.examine(subject, answers, rough, rough_source),
    )
