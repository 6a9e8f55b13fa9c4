"""The opened metric: its sentence, history, fields, trust, sources and log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from heartbeat_lib.cockpit.past import _range, _steps
from heartbeat_lib.model import words
from heartbeat_lib.model.figures import Figures
from heartbeat_lib.model.period import Grain, period_at
from tests.cockpit.place import BERLIN, HIGHER, NOW, Place

HOUR = timedelta(hours=1)
LOWER = {"direction": "lower_is_worse", "norm_value": 130, "alert_value": 110}
MONEY = {"unit": "EUR", "norm_value": 10**6, "alert_value": 2 * 10**6}
TODAY = words.day(datetime.now(BERLIN), year=True)
"""Decisions are dated by the database's clock."""


@pytest.fixture
def place(bench) -> Place:
    """A store with one metric."""
    made = Place(bench)
    made.metric(**HIGHER)
    return made


def test_a_metric_that_is_not_alive_opens_nothing(place):
    """It was retired while somebody looked."""
    assert place.opened("no_such_metric") is None
    place.metric("another")
    place.retire("late_share")
    assert place.opened() is None


def test_the_opened_metric_holds_its_tile(place):
    """The same as on the wall."""
    place.keep_days([0.5, 1.12])
    assert place.opened()["tile"] == place.tile()


@pytest.mark.parametrize(
    ("value", "says", "headline"),
    [
        ("1.12", {}, "1.12 % is at or above the alert of 0.90 %."),
        ("0.7", {}, "0.70 % is at or above the norm of 0.65 % and below the alert of 0.90 %."),
        ("0.7", {"alert_value": None}, "0.70 % is at or above the norm of 0.65 %."),
        ("0.5", {}, "0.50 % is below the norm of 0.65 %."),
        ("0.5", {"norm_value": None}, "0.50 % is below the alert of 0.90 %."),
        ("0.649", {}, "0.649 % is below the norm of 0.65 %."),
        ("105", LOWER, "105 % is at or below the alert of 110 %."),
        (
            "125", LOWER,
            "125 % is at or below the norm of 130 % and above the alert of 110 %.",
        ),
        ("140", LOWER, "140 % is above the norm of 130 %."),
        ("2310456", MONEY, "2.3 M EUR is at or above the alert of 2.0 M EUR."),
        (None, {}, "No value: no row for 24 Nov yet."),
        ("0.5", {"norm_value": None, "alert_value": None, "threshold_basis": None}, "No thresholds yet."),
    ],
)  # fmt: skip
def test_the_headline_says_what_the_value_is_measured_by(place, value, says, headline):
    """In a sentence that never contradicts itself by rounding."""
    place.metric(**says)
    place.keep("2026-11-24", value)
    assert place.opened()["headline"] == headline


@pytest.mark.parametrize(
    ("grain", "around", "period"),
    [
        ("day", NOW, "Tuesday 24 Nov 2026, still open"),
        ("day", NOW - timedelta(days=1), "Monday 23 Nov 2026"),
        ("hour", NOW, "Tuesday 24 Nov 2026, 09:00 to 10:00, still open"),
        ("week", NOW, "Week of Monday 23 Nov 2026, still open"),
        ("month", NOW, "November 2026, still open"),
        ("quarter", NOW - timedelta(days=90), "Q3 2026"),
        ("year", NOW, "2026, still open"),
    ],
)
def test_the_period_is_told_in_words(place, grain, around, period):
    """And whether it may still change."""
    place.metric(period=grain)
    place.keep(period_at(around, Grain(grain), BERLIN).start, 1)
    opened = place.opened()
    assert (opened["period"], opened["period_word"]) == (period, f"{grain}s")


def test_fields_hold_what_somebody_would_type(place):
    """No commas, no idle zeros, an ISO day."""
    place.metric(norm_value="12000.50", alert_value=20000, target_value="0.00", target_due_date="2026-12-06")
    place.decide(owner="mara@x.example")
    assert place.opened()["fields"] == {
        "owner": "mara@x.example", "norm": "12000.5", "alert": "20000", "basis": "a rule", "target": "0", "due": "2026-12-06",
    }  # fmt: skip


