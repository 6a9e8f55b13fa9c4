"""The demo's metrics on the demo's bank: every file holds, every planted event is seen, and no number knows the future."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.metric import Direction, MetricDefinition
from heartbeat_lib.model.period import Grain, period_at, previous_period
from heartbeat_lib.model.value_sql import parse_value_sql
from heartbeat_lib.registration.check import Checked, check
from heartbeat_lib.store.embedded import EmbeddedServer
from heartbeat_lib.workspace import create

FILES = Path(__file__).parents[2] / "db" / "metrics"
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 11, 24)
RED = {"chargeback_rate", "collateral_calls_behind", "fx_rate_age"}
AMBER = {"aml_alerts_old", "collateral_overdue", "onboarding_days"}
NO_VALUE = {"fx_rate_move"}
NO_THRESHOLD = {"payments_today"}
# A Tuesday, the Sundays on which clocks change, the first of a month and year, the last of a February with 29 days.
ENDINGS = [TUESDAY, date(2026, 3, 29), date(2026, 10, 25), date(2027, 1, 1), date(2024, 2, 29)]


@pytest.fixture(scope="module")
def checked() -> Iterator[Checked]:
    """The demo's metric files, judged in a workspace of their own."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-test-") as folder:
        workspace = create(Path(folder) / "demo", operator="demo@heartbeat.example", zone="Europe/Berlin")
        shutil.copytree(FILES, workspace.metrics, dirs_exist_ok=True)
        try:
            yield check(workspace)
        finally:
            EmbeddedServer(workspace.state).stop()


@pytest.fixture(scope="module")
def metrics(checked) -> Mapping[str, MetricDefinition]:
    """The definitions by id; none at all when a file has an error, which `checked` then tells."""
    assert checked.errors == ()
    return checked.definitions


def number(marts, sql, as_of):
    """What a query says at an instant, exactly as the database gives it."""
    ((value,),) = marts.execute(parse_value_sql(sql, DUCKDB).pinned(as_of, BERLIN)).fetchall()
    return value


def value(marts, metric, as_of):
    """The number that a tile would show at `as_of`: of the last finished period where the metric judges closed ones."""
    if metric.judge == "closed":
        as_of = previous_period(period_at(as_of, Grain(metric.period), BERLIN), BERLIN).last_instant
    return number(marts, metric.value_sql, as_of)


def colour(metric, value):
    """The status by the file's own thresholds, without staleness; reaching one counts as crossing it."""
    if value is None:
        return "no value"
    if metric.norm_value is None:
        return "no threshold"
    sign = -1 if metric.direction == Direction.LOWER_IS_WORSE else 1
    if sign * value >= sign * metric.alert_value:
        return "red"
    return "amber" if sign * value >= sign * metric.norm_value else "green"


def same(one, other):
    """Equal as far as two computations of one number can be; no value equals no value only."""
    return one == other or (None not in (one, other) and float(one) == pytest.approx(float(other), rel=1e-9))


def last_instant(day):
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=BERLIN)
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def test_every_file_holds_and_says_all_there_is_to_say(checked, metrics):
    """The files are what an analyst copies from: not even a warning, but for the one that goes without thresholds."""
    assert [(finding.file, finding.rule) for finding in checked.findings] == [("db/metrics/payments_today.sql", "thresholds")]
    assert len(metrics) >= 16


def test_the_files_show_what_a_metric_can_be(metrics):
    """Every schema, the usual periods, both directions, both ways to judge, an outside basis for every threshold."""
    assert {source.partition(".")[0] for metric in metrics.values() for source in metric.sources} == {
        "aml", "cards", "fx", "webbank"
    }  # fmt: skip
    assert {metric.period for metric in metrics.values()} == {"hour", "day", "week", "month"}
    assert {metric.direction for metric in metrics.values()} == {None, *Direction}
    assert {metric.judge for metric in metrics.values()} == {"running", "closed"}
    assert all(metric.unit and metric.methodology and metric.how_to_read for metric in metrics.values())


