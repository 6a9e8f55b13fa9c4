"""The independent rebuild: another road to the same number, or none."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.audit import rebuild
from heartbeat_lib.audit.case import open_case
from heartbeat_lib.audit.rebuild import Handed
from heartbeat_lib.model.verdict import Verdict

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 5, 6, 12, tzinfo=BERLIN)
COUNT = "SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()"
RIGHT = "SELECT count(id) FROM shop.orders WHERE CAST(placed_at AS DATE) = current_date AND placed_at <= now()"


@pytest.fixture
def shop(marts):
    """An order at each full hour of spring, of 10.50 each; 13 up to noon, 24 a day; one in eight was returned."""
    marts(
        "CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT row_number() OVER (ORDER BY t) AS id, t AS placed_at, "
        "10.5::DOUBLE AS amount, hour(t) % 8 = 3 AS returned "
        "FROM generate_series(TIMESTAMPTZ '2026-04-01 00:00+02', TIMESTAMPTZ '2026-05-31 00:00+02', INTERVAL 1 HOUR) AS g(t)"
    )


@pytest.fixture
def look(bench, shop, deployed):
    """Deploys one metric and rebuilds it as of noon of 6 May 2026."""

    def examine(value_sql=COUNT, *, cross=None, handed=None, unit=None, period="day", **more):
        told = f", cross_check_sql = $check${cross}$check$" if cross else ""
        told += f", unit = '{unit}'" if unit else ""
        deployed(orders=(value_sql, {"period": period}), more=f"UPDATE heartbeat.metric_registry SET notes = 'x'{told};\n")
        return rebuild.examine(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example", **more), handed=handed)

    return examine


@pytest.fixture
def keep(bench):
    """Keeps a hand count of a day."""

    def count(day, value, *, period="day", metric_id="orders"):
        with bench.store.connect_migrating() as admin:
            admin.execute("SET ROLE heartbeat_guard")  # as the door does, which refuses what other grains a metric had before
            start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
            admin.execute(
                "INSERT INTO heartbeat.metric_hand_count (metric_id, period, period_start, value, source, actor, proved, via) "
                "VALUES (%s, %s, %s, %s, 'the till report', 'bob@x.example', false, 'cli')",
                [metric_id, period, start, Decimal(value)],
            )

    return count


def test_without_a_second_road_nothing_was_examined(look):
    """Which is no pass."""
    layer = look()
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert not layer.broken
    assert "no second road" in layer.why


def test_a_cross_check_that_says_the_same_holds(look):
    """As of now, at the end of the last finished period, and of one long before."""
    layer = look(cross=RIGHT, unit="orders")
    assert layer.verdict is Verdict.HOLDS
    assert [point.found for point in layer.points] == [
        "We say 13 orders as of 6 May 2026 12:00, and so does the cross-check of the file.",
        "We say 24 orders at the end of 5 May 2026, and so does the cross-check of the file.",
        "We say 24 orders at the end of 5 Apr 2026, and so does the cross-check of the file.",
    ]


def test_a_cross_check_that_differs_fails_with_size_and_tolerance(look):
    """Absolute, relative, and what would have been allowed."""
    layer = look(cross=RIGHT + " AND NOT returned")
    assert layer.verdict is Verdict.FAILS
    assert layer.points[0].found == (
        "We say 13 as of 6 May 2026 12:00; the cross-check of the file says 11: ours is 2 more, 18 % (a billionth is allowed)."
    )
    assert layer.tables[0].rows[0][2:] == ("13", "11", "2", "18 %", "a billionth", "fails")


def test_the_rows_behind_a_difference_are_listed(look):
    """Both roads count rows of one table, so each row can be asked: what do you add to either?"""
    layer = look(cross=RIGHT + " AND NOT returned")
    listing = layer.tables[1]
    assert listing.title == "Rows behind the difference with the cross-check of the file, as of 6 May 2026 12:00"
    assert listing.columns == ("id", "placed_at", "returned", "Ours", "Theirs")
    assert [row[1:] for row in listing.rows] == [
        ("2026-05-06 03:00:00+02:00", "True", "1", "0"),
        ("2026-05-06 11:00:00+02:00", "True", "1", "0"),
    ]


def test_rows_behind_a_difference_of_sums_weigh_most_first(look, marts):
    """A single wrong amount hides among equal ones otherwise."""
    marts("ALTER TABLE shop.orders ADD COLUMN net DOUBLE; UPDATE shop.orders SET net = amount")
    marts("UPDATE shop.orders SET net = 9.5 WHERE placed_at = TIMESTAMPTZ '2026-05-06 03:00:00+02'")
    marts("UPDATE shop.orders SET net = 1.5 WHERE placed_at = TIMESTAMPTZ '2026-05-06 04:00:00+02'")
    layer = look(
        "SELECT sum(amount) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()",
        cross="SELECT coalesce(sum(o.net) FILTER (WHERE o.placed_at <= now()), 0) FROM shop.orders AS o "
        "WHERE CAST(o.placed_at AS DATE) = current_date",
    )
    assert [row[-2:] for row in layer.tables[1].rows] == [("10.5", "1.5"), ("10.5", "9.5")]


def test_no_more_than_twenty_rows_are_listed(look):
    """Enough to see what they have in common."""
    layer = look(
        "SELECT count(*) FROM shop.orders WHERE placed_at <= now()",
        cross="SELECT count(*) FROM shop.orders WHERE placed_at >= current_date AND placed_at <= now()",
    )
    assert len(layer.tables[1].rows) == 20
    assert "there are more" in layer.tables[1].note


def test_a_difference_whose_rows_cannot_be_listed_says_why(look):
    """A median has no rows of its own."""
    layer = look(
        "SELECT median(amount) FROM shop.orders WHERE placed_at <= now()", cross="SELECT 11 + 0 * count(*) FROM shop.orders"
    )
    assert layer.verdict is Verdict.FAILS
    assert [table.title for table in layer.tables] == ["Roads to the number"]
    assert "plain counts or sums" in layer.tables[0].note


def test_float_noise_is_no_difference(look):
    """A sum in another order ends in other digits."""
    layer = look(
        "SELECT sum(amount / 3) FROM shop.orders WHERE placed_at <= now()",
        cross="SELECT sum(amount) / 3 + 1e-12 FROM shop.orders WHERE placed_at <= now()",
    )
    assert layer.verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    "text",
    [
        COUNT,
        "select COUNT( * ) -- again\nFROM shop.orders WHERE placed_at>=current_date AND placed_at<=now();",
        "SELECT count(*) AS n FROM shop.orders AS o WHERE o.placed_at <= now() AND o.placed_at >= current_date AND 1 = 1",
        f"SELECT 0 + ({COUNT})",
        f"WITH x AS ({COUNT}) SELECT max(x.n) FROM x AS x(n)",
        f"SELECT n FROM ({COUNT.replace('count(*)', 'count(*) AS n')}) AS t",
    ],
)
def test_the_same_sql_is_no_second_road(look, text):
    """However it is dressed up."""
    layer = look(rebuild_sql=text)
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert "The same SQL is no second road" in layer.why


def test_a_road_that_borrows_our_subquery_is_none(look):
    """It would share its mistakes."""
    inner = "SELECT id FROM shop.orders WHERE NOT returned"
    layer = look(
        f"SELECT count(*) FROM shop.orders WHERE id IN ({inner}) AND placed_at <= now()",
        rebuild_sql=f"SELECT count(DISTINCT t.id) FROM ({inner}) AS t",
    )
    assert layer.verdict is Verdict.NOT_EXAMINED


def test_a_cross_check_that_is_our_own_sql_is_none(look):
    """The file may not vouch for itself."""
    assert look(cross=COUNT.replace("count(*)", "count(*) AS n")).verdict is Verdict.NOT_EXAMINED


def test_a_number_in_the_clothes_of_sql_is_no_road(look):
    """Nothing was counted."""
    layer = look(rebuild_sql="SELECT 13")
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert "reads no table" in layer.why


def test_a_rebuild_that_is_no_select_is_a_failure_of_the_audit(look):
    """Nothing of it runs."""
    layer = look(rebuild_sql="DROP TABLE shop.orders", cross=RIGHT)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert "It cannot be read" in layer.why


def test_a_rebuild_that_fails_is_told_in_the_engines_words(look):
    """And the road that worked keeps its point, but the layer does not hold for it."""
    layer = look(rebuild_sql="SELECT count(nope) FROM shop.orders", cross=RIGHT)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert any('"nope" not found' in point.found for point in layer.points)
    assert any(point.verdict is Verdict.HOLDS for point in layer.points)


def test_a_rebuild_that_failed_hides_no_miss(look):
    """The worst that was seen counts."""
    layer = look(rebuild_sql="SELECT count(nope) FROM shop.orders", hand_count=Decimal("99"))
    assert (layer.verdict, layer.broken) == (Verdict.FAILS, True)


def test_a_hand_count_of_this_audit_is_compared_at_its_instant(look):
    """Thirteen orders up to noon."""
    assert look(hand_count=Decimal("13")).verdict is Verdict.HOLDS
    layer = look(hand_count=Decimal("14"))
    assert layer.verdict is Verdict.FAILS
    assert "the hand count of this audit says 14: ours is 1 less" in layer.why
    assert "half of its last digit" in layer.why


@pytest.mark.parametrize(
    ("written", "verdict"),
    [("10.5", "holds"), ("10.50", "holds"), ("10.6", "fails"), ("11", "holds"), ("10", "holds"), ("9", "fails")],
)
def test_a_count_is_as_exact_as_it_was_written(look, written, verdict):
    """Somebody who wrote 11 did not say 11.000."""
    layer = look("SELECT avg(amount) FROM shop.orders WHERE placed_at <= now()", hand_count=Decimal(written))
    assert layer.verdict == verdict


def test_a_number_of_the_notebook_is_a_road(look):
    """A pandas route shares no SQL."""
    assert look(handed=Handed(value=13, how="pandas")).verdict is Verdict.HOLDS
    layer = look(handed=Handed(value=12.5, how="pandas"))
    assert layer.verdict is Verdict.FAILS
    assert "pandas says 12.5" in layer.why


def test_kept_counts_are_checked_at_the_end_of_their_day(look, keep):
    """Of whichever day; the one that we meet and the one that we miss."""
    keep("2026-05-04", "24")
    keep("2026-04-20", "23")
    layer = look()
    assert layer.verdict is Verdict.FAILS
    assert [point.verdict for point in layer.points] == ["fails", "holds"]
    assert layer.points[0].found.startswith(
        "We say 24 at the end of 20 Apr 2026; the count of bob@x.example from the till report"
    )


def test_a_newer_count_of_a_day_replaces_the_one_before(look, keep):
    """Somebody miscounted, and counted again; both are kept, and the newer one stands."""
    keep("2026-05-04", "23")
    keep("2026-05-04", "24")
    layer = look()
    assert (layer.verdict, len(layer.points)) == (Verdict.HOLDS, 1)


def test_a_kept_count_of_the_open_day_is_checked_as_of_now(look, keep):
    """Thirteen at noon."""
    keep("2026-05-06", "13")
    assert look().verdict is Verdict.HOLDS


def test_counts_of_which_our_sql_cannot_speak_are_not_examined(look, keep):
    """Of another grain, and of the day after."""
    keep("2026-05-01", "700", period="month")
    keep("2026-05-07", "24")
    layer = look()
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert ["it is of a month" in point.found or "begins after" in point.found for point in layer.points] == [True, True]


def test_counts_of_other_metrics_are_theirs(look, keep):
    """The table holds everybody's."""
    keep("2026-05-04", "1", metric_id="returns")
    assert look().verdict is Verdict.NOT_EXAMINED


