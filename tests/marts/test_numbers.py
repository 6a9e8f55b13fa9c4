"""Many values from one statement: the values that single queries give, or a failure, and nothing in between."""

from __future__ import annotations

import hashlib
import os
import time
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heartbeat_lib.compute.batches import _equal
from heartbeat_lib.marts import LimitExceeded, MartsError, MartsUnreachable, NotOneNumber, QueryFailed, QueryRefused, Scalar
from heartbeat_lib.marts.dialect_duckdb import DUCKDB
from heartbeat_lib.model.batch import one_row_per_instant
from heartbeat_lib.model.period import Grain, periods_ended
from heartbeat_lib.model.value_sql import ValueSqlRefused, parse_value_sql

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOSTILE = [
    text
    for groups in tomllib.loads(Path(__file__).with_name("hostile_value_sql.toml").read_text()).values()
    for group in groups
    if not group.get("slow")
    for text in group["sql"]
]
ESCAPES = [
    "SELECT 1); DROP TABLE shop.sales; --",
    "SELECT 1) FROM (VALUES (0)) t(n); DROP TABLE shop.sales; SELECT (1",
    "SELECT 1) FROM range(2) t(n); COPY shop.sales TO '/tmp/heartbeat_hostile.csv'; SELECT n, (1",
    "SELECT 1)\r; DELETE FROM shop.sales; --",
]


def in_a_batch(text, instants=(NOON, NOON + timedelta(days=1))):
    """The batch form of a text that nobody judged."""
    return one_row_per_instant((text,), (), DUCKDB, instants, BERLIN)


def test_values_come_in_the_order_of_their_numbers_with_all_digits(marts):
    """The engine may give rows in any order."""
    found = marts.numbers(f"SELECT n, CASE WHEN n <> 1 THEN {2**127 - 1}::HUGEINT - n END FROM (VALUES (2), (0), (1)) t(n)")
    assert found.values == (2**127 - 1, None, 2**127 - 3)
    assert found.type == "HUGEINT"
    digits = "12345678901234567890123456789.123456789"
    assert marts.numbers(f"SELECT 0, {digits}::DECIMAL(38, 9)").values == (Decimal(digits),)
    assert marts.numbers("SELECT 0, NULL").values == (None,)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 0", "not_one_column"),
        ("SELECT 0, 1, 2", "not_one_column"),
        ("SELECT 0, true", "not_a_number"),
        ("SELECT 0, '5'", "not_a_number"),
        ("SELECT 0, DATE '2026-01-01'", "not_a_number"),
        ("SELECT n, CASE n WHEN 1 THEN 'nan'::DOUBLE ELSE 1 END FROM range(3) t(n)", "not_finite"),
        ("SELECT n, 1.0::DOUBLE / n FROM range(3) t(n)", "not_finite"),
        ("SELECT n + 1, 1 FROM range(3) t(n)", "not_one_row"),
        ("SELECT n // 2, 1 FROM range(4) t(n)", "not_one_row"),
        ("SELECT n, 1 FROM range(20000) t(n)", "not_one_row"),
    ],
)
def test_one_value_that_is_no_number_fails_the_whole(marts, sql, reason):
    """A batch is as strict as its queries would be; who asks can ask them one by one."""
    with pytest.raises(NotOneNumber) as refused:
        marts.numbers(sql)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "query",
    [
        "SELECT amount FROM shop.sales WHERE booked_at <= now()",
        "SELECT amount FROM shop.sales WHERE booked_at::date = current_date",
        "SELECT amount FROM shop.sales WHERE booked_at <= now() ORDER BY booked_at LIMIT 2",
        "SELECT count(*) FROM shop.sales WHERE booked_at <= now() GROUP BY id",
        "SELECT unnest([1, 2]) WHERE now() IS NOT NULL",
        "SELECT 1 WHERE now() IS NOT NULL UNION ALL SELECT 2",
    ],
)
def test_a_query_of_several_rows_is_an_error_and_no_first_row(marts, query):
    """DuckDB can be told to take any of them; it must not be."""
    with pytest.raises(QueryFailed, match="More than one row"):
        marts.numbers(parse_value_sql(query, DUCKDB).pinned_to_each([NOON], BERLIN))


