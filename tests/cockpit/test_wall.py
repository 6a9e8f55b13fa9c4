"""The wall: what each tile says, since when, and which comes first; and the header above them."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from heartbeat_lib.cockpit.wall import read_rows, read_wall
from heartbeat_lib.model import words
from heartbeat_lib.model.period import Grain, period_at
from heartbeat_lib.model.picture import sparkline_of
from heartbeat_lib.store import Role
from tests.cockpit.place import BERLIN, HIGHER, NOW, Place

HOUR = timedelta(hours=1)
LOWER = {"direction": "lower_is_worse", "norm_value": 130, "alert_value": 110, "threshold_basis": "a rule", "unit": "%"}


@pytest.fixture
def place(bench) -> Place:
    """An empty store of the test's own."""
    return Place(bench)


def test_a_red_tile_says_what_it_has_reached(place):
    """In the metric's own decimals; the exact value is beside it."""
    place.metric(**HIGHER)
    place.keep("2026-11-24", "1.12345")
    tile = place.tile()
    assert (tile["status"], tile["value"], tile["unit"], tile["exact"]) == ("red", "1.12", "%", "1.12345 %")
    assert (tile["against"], tile["why"], tile["kept"]) == ("at or above alert 0.90", "", "")


def test_where_lower_is_worse_red_is_below(place):
    """The words turn with the direction."""
    place.metric(**LOWER)
    place.keep("2026-11-24", 110)
    assert place.tile()["against"] == "at or below alert 110"


@pytest.mark.parametrize(("alert", "words"), [(80, "norm 40, alert 80"), (None, "norm 40")])
def test_an_amber_tile_names_both_thresholds(place, alert, words):
    """How far it still is."""
    place.metric(direction="higher_is_worse", norm_value=40, alert_value=alert, threshold_basis="a rule")
    place.keep("2026-11-24", 57)
    assert place.tile()["against"] == words


def test_a_tile_of_money_is_in_millions_with_its_thresholds(place):
    """So that they can be compared."""
    place.metric(**HIGHER | {"unit": "EUR", "norm_value": 1_500_000, "alert_value": 2_000_000})
    place.keep("2026-11-24", "2310456.78")
    tile = place.tile()
    assert (tile["value"], tile["unit"], tile["exact"]) == ("2.31", "M EUR", "2,310,456.78 EUR")
    assert tile["against"] == "at or above alert 2.00"


def test_a_metric_without_thresholds_is_grey_with_its_value(place):
    """Nothing judges it."""
    place.metric(unit="accounts")
    place.keep("2026-11-24", 1204)
    tile = place.tile()
    assert (tile["status"], tile["why"], tile["value"], tile["unit"]) == ("grey", "no thresholds yet", "1,204", "accounts")


@pytest.mark.parametrize(
    ("grain", "around", "words"),
    [
        ("hour", NOW, "no value: no row for 24 Nov 09:00 yet"),
        ("day", NOW, "no value: no row for 24 Nov yet"),
        ("day", NOW - timedelta(days=1), "no value: no row for 23 Nov"),
        ("week", NOW, "no value: no row for the week of 23 Nov yet"),
        ("month", NOW, "no value: no row for Nov 2026 yet"),
        ("quarter", NOW, "no value: no row for Q4 2026 yet"),
        ("year", NOW, "no value: no row for 2026 yet"),
    ],
)
def test_a_value_that_is_missing_is_no_zero(place, grain, around, words):
    """And the tile names the period, and whether it is still open."""
    place.metric(**HIGHER, period=grain)
    place.keep(period_at(around, Grain(grain), BERLIN).start, None)
    tile = place.tile()
    assert (tile["value"], tile["exact"], tile["why"]) == ("", "", words)


def test_a_metric_that_was_never_computed_says_when_its_first_value_comes(place):
    """At the next tick; where finished periods are judged, at the first one after this period."""
    place.metric(**HIGHER)
    place.metric("closing", judge="closed")
    assert place.tile()["why"] == "first value comes at 10:17"
    assert place.tile(now=datetime(2026, 11, 24, 22, 30, tzinfo=UTC))["why"] == "first value comes at 25 Nov 00:17"
    assert place.tile("closing")["why"] == "first value comes at 25 Nov 00:17"
    assert (place.tile()["since"], place.tile()["value"]) == (None, "")