def test_a_metric_without_a_clock_cannot_be_asked_for_a_past_day(look, keep):
    """It would say today's number."""
    keep("2026-05-04", "24")
    layer = look("SELECT count(*) FROM shop.orders", cross="SELECT sum(1) FROM shop.orders")
    assert layer.verdict is Verdict.HOLDS
    assert [point.verdict for point in layer.points] == ["holds", "not examined"]


def test_a_value_against_none_fails(look):
    """An empty day is no zero."""
    layer = look(
        "SELECT sum(amount) FROM shop.orders WHERE placed_at < now() AND id < 0",
        cross="SELECT count(*) FROM shop.orders WHERE id < 0",
    )
    assert layer.verdict is Verdict.FAILS
    assert "We say no value" in layer.why


def test_no_value_on_both_roads_shows_nothing(look):
    """Agreement about nothing is no pass."""
    layer = look(
        "SELECT sum(amount) FROM shop.orders WHERE placed_at < now() AND id < 0",
        cross="SELECT max(id) FROM shop.orders WHERE id < 0",
    )
    assert layer.verdict is Verdict.NOT_EXAMINED


def test_a_shifted_boundary_is_found_at_the_end_of_the_last_period(look):
    """At noon the two say the same: nothing happened in the hour that is missing."""
    layer = look(
        "SELECT count(*) FROM shop.orders "
        "WHERE placed_at >= current_date AND placed_at < least(now(), current_date + INTERVAL 23 HOUR)",
        cross="SELECT count(*) FROM shop.orders WHERE CAST(placed_at AS DATE) = current_date AND placed_at < now()",
    )
    assert [point.verdict for point in layer.points] == ["holds", "fails", "doubtful"]


def test_a_filter_that_only_matters_in_the_past_is_found_there(look, marts):
    """At the end of the data nothing lies in the future; of another day the two say different things."""
    marts("ALTER TABLE shop.orders ADD COLUMN closed TIMESTAMPTZ; UPDATE shop.orders SET closed = placed_at + INTERVAL 20 DAY")
    marts("DELETE FROM shop.orders WHERE placed_at > TIMESTAMPTZ '2026-04-14 00:00+02'")
    old = "SELECT count(*) FROM shop.orders WHERE placed_at <= now() AND placed_at < current_date + 1"
    layer = look(
        f"{old} AND closed IS NULL",
        cross="SELECT count(*) - count(*) FILTER (WHERE closed <= now()) FROM shop.orders WHERE placed_at <= now()",
    )
    assert [point.verdict for point in layer.points] == ["holds", "holds", "doubtful"]


def test_marts_that_are_gone_break_the_layer(bench, look):
    """The report says what could not be examined."""
    look(cross=RIGHT)
    bench.workspace.marts_file.unlink()
    layer = rebuild.examine(open_case(bench, "orders", as_of=NOON, auditor="ann@x.example"))
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