@pytest.mark.parametrize("wall_time", ["00:30", "09:00", "23:30"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_wall_looks_the_same_on_any_day_and_at_any_hour(metrics, marts_of, ending, wall_time):
    """Whoever starts the demo, at night or on a Sunday, sees each planted event in its colour and all else green."""
    as_of = datetime.fromisoformat(f"{ending} {wall_time}").replace(tzinfo=BERLIN).astimezone(UTC)
    marts = marts_of(ending)
    colours = {metric_id: colour(metric, value(marts, metric, as_of)) for metric_id, metric in metrics.items()}
    planted = dict.fromkeys(RED, "red") | dict.fromkeys(AMBER, "amber")
    planted |= dict.fromkeys(NO_VALUE, "no value") | dict.fromkeys(NO_THRESHOLD, "no threshold")
    assert colours == dict.fromkeys(metrics, "green") | planted


@pytest.mark.parametrize("as_of", ["2026-11-24 07:05", "2026-11-24 13:17"])
def test_the_past_is_computed_as_it_was_seen_then(metrics, marts_of, as_of):
    """A query that looks at a later answer gives another number on the bank that does not know it yet."""
    instant = datetime.fromisoformat(as_of).replace(tzinfo=BERLIN).astimezone(UTC)
    then, afterwards = marts_of(TUESDAY, instant), marts_of(TUESDAY)
    for metric_id, metric in metrics.items():
        seen, recomputed = (number(marts, metric.value_sql, instant) for marts in (then, afterwards))
        assert same(seen, recomputed), metric_id


def test_an_independent_route_gives_the_same_number(metrics, marts_of):
    """A cross-check that differs on good data would be worth nothing on bad data."""
    routes = {metric_id: metric for metric_id, metric in metrics.items() if metric.cross_check_sql}
    assert len(routes) >= 5
    for day in (TUESDAY, TUESDAY - timedelta(days=9), TUESDAY - timedelta(days=30)):
        for metric_id, metric in routes.items():
            direct, detour = (
                number(marts_of(TUESDAY), sql, last_instant(day)) for sql in (metric.value_sql, metric.cross_check_sql)
            )
            assert same(direct, detour), f"{metric_id} on {day}"


def test_the_last_ninety_days_have_values(metrics, marts_of):
    """A backfill must fill the sparklines, without a hole that the bank did not mean."""
    marts = marts_of(TUESDAY)
    for days in range(5, 95, 3):
        as_of = last_instant(TUESDAY - timedelta(days=days))
        holes = {metric_id for metric_id, metric in metrics.items() if number(marts, metric.value_sql, as_of) is None}
        assert not holes, as_of


@pytest.fixture(scope="module")
def story(metrics, marts_of):
    """`story(metric_id, *days)`: the values at the end of each day, counted back from a Tuesday."""

    @cache
    def told(metric_id, *days):
        marts = marts_of(TUESDAY)
        return [number(marts, metrics[metric_id].value_sql, last_instant(TUESDAY - timedelta(days=d))) for d in days]

    return told


def test_the_debtor_falls_behind_month_by_month(story):
    """Four unpaid calls, one after the other; a client who never paid would be another story."""
    assert story("collateral_calls_behind", 110, 98, 69, 38, 0) == [0, 1, 2, 3, 4]


def test_the_rate_feed_ages_by_a_day_a_day(story):
    """It stopped five days ago; before that the rates were of the day."""
    assert story("fx_rate_age", 7, 6, 5, 4, 3, 2, 1, 0) == [0, 0, 0, 1, 2, 3, 4, 5]


def test_chargebacks_rise_twelve_days_before_and_again_now(metrics, story):
    """The metric speaks of the day before, so the spike shows a day later; in between all is calm."""
    values = story("chargeback_rate", *range(20, -1, -1))
    alert = float(metrics["chargeback_rate"].alert_value)
    assert [20 - i for i, share in enumerate(values) if share >= alert] == [12, 11, 10, 1, 0]


def test_old_alerts_pile_up(story):
    """Every day adds some and takes none away."""
    values = story("aml_alerts_old", *range(17, -1, -1))
    assert values == sorted(values)
    assert values[-1] > 4 * values[0]


def test_weekends_dip(story):
    """The raw count falls to less than half of a Friday; the comparison with the usual weekday does not notice."""
    friday, sunday = story("payments_today", 4, 2)
    assert sunday < 0.5 * friday
    assert all(95 < share < 105 for share in story("payments_vs_usual", *range(8)))
