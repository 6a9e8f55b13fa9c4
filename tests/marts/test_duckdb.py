"""The DuckDB engine's answers: numbers exactly, nothing as nothing, everything else by name."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib.marts import Limits, MartsError, NotOneNumber, QueryFailed, QueryRefused, Scalar, open_marts

BIG = 2**127 - 1


@pytest.fixture(scope="module")
def marts(marts_template):
    """One pool for all tests here: none of them changes anything, which is half of what they show."""
    with open_marts(str(marts_template), zone=ZoneInfo("Europe/Berlin"), limits=Limits(workers=1)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT count(*) FROM shop.sales", 1000),
        ("SELECT sum(amount) FROM shop.sales", Decimal("49500.00")),
        ("SELECT avg(id) FROM shop.sales", 499.5),
        ("SELECT 9223372036854775807", 2**63 - 1),
        (f"SELECT {BIG}", BIG),
        (f"SELECT '{2**128 - 1}'::UHUGEINT", 2**128 - 1),
        ("SELECT '0.12345678901234567890123456789012345678'::DECIMAL(38, 38)", Decimal("0." + "1234567890" * 3 + "12345678")),
        ("SELECT 0.1::DOUBLE + 0.2::DOUBLE", 0.1 + 0.2),
        ("SELECT -5::TINYINT", -5),
    ],
)
def test_a_number_keeps_all_of_its_digits(marts, sql, value):
    """What an owner signs is the engine's number, not a float near it."""
    found = marts.scalar(sql).value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "sql",
    ["SELECT NULL", "SELECT sum(amount) FROM shop.sales WHERE false", "SELECT amount FROM shop.sales WHERE false"],
)
def test_null_and_no_row_are_no_value(marts, sql):
    """An empty day is "no value", never zero."""
    assert marts.scalar(sql).value is None


def test_a_count_of_nothing_is_zero(marts):
    """Zero is a value, and differs from no value."""
    assert marts.scalar("SELECT count(*) FROM crm.customers").value == 0


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1, 2", "not_one_column"),
        ("SELECT unnest([1, 2])", "not_one_row"),
        ("SELECT true", "not_a_number"),
        ("SELECT '5'", "not_a_number"),
        ("SELECT DATE '2026-01-01'", "not_a_number"),
        ("SELECT [1]", "not_a_number"),
        ("SELECT INTERVAL 1 DAY", "not_a_number"),
        ("SELECT 1 / 0", "not_finite"),
        ("SELECT 0 / 0", "not_finite"),
        ("SELECT -1 / 0", "not_finite"),
    ],
)
def test_what_is_not_one_finite_number_says_why(marts, sql, reason):
    """BOOLEAN is a number to Python and infinity is one to DuckDB; to an owner neither is."""
    with pytest.raises(NotOneNumber) as refused:
        marts.scalar(sql)
    assert refused.value.reason == reason


def test_a_million_rows_are_not_fetched_to_be_refused(marts):
    """The type and two rows decide; the rest stays where it is."""
    with pytest.raises(NotOneNumber, match="more than one row"):
        marts.scalar("SELECT * FROM range(100000000000)", timeout_s=5)


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT nope FROM shop.sales", 1),
        ("\n\n  SELECT amount,\n    nope\n  FROM shop.sales", 4),
        ("-- a comment\n/* and\nanother */\nSELECT nope\nFROM shop.sales", 4),
        ("SELECT count(*)\nFROM shop.nope -- SELECT", 2),
        ("SELECT 1 +\n FROM shop.sales +\n 5", 2),
    ],
)
def test_a_failure_names_the_line_of_the_text_that_was_sent(marts, sql, line):
    """DuckDB counts from after the leading comments; a person counts from the top."""
    with pytest.raises(QueryFailed) as failed:
        marts.scalar(sql)
    assert failed.value.line == line
    assert "LINE" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_failure_keeps_the_engines_suggestion(marts):
    """The engine knows the column that was meant; that helps more than anything we could say."""
    with pytest.raises(QueryFailed, match=r'"amonut" not found.*"amount"'):
        marts.scalar("SELECT sum(amonut) FROM shop.sales")


def test_two_statements_are_refused(marts):
    """A second statement would run unseen; this wall stands behind `check`."""
    with pytest.raises(QueryRefused, match="exactly one SELECT; found SELECT and SELECT"):
        marts.scalar("SELECT 1; SELECT 2")


def test_a_trailing_semicolon_is_one_statement(marts):
    """People end statements; that is no second one."""
    assert marts.scalar("SELECT 1; -- done").value == 1


def test_a_batch_yields_failures_beside_numbers(marts):
    """One bad metric must not stop a tick."""
    outcomes = dict(marts.scalars([("good", "SELECT 1"), ("bad", "SELECT nope"), ("fine", "SELECT 2")]))
    assert isinstance(outcomes["good"], Scalar)
    assert isinstance(outcomes["bad"], MartsError)
    assert outcomes["fine"].value == 2