def test_a_batch_ends_at_its_deadline(marts):
    """As a single query does, and the next is right."""
    began = time.monotonic()
    with pytest.raises(LimitExceeded) as stopped:
        marts.numbers("SELECT 0, (SELECT count(*) FROM range(100000000000))", timeout_s=0.3)
    assert stopped.value.reason == "timeout"
    assert time.monotonic() - began < 1.5
    assert marts.scalar("SELECT count(*) FROM shop.sales").value == 1000


def test_a_missing_file_is_named(opened, tmp_path):
    """The marts are unreachable, not the batch wrong."""
    with pytest.raises(MartsUnreachable):
        opened(tmp_path / "none.duckdb").numbers("SELECT 0, 1")


@pytest.mark.parametrize("text", ESCAPES)
def test_a_text_that_closes_the_bracket_is_refused_twice(marts, text):
    """The judge of texts sees no SELECT; the worker no statement, or more than one."""
    with pytest.raises(ValueSqlRefused):
        parse_value_sql(text, DUCKDB)
    with pytest.raises((QueryRefused, QueryFailed), match=r"exactly one SELECT|Parser Error"):
        marts.numbers(in_a_batch(text))


def test_hostile_texts_do_nothing_in_a_batch_either(marts_file, opened):
    """The same box: whatever comes back, the file is untouched and the next query right."""
    before = hashlib.sha256(marts_file.read_bytes()).hexdigest()
    marts = opened(marts_file, workers=1)
    for text in HOSTILE:
        began = time.monotonic()
        try:
            values = marts.numbers(in_a_batch(text), timeout_s=1.0).values
        except MartsError:
            pass
        else:  # harmless as a single query too, or a statement that means something else in brackets
            assert len(values) == 2, text
        assert time.monotonic() - began < 2.0, text
    assert marts.scalar("SELECT count(*) FROM shop.sales").value == 1000
    assert hashlib.sha256(marts_file.read_bytes()).hexdigest() == before
    assert not list(Path("/tmp").glob("heartbeat_hostile*"))


