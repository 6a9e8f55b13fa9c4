"""The live source: what the loader's books say, whatever the tile says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from heartbeat_lib.audit import source
from heartbeat_lib.audit.case import open_case
from heartbeat_lib.marts.load import load_tables
from heartbeat_lib.model.verdict import Verdict
from heartbeat_lib.workspace import Workspace

NOW = datetime.now(UTC).replace(microsecond=0)
COUNT = "SELECT count(*) FROM shop.orders AS o WHERE o.placed_at >= current_date AND o.paid IS NULL AND placed_at <= now()"
ORDERS = {
    "orders": pa.table({"id": [1, 2, 3], "placed_at": [NOW, NOW, NOW], "paid": [None, "yes", None], "left": [1, 2, 3]}),
    "rates": pa.table({"currency": ["EUR", "USD"], "rate": [1.0, 1.1]}),
}


@pytest.fixture
def shop(bench, marts, deployed):
    """A shop loaded through dlt; `books` puts other loads into its books, each as long ago as given (negative: it failed)."""
    file = bench.workspace.marts_file
    load_tables(file, schema="shop", tables=ORDERS, zone=ZoneInfo("Europe/Berlin"), state_dir=file.parent)

    def books(*hours, schema="shop"):
        marts(f"DELETE FROM {schema}._dlt_loads")
        for number, ago in enumerate(hours):
            at = NOW - timedelta(hours=abs(ago))
            values = f"('{number}', '{schema}', {int(ago < 0)}, TIMESTAMPTZ '{at.isoformat()}', 'x')"
            marts(
                f"INSERT INTO {schema}._dlt_loads (load_id, schema_name, status, inserted_at, schema_version_hash) "
                f"VALUES {values}"
            )

    books(1)
    deployed(orders=COUNT)
    return books


@pytest.fixture
def promised(bench):
    """Writes a promise for the shop into the workspace's file."""

    def promise(max_age):
        toml = bench.workspace.root / "heartbeat.toml"
        toml.write_text(
            toml.read_text("utf-8") + f'\n[[source]]\nschema = "shop"\nfolder = "data"\nmax_age = "{max_age}"\n', "utf-8"
        )
        bench.workspace = Workspace.find(bench.workspace.root)

    return promise


def look(bench, metric_id="orders", as_of=None):
    return source.examine(open_case(bench, metric_id, auditor="ann@x.example", as_of=as_of or NOW))


def point(layer, what):
    (found,) = [point for point in layer.points if point.what == what]
    return found


def test_a_load_within_the_promise_holds(bench, shop, promised):
    """And says when it was, how old that is, and what was promised."""
    promised("26h")
    layer = look(bench)
    assert layer.verdict is Verdict.HOLDS
    assert not layer.broken
    found = point(layer, "Last load of shop.orders").found
    assert found.startswith("The last load that brought rows into shop.orders ended on ")
    assert found.endswith(", 60 min before the audited instant; 26 h was promised.") or "1 h before" in found


def test_a_load_past_the_promise_fails(bench, shop, promised):
    """A person gave their word."""
    promised("26h")
    shop(27)
    layer = look(bench)
    assert layer.verdict is Verdict.FAILS
    assert "27 h before the audited instant; 26 h was promised" in layer.why


def test_a_fresh_tile_hides_no_stale_source(bench, shop, promised):
    """The stored source_as_of says an hour; the books say three days."""
    promised("26h")
    shop(72)
    with bench.store.connect_migrating() as admin:
        admin.execute("UPDATE heartbeat.metric_history SET source_as_of = now(), stale = false")
    assert look(bench).verdict is Verdict.FAILS


def test_loads_far_behind_their_rhythm_are_doubtful(bench, shop):
    """Nobody promised anything; hourly loads stopped five hours ago."""
    shop(8, 7, 6, 5)
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert "loads usually come every 1 h" in layer.why


def test_loads_in_their_rhythm_hold(bench, shop):
    """Three rhythms are allowed, as on the cockpit."""
    shop(6, 5, 4, 3)
    assert look(bench).verdict is Verdict.HOLDS


@pytest.mark.parametrize(("ago", "verdict"), [(23, Verdict.HOLDS), (26, Verdict.DOUBTFUL)])
def test_without_promise_and_rhythm_the_metrics_period_is_the_measure(bench, shop, ago, verdict):
    """A daily number from files older than a day deserves a look."""
    shop(ago)
    assert look(bench).verdict is verdict


def test_a_load_after_the_audited_instant_has_no_age(bench, shop, promised):
    """An audit of last week is made on today's marts."""
    promised("26h")
    layer = look(bench, as_of=NOW - timedelta(days=3))
    assert layer.verdict is Verdict.HOLDS
    assert "after the audited instant" in point(layer, "Last load of shop.orders").found


