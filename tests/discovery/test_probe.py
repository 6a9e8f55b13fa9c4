"""What the marts hold, and whether it is alive."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from heartbeat_lib.discovery.probe import NoSuchSchemaError, State, catalogue
from heartbeat_lib.marts import MartsUnreachable
from heartbeat_lib.model.json_text import json_text
from heartbeat_lib.store import Role
from heartbeat_lib.workspace import Workspace
from tests.discovery.conftest import NOW

DAILY = "SELECT i AS id, TIMESTAMPTZ '2026-11-24 09:00+01' - to_days(i::INTEGER // 10) AS placed_at FROM range(400) AS t(i)"


@pytest.fixture
def look(bench, marts):
    """`look(sql)`: the catalogue after some SQL on the marts, by table."""

    def see(sql: str, *, now: datetime = NOW):
        marts(f"CREATE SCHEMA IF NOT EXISTS shop; {sql}")
        return {row.table: row for row in catalogue(bench, now=now)}

    return see


def loaded(hours: float, load_id: str = "1") -> str:
    """The books of a loader whose last load ended so long ago."""
    return (
        "CREATE TABLE IF NOT EXISTS shop._dlt_loads (load_id VARCHAR, status INTEGER, inserted_at TIMESTAMPTZ); "
        f"INSERT INTO shop._dlt_loads VALUES ('{load_id}', 0, TIMESTAMPTZ '{NOW - timedelta(hours=hours)}')"
    )


def promise(bench, span: str) -> None:
    """Somebody promised how old the shop's data may get."""
    toml = bench.workspace.root / "heartbeat.toml"
    toml.write_text(toml.read_text("utf-8") + f'\n[[source]]\nschema = "shop"\nfolder = "exports"\nmax_age = "{span}"\n', "utf-8")
    bench.workspace = Workspace.find(bench.workspace.root)


def test_a_table_that_lives_is_populated(look):
    """Rows, its column of time, the newest in the workspace's zone, the last load."""
    row = look(f"CREATE TABLE shop.orders AS {DAILY}; {loaded(1)}")["shop.orders"]
    assert (row.state, row.rows, row.time_column) == (State.POPULATED, 400, "placed_at")
    assert row.newest == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert row.last_load == NOW - timedelta(hours=1)
    assert row.why == "400 rows on 40 days by placed_at."


def test_no_rows_and_no_times_are_dead(look):
    """There is nothing to build upon."""
    rows = look(
        "CREATE TABLE shop.empty (id INTEGER); CREATE TABLE shop.blank AS SELECT 1 AS id, NULL::DATE AS paid_on FROM range(50)"
    )
    assert rows["shop.empty"].state is State.DEAD
    assert rows["shop.empty"].why == "It has no rows."
    assert rows["shop.blank"].state is State.DEAD
    assert "paid_on has no value" in rows["shop.blank"].why


def test_what_is_long_gone_is_dead_now_and_was_alive_then(look):
    """A bank of the nineties, seen from today and from its own last day."""
    sql = "CREATE TABLE shop.loans AS SELECT i AS id, DATE '1998-12-31' - i::INTEGER AS granted_on FROM range(100) AS t(i)"
    row = look(sql)["shop.loans"]
    assert row.state is State.DEAD
    assert "newest granted_on is of 1998-12-31, 27 years ago" in row.why
    assert look("", now=datetime(1998, 12, 31, 11, tzinfo=UTC))["shop.loans"].state is State.POPULATED


def test_a_load_older_than_promised_is_stale(bench, look):
    """However new its rows are."""
    promise(bench, "26h")
    row = look(f"CREATE TABLE shop.orders AS {DAILY}; {loaded(27)}")["shop.orders"]
    assert row.state is State.STALE
    assert row.why == "400 rows; its last load ended 27 h ago, and 26 h was promised."


def test_without_a_promise_three_rhythms_are_allowed(bench, look):
    """As ticks saw the loads come."""
    with bench.store.connect(Role.COMPUTE) as connection:
        connection.execute(
            "INSERT INTO heartbeat.source_state (source_schema, usual_rhythm, seen_at) VALUES ('shop', interval '1 hour', now())"
        )
    assert look(f"CREATE TABLE shop.orders AS {DAILY}; {loaded(2.9)}")["shop.orders"].state is State.POPULATED
    row = look(f"DELETE FROM shop._dlt_loads; {loaded(3.1)}")["shop.orders"]
    assert row.state is State.STALE
    assert "loads usually come every 60 min" in row.why or "loads usually come every 1 h" in row.why


def test_rows_that_stopped_coming_are_stale_behind_a_load_in_time(bench, look):
    """The file is brought every hour, and nothing new is in it."""
    promise(bench, "26h")
    old = DAILY.replace("2026-11-24", "2026-11-20")
    row = look(f"CREATE TABLE shop.orders AS {old}; {loaded(1)}")["shop.orders"]
    assert row.state is State.STALE
    assert "newest placed_at is of 2026-11-20, 4 days ago" in row.why


