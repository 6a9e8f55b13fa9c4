"""A value_sql is judged once: what it reads, where it asks the clock, and every reason why it is no metric."""

import pickle
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.value_sql import (
    Dialect,
    Fault,
    ValueSqlRefused,
    parse_value_sql,
)

BERLIN = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 6, 30, 22, 30, 0, 123456, tzinfo=UTC)  # 1 July, half past midnight, in Berlin
BOTH = pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda dialect: dialect.name)


def faults(text: str, dialect: Dialect) -> tuple[Fault, ...]:
    with pytest.raises(ValueSqlRefused) as refused:
        parse_value_sql(text, dialect)
    return refused.value.faults


def rules(text: str, dialect: Dialect) -> list[tuple[int, int, str]]:
    return [(fault.line, fault.column, fault.rule) for fault in faults(text, dialect)]


def pinned(text: str, dialect: Dialect) -> str:
    return parse_value_sql(text, dialect).pinned(AS_OF, BERLIN)


# Pinning: the laws are in test_pinning_laws.py; here is what a reader should see once.


@BOTH
def test_a_clock_becomes_a_constant_of_the_zone_and_nothing_else_changes(dialect):
    """The day is Berlin's, the instant keeps its microseconds, the comment its clock."""
    text = "SELECT count(*)  -- not current_date\nFROM shop.parcels WHERE day = Current_Date AND sent_at < NOW ( )"
    assert pinned(text, dialect) == (
        "SELECT count(*)  -- not current_date\nFROM shop.parcels WHERE day = CAST('2026-07-01' AS DATE) "
        "AND sent_at < CAST('2026-06-30 22:30:00.123456+00:00' AS TIMESTAMPTZ)"
    )


@BOTH
def test_each_kind_of_clock_gets_its_own_type(dialect):
    """localtimestamp is the zone's wall clock without an offset, current_time has one."""
    assert pinned("SELECT localtimestamp, localtime, current_time, current_timestamp", dialect) == (
        "SELECT CAST('2026-07-01 00:30:00.123456' AS TIMESTAMP), CAST('00:30:00.123456' AS TIME), "
        "CAST('00:30:00.123456+02:00' AS TIMETZ), CAST('2026-06-30 22:30:00.123456+00:00' AS TIMESTAMPTZ)"
    )


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        'SELECT max(now), max(t.today), max(t."current_date"), max(t.current_date) FROM shop.t AS t',
        'SELECT sum(x) AS now, max(x) AS today, 1 AS "current_date" FROM shop.now AS today',
        "SELECT count(*) FROM shop.t WHERE note = 'as of now() today' OR note LIKE '%current_date is%' /* now() */--now()",
        "SELECT 1",
    ],
)
def test_what_is_only_called_like_a_clock_is_none(dialect, text):
    """Columns, aliases, tables, texts and comments stay, and the metric has no clock."""
    assert not parse_value_sql(text, dialect).has_clock
    assert pinned(text, dialect) == text


def test_the_bare_clocks_are_told_apart():
    """In DuckDB a column of that name in a table would come first; whoever sees the tables can look."""
    assert parse_value_sql("SELECT current_date - 1, now(), current_date()", DUCKDB).bare_clocks == {"current_date"}


@pytest.mark.parametrize(
    "text",
    [
        'SELECT max("current_date") FROM shop.t',  # the clock, where shop.t has no such column
        "SELECT max(current_date) FROM (SELECT d AS current_date FROM shop.t)",  # the column
        "SELECT d AS current_date, current_date + 1 FROM shop.t",
        "SELECT max(current_date) FROM shop.t t WHERE t.current_date > 1",
    ],
)
def test_duckdb_s_own_doubt_between_column_and_clock_is_refused(text):
    """DuckDB takes a column of that name first, quoted or not, and the clock otherwise: neither is silent here."""
    assert {rule for *_, rule in rules(text, DUCKDB)} == {"clock-unclear"}


def test_postgres_has_no_such_doubt():
    """There the bare word is always the clock and the quoted one always a column."""
    text = 'SELECT max("current_date") AS current_date FROM shop.t WHERE d < current_date'
    assert (
        pinned(text, POSTGRES) == "SELECT max(\"current_date\") AS current_date FROM shop.t WHERE d < CAST('2026-07-01' AS DATE)"
    )


# Clocks that cannot be pinned.


