"""Tables under nested WITHs: what DuckDB itself says it reads, we say, too."""

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.value_sql import parse_value_sql

NAMES = ["a", "b", "c"]
SOURCES = st.sampled_from([*NAMES, *(f"s.{name}" for name in NAMES), "A", '"b"', '"C"', "S.A"])


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
