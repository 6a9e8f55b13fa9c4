"""The box itself, without the wall of one SELECT before it: the opened connection lets nothing through."""

from pathlib import Path

import duckdb
import pytest

from heartbeat_lib.marts.duckdb_worker import first_line, is_number_type, open_marts


@pytest.fixture
def boxed(marts_file: Path):
    seen = marts_file.stat()
    request = {
        "path": str(marts_file),
        "identity": [seen.st_dev, seen.st_ino],
        "zone": "Europe/Berlin",
        "threads": 1,
    }
    with open_marts(request, 1 << 30) as con:
        yield con


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE shop.x (i INTEGER)", "read-only"),
        ("INSERT INTO crm.customers VALUES (1, 'x')", "read-only"),
        ("DROP TABLE shop.sales", "read-only"),
        ("SET threads = 8", "locked"),
        ("SET GLOBAL enable_external_access = true", "locked"),
        ("SET TimeZone = 'UTC'", "locked"),
        ("RESET memory_limit", "locked"),
        ("COPY shop.sales TO '/tmp/heartbeat_hostile.csv'", "disabled"),
        ("SELECT * FROM read_text('/etc/passwd')", "disabled"),
        ("ATTACH '/tmp/heartbeat_hostile.duckdb'", "disabled"),
        ("INSTALL httpfs", "disabled"),
        ("LOAD '/tmp/x.duckdb_extension'", "disabled"),
    ],
)
def test_the_opened_file_refuses_writes_files_and_settings(boxed, statement, words):
    """Each wall must hold where the one before it has a hole."""
    with pytest.raises(duckdb.Error, match=words):
        boxed.execute(statement)


def test_a_cursor_inherits_the_zone_and_the_locks(boxed):
    """DuckDB's plain SET does not reach a second connection, and every query has its own."""
    assert boxed.cursor().execute("SELECT current_setting('TimeZone')").fetchall() == [("Europe/Berlin",)]
    with pytest.raises(duckdb.Error, match="locked"):
        boxed.cursor().execute("SET TimeZone = 'UTC'")


def test_python_variables_are_no_tables(boxed):
    """The worker's own names must not become readable."""
    secret = duckdb.sql("SELECT 42 AS x")
    with pytest.raises(duckdb.CatalogException):
        boxed.execute("SELECT * FROM secret")
    assert secret.fetchall() == [(42,)]


@pytest.mark.parametrize("name", ["UTINYINT", "HUGEINT", "UHUGEINT", "DOUBLE", "DECIMAL(38,9)"])
def test_integers_decimals_and_floats_are_numbers(name):
    """All of them, by DuckDB's names."""
    assert is_number_type(name)


@pytest.mark.parametrize("name", ["BOOLEAN", "VARCHAR", "DATE", "INTERVAL", "INTEGER[]", "BIGNUM", "STRUCT(a INTEGER)"])
def test_everything_else_is_none(name):
    """A list of integers is no integer."""
    assert not is_number_type(name)


def test_lines_before_a_statement_are_counted_from_its_last_occurrence():
    """A comment may quote the query that follows it."""
    assert first_line("-- SELECT 1\n\nSELECT 1", "SELECT 1") == 2