def test_empty_fields_are_empty_texts(place):
    """Nothing stands there."""
    place.metric(norm_value=None, alert_value=None, threshold_basis=None)
    opened = place.opened()
    assert set(opened["fields"].values()) == {""}
    assert opened["in_force"] is None
    assert (opened["due_words"], opened["direction"]) == ("", "higher is worse")


def test_the_stage_says_what_to_do_on_the_page(place):
    """And never a command for a shell."""
    place.metric("bare")
    stages = [place.opened("bare")["stage"], place.opened()["stage"]]
    place.keep("2026-11-24", 1)
    stages.append(place.opened()["stage"])
    place.decide(owner="mara@x.example")
    stages.append(place.opened()["stage"])
    place.decide(verification_state="verified")
    stages.append(place.opened()["stage"])
    assert [(stage["number"], stage["name"]) for stage in stages] == [
        (4, "benchmark"), (5, "provisional thresholds"), (6, "unverified"), (7, "owner assigned"), (9, "verified"),
    ]  # fmt: skip
    assert stages[2]["next"] == "somebody who stands behind it: take it, or type an address under Owner"
    assert not any("heartbeat " in stage["next"] for stage in stages)


def test_trust_is_told_with_who_and_when(place):
    """Who signed, who took it back, or what took it."""
    assert place.opened()["trust_words"] == "Unverified. It has no owner, and verifying needs one."
    place.decide(owner="mara@x.example")
    assert place.opened()["trust_words"] == "Unverified. The owner has not stood behind it yet."
    place.decide(verification_state="verified")
    assert place.opened()["trust_words"] == f"Verified by mara@x.example on {TODAY}, on this meaning."
    place.decide(verification_state="unverified")
    assert place.opened()["trust_words"].startswith(f"Unverified. mara@x.example took it back on {TODAY}.")
    place.decide(verification_state="verified")
    place.metric(definition_hash="late_share two")
    assert place.opened()["trust_words"].startswith(f"Unverified. Its meaning changed on {TODAY}, so it asks again.")


def test_a_due_day_is_for_show(place):
    """With its day of the week."""
    place.metric(target_value=0.5, target_due_date="2026-12-06")
    assert place.opened()["due_words"] == "Sun 6 Dec 2026, due in 12 days. For show: it changes no colour."


def test_the_meaning_is_a_short_hash_and_since_when(place):
    """Of the deploy that brought it."""
    first = place.opened()
    place.metric(definition_hash="0123456789abcdef")
    second = place.opened()
    assert second["meaning_hash"] == "0123456"
    assert second["meaning_since"] == second["changes"][0]["at"] > first["meaning_since"]


def test_sources_say_rhythm_promise_and_trouble(place):
    """One row per schema, in the file's order."""
    place.metric(sources=["shop.orders", "bank.rates", "shop.parcels"])
    place.source("shop", age=HOUR * 2, rhythm=timedelta(minutes=58), promise=HOUR * 36, failed=3, error="no such file\nmore")
    shop, bank = place.opened()["sources"]
    assert shop == {
        "schema": "shop", "tables": ["shop.orders", "shop.parcels"], "at": (NOW - 2 * HOUR).isoformat(), "rhythm": "hourly",
        "promise": "36 h", "stale": False, "trouble": "the last 3 loads failed: no such file",
    }  # fmt: skip
    assert bank == {
        "schema": "bank", "tables": ["bank.rates"], "at": None, "rhythm": "", "promise": "", "stale": False, "trouble": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (HOUR, "hourly"), (timedelta(minutes=15), "every 15 min"), (HOUR * 24.5, "daily"), (HOUR * 2, "every 2 h"),
        (timedelta(days=7), "weekly"), (timedelta(days=31), "monthly"), (timedelta(days=3), "every 3 days"), (None, ""),
    ],
)  # fmt: skip
def test_a_rhythm_is_told_in_words(span, said):
    """Near enough is the same."""
    assert words.rhythm(span) == said