def test_a_monthly_table_may_be_silent_for_weeks(bench, look):
    """Its own pauses are the measure, not the promise of the load."""
    promise(bench, "26h")
    monthly = "SELECT DATE '2026-11-01' - to_months(i::INTEGER // 5) AS called_on FROM range(60) AS t(i)"
    assert look(f"CREATE TABLE shop.calls AS {monthly}; {loaded(1)}")["shop.calls"].state is State.POPULATED


def test_a_table_is_as_old_as_the_last_load_that_brought_it_rows(bench, look):
    """A busy schema hides nothing where rows say which load brought them."""
    promise(bench, "26h")
    table = f"CREATE TABLE shop.orders AS SELECT *, 'old' AS _dlt_load_id FROM ({DAILY})"
    row = look(f"{table}; {loaded(50, 'old')}; {loaded(1, 'new')}")["shop.orders"]
    assert (row.state, row.last_load) == (State.STALE, NOW - timedelta(hours=50))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{DAILY} LIMIT 29", "29 rows: too few"),
        (f"{DAILY} LIMIT 60", "60 rows on 6 days by placed_at: too few days"),
        (DAILY.replace("2026", "2027"), "400 rows, all of them dated after now"),
    ],
)
def test_too_little_is_thin(look, query, words):
    """Under 30 rows, under 7 days, or nothing that has happened yet."""
    row = look(f"CREATE TABLE shop.orders AS {query}")["shop.orders"]
    assert row.state is State.THIN
    assert words in row.why


def test_what_is_dated_after_now_is_not_the_newest(look):
    """A typing error of the year 2062 would make a dead table look fresh."""
    sql = f"CREATE TABLE shop.orders AS {DAILY}; INSERT INTO shop.orders VALUES (0, '2062-01-01'), (1, 'infinity')"
    assert look(sql)["shop.orders"].newest == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_a_day_is_not_over_before_its_end(bench, look):
    """At noon, a promise of three hours is kept by today's date."""
    promise(bench, "3h")
    sql = "CREATE TABLE shop.rates AS SELECT DATE '2026-11-24' - i::INTEGER // 4 AS rate_on FROM range(100) AS t(i)"
    row = look(f"{sql}; {loaded(1)}")["shop.rates"]
    assert (row.state, row.newest) == (State.POPULATED, date(2026, 11, 24))


def test_the_column_of_time_is_an_event_before_a_plan_and_never_a_birthday(look):
    """By name; in the table's order among equals."""
    rows = look("""
        CREATE TABLE shop.a AS SELECT now() AS due_at, now() AS closed_at, now() AS opened_at, now() AS paid_at;
        CREATE TABLE shop.b AS SELECT now() AS valid_until, now() AS updated_at;
        CREATE TABLE shop.c AS SELECT DATE '1980-01-01' AS born_on
    """)
    assert [rows[f"shop.{name}"].time_column for name in "abc"] == ["opened_at", "updated_at", None]


def test_a_view_is_not_counted_and_dead_where_it_is_empty_or_broken(look):
    """One row is asked for."""
    rows = look("""
        CREATE TABLE shop.orders AS SELECT 1 AS id; CREATE TABLE shop.gone AS SELECT 1 AS id;
        CREATE VIEW shop.some AS FROM shop.orders; CREATE VIEW shop.none AS FROM shop.orders WHERE id > 1;
        CREATE VIEW shop.broken AS SELECT 1 // (id - 1) AS x FROM shop.gone WHERE error('no such thing') IS NULL
    """)
    assert [rows[f"shop.{name}"].state for name in ("some", "none", "broken")] == [State.POPULATED, State.DEAD, State.DEAD]
    assert [rows[f"shop.{name}"].rows for name in ("some", "none", "broken")] == [None, None, None]
    assert "no such thing" in rows["shop.broken"].why


def test_hostile_names_are_names(look):
    """In SQL and on the page."""
    rows = look("""CREATE TABLE shop."x""; DROP TABLE y; <b>" AS SELECT now() AS "at""; --" """)
    assert rows['shop.x"; DROP TABLE y; <b>'].rows == 1


def test_it_is_shown_as_a_table_and_as_json(bench, look):
    """An analyst reads it in a notebook."""
    look(f'CREATE TABLE shop."<b>" AS {DAILY}; CREATE TABLE shop.empty (id INTEGER)')
    found = catalogue(bench, "shop", now=NOW)
    assert repr(found) == "2 tables: 1 populated, 1 dead"
    assert "shop.&lt;b&gt;" in found._repr_html_()
    assert '"state": "dead"' in json_text(found.json())


def test_a_schema_without_tables_is_refused_with_those_that_there_are(bench, look):
    """A typing error."""
    look("CREATE TABLE shop.orders AS SELECT 1 AS id")
    with pytest.raises(NoSuchSchemaError, match="They have shop"):
        catalogue(bench, "shopp")


def test_marts_that_nobody_loaded_say_so(bench):
    """In the marts' own words."""
    with pytest.raises(MartsUnreachable):
        catalogue(bench)
