"""What a signature stands on: which changes keep the meaning of a metric and which make it another."""

import pytest

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.value_sql import Dialect, definition_hash, parse_value_sql

BOTH = pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda dialect: dialect.name)


def meaning(text: str, dialect: Dialect = DUCKDB, **changes: str) -> str:
    parts = {"grain": "day", "unit": "percent", "direction": "higher_is_worse", "judge": "running"} | changes
    return definition_hash(parse_value_sql(text, dialect), **parts)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT count(*) FROM s.a", "select COUNT( * )\n\tfrom S.a -- all of them\n;"),
        ("SELECT 1e5, x FROM s.a WHERE d < CURRENT_DATE", "/* now */ SELECT 1E5,x FROM s.a WHERE d<current_date"),
        ("SELECT x::INT FROM s.a WHERE y = 'A'", "select x :: int from s . a where y='A'"),
    ],
)
def test_comments_layout_and_case_are_cosmetic(dialect, one, other):
    """They take no signature away."""
    assert meaning(one, dialect) == meaning(other, dialect)


@BOTH
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT count(*) FROM s.a", "SELECT count(x) FROM s.a"),
        ("SELECT x FROM s.a WHERE y = 'A'", "SELECT x FROM s.a WHERE y = 'a'"),
        ("SELECT a + b * c FROM s.a", "SELECT (a + b) * c FROM s.a"),
        ("SELECT a FROM s.a", "SELECT (a) FROM s.a"),
        ("SELECT 'a b'", "SELECT 'a  b'"),
        ("SELECT 1.0", "SELECT 1.00"),
        ("SELECT x FROM s.a WHERE y = 'a --b'", "SELECT x FROM s.a WHERE y = 'a'"),
        ("SELECT x <= y FROM s.a", "SELECT x < y FROM s.a"),
    ],
)
def test_what_may_change_the_number_is_a_new_meaning(dialect, one, other):
    """Extra parentheses count, too: which of them are harmless is not ours to guess."""
    assert meaning(one, dialect) != meaning(other, dialect)


def test_quotes_around_a_name_matter_where_the_engine_says_so():
    """In PostgreSQL "A" and a are two columns; DuckDB knows one. A keyword in quotes is a name in both."""
    assert meaning('SELECT "A" FROM s.a') == meaning("SELECT a FROM s.a")
    assert meaning('SELECT "A" FROM s.a', POSTGRES) != meaning("SELECT a FROM s.a", POSTGRES)
    assert meaning('SELECT "null" FROM s.a') != meaning("SELECT null FROM s.a")
    assert meaning('SELECT "a b" FROM s.a') == meaning('SELECT "A B" FROM s.a')


def test_two_functions_that_sqlglot_reads_as_one_stay_two():
    """In DuckDB `~` wants the whole text to match and regexp_matches any part: another number."""
    assert meaning("SELECT count(*) FROM s.a WHERE x ~ 'a'") != meaning("SELECT count(*) FROM s.a WHERE regexp_matches(x, 'a')")


@pytest.mark.parametrize("change", [{"grain": "week"}, {"unit": "%"}, {"direction": "lower_is_worse"}, {"judge": "closed"}])
def test_period_unit_direction_and_judge_are_part_of_the_meaning(change):
    """The same query over weeks is another metric."""
    assert meaning("SELECT 1", **change) != meaning("SELECT 1")


def test_the_dialect_is_part_of_the_meaning_and_parts_cannot_run_into_each_other():
    """One text may say two numbers on two engines; and no unit can imitate a direction."""
    assert meaning("SELECT 1", DUCKDB) != meaning("SELECT 1", POSTGRES)
    one = definition_hash(parse_value_sql("SELECT 1", DUCKDB), grain="day", unit=None, direction="x", judge="running")
    other = definition_hash(parse_value_sql("SELECT 1", DUCKDB), grain="day", unit="x", direction=None, judge="running")
    assert one != other


def test_the_hash_does_not_drift():
    """A registry full of signatures hangs on it: if this fails, HASH_VERSION must change as well."""
    text = "SELECT 100.0 * count(*) FILTER (WHERE late) / nullif(count(*), 0) FROM shop.parcels WHERE day = current_date - 1"
    assert parse_value_sql(text, DUCKDB).canonical == (
        "select 100.0 * count ( * ) filter ( where late ) / nullif ( count ( * ) , 0 ) from shop . parcels "
        "where day = current_date - 1"
    )
    assert meaning(text) == "4ad97dda6b092294a4ddd4c836f137445fb612909a22762f1cfc5510872a6b09"