def test_a_failed_metric_says_why_in_one_line_and_keeps_its_last_good_value(place):
    """Of an earlier day, and never as if it were of today."""
    place.metric(**HIGHER)
    place.keep("2026-11-22", "0.5")
    place.keep("2026-11-23", None)
    place.keep("2026-11-24", None, error="\ncolumn mid is gone from fx.rates\nLINE 3: <b>mid</b>")
    tile = place.tile()
    assert (tile["status"], tile["why"]) == ("grey", "failed: column mid is gone from fx.rates")
    assert (tile["value"], tile["kept"]) == ("0.50", "last good, 22 Nov")


@pytest.mark.parametrize(("at", "words"), [("09:17", "last good, 09:17"), ("23 Nov", "last good, 23 Nov")])
def test_a_value_kept_within_the_period_says_when_it_was_computed(place, at, words):
    """Today by the clock."""
    place.metric(**HIGHER)
    computed = NOW - timedelta(minutes=12) if ":" in at else NOW - timedelta(days=1)
    place.keep("2026-11-24", "0.5", error="gone", at=computed)
    assert (place.tile()["value"], place.tile()["kept"]) == ("0.50", words)


def test_a_value_of_another_meaning_is_never_the_last_good_one(place):
    """It answered another question."""
    place.metric(**HIGHER)
    place.keep("2026-11-23", "0.5")
    place.metric(definition_hash="late_share two")
    place.keep("2026-11-24", None, error="gone")
    assert (place.tile()["value"], place.tile()["kept"]) == ("", "")


def test_a_broken_promise_turns_green_into_grey_and_says_which(place):
    """The worst of its sources."""
    place.metric(**HIGHER, sources=["shop.orders", "bank.rates"])
    place.keep("2026-11-24", "0.5", stale=True)
    place.source("shop", age=timedelta(hours=31, minutes=50), promise=timedelta(hours=24))
    place.source("bank", age=timedelta(hours=40), promise=timedelta(days=3))
    tile = place.tile()
    assert (tile["status"], tile["why"], tile["value"]) == ("grey", "stale: 31 h, promised 24 h", "0.50")
    assert tile["source"] == {
        "schema": "shop",
        "at": (NOW - timedelta(hours=31, minutes=50)).isoformat(),
        "stale": True,
        "promise": "24 h",
    }


@pytest.mark.parametrize(
    ("value", "band", "words"),
    [
        ("1.1", ("0.6", "0.161", 30), "normal looks like 0.60 ± 0.16 %"),
        ("0.5", ("0.6", "0.161", 30), "normal 0.60 ± 0.16"),
        ("0.5", (None, None, 6), "normal: not known before 7 values"),
        ("0.5", None, "normal: not known before 7 values"),
    ],
)
def test_the_band_says_what_is_normal(place, value, band, words):
    """From seven values on; on green in few words."""
    place.metric(**HIGHER)
    place.keep("2026-11-24", value)
    if band is not None:
        place.band(*band)
    assert place.tile()["band"] == words


def test_a_band_of_another_meaning_is_none(place):
    """And a metric that wants no band says nothing of one."""
    place.metric(**HIGHER)
    place.metric("bandless", benchmark_kind="none")
    place.band("0.6", "0.16", meaning="an older one")
    assert place.tile()["band"] == "normal: not known before 7 values"
    assert place.tile("bandless")["band"] == ""
    assert place.tile()["spark"]["band"] is None


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-12-06", "target 0.50, due in 12 days"),
        ("2026-11-25", "target 0.50, due in 1 day"),
        ("2026-11-24", "target 0.50, due today"),
        ("2026-11-19", "target 0.50, overdue by 5 days"),
        (None, "target 0.50"),
    ],
)
def test_the_target_says_how_long_is_left(place, due, words):
    """It changes no colour."""
    place.metric(**HIGHER, target_value=0.5, target_due_date=due)
    assert place.tile()["target"] == words


def test_today_is_the_workspaces(place):
    """At half past midnight in Berlin it is still yesterday in UTC."""
    place.metric(**HIGHER, target_value=0.5, target_due_date="2026-11-25")
    assert place.tile(now=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))["target"] == "target 0.50, due today"


def test_a_new_meaning_asks_again_for_the_signature_that_it_took(place):
    """Until somebody signs, and not where a person took it back."""
    place.metric(**HIGHER)
    place.decide(owner="mara@x.example")
    assert place.tile()["meaning"] == ""
    place.decide(verification_state="verified")
    place.metric(definition_hash="late_share two")
    today = datetime.now(BERLIN)
    assert place.tile()["meaning"] == f"new meaning on {words.day(today)}: asks again"
    place.decide(verification_state="verified")
    assert place.tile()["meaning"] == ""
    place.decide(verification_state="unverified")
    assert place.tile()["meaning"] == ""


