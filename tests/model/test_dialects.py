"""The dialect tables against the engines: every clock is one and has that type, every unsteady function is refused."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.marts.dialect_postgres import POSTGRES
from heartbeat_lib.model.literals import clock_word
from heartbeat_lib.model.value_sql import ClockKind, Dialect, parse_value_sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati"]
).map(ZoneInfo)


def spellings(dialect: Dialect) -> list[str]:
    return sorted([*dialect.bare, *(f"{name}()" for name in dialect.called)])


def test_the_tables_are_whole():
    """A clock without a way to write it could never be pinned; a refusal without a rule has no name."""
    for dialect in (DUCKDB, POSTGRES):
        assert dialect.bare | dialect.called == set(dialect.clocks)
        assert set(dialect.types) == set(ClockKind)
        assert set(dialect.refused) == set(dialect.rules)
        assert not set(dialect.refused) & set(dialect.clocks)
        assert dialect.bare_refused <= set(dialect.refused)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("pg_typeof", None),  # of the pg_ family, yet harmless
        ("pg_sleep_for", "side-effect"),
        ("pg_conf_load_time", "clock-not-pinnable"),
        ("pg_anything_new", "reads-the-catalog"),
        ("pgcrypto", None),
        ("sum", None),
    ],
)
def test_the_longest_name_decides_how_a_function_is_refused(name, rule):
    """A family is refused by its stem, a member by its own name, and a harmless one not at all."""
    refusal = POSTGRES.refusal(name)
    assert (refusal and refusal[0]) == rule


@pytest.mark.parametrize("spelling", spellings(DUCKDB))
def test_every_clock_of_duckdb_keeps_its_type_and_value(duck, spelling):
    """Inside a transaction DuckDB's clock stands still, so the constant must equal it."""
    duck.execute("BEGIN")
    try:
        micros = duck.execute("SELECT epoch_us(now())").fetchone()[0]
        as_of = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        constant = parse_value_sql(f"SELECT {spelling}", DUCKDB).pinned(as_of, BERLIN).removeprefix("SELECT ")
        query = "SELECT typeof({0}), ({0})::VARCHAR"
        assert duck.execute(query.format(constant)).fetchone() == duck.execute(query.format(spelling)).fetchone()
    finally:
        duck.execute("ROLLBACK")


@pytest.mark.parametrize("spelling", spellings(POSTGRES))
def test_every_clock_of_postgres_keeps_its_type_and_value(postgres, spelling):
    """The same; `statement_timestamp()` is the moment of the statement and is asked for in the same one."""
    moment = spelling if "statement" in spelling else "now()"
    with postgres.transaction():
        row = postgres.execute(f"SELECT {moment}, pg_typeof({spelling})::text, ({spelling})::text").fetchone()
    constant = POSTGRES.clock_text(POSTGRES.clocks[spelling.removesuffix("()")], row[0], BERLIN)
    assert postgres.execute(f"SELECT pg_typeof({constant})::text, ({constant})::text").fetchone() == row[1:]


@pytest.mark.parametrize("name", ["duckdb", "postgres"])
@given(as_of=INSTANTS, zone=ZONES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(as_of=datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC), zone=BERLIN)  # 02:30, the first of two
@example(as_of=datetime(2026, 6, 30, 21, 59, 59, 999999, tzinfo=UTC), zone=BERLIN)  # the last microsecond of June
def test_constants_are_what_the_engine_s_own_zone_arithmetic_gives(request, name, as_of, zone):
    """The day and wall clock of the workspace's zone, also around clock changes, to the microsecond."""
    dialect, connection = (DUCKDB, "duck") if name == "duckdb" else (POSTGRES, "postgres")
    connection = request.getfixturevalue(connection)
    instant, local, day, time = (
        dialect.clock_text(kind, as_of, zone)
        for kind in (ClockKind.INSTANT, ClockKind.LOCAL, ClockKind.DAY, ClockKind.LOCAL_TIME)
    )
    there = f"({instant} AT TIME ZONE '{zone.key}')"
    row = connection.execute(f"SELECT {there} = {local}, {there}::date = {day}, {there}::time = {time}").fetchone()
    assert row == (True, True, True)
    micros = f"epoch_us({instant})" if dialect is DUCKDB else f"(1000000 * extract(epoch FROM {instant}))::bigint"
    assert connection.execute(f"SELECT {micros}").fetchone() == ((as_of - EPOCH) // timedelta(microseconds=1),)


# Whatever the catalogue calls unsteady is a clock or refused. What is left over is harmless, each for a reason.
DUCKDB_HARMLESS = {"error"}  # volatile so that it is not folded away; it raises or it does not
POSTGRES_HARMLESS: set[str] = set()


def is_known(dialect: Dialect, name: str) -> bool:
    return name in dialect.clocks or name in dialect.reads_clock_alone or dialect.refusal(name) is not None


def test_every_unsteady_function_of_duckdb_is_pinned_or_refused(duck):
    """A function of a newer DuckDB that moves shows up here first."""
    rows = duck.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"
    ).fetchall()
    assert {name for (name,) in rows if not is_known(DUCKDB, name)} == DUCKDB_HARMLESS