@BOTH
@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        ("clock_timestamp()", "write now()"),
        ("timeofday()", "write now()"),
        ("getdate()", "now()"),
        ("pg_postmaster_start_time()", "now()"),
        ("current_timestamp(3)", "only current_timestamp"),
        ("localtime(0)", "only localtime"),
        ("current_timestamp()", "only current_timestamp"),
        ("now(1)", "only now()"),
        ('"now"()', "without schema, quotes"),
        ("pg_catalog.now()", "without schema, quotes"),
        ("main . now()", "without schema, quotes"),
        ("age(x)", "age(current_date, x)"),
        ("age((x, y))", "age(current_date, x)"),
        ("x.age()", "age(current_date, x)"),
        ("timestamp 'now'", "write now()"),
        ("'today'::date", "write current_date"),
        ("CAST(('yesterday') AS date)", "write current_date - 1"),
        ("'tomorrow 10:00'::timestamptz", "write current_date + 1"),
        ("'now'::text::timestamp", "write now()"),
        ("date('today')", "write current_date"),
    ],
)
def test_a_clock_that_cannot_be_pinned_is_refused_with_what_to_write(dialect, call, remedy):
    """A clock left alone would give each computation its own today."""
    found = faults(f"SELECT\n  {call} FROM shop.t", dialect)
    assert {fault.rule for fault in found} == {"clock-not-pinnable"}
    assert found[0].line == 2
    assert remedy in found[0].message


@pytest.mark.parametrize("call", ["ago(INTERVAL 1 DAY)", "statement_timestamp()", "sysdate()"])
def test_duckdb_s_hidden_clocks_are_refused(call):
    """`ago` is a macro around the clock."""
    assert rules(f"SELECT {call}", DUCKDB) == [(1, 8, "clock-not-pinnable")]


@pytest.mark.parametrize("call", ["today()", "current_date()", "get_current_timestamp()"])
def test_postgres_is_not_given_clocks_it_does_not_have(call):
    """The SQL must run unchanged in any client of that engine."""
    assert rules(f"SELECT {call}", POSTGRES) == [(1, 8, "clock-not-pinnable")]


@BOTH
def test_two_argument_age_and_constant_dates_are_fine(dialect):
    """Nothing moves in them; what looks moving inside the constants is the engine's word for a fixed day."""
    text = "SELECT age(now(), x), 'epoch'::timestamp, 'infinity'::date, date '2026-01-01', age(a, (b))"
    assert parse_value_sql(text, dialect).has_clock


# Everything else that no metric may do.


@BOTH
@pytest.mark.parametrize("text", ["", " \n", "-- only a comment", "/* a */;", ";;", "("])
def test_a_text_without_a_statement_is_refused(dialect, text):
    """Whatever an engine makes of nothing, it is no number."""
    assert rules(text, dialect) == [(1, 1, "not-one-select")]


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        *("SELECT 1; SELECT 2", "SELECT 1; DROP TABLE shop.t", "VALUES (1)", "TABLE shop.t", "EXPLAIN SELECT 1"),
        *("DELETE FROM shop.t", "INSERT INTO shop.t SELECT 1", "UPDATE shop.t SET x = 1", "COPY shop.t TO 'x'"),
        *("CREATE TABLE a AS SELECT 1", "DESCRIBE shop.t", "SHOW TABLES", "SUMMARIZE shop.t", "PIVOT shop.t ON x"),
        *("SET x = 1", "CALL f()", "PRAGMA version", "ATTACH 'x'", "LOAD x", "BEGIN", "VACUUM", "DO $$ $$", "garbage"),
        "WITH d AS (DELETE FROM shop.t RETURNING x) SELECT count(*) FROM d",
        "WITH d AS (INSERT INTO shop.t SELECT 1 RETURNING x) SELECT count(*) FROM d",
        "WITH d AS (UPDATE shop.t SET x = 1 RETURNING x) SELECT count(*) FROM d",
        "WITH d AS (SELECT 1) DELETE FROM shop.t",
        *("SELECT x INTO y FROM shop.t", "SELECT x FROM shop.t FOR UPDATE", "SELECT x FROM shop.t FOR SHARE"),
        *("SELECT count(*) FROM (DESCRIBE shop.t)", "SELECT * FROM (SHOW TABLES)", "SELECT * FROM (SHOW ALL TABLES)"),
    ],
)
def test_only_one_select_is_a_metric(dialect, text):
    """Allowed by class: a statement nobody thought of is refused as well."""
    assert {rule for *_, rule in rules(text, dialect)} == {"not-one-select"}


