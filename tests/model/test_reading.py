"""The tables a query reads: examples, and what DuckDB itself says about queries made at random."""

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.value_sql import parse_value_sql

BOTH = pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda dialect: dialect.name)
NAMES = ["a", "b", "c"]
SOURCES = st.sampled_from([*NAMES, *(f"s.{name}" for name in NAMES), "A", '"b"', '"C"', "S.A"])


@BOTH
@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT count(*) FROM shop.b JOIN shop.a USING (x), Shop.A AS c", ("shop.a", "shop.b")),
        ("SELECT 1", ()),
        ("SELECT count(*) FROM parcels", ("parcels",)),
        ("SELECT count(*) FROM marts.webbank.payments", ("webbank.payments",)),
        ("WITH t AS (SELECT * FROM s.a) SELECT count(*) FROM t", ("s.a",)),
        ("WITH t AS (SELECT * FROM t) SELECT count(*) FROM t", ("t",)),  # the inner one is the table
        ("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT count(*) FROM t", ()),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT count(*) FROM b", ("b",)),
        ("SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) x, t", ("t",)),  # its CTE ends with the parenthesis
        ("WITH t AS (SELECT 1) SELECT 1 FROM t UNION ALL (SELECT 2 FROM t UNION ALL SELECT 3 FROM s.t)", ("s.t",)),
        ("WITH t AS (SELECT 1) SELECT (SELECT max(x) FROM t WHERE x IN (SELECT y FROM u))", ("u",)),
        (
            "WITH a AS (WITH b AS (SELECT * FROM s.x) SELECT * FROM b, c), c AS (SELECT 1) SELECT * FROM a, b, c",
            ("b", "c", "s.x"),
        ),
        ('SELECT count(*) FROM "s"."a b"', ("s.a b",)),
    ],
)
def test_tables_are_what_is_read_and_no_cte(dialect, text, tables):
    """`sources` must cover them."""
    assert parse_value_sql(text, dialect).tables == tables


def test_quoted_names_are_compared_as_the_engine_does():
    """DuckDB folds them, PostgreSQL does not."""
    text = 'WITH "U" AS (SELECT 1) SELECT count(*) FROM "U", u, "Shop"."T", Shop.T'
    assert parse_value_sql(text, DUCKDB).tables == ("shop.t",)
    assert parse_value_sql(text, POSTGRES).tables == ("Shop.T", "shop.t", "u")


def test_postgres_lets_a_recursive_with_look_ahead():
    """There `WITH RECURSIVE` shows all its CTEs to each other."""
    text = "WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1 AS q) SELECT count(*) FROM a"
    assert parse_value_sql(text, POSTGRES).tables == ()
    assert parse_value_sql(text, DUCKDB).tables == ("b",)


@st.composite
def queries(draw: st.DrawFn, depth: int = 3) -> str:
    """A query whose CTEs are called like the tables it reads; every CTE is used, since DuckDB leaves out what is not."""
    if not depth:
        return f"select x from {draw(SOURCES)}"
    inner = queries(depth - 1)
    ctes = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    source = draw(st.one_of(SOURCES, inner.map("({}) z".format)))
    query = f"select x from {source}"
    if draw(st.booleans()):
        query += f" where x in ({draw(inner)})"
    if draw(st.booleans()):
        query += f" union all ({draw(inner)})"
    query += "".join(f" union all select x from {cte}" for cte in ctes)
    if ctes:
        recursive = draw(st.sampled_from(["", "recursive "]))
        query = f"with {recursive}" + ", ".join(f"{cte} as ({draw(inner)})" for cte in ctes) + f" {query}"
    return f"({query})" if draw(st.booleans()) else query


@given(text=queries())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_table_that_duckdb_reads_is_missed(duck, text):
    """A source that a metric reads and does not name would go stale unseen.

    DuckDB leaves out tables behind a CTE that it finds it need not look at; those we name as well.
    """
    note(text)
    theirs = {name.lower() for name in duck.get_table_names(text, qualified=True)}
    ours = set(parse_value_sql(text, DUCKDB).tables)
    assert theirs <= ours
    assert ours <= {*NAMES, *(f"s.{name}" for name in NAMES)}
