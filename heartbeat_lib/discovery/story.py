"""The money story: whose job a number serves, what its red would cost, who acts, and where thresholds would come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What an analyst has to be able to say before any SQL.

    Attributes
    ----------
    name
        A short noun phrase.
    period
        The span judged: hour, day, week, month, quarter or year.
    job
        The job to be done, as a question.
    red_means
        What red means in losses avoided or revenue gained.
    amount, amount_basis
        How much money that is, as it was written, and where that figure comes from.
    who_acts
        Who acts on red, and how.
    threshold_source
        Where thresholds would come from: outside of the data.
    """

    name: str
    period: str
    job: str
    red_means: str
    amount: str
    amount_basis: str
    who_acts: str
    threshold_source: str