@pytest.mark.parametrize("text", ["SELECT * FROM (SUMMARIZE shop.t)", "SELECT * FROM (PIVOT shop.t ON x USING sum(y))"])
def test_duckdb_s_statements_in_parentheses_are_refused(text):
    """DuckDB takes several statements where a table stands."""
    assert rules(text, DUCKDB) == [(1, 16, "not-one-select")]


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "; SELECT 1 ; -- done",
        "(SELECT 1)",
        "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
        "WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (SELECT x FROM a) SELECT max(x) FROM b",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT max(n) FROM r",
        "SELECT sum(x) FILTER (WHERE x > 1) OVER (PARTITION BY y ORDER BY z ROWS 1 PRECEDING) FROM (VALUES (1, 2, 3)) t(x, y)",
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM s.a WHERE s.a.x = 1) THEN 1 ELSE 0 END",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM s.a GROUP BY GROUPING SETS ((y), ()) HAVING x > 1",
        "SELECT DISTINCT ON (x) x FROM s.a NATURAL JOIN s.b, LATERAL (SELECT 1) c ORDER BY x NULLS LAST LIMIT 1 OFFSET 1",
        "SELECT x::numeric(10, 2), CAST(x AS double precision), x AT TIME ZONE 'UTC', extract(epoch FROM x), (x).y FROM s.a",
        "SELECT n FROM (SELECT 1 AS n) AS stats(n)",
        "WITH stats(n) AS (SELECT 1) SELECT n FROM stats",
    ],
)
def test_ordinary_queries_pass(dialect, text):
    """Refusing what an analyst writes every day would be as bad as passing what he must not write."""
    assert parse_value_sql(text, dialect).canonical


@pytest.mark.parametrize(
    "text",
    [
        "FROM s.a SELECT count(*) WHERE d = today()",
        "SELECT count(*) FROM s.a ASOF JOIN s.b ON a.t >= b.t POSITIONAL JOIN s.c",
        "SELECT @x, list_transform(l, lambda y: y + 1), [y FOR y IN l IF y > 1], {'a': now(), b: 1}.a, l[1:2], MAP {} FROM s.a",
        "SELECT arg_max(x, d), count_if(x > 1), median(x), quantile_cont(x, 0.5), first(x ORDER BY d) FROM s.a GROUP BY ALL",
        "SELECT date_trunc('month', current_date), date_diff('day', d, today()), last_day(today()), today().year() FROM s.a",
        "SELECT count(*) FROM range(3) r, generate_series(1, 2) g(i), unnest([1, 2]) u(v), json_each('{}')",
        "SELECT d: current_date - INTERVAL 7 DAY FROM s.a QUALIFY row_number() OVER (ORDER BY x) = 1",
        "SELECT count(*) FROM s.a PIVOT (count(*) FOR x IN (1, 2))",
    ],
)
def test_duckdb_s_own_syntax_passes(text):
    """FROM first, lambdas, comprehensions, structs, positional joins."""
    assert parse_value_sql(text, DUCKDB).canonical


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM s.a WHERE j ->> 'now' = 'x' AND j @> '{}' AND d < date_trunc('month', current_date)",
        "SELECT string_agg(x, ',' ORDER BY x), (array_agg(x))[1] FROM s.a TABLE_ALIAS",
        "SELECT count(*) FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY[1])) AS r(a, b)",
        "SELECT count(*) FROM jsonb_to_recordset('[]') AS x(a int, b text)",
        "SELECT pg_typeof(x), now()::date - 1, 'bought today'::text FROM ONLY s.a",
        "SELECT CASE WHEN d = current_date THEN 'today'::text ELSE 'earlier' END, 'today'::text = bucket FROM s.a",
    ],
)
def test_postgres_s_own_syntax_passes(text):
    """JSON keys and texts that say they are texts are no clocks."""
    assert parse_value_sql(text, POSTGRES).canonical