@pytest.mark.parametrize(("span", "said"), [(HOUR * 24, "24 h"), (HOUR * 1.5, "90 min"), (HOUR * 72, "3 days"), (None, "")])
def test_a_promise_is_told_exactly(span, said):
    """Rounded it would be another one."""
    assert words.promise(span) == said


def test_history_is_columns_of_one_length(place):
    """Oldest first, the newest periods, with how many there are."""
    place.keep_days([0.5, 0.7, 1], until="2026-11-22", origin="backfill")
    place.keep("2026-11-23", None, error="gone\nfor good")
    place.keep("2026-11-24", "1.12")
    history = place.opened(periods=4)["history"]
    assert history["total"] == 5
    assert history["starts"] == ["Sat 21 Nov 2026", "Sun 22 Nov 2026", "Mon 23 Nov 2026", "Tue 24 Nov 2026"]
    assert history["values"] == [0.7, 1.0, None, 1.12]
    assert (history["status"], history["origin"], history["errors"]) == ("arxr", "bbtt", {"2": "gone"})
    assert len(place.opened(periods=None)["history"]["values"]) == 5


def test_history_has_judged_periods_only(place):
    """Half of a day's sum is no day's, and would be red every morning where lower is worse."""
    place.metric(judge="closed")
    place.keep("2026-11-23", 1)
    place.keep("2026-11-24", 0, settled=False)
    assert place.opened()["history"]["values"] == [1.0]


def test_the_hour_that_comes_twice_has_two_names(place):
    """On the day of 25 hours."""
    place.metric(period="hour")
    place.keep_periods([1, 2, 3, 4], Grain.HOUR, until=datetime(2026, 10, 25, 2, tzinfo=UTC))
    assert place.opened()["history"]["starts"] == [
        "25 Oct 2026 01:00", "25 Oct 2026 02:00 CEST", "25 Oct 2026 02:00 CET", "25 Oct 2026 03:00",
    ]  # fmt: skip


def test_the_axis_has_round_numbers_within_its_range(place):
    """With thresholds that do not flatten the line."""
    place.keep_days([0.25, 1.1])
    history = place.opened()["history"]
    assert [step["words"] for step in history["steps"]] == ["0.25", "0.50", "0.75", "1.00"]
    assert history["low"] < 0.25
    assert history["high"] > 1.1
    assert (history["norm"], history["alert"], history["target"]) == (
        {"at": 0.65, "words": "norm 0.65"}, {"at": 0.9, "words": "alert 0.90"}, None,
    )  # fmt: skip


def test_a_threshold_far_away_stays_outside_the_range():
    """Past 2.2 times the values' own range; nearer ones are within."""
    low, high = _range([1.0, 2.0], [3.0, 100.0])
    assert low < 1
    assert 3 < high < 4


@pytest.mark.parametrize("values", [[], [None], [0.0], [5.0, 5.0], [-3e9], [1e-9, 2e-9]])
def test_there_is_always_something_to_draw_in(values):
    """One value, none, or all the same."""
    low, high = _range(values, [])
    assert low < high
    assert len(_steps(low, high, Figures(by=1, decimals=3, unit="%"))) in range(2, 7)


def test_steps_of_millions_are_in_millions():
    """And steps of counts are whole."""
    millions = _steps(0, 2e6, Figures(by=1_000_000, decimals=2, unit="M EUR"))
    assert [(step["at"], step["words"]) for step in millions][:2] == [(0.0, "0.0"), (500000.0, "0.5")]
    assert [step["words"] for step in _steps(0.5, 2.5, Figures(by=1, decimals=0, unit="alerts"))] == ["1", "2"]


def test_the_time_axis_has_six_labels_at_most(place):
    """The newest is today's."""
    place.keep_days([0.5] * 90)
    days = place.opened()["history"]["days"]
    assert len(days) == 6
    assert (days[0], days[-1]) == ((0, "27 Aug"), (89, "today"))
    assert place.opened(now=NOW + timedelta(days=1))["history"]["days"][-1] == (89, "24 Nov")