SHAPES = [
    "SELECT count(*) FROM shop.t WHERE ts >= current_date AND ts <= now()",
    "SELECT count(*) + 1 FROM shop.t WHERE ts::date = current_date;",
    "SELECT sum(amount) FROM shop.t WHERE ts >= current_date - 1 AND ts <= now() -- all of it",
    "SELECT sum(ratio) FROM shop.t WHERE ts <= now()",
    "SELECT avg(k) FROM shop.t WHERE ts > now() - INTERVAL 1 DAY AND ts <= now()",
    "SELECT median(amount) FROM shop.t WHERE ts <= now()",
    "SELECT 100.0 * count(*) FILTER (WHERE k > 2) / nullif(count(*), 0) FROM shop.t WHERE ts <= now()",
    "SELECT amount FROM shop.t WHERE ts <= now() ORDER BY ts DESC, amount, k, ratio LIMIT 1",
    "SELECT count(*) FROM shop.t AS a WHERE a.ts <= now() "
    "AND NOT EXISTS (SELECT 1 FROM shop.t AS b WHERE b.k = a.k AND b.ts > a.ts AND b.ts <= now())",
    "SELECT count(*) FROM shop.t WHERE date_trunc('day', ts) = date_trunc('day', now())",
    "SELECT count(*) FROM shop.t WHERE wall >= date_trunc('hour', localtimestamp) AND wall <= localtimestamp",
    "SELECT date_diff('day', max(ts)::date, current_date) FROM shop.t WHERE ts <= now()",
    "WITH d AS (SELECT k, sum(amount) AS s FROM shop.t WHERE ts >= current_date AND ts <= now() GROUP BY k) SELECT max(s) FROM d",
    "SELECT sum(amount) FROM shop.t WHERE ts::date = current_date GROUP BY ts::date",
    "SELECT count(DISTINCT k) FROM shop.t WHERE ts <= now() HAVING count(*) > 3",
    "SELECT coalesce(sum(k), 0) FROM (SELECT k FROM shop.t WHERE ts <= now() UNION ALL SELECT 7 WHERE today() > '2026-03-29')",
    "SELECT k FROM shop.t WHERE ts <= now() QUALIFY row_number() OVER (ORDER BY ts DESC, k, amount, ratio) = 1",
    "SELECT sum(k * (hour(localtimestamp) + 1)) FROM shop.t WHERE ts <= now()",
    "SELECT count(*) FROM generate_series(current_date - 3, current_date, INTERVAL 1 DAY) AS g(day) "
    "LEFT JOIN shop.t ON ts::date = g.day WHERE k IS NULL",
    # These fail for some tables and instants, and then the batch must.
    "SELECT k FROM shop.t WHERE ts::date = current_date",
    "SELECT sum(amount)::DOUBLE / count(*) FROM shop.t WHERE ts >= current_date AND ts <= now()",
    "SELECT 1.0::DOUBLE / count(*) FROM shop.t WHERE ts >= current_date AND ts <= now()",
    "SELECT max(k) > 2 FROM shop.t WHERE ts <= now()",
    "SELECT max(ts)::VARCHAR FROM shop.t WHERE ts <= now()",
]
CHANGES = [datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2025, 10, 24, 22, tzinfo=UTC)]
"""Berlin's midnights two days before the clocks go forward and back; three days follow."""
ROWS = st.tuples(
    st.integers(0, 3 * 24 * 4).map(lambda quarters: quarters * 15),
    st.none() | st.decimals(-1000, 1000, places=2),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | st.integers(0, 4),
)


@pytest.fixture
def tables(tmp_path, opened):
    """Fills a marts file with a table and gives the open marts."""
    path = tmp_path / "generated.duckdb"
    marts = opened(path, workers=1)

    def fill(first, rows):
        beside = path.with_suffix(".beside")
        beside.unlink(missing_ok=True)
        with duckdb.connect(str(beside)) as con:
            con.execute("SET TimeZone = 'Europe/Berlin'; CREATE SCHEMA shop")
            con.execute("CREATE TABLE shop.t (ts TIMESTAMPTZ, wall TIMESTAMP, amount DECIMAL(12, 2), ratio DOUBLE, k INTEGER)")
            for minutes, amount, ratio, k in rows:
                at = first + timedelta(minutes=minutes)
                wall = at.astimezone(BERLIN).replace(tzinfo=None)
                con.execute("INSERT INTO shop.t VALUES (?, ?, ?, ?, ?)", [at.isoformat(), wall, amount, ratio, k])
        os.replace(beside, path)  # noqa: PTH105
        return marts

    return fill


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=st.sampled_from(CHANGES), rows=st.lists(ROWS, max_size=12), grain=st.sampled_from([Grain.DAY, Grain.HOUR]))
def test_a_batch_says_what_the_queries_say_one_by_one(tables, first, rows, grain):
    """Over days of 23 and 25 hours and the hour that comes twice: equal values, or no batch where one of them fails."""
    marts = tables(first, rows)
    until = first + timedelta(days=3, hours=2)
    instants = [period.last_instant for period in periods_ended(grain, first=first, until=until, zone=BERLIN)][-30:]
    for shape in SHAPES:
        parsed = parse_value_sql(shape, DUCKDB)
        alone = dict(marts.scalars([(str(n), parsed.pinned(instant, BERLIN)) for n, instant in enumerate(instants)]))
        batch = parsed.pinned_to_each(instants, BERLIN)
        if all(isinstance(one, Scalar) for one in alone.values()):
            together = marts.numbers(batch)
            for number, value in enumerate(together.values):
                assert _equal(alone[str(number)].value, value), (shape, instants[number], alone[str(number)], value)
        else:
            with pytest.raises(MartsError):
                marts.numbers(batch)