def test_tiles_come_in_the_order_in_which_they_want_attention(place):
    """Red, amber, grey, green; verified first; longest in this status first; then the code."""
    values = {
        "green_old": [0.5] * 9, "amber_one": [0.7], "grey_none": [], "grey_value": [None],
        "red_b": [1], "red_a": [1], "red_long": [1, 1, 1], "red_signed": [1],
    }  # fmt: skip
    for metric_id, kept in values.items():
        place.metric(metric_id, code=metric_id.replace("_", "").upper()[-4:], **HIGHER)
        place.keep_days(kept, metric_id=metric_id)
    place.decide("red_signed", owner="mara@x.example")
    place.decide("red_signed", verification_state="verified")
    _, tiles = place.wall()
    assert [tile["id"] for tile in tiles] == [
        "red_signed", "red_long", "red_a", "red_b", "amber_one", "grey_value", "grey_none", "green_old",
    ]  # fmt: skip


def test_the_picture_has_90_periods_and_30_on_green(place):
    """Green fades."""
    place.metric(**HIGHER)
    place.metric("calm", **HIGHER)
    place.keep_days([1] * 120)
    place.keep_days([0.5] * 120, metric_id="calm")
    assert [place.tile(name)["spark"]["line"].count(" ") for name in ("late_share", "calm")] == [
        line.count(" ") for line in (_line(90), _line(30))
    ]


def _line(count: int) -> str:
    return sparkline_of([1.0] * count).line


def test_the_picture_shows_where_the_meaning_changed_and_what_failed(place):
    """An older meaning is cut off; a failed period is a tick."""
    place.metric(**HIGHER)
    place.keep_days([0.5, 0.6, 0.7], until="2026-11-21")
    place.metric(definition_hash="late_share two")
    place.keep_days([0.8, 0.9], until="2026-11-23")
    place.keep("2026-11-24", None, error="gone")
    spark = place.tile()["spark"]
    assert spark["older"]
    assert 400 < (spark["cut"] or 0) < 600
    assert spark["failed"] == [1000]


def test_markup_in_texts_stays_text(place):
    """Whoever draws makes text nodes of it."""
    evil = "<img src=x onerror=alert(1)>"
    place.metric(name=evil, how_to_read=evil, methodology=evil, unit=evil)
    place.keep("2026-11-24", None, error=evil)
    tile = place.tile()
    assert (tile["name"], tile["how_to_read"], tile["methodology"], tile["unit"], tile["why"]) == (
        evil,
        evil,
        evil,
        evil,
        f"failed: {evil}",
    )


@pytest.mark.parametrize("value", [Decimal(10) ** 400, -(Decimal(10) ** 400), Decimal(10) ** -400])
def test_a_value_that_no_double_holds_breaks_no_wall(place, value):
    """A warehouse's numeric may be of any size."""
    place.metric(**HIGHER)
    place.keep_days([0.5, value])
    assert place.tile()["status"] in ("red", "green")
    assert place.opened() is not None


def test_300_metrics_are_read_and_told_in_well_under_half_a_second(place):
    """The wall is looked at whenever something changed."""
    place.deploy_many(300)
    with place.bench.store.connect_migrating(autocommit=True) as admin:
        admin.execute(
            "INSERT INTO heartbeat.metric_history (metric_id, period, period_start, value, status, computed_at, attempted_at, "
            "settled, origin, definition_hash) "
            "SELECT metric_id, 'day', timestamptz '2026-11-24 00:00+01' - n * interval '1 day', n, 'red', now(), now(), "
            "true, 'tick', definition_hash FROM heartbeat.metric_registry, generate_series(0, 119) AS n"
        )
        admin.execute("ANALYZE")
    took = []
    with place.bench.store.connect(Role.OPERATOR) as connection:
        for _ in range(5):
            started = time.perf_counter()
            _, tiles = read_wall(connection, place.bench, now=NOW)
            took.append(time.perf_counter() - started)
    assert len(tiles) == 300
    assert min(took) < 0.4


def test_reading_leaves_no_transaction_behind(place):
    """The connection is a session's, and an open transaction would hold back the database."""
    place.metric(**HIGHER)
    with place.bench.store.connect(Role.OPERATOR) as connection:
        read_rows(connection)
        assert connection.info.transaction_status.name == "IDLE"


def test_the_cockpit_starts_without_the_heavy_libraries():
    """A kernel that loads them takes a second longer to show the first tile."""
    code = (
        "import heartbeat_lib.cockpit.wall, heartbeat_lib.cockpit.opened, heartbeat_lib.cockpit.rehearsal, sys\n"
        "assert not {'pandas', 'duckdb', 'sqlglot', 'rich', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
