"""Demo banks and the marts made of them, each made once for all tests that look at it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from heartbeat_lib.demo.bank import bank

BERLIN = ZoneInfo("Europe/Berlin")

Bank = Mapping[str, Mapping[str, pa.Table]]


@pytest.fixture(scope="session")
def bank_of() -> Callable[..., Bank]:
    """`bank_of(ending, until=None)`: the bank in Berlin."""
    return cache(lambda ending, until=None: bank(ending=ending, until=until, zone=BERLIN))


@pytest.fixture(scope="session")
def marts_of(bank_of) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """`marts_of(ending, until=None)`: a DuckDB in memory that holds the bank and keeps Berlin's time."""
    opened: list[duckdb.DuckDBPyConnection] = []

    @cache
    def marts(ending: date, until: datetime | None = None) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        opened.append(connection)
        connection.execute("SET GLOBAL TimeZone = 'Europe/Berlin'")
        for schema, tables in bank_of(ending, until).items():
            connection.execute(f"CREATE SCHEMA {schema}")
            for name, rows in tables.items():
                connection.register("rows", rows)
                connection.execute(f"CREATE TABLE {schema}.{name} AS FROM rows")
                connection.unregister("rows")
        return connection

    yield marts
    for connection in opened:
        connection.close()
