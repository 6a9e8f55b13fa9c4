"""Pinning as a law: in queries made at random exactly the planted clocks are replaced, and the engines agree.

The queries hold everything that looks like a clock and is none: columns, aliases and tables called so, texts, comments,
dollar quotes. The engines are real; inside one transaction their own clock stands still, so a query and its pinned text must
give the same rows.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.lexer import TokenKind, scan
from heartbeat_lib.model.value_sql import ClockKind, Dialect, ValueSqlRefused, parse_value_sql

BERLIN = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 6, 30, 22, 30, 0, 123456, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]).map(ZoneInfo)
DIALECT = {dialect.name: dialect for dialect in (DUCKDB, POSTGRES)}
DIALECTS = pytest.mark.parametrize("name", DIALECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A clock as it was planted: its spelling and what it is."""

    text: str
    kind: ClockKind


Part = str | Plant
Query = list[Part]

GAPS = st.sampled_from(["", " ", "\n", "\t", "/* now() */", "/* a /* nested current_date */ one */", " -- today()\n", "--'\r"])
SPACES = st.sampled_from([" ", "\n", " /* current_date */ ", " -- now() '\n", "\t/**/", "\r\n"])
TEXTS = {
    "duckdb": [
        "'now()'",
        "'it''s current_date'",
        "$$now()$$",
        "$q$ today() $$ $q$",
        "E'\\' now()'",
        "'--'",
        "'/*'",
        "'now'",
    ],
    "postgres": [
        "'it''s current_date'",
        "$q$select now() $$ x$q$",
        "E'\\' later now()'",
        "'--'",
        "'/*'",
        "'now'::text = 'x'",
    ],
}
COLUMNS = {
    "duckdb": ["t.now", "t.today", '"now"', '"today"', "now", "today", '"NOW"', "T.Now"],
    "postgres": [
        "t.now",
        "t.today",
        't."current_date"',
        "t.current_date",
        '"now"',
        '"current_date"',
        "now",
        "today",
        "T.Now",
    ],
}


@st.composite
def clocks(draw: st.DrawFn, dialect: Dialect, names: frozenset[str]) -> Query:
    name = draw(st.sampled_from(sorted(names)))
    spelled = "".join(draw(st.sampled_from([letter, letter.upper()])) for letter in name)
    if name not in dialect.bare or (name in dialect.called and draw(st.booleans())):
        spelled += f"{draw(GAPS)}({draw(GAPS)})"
    return [Plant(text=spelled, kind=dialect.clocks[name])]


@st.composite
def values(draw: st.DrawFn, dialect: Dialect, names: frozenset[str], depth: int = 2) -> Query:
    """An expression of type text."""
    leaf = draw(st.integers(0, 3 if depth else 2))
    if leaf == 0:
        return ["CAST(", *draw(clocks(dialect, names)), draw(SPACES), "AS", draw(SPACES), "TEXT)"]
    if leaf == 1:
        return [f"({draw(st.sampled_from(COLUMNS[dialect.name]))})::text"]
    if leaf == 2:
        return [f"({draw(st.sampled_from(TEXTS[dialect.name]))})::text"]
    one, two = (draw(values(dialect, names, depth - 1)) for _ in range(2))
    frame = draw(st.sampled_from(["coalesce", "case", "concat", "extract", "subquery"]))
    if frame == "coalesce":
        return ["coalesce(", draw(GAPS), *one, ",", draw(GAPS), *two, ")"]
    if frame == "case":
        return ["CASE WHEN", draw(SPACES), *one, " < ", *two, draw(SPACES), "THEN ", *two, " ELSE ", *one, " END"]
    if frame == "concat":
        return ["(", *one, draw(GAPS), "|| ", draw(GAPS), *two, ")"]  # sqlglot reads ||/* as the operator ||/
    if frame == "extract":
        day = draw(clocks(dialect, frozenset({"current_date"})))
        return ["extract(", draw(GAPS), "year from ", *day, " - 7)::text || ", *one]
    inner = draw(st.sampled_from(["now", "today", '"now"', '"current_date"']))
    return ["(SELECT max(", inner, ".x) FROM (SELECT ", *one, " AS x) AS ", inner, " WHERE ", *two, " IS NOT NULL)::text"]


