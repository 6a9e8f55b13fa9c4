"""The laws of column types: nothing loses a digit, no guess becomes a date."""

import re
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat_lib.marts.column_types import Evidence, common_type, evidence_sql, judged

INTEGERS = st.sampled_from(["TINYINT", "SMALLINT", "INTEGER", "BIGINT"])
DECIMALS = st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: f"DECIMAL({p},{s})"))
TYPES = st.one_of(INTEGERS, DECIMALS, st.sampled_from(["DOUBLE", "VARCHAR", "DATE", "BOOLEAN"]))


@given(old=TYPES, new=TYPES)
def test_a_common_type_does_not_depend_on_who_came_first(old, new):
    """Two loads in the other order give the same table."""
    assert common_type(old, new) == common_type(new, old)


@given(old=TYPES, new=TYPES)
def test_a_common_type_holds_both_sides_again(old, new):
    """Merging once more changes nothing."""
    both = common_type(old, new)
    if both is not None:
        assert common_type(both, old) == both == common_type(both, new)


@given(old=st.one_of(INTEGERS, DECIMALS), new=st.one_of(INTEGERS, DECIMALS))
def test_a_common_exact_type_has_room_for_both(old, new):
    """Neither the digits before the point nor those after it shrink."""
    both = common_type(old, new)
    room = [_room(kind) for kind in (old, new)]
    if both is not None:
        assert _room(both)[0] >= max(whole for whole, _ in room)
        assert _room(both)[1] >= max(fraction for _, fraction in room)


def _room(kind):
    found = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind)
    if found:
        return int(found[1]) - int(found[2]), int(found[2])
    return {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}[kind], 0


def seen(values, kind="DOUBLE"):
    """The evidence that DuckDB gathers for a column of these texts."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (c VARCHAR)")
        con.executemany("INSERT INTO t VALUES (?)", [[value] for value in values])
        (row,) = con.execute(f"SELECT {evidence_sql('c', kind)} FROM t").fetchall()
        return Evidence(**dict(zip(Evidence.__slots__, row, strict=True)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**18), max_value=10**18), min_size=1))
def test_a_number_written_out_is_kept_to_the_last_digit(numbers):
    """Money in a CSV file arrives as written, whatever its size."""
    kind = judged("DOUBLE", seen([f"{number:f}" for number in numbers]))
    with duckdb.connect() as con:
        for number in numbers:
            ((found,),) = con.execute(f"SELECT CAST(? AS {kind})", [f"{number:f}"]).fetchall()
            assert Decimal(repr(found)) == number if kind == "DOUBLE" else found == number


@pytest.mark.parametrize("noise", ["0.30000000000000004", "35.412345678901234", "1e300", "2.2250738585072014e-308", "nan"])
def test_the_noise_of_a_printed_double_stays_a_double(noise):
    """A sensor's column must not become a decimal that overflows when multiplied."""
    assert judged("DOUBLE", seen([noise, "1.5"])) == "DOUBLE"


@pytest.mark.parametrize(("text", "kind"), [("05-06-2026", "DATE"), ("99-12-31", "DATE"), ("30-06-2026 10:00:00", "TIMESTAMP")])
def test_a_date_whose_order_is_a_guess_stays_text(text, kind):
    """5 June or May 6: only the analyst knows."""
    assert judged(kind, seen([text], kind)) == "VARCHAR"


def test_a_time_marked_utc_is_no_wall_clock():
    """DuckDB takes "... UTC" for a time without zone and drops the word."""
    assert judged("TIMESTAMP", seen(["2026-06-30 23:30:00 UTC"], "TIMESTAMP")) == "TIMESTAMP WITH TIME ZONE"