def test_the_band_is_clipped_to_what_is_drawn(place):
    """It never stretches the chart."""
    place.keep_days([0.5, 1.1])
    place.band("0.6", "0.5")
    history = place.opened()["history"]
    assert history["band"] == (history["low"], 1.1)
    assert history["band_words"] == "normal looks like 0.60 ± 0.50 % (from 30 values; information only)"


def test_a_new_meaning_is_marked_where_its_values_begin(place):
    """With the reason that its deploy gave."""
    place.keep_days([1, 1], until="2026-11-22")
    place.metric(definition_hash="late_share two", reason="corporate cards count")
    place.keep_days([2, 2])
    assert place.opened()["history"]["marks"] == [
        {"index": 2, "kind": "meaning", "words": "new meaning: corporate cards count"}
    ]  # fmt: skip


def test_a_new_owner_is_marked_at_the_period_in_which_it_happened(place):
    """Several within one period are one step, and none where it led back."""
    today = period_at(datetime.now(UTC), Grain.DAY, BERLIN).start
    place.keep_periods([1, 1, 1], Grain.DAY, until=today)
    place.decide(owner="jonas@x.example")
    place.decide(owner="mara@x.example")
    now = datetime.now(UTC)
    assert place.opened(now=now)["history"]["marks"] == [{"index": 2, "kind": "owner", "words": "owner: nobody → mara"}]
    place.decide(owner=None)
    assert place.opened(now=now)["history"]["marks"] == []


def test_an_owner_that_came_outside_the_periods_shown_is_not_marked(place):
    """Years before or after."""
    place.keep_days([1, 1], until="2020-01-02")
    place.decide(owner="mara@x.example")
    assert place.opened()["history"]["marks"] == []


def test_the_log_is_told_in_words(place):
    """Newest first: who, how, from what to what, and why."""
    place.decide(owner="mara@x.example", reason="I'll take it")
    place.decide(norm_value=Decimal("0.7"), alert_value=Decimal("0.905"), threshold_basis="the scheme", proved=False, reason=None)
    place.decide(target_value=1, target_due_date="2026-12-06")
    place.metric(definition_hash="0123456789", value_sql="SELECT 2", reason="Corporate cards count")
    deployed, target, thresholds, owner, registered = place.opened()["changes"]
    assert (owner["who"], owner["how"], owner["why"]) == ("mara@x.example", "cockpit, proved", "I'll take it")
    assert owner["lines"] == [{"what": "owner", "before": "nobody", "after": "mara@x.example"}]
    assert (thresholds["how"], thresholds["why"]) == ("cockpit, self-declared", "")
    assert thresholds["lines"] == [
        {"what": "norm", "before": "0.65 %", "after": "0.70 %"},
        {"what": "alert", "before": "0.90 %", "after": "0.905 %"},
        {"what": "where it comes from", "before": "a rule", "after": "the scheme"},
        {"what": "thresholds set by", "before": "the file", "after": "people"},
    ]
    assert target["lines"][:2] == [
        {"what": "target", "before": "", "after": "1.00 %"}, {"what": "due", "before": "", "after": "2026-12-06"},
    ]  # fmt: skip
    assert (deployed["who"], deployed["how"], deployed["why"]) == (
        "deploy", "by dana@x.example, commit abcdef0", "Corporate cards count",
    )  # fmt: skip
    assert deployed["lines"] == [
        {"what": "meaning", "before": "late_sh", "after": "0123456"}, {"what": "SQL", "before": "", "after": "rewritten"},
    ]  # fmt: skip
    assert registered["lines"][0] == {"what": "metric", "before": "", "after": "registered"}


def test_markup_in_what_people_wrote_stays_text(place):
    """Whoever draws makes text nodes of it."""
    evil = "<script>alert(1)</script>"
    place.metric(description=evil, notes=evil, value_sql=evil)
    place.decide(owner="mara@x.example", reason=evil)
    opened = place.opened()
    assert (opened["description"], opened["notes"], opened["sql"], opened["changes"][0]["why"]) == (evil, evil, evil, evil)