@st.composite
def queries(draw: st.DrawFn, dialect: Dialect, names: frozenset[str]) -> Query:
    """A SELECT of texts over `shop.t`, perhaps through a CTE or a subquery, perhaps a UNION, with its clocks apart."""
    gap = draw(SPACES)
    select: Query = ["SELECT", gap, *draw(values(dialect, names)), " AS today,", gap, *draw(values(dialect, names))]
    # DuckDB lets a column called `current_date` come before the clock, so an alias may be called so in PostgreSQL only.
    select += [' AS "now" ' if dialect is DUCKDB else " AS current_date "]
    where: Query = [gap, "WHERE ", *draw(values(dialect, names)), " IS NOT NULL"] if draw(st.booleans()) else []
    source = draw(st.sampled_from(["table", "cte", "subquery"]))
    if source == "table":
        query = [*select, "FROM shop.t AS t", *where]
    elif source == "subquery":
        query = [*select, "FROM (SELECT * FROM shop.t) t", *where]
    else:
        clock = draw(values(dialect, names, 1))
        query = ["WITH t AS (SELECT *, ", *clock, " AS clock FROM shop.t)", gap, *select, "FROM t", *where]
    if source != "cte" and draw(st.booleans()):
        query = [*query, gap, "UNION ALL ", *select, "FROM shop.t t"]
    tail = draw(st.sampled_from(["", ";", " -- now()", "\n/* current_date */ ; "]))
    return [*query, " ORDER BY 1, 2", tail]


def text_of(query: Query) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in query)


def expected(query: Query, dialect: Dialect, as_of: datetime, zone: ZoneInfo) -> str:
    return "".join(part if isinstance(part, str) else dialect.clock_text(part.kind, as_of, zone) for part in query)


def every_clock(dialect: Dialect) -> frozenset[str]:
    return frozenset(dialect.clocks)


