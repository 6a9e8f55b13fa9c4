"""What thresholds that somebody types would have said."""

from __future__ import annotations

import pytest

from heartbeat_lib.cockpit.rehearsal import rehearse
from heartbeat_lib.model.period import Grain
from heartbeat_lib.store import Role
from heartbeat_lib.verification import RehearsalRefused
from tests.cockpit.place import HIGHER, NOW, Place


@pytest.fixture
def place(bench) -> Place:
    """A store with one metric."""
    made = Place(bench)
    made.metric(**HIGHER)
    return made


@pytest.fixture
def typed(place):
    """Rehearses what stands in the two fields."""

    def say(norm: str = "", alert: str = "", metric_id: str = "late_share"):
        with place.bench.store.connect(Role.OPERATOR) as connection:
            return rehearse(connection, metric_id, norm, alert)

    return say


def test_the_last_90_periods_are_judged_and_counted(place, typed):
    """Whatever was before them."""
    place.keep_days([9] * 10 + [0.5] * 60 + [1, 1, 0.8, None, 0.8] + [0.5] * 20 + [0.8, 0.8, 1, 1, 1])
    said = typed("0.65", "0.90")
    assert said["sentence"] == "red on 5 of the last 90 days, 2 episodes; amber on 4"
    assert said["status"] == "g" * 60 + "rraxa" + "g" * 20 + "aarrr"
    assert place.opened()["in_force"] == said


def test_fewer_periods_are_said_to_be_those_kept(place, typed):
    """Of the present meaning only."""
    place.keep_days([9] * 5, until="2026-11-21")
    place.metric(definition_hash="late_share two")
    place.keep_days([0.5, 1, 0.5])
    assert typed("0.65", "0.90")["sentence"] == "red on 1 of the 3 days kept, 1 episode; amber on 0"
    assert typed("0.4")["status"] == "aaa"


@pytest.mark.parametrize("grain", list(Grain))
def test_the_word_is_the_grains(place, typed, grain):
    """Hours, days, weeks, months, quarters, years."""
    place.metric(period=grain)
    place.keep_periods([1, 1], grain, until=NOW)
    assert typed("", "0.9")["sentence"] == f"red on 2 of the 2 {grain}s kept, 1 episode; amber on 0"


def test_only_judged_periods_are_rehearsed(place, typed):
    """As many letters as history has columns."""
    place.metric(judge="closed")
    place.keep("2026-11-23", 1)
    place.keep("2026-11-24", 5, settled=False)
    assert typed("", "0.9")["status"] == "r" == place.opened()["history"]["status"]


@pytest.mark.parametrize(
    ("norm", "alert", "words"),
    [
        ("0,65", "0.9", "“0,65” is not a number"),
        ("", "", "nothing to judge by"),
        ("0.9", "0.5", "higher_is_worse"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(typed, norm, alert, words):
    """Nothing is guessed."""
    with pytest.raises(RehearsalRefused, match=words):
        typed(norm, alert)


def test_a_metric_that_is_not_alive_cannot_be_rehearsed(typed):
    """It may have been retired meanwhile."""
    with pytest.raises(RehearsalRefused, match="No living metric"):
        typed("1", "2", "no_such_metric")