def test_every_macro_of_duckdb_around_something_refused_is_refused(duck):
    """`ago(x)` reads the clock inside, and says so only in its definition."""
    macros = duck.execute(
        "SELECT DISTINCT function_name, macro_definition FROM duckdb_functions() WHERE function_type = 'macro'"
    ).fetchall()
    unknown = set()
    for name, definition in macros:
        inside = set(re.findall(r"([a-z_0-9]+)\"?\(", definition)) | (set(re.findall(r"\w+", definition)) & DUCKDB.bare)
        if any(is_known(DUCKDB, called) for called in inside - {name}) and not is_known(DUCKDB, name):
            unknown.add(name)
    assert unknown == set()


def test_no_table_function_of_duckdb_that_reads_outside_is_allowed(duck):
    """After FROM only what is listed may stand; the list holds none that opens a file or the catalogue."""
    rows = duck.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro')"
    ).fetchall()
    pure = {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row"}
    assert {name for (name,) in rows} & DUCKDB.table_functions == pure


def test_duckdb_s_keywords_are_the_engine_s(duck):
    """They keep their quotes in a canonical text: "null" is no null."""
    rows = duck.execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'").fetchall()
    assert {name for (name,) in rows} == DUCKDB.keywords


def test_every_volatile_function_of_postgres_is_pinned_or_refused(postgres):
    """Callable ones, that is: what takes or gives an internal type cannot be called from SQL."""
    rows = postgres.execute(
        """
        SELECT DISTINCT proname FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v'
          AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype,
              'language_handler'::regtype, 'index_am_handler'::regtype, 'table_am_handler'::regtype, 'tsm_handler'::regtype)
          AND NOT 'internal'::regtype = ANY (proargtypes::oid[]::regtype[])
        """
    ).fetchall()
    assert {name for (name,) in rows if not is_known(POSTGRES, name)} == POSTGRES_HARMLESS


def test_every_function_of_postgres_that_is_the_clock_is_pinned_or_refused(postgres):
    """Stable functions that move between statements, by their code or their SQL body; `age(x)` among them."""
    rows = postgres.execute(
        """
        SELECT DISTINCT proname FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace
          AND (prosrc ~ '^(now|statement_timestamp|clock_timestamp|timeofday|pg_postmaster_start_time|pg_conf_load_time)$'
               OR (prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql')
                   AND pg_get_functiondef(oid) ~* 'current_(date|time)|now\\('))
          AND prokind = 'f'
        """
    ).fetchall()
    names = {name for (name,) in rows}
    assert {"now", "age"} <= names
    assert {name for name in names if not is_known(POSTGRES, name)} == set()


PIECES = [
    *("now", "today", "TODAY", "tomorrow", "Yesterday", " ", " ", "!", "(", ")", ",", "-", "'", "[", "10:00", "10:00:00.5"),
    *("utc", "CET", "z", "monday", "tue", "europe/berlin", "allballs", "noon", "x", "am", "bc", "at", "+03", "2026", "jan"),
    *("epoch", "infinity", "t", "d", "dst", "mesz", "cetdst", "the", "_", "/"),
]


@given(text=st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@example(text="now()")
@example(text="today 10:00 Europe/Berlin")
def test_no_text_that_postgres_reads_as_a_clock_escapes(postgres, text):
    """PostgreSQL skips what it does not know as punctuation: even 'now()' is the clock."""
    if re.search(r"(?<![a-z])(now|today|tomorrow|yesterday)(?![a-z])", text.lower()) and accepts(postgres, text):
        assert clock_word(text) is not None


@pytest.mark.parametrize(
    "text", ["now", "buy now", "today's special offer", "select now()", "nowhere", "current_date", "epoch", ""]
)
def test_clock_words_are_found_in_what_can_be_a_date_only(text):
    """A sentence that says today is a text."""
    assert (clock_word(text) is not None) == (text == "now")


def accepts(postgres: psycopg.Connection, text: str) -> bool:
    for kind in ("timestamptz", "date", "time"):
        try:
            postgres.execute(f"SELECT CAST(CAST(%s AS text) AS {kind})", [text])
        except psycopg.Error:
            continue
        return True
    return False