@DIALECTS
@given(data=st.data(), as_of=INSTANTS, zone=ZONES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_exactly_the_planted_clocks_are_replaced(name, data, as_of, zone):
    """All else stays byte for byte: comments, texts, names; and a pinned text has no clock left to replace."""
    dialect = DIALECT[name]
    query = data.draw(queries(dialect, every_clock(dialect)))
    note(text_of(query))
    value_sql = parse_value_sql(text_of(query), dialect)
    pinned = value_sql.pinned(as_of, zone)
    assert pinned == expected(query, dialect, as_of, zone)
    assert value_sql.has_clock == any(isinstance(part, Plant) for part in query)
    assert value_sql.tables == ("shop.t",)
    again = parse_value_sql(pinned, dialect)
    assert not again.has_clock
    assert again.pinned(AS_OF, BERLIN) == pinned


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_duckdb_gives_the_same_rows_for_a_query_and_its_pinned_text(duck, data):
    """Inside a transaction its clock stands still: what it says is what we pin."""
    text = text_of(data.draw(queries(DUCKDB, every_clock(DUCKDB))))
    note(text)
    duck.execute("BEGIN")
    try:
        now = datetime.fromtimestamp(duck.execute("SELECT epoch_us(now())").fetchone()[0] // 1000000, UTC)
        micros = duck.execute("SELECT epoch_us(now()) % 1000000").fetchone()[0]
        as_of = now.replace(microsecond=micros)
        pinned = parse_value_sql(text, DUCKDB).pinned(as_of, BERLIN)
        assert duck.execute(pinned).fetchall() == duck.execute(text).fetchall()
    finally:
        duck.execute("ROLLBACK")
    assert len(duckdb_clocks(duck, text)) == len(parse_value_sql(text, DUCKDB)._kinds)
    assert duckdb_clocks(duck, pinned) == []


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_postgres_gives_the_same_rows_for_a_query_and_its_pinned_text(postgres, data):
    """The same on PostgreSQL; there `statement_timestamp()` moves on within a transaction and is left out."""
    text = text_of(data.draw(queries(POSTGRES, every_clock(POSTGRES) - {"statement_timestamp"})))
    note(text)
    with postgres.transaction():
        now = postgres.execute("SELECT now()").fetchone()[0]
        pinned = parse_value_sql(text, POSTGRES).pinned(now, BERLIN)
        assert run(postgres, pinned) == run(postgres, text)


def run(postgres: psycopg.Connection, text: str) -> list[Any]:
    return postgres.execute(text.encode()).fetchall()


SOUP = st.lists(
    st.sampled_from(
        [
            *("now()", "NOW ( )", "current_date", "today()", "localtimestamp", "current_time", "now", "today", '"now"'),
            *("t.current_date", "'now()'", "'", "''", '"', '""', "--", "\n", "\r", "/*", "*/", "$$", "$q$", "E'", "e'\\''"),
            *("\\", "'a'", '"x"', "x", "t.", ".", " ", ",", "(", ")", "+", "-", "::date", "as ", "from shop.t ", "where "),
            *("1", "1.", "5e", "{", "}", "[", "]", ":", "'k': ", "lambda y: y", "->", "select ", "union all select "),
            *(
                "with c as (select ",
                "case when ",
                "then ",
                "end ",
                "and ",
                "@",
                "#1",
                "filter (where ",
                "order by ",
                "limit 1",
            ),
            *("$", "?", "%", "x'1f'", "N'x'", "u&'x'", "\xa0", "ß", "not ", "in (", "exists (select ", "as current_date"),
            *(
                "age(x)",
                "at time zone 'UTC'",
                "between ",
                "list_transform([1], lambda z: ",
                "{#",
                "#}",
                "{{",
                "/*+",
                "//",
                "//*",
            ),
        ]
    ),
    min_size=1,
    max_size=14,
).map(lambda parts: "select " + "".join(parts))


@given(text=SOUP)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_nonsense_hides_a_clock_from_us_that_duckdb_sees(duck, text):
    """Whatever we let pass, DuckDB's own parser finds as many clocks in it as we do, and none in the pinned text."""
    agree_with_duckdb(duck, text)


@pytest.mark.slow
@given(text=SOUP)
@settings(max_examples=30_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_nonsense_hides_a_clock_however_long_we_look(duck, text):
    """The same, longer."""
    agree_with_duckdb(duck, text)


def agree_with_duckdb(duck: Any, text: str) -> None:
    try:
        value_sql = parse_value_sql.__wrapped__(text, DUCKDB)
    except ValueSqlRefused:
        return
    theirs = duckdb_clocks(duck, text)
    if theirs is not None:  # what DuckDB cannot read it does not run
        assert len(theirs) == len(value_sql._kinds), text
        assert not duckdb_clocks(duck, value_sql.pinned(AS_OF, BERLIN)), text


def duckdb_clocks(duck: Any, sql: str) -> list[str] | None:
    """The clocks that DuckDB's own parser finds in a query; None where it cannot read it."""
    tree = json.loads(duck.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()[0])
    return None if tree["error"] else list(_clock_names(tree["statements"]))


def _clock_names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _clock_names(item)
    elif isinstance(node, dict):
        if node.get("class") == "FUNCTION":
            name, alone = node["function_name"].lower(), len(node["arguments"])
            if (name in DUCKDB.called and not alone) or (name == "age" and alone == 1):
                yield name
        if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
            name = node["column_names"][0].lower()
            if name in DUCKDB.bare:
                yield name
        yield from _clock_names(list(node.values()))


@DIALECTS
@given(data=st.data(), seed=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_comments_layout_and_case_do_not_change_the_meaning(name, data, seed):
    """An analyst may lay a query out anew without asking the owner to sign again."""
    dialect = DIALECT[name]
    text = text_of(data.draw(queries(dialect, every_clock(dialect))))
    note(text)
    other = relaid(text, dialect, seed)
    note(repr(other))
    assert canonical(other, dialect) == canonical(text, dialect)


@DIALECTS
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_another_word_is_another_meaning(name, data):
    """Every word counts: leaving one out, or doubling it, never keeps the canonical text."""
    dialect = DIALECT[name]
    text = text_of(data.draw(queries(dialect, every_clock(dialect))))
    note(text)
    words = canonical(text, dialect).split(" ")
    at = data.draw(st.integers(0, len(words) - 1))
    changed = " ".join([*words[:at], *data.draw(st.sampled_from([[], [words[at]] * 2])), *words[at + 1 :]])
    with suppress(ValueSqlRefused):  # then it is no metric at all
        assert canonical(changed, dialect) != canonical(text, dialect)


def canonical(text: str, dialect: Dialect) -> str:
    return parse_value_sql(text, dialect).canonical


def relaid(text: str, dialect: Dialect, seed: Any) -> str:
    tokens, _ = scan(text, dialect)
    parts = []
    for token in tokens:
        word = token.text
        if token.kind is TokenKind.WORD:
            word = "".join(seed.choice([c, c.upper() if c.isascii() else c]) for c in word)
        gaps = [" ", "\n", "\t"]
        if not token.is_word("order", "union"):  # sqlglot wants ORDER BY and UNION ALL without a comment inside
            gaps += [" /* x */ ", " -- y\n"]
        parts += [word, seed.choice(gaps)]
    return "".join(parts)