@BOTH
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SELECT random() FROM s.a", "random"),
        ("SELECT gen_random_uuid() FROM s.a", "random"),
        ("SELECT setseed(1) FROM s.a", "random"),
        ("SELECT x FROM s.a TABLESAMPLE system (10)", "random"),
        ("SELECT nextval('s')", "side-effect"),
        ("SELECT pg_sleep(1)", "side-effect"),
        ("SELECT current_setting('TimeZone')", "environment"),
        ("SELECT version()", "environment"),
        ("SELECT count(*) FROM information_schema.tables", "reads-the-catalog"),
        ("SELECT count(*) FROM pg_catalog.pg_class", "reads-the-catalog"),
        ("SELECT count(*) FROM pg_stat_activity", "reads-the-catalog"),
        ("SELECT x FROM s.a WHERE x = $1", "parameter"),
        ("SELECT count(*) FROM s.my_macro(1)", "table-function"),
        ("SELECT 1 +", "syntax"),
        ("SELECT 'abc", "syntax"),
        ('SELECT "abc', "syntax"),
        ("SELECT $q$abc", "syntax"),
        ("SELECT /* /* */ 1", "syntax"),
        ("SELECT 1\0", "syntax"),
        ("SELECT now\u200b()", "syntax"),
        ("SELECT" + "(" * 3000 + "1" + ")" * 3000, "syntax"),
    ],
)
def test_each_refusal_has_its_rule(dialect, text, rule):
    """Docs and tests refer to a stable word, not to a sentence."""
    assert {found for *_, found in rules(text, dialect)} == {rule}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SELECT count(*) FROM 'sales.csv'", "reads-a-file"),
        ('SELECT count(*) FROM "sales.parquet"', "reads-a-file"),
        ("SELECT count(*) FROM 's3://bucket/x'", "reads-a-file"),
        ("SELECT count(*) FROM read_parquet('x')", "reads-a-file"),
        ("SELECT count(*) FROM glob('*')", "reads-a-file"),
        ("SELECT count(*) FROM postgres_scan('', 's', 't')", "reads-a-file"),
        ("SELECT count(*) FROM query('SELECT 1')", "runs-hidden-sql"),
        ("SELECT count(*) FROM query_table('a')", "runs-hidden-sql"),
        ("SELECT count(*) FROM duckdb_tables()", "reads-the-catalog"),
        ("SELECT count(*) FROM duckdb_tables", "reads-the-catalog"),
        ("SELECT getvariable('x')", "environment"),
        ("SELECT x FROM s.a USING SAMPLE 3", "random"),
        ("SELECT uuidv7()", "random"),
    ],
)
def test_duckdb_s_ways_around_the_marts_are_refused(text, rule):
    """The box refuses them too; here the analyst hears it before anything runs."""
    assert [found for *_, found in rules(text, DUCKDB)] == [rule]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SELECT pg_read_file('x')", "reads-a-file"),
        ("SELECT count(*) FROM dblink('a', 'b') AS t(x int)", "reads-a-file"),
        ("SELECT public.dblink_exec('a', 'b')", "reads-a-file"),
        ("SELECT lo_import('x')", "reads-a-file"),
        ("SELECT query_to_xml('SELECT 1', true, true, '')", "runs-hidden-sql"),
        ("SELECT pg_terminate_backend(1)", "reads-the-catalog"),
        ("SELECT set_config('a', 'b', true)", "side-effect"),
        ("SELECT count(*) FROM s.a WHERE owner = current_user", "environment"),
        ("SELECT user FROM s.a", "environment"),
        ("SELECT U&'n\\006fw'::date", "syntax"),
        ('SELECT U&"n\\006fw"()', "syntax"),
        ("SELECT @x FROM s.a", "parameter"),
        ("SELECT count(*) FROM s.a WHERE created_at > 'yesterday'", "clock-not-pinnable"),
        ("SELECT count(*) FROM s.a WHERE created_at > E'n\\157w'", "clock-not-pinnable"),
        ("SELECT count(*) FROM s.a WHERE created_at > 'now()'", "clock-not-pinnable"),
        ("SELECT count(*) FROM s.a WHERE created_at > 'n'\n'ow'", "clock-not-pinnable"),
        ("SELECT count(*) FROM s.a WHERE during && '[today,tomorrow)'", "clock-not-pinnable"),
    ],
)
def test_postgres_s_ways_around_the_marts_are_refused(text, rule):
    """Among them texts that become the clock wherever they meet a date."""
    assert {found for *_, found in rules(text, POSTGRES)} == {rule}


@BOTH
def test_all_faults_come_at_once_each_in_its_place(dialect):
    """Line and column count from 1 within the text, so that an editor can jump there."""
    text = "SELECT random(),\n  clock_timestamp()\nFROM s.a, pg_catalog.pg_class\nWHERE x = 'ä' AND age(y) > version()"
    assert rules(text, dialect) == [
        (1, 8, "random"),
        (2, 3, "clock-not-pinnable"),
        (3, 22, "reads-the-catalog"),
        (4, 19, "clock-not-pinnable"),
        (4, 28, "environment"),
    ]


@BOTH
def test_a_syntax_error_says_where(dialect):
    """With the faults that can be seen without understanding the rest."""
    assert rules("SELECT random()\nFROM WHERE", dialect) == [(1, 8, "random"), (2, 6, "syntax")]


def test_the_refusal_is_readable_and_survives_a_process_boundary():
    """It is shown as it is, and workers hand it back."""
    with pytest.raises(ValueSqlRefused) as refused:
        parse_value_sql("SELECT random()", DUCKDB)
    assert str(refused.value) == (
        "value_sql is refused, 1 fault:\n  line 1, column 8 [random]: random is another number at every call; "
        "take all rows, or pick them by a hash of their key"
    )
    assert pickle.loads(pickle.dumps(refused.value)).faults == refused.value.faults


@BOTH
def test_a_judged_text_is_remembered(dialect):
    """A tick asks for hundreds again and again."""
    assert parse_value_sql("SELECT 42", dialect) is parse_value_sql("SELECT 42", dialect)


@BOTH
def test_an_as_of_without_offset_is_a_defect(dialect):
    """It would be pinned in the machine's zone."""
    with pytest.raises(ValueError, match="has no offset"):
        parse_value_sql("SELECT now()", dialect).pinned(datetime(2026, 1, 1), BERLIN)  # noqa: DTZ001