def test_failed_loads_since_the_last_good_one_are_doubtful(bench, shop):
    """The books of the loader have them."""
    shop(3, -2, -1)
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert point(layer, "Failed loads of shop.orders").found == "Since then 2 loads of shop failed."


def test_failures_that_only_ticks_know_are_told_in_their_words(bench, shop):
    """A file that could not be read never reached the loader's books."""
    with bench.store.connect_migrating() as admin:
        admin.execute(
            "INSERT INTO heartbeat.source_state (source_schema, failed_loads, last_error, seen_at) "
            "VALUES ('shop', 1, 'orders.csv, line 7: no number', now()) "
            "ON CONFLICT (source_schema) DO UPDATE SET failed_loads = 1, last_error = excluded.last_error"
        )
    found = point(look(bench), "Failed loads of shop.orders").found
    assert found == "Since then 1 load of shop failed. The last one said: orders.csv, line 7: no number"


def test_only_failed_loads_are_no_freshness(bench, shop):
    """Whoever wrote that line tried and did not arrive."""
    shop(-1)
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert "No load of shop.orders ever completed" in layer.why


def test_a_table_without_books_is_not_examined(bench, marts, deployed):
    """Unknown is never fresh."""
    marts("CREATE SCHEMA till; CREATE TABLE till.sales AS SELECT now() AS sold_at")
    deployed(sales="SELECT count(*) FROM till.sales WHERE sold_at <= now()")
    layer = look(bench, "sales")
    assert layer.verdict is Verdict.NOT_EXAMINED
    assert not layer.broken


def test_the_table_of_ages_has_every_table(bench, shop, marts, deployed):
    """One with books, one without."""
    marts("CREATE SCHEMA till; CREATE TABLE till.sales AS SELECT now() AS sold_at")
    deployed(both="SELECT (SELECT count(*) FROM shop.rates) + (SELECT count(*) FROM till.sales WHERE sold_at <= now())")
    ages = look(bench, "both").tables[0]
    assert ages.columns[0] == "Table"
    assert [row[0] for row in ages.rows] == ["shop.rates", "till.sales"]
    assert ages.rows[1][1] == "–"


def test_only_columns_that_are_read_are_looked_at(bench, shop):
    """With type and how many rows have no value; `left` is read by nobody."""
    (columns,) = [table for table in look(bench).tables if table.title == "Columns it reads"]
    assert columns.rows == (
        ("shop.orders", "placed_at", "TIMESTAMP WITH TIME ZONE", "3", "0"),
        ("shop.orders", "paid", "VARCHAR", "3", "2"),
    )


def test_a_column_without_any_value_is_doubtful(bench, shop, marts):
    """A source that stopped filling it gives a number all the same."""
    marts("UPDATE shop.orders SET paid = NULL")
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert "shop.orders.paid is read and has no value in any of its 3 rows." in layer.why


def test_an_empty_table_is_doubtful(bench, shop, marts):
    """Zero of nothing."""
    marts("DELETE FROM shop.orders")
    assert point(look(bench), "Rows of shop.orders").found == "shop.orders is empty."


def test_a_table_that_stopped_growing_is_seen_behind_a_busy_schema(bench, shop, marts, promised):
    """Its rows say which load brought them; the last loads brought it none."""
    promised("26h")
    shop(100, 50, 2)
    marts("ALTER TABLE shop.orders ADD COLUMN _dlt_load_id VARCHAR; UPDATE shop.orders SET _dlt_load_id = '0'")
    layer = look(bench)
    assert layer.verdict is Verdict.DOUBTFUL
    assert "4 days before the audited instant; 26 h was promised, and loads of other tables" in layer.why
    (loads,) = [table for table in layer.tables if table.title == "The last loads"]
    assert [row[3] for row in loads.rows] == ["0", "0", "3"]


def test_a_table_that_is_gone_is_a_failure_of_the_audit(bench, shop, marts):
    """The report is written; nothing in it holds."""
    marts("DROP TABLE shop.orders")
    layer = look(bench)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert "shop.orders is not in the marts" in layer.why


def test_marts_that_are_gone_say_so(bench, shop):
    """In the engine's words."""
    bench.workspace.marts_file.unlink()
    layer = look(bench)
    assert (layer.verdict, layer.broken) == (Verdict.NOT_EXAMINED, True)
    assert "could not be examined" in layer.why


def test_a_hostile_name_of_a_column_stays_a_name(bench, marts, deployed):
    """A column's name is data, not SQL."""
    marts("""CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 1 AS "a""; DROP TABLE x; --" """)
    deployed(odd=("""SELECT sum("a""; DROP TABLE x; --") FROM shop.orders""", {"sources": "shop.orders"}))
    layer = look(bench, "odd")
    assert not layer.broken, layer.why
    assert [row[1] for table in layer.tables if table.title == "Columns it reads" for row in table.rows] == [
        'a"; DROP TABLE x; --'
    ]