def test_describe_names_the_column_without_reading_data(marts):
    """A query of hours is described at once."""
    column = marts.describe("SELECT count(*) AS n FROM range(1000000000000) a, range(1000000) b")
    assert (column.name, column.type, column.is_number) == ("n", "BIGINT", True)


def test_describe_tells_a_number_from_a_boolean(marts):
    """The draft of a metric is judged before it is run."""
    assert not marts.describe("SELECT bool_or(amount > 5) AS any FROM shop.sales").is_number


def test_describe_names_the_line_of_an_error(marts):
    """Describing fails as usefully as running."""
    with pytest.raises(QueryFailed) as failed:
        marts.describe("-- c\nSELECT\n nope FROM shop.sales")
    assert failed.value.line == 3


def test_today_begins_at_midnight_of_the_workspace(marts_file, opened):
    """23:30 in Berlin is another day in Auckland; a day is the workspace's, on a stored column."""
    sql = "SELECT count(*) FROM shop.sales WHERE booked_at::DATE = DATE '2026-06-30'"
    assert opened(marts_file, zone=ZoneInfo("Europe/Berlin")).scalar(sql).value == 30
    assert opened(marts_file, zone=ZoneInfo("Pacific/Auckland")).scalar(sql).value == 0
    assert opened(marts_file, zone=ZoneInfo("America/Los_Angeles")).scalar(sql).value == 570


def test_a_day_on_a_clock_change_has_23_and_25_hours(marts):
    """The engine's calendar is the zone's, not 24 hours."""
    hours = "SELECT date_diff('hour', TIMESTAMPTZ '{0} 00:00', TIMESTAMPTZ '{0} 00:00' + INTERVAL 1 DAY)"
    assert marts.scalar(hours.format("2026-03-29")).value == 23
    assert marts.scalar(hours.format("2026-10-25")).value == 25


def test_tables_come_with_columns_and_rows_and_without_bookkeeping(marts):
    """What people may read, not what the loader keeps."""
    found = {(table.schema, table.name): table for table in marts.tables()}
    assert set(found) == {("crm", "customers"), ("crm", "everyone"), ("shop", "sales")}
    sales = found["shop", "sales"]
    assert sales.rows == 1000
    assert [(c.name, c.type, c.is_number) for c in sales.columns] == [
        ("id", "BIGINT", True),
        ("amount", "DECIMAL(12,2)", True),
        ("booked_at", "TIMESTAMP WITH TIME ZONE", False),
    ]
    assert found["crm", "customers"].rows == 0
    assert found["crm", "everyone"].rows is None


def test_tables_of_one_schema(marts):
    """A schema that is not there has no tables; that is no error."""
    assert [table.name for table in marts.tables("shop")] == ["sales"]
    assert marts.tables("nope") == ()


def test_rows_are_counted_after_deletes(marts_file, opened):
    """DuckDB's own estimate counts deleted rows too; a probe would believe it."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute("DELETE FROM shop.sales WHERE id >= 10")
    assert opened(marts_file).tables("shop")[0].rows == 10


def test_freshness_is_the_last_completed_load_in_utc(marts):
    """A failed load brings nothing; unknown is None, never fresh."""
    seen = marts.freshness(["shop", "crm", "nope"])
    assert seen == {"shop": datetime(2026, 7, 2, 8, 0, tzinfo=UTC), "crm": None, "nope": None}
    assert seen["shop"].utcoffset().total_seconds() == 0


def test_freshness_does_not_depend_on_the_zone(marts_file, opened):
    """An instant is the same in Auckland."""
    seen = opened(marts_file, zone=ZoneInfo("Pacific/Auckland")).freshness(["shop"])
    assert seen == {"shop": datetime(2026, 7, 2, 8, 0, tzinfo=UTC)}


def test_freshness_of_naive_load_times_reads_them_as_utc(marts_file, opened):
    """A loader that keeps plain timestamps keeps UTC."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute("CREATE TABLE crm._dlt_loads (status BIGINT, inserted_at TIMESTAMP)")
        con.execute("INSERT INTO crm._dlt_loads VALUES (0, '2026-07-02 08:00:00')")
    assert opened(marts_file).freshness(["crm"]) == {"crm": datetime(2026, 7, 2, 8, 0, tzinfo=UTC)}


def test_names_with_quotes_are_only_names(marts_file, opened):
    """Schemas and tables are data here, never SQL."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute('CREATE SCHEMA "a\'b""c"')
        con.execute('CREATE TABLE "a\'b""c"."d\'e""f" AS SELECT 1 AS x')
        con.execute('CREATE TABLE "a\'b""c"._dlt_loads (status BIGINT, inserted_at TIMESTAMPTZ)')
    marts = opened(marts_file)
    assert marts.tables("a'b\"c")[0].rows == 1
    assert marts.freshness(["a'b\"c"]) == {"a'b\"c": None}
