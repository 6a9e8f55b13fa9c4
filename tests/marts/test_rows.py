"""Rows of a query: any type as it is, no more than were asked for, in the same box as one number."""

import hashlib
import tomllib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.marts import LimitExceeded, MartsError, MartsUnreachable, QueryFailed, QueryRefused

HOSTILE = tomllib.loads(Path(__file__).with_name("hostile_value_sql.toml").read_text())


def test_rows_come_with_columns_in_the_querys_order(marts):
    """What a person would see in any client."""
    seen = marts.rows("SELECT id, amount FROM shop.sales ORDER BY id DESC", limit=2)
    assert [(column.name, column.type, column.is_number) for column in seen.columns] == [
        ("id", "BIGINT", True),
        ("amount", "DECIMAL(12,2)", True),
    ]
    assert seen.rows == ((999, Decimal("99.00")), (998, Decimal("98.00")))
    assert seen.more


@pytest.mark.parametrize(("limit", "rows", "more"), [(999, 999, True), (1000, 1000, False), (2000, 1000, False), (0, 0, True)])
def test_whether_more_rows_were_there_is_told(marts, limit, rows, more):
    """Twenty of twenty is another thing than twenty of a million."""
    seen = marts.rows("SELECT id FROM shop.sales", limit=limit)
    assert (len(seen.rows), seen.more) == (rows, more)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
        ("'0.12345678901234567890123456789012345678'::DECIMAL(38, 38)", Decimal("0.12345678901234567890123456789012345678")),
        ("0.1::DOUBLE + 0.2::DOUBLE", 0.1 + 0.2),
        ("true", True),
        ("false", False),
        ("NULL", None),
        ("''", ""),
        ("'it''s \"<b>\" \u2028 \\ ünï'", 'it\'s "<b>" \u2028 \\ ünï'),
        ("DATE '2026-03-29'", date(2026, 3, 29)),
        ("TIME '09:17:00.5'", time(9, 17, 0, 500000)),
        ("TIMESTAMP '2026-03-29 02:30:00'", datetime(2026, 3, 29, 2, 30)),  # noqa: DTZ001
        ("TIMESTAMPTZ '2026-10-25 02:30:00+01'", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("[1, 2]", "[1, 2]"),
        ("'\\xAB'::BLOB", "ab"),
        ("INTERVAL 1 DAY", "1 day, 0:00:00"),
    ],
)
def test_a_value_keeps_its_type_and_all_of_it(marts, sql, value):
    """An instant is one in UTC, a wall clock has no zone, and what has no plain form is its text."""
    ((found,),) = marts.rows(f"SELECT {sql}", limit=1).rows
    assert found == value
    assert type(found) is type(value)


def test_an_instant_is_the_same_from_every_zone(marts_file, opened):
    """The workspace's zone decides what a day is, not what an instant is."""
    seen = {
        opened(marts_file, zone=ZoneInfo(zone)).rows("SELECT min(booked_at) FROM shop.sales", limit=1).rows
        for zone in ("Europe/Berlin", "Pacific/Auckland")
    }
    assert seen == {((datetime(2026, 6, 30, 21, 30, tzinfo=UTC),),)}


def test_two_columns_may_have_one_name(marts):
    """Rows are tuples, so neither hides the other."""
    seen = marts.rows("SELECT 1 AS x, 2 AS x", limit=1)
    assert ([column.name for column in seen.columns], seen.rows) == (["x", "x"], ((1, 2),))


def test_no_more_rows_are_fetched_than_asked_for(marts):
    """A query of a hundred billion rows answers at once when twenty are wanted."""
    seen = marts.rows("SELECT * FROM range(100000000000)", limit=20, timeout_s=5)
    assert (len(seen.rows), seen.more) == (20, True)


def test_nobody_gets_more_than_ten_thousand_rows(marts):
    """Rows are evidence for people, and this process holds them."""
    seen = marts.rows("SELECT * FROM range(20000)", limit=1_000_000)
    assert (len(seen.rows), seen.more) == (10_000, True)


def test_rows_too_large_to_look_at_are_refused(marts):
    """Texts of a gigabyte would fill this process, not the worker's box."""
    with pytest.raises(QueryFailed, match="larger than 8,000,000 signs"):
        marts.rows("SELECT repeat('x', 5000000) FROM range(3)", limit=3)
    assert marts.rows("SELECT 1", limit=1).rows == ((1,),)


def test_the_deadline_holds_for_rows(marts):
    """As for one number."""
    with pytest.raises(LimitExceeded) as stopped:
        marts.rows("SELECT count(*) FROM range(100000000000)", limit=1, timeout_s=0.3)
    assert stopped.value.reason == "timeout"


def test_a_failure_names_its_line(marts):
    """The words of the engine and the line in the text that was sent."""
    with pytest.raises(QueryFailed, match='"nope" not found') as failed:
        marts.rows("-- c\nSELECT\n nope FROM shop.sales", limit=1)
    assert failed.value.line == 3


@pytest.mark.parametrize("text", HOSTILE["refused"][0]["sql"])
def test_what_is_no_single_select_is_refused(marts, text):
    """The wall of one number stands before rows too."""
    with pytest.raises((QueryRefused, QueryFailed), match=r"exactly one SELECT|Parser Error|NUL byte"):
        marts.rows(text, limit=5)


def test_hostile_texts_leave_everything_as_it_was(marts_file, opened):
    """No file is read or written, no setting changed, whatever is asked."""
    before = hashlib.sha256(marts_file.read_bytes()).hexdigest()
    marts = opened(marts_file, workers=1)
    for text in HOSTILE["query_failed"][0]["sql"]:
        with pytest.raises(MartsError):
            marts.rows(text, limit=5, timeout_s=5)
    for text in HOSTILE["number"][0]["sql"]:
        marts.rows(text, limit=5, timeout_s=5)
    assert marts.rows("SELECT count(*) FROM shop.sales", limit=1).rows == ((1000,),)
    assert hashlib.sha256(marts_file.read_bytes()).hexdigest() == before
    assert not list(Path("/tmp").glob("heartbeat_hostile*"))


def test_missing_marts_are_named(opened, tmp_path):
    """The marts are unreachable, not the query wrong."""
    with pytest.raises(MartsUnreachable):
        opened(tmp_path / "none.duckdb").rows("SELECT 1", limit=1)
