"""Loads with a key: rows are replaced where it is known, added where not, and nothing is guessed."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib.marts.load import load_folder
from heartbeat_lib.marts.load_errors import SourceFileError


@pytest.fixture
def merge(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()

    def load(text, key=("id",), name="orders.csv"):
        """Loads one file by its key and returns the table, by its first column."""
        (folder / name).write_text(text)
        load_folder(
            tmp_path / "marts.duckdb",
            schema="shop",
            folder=folder,
            zone=ZoneInfo("Europe/Berlin"),
            key=key,
            state_dir=tmp_path / "state",
        )
        with duckdb.connect(str(tmp_path / "marts.duckdb"), read_only=True) as con:
            assert con.execute("SELECT count(*) FROM duckdb_schemas() WHERE schema_name LIKE '%staging'").fetchall() == [(0,)]
            return con.execute("SELECT * FROM shop.orders ORDER BY 1").fetchall()

    return load


def test_known_keys_are_replaced_and_new_ones_added(merge):
    """A nightly file holds the changes of a day, not the whole table."""
    merge("id,v\n1,a\n2,b\n")
    assert merge("id,v\n2,B\n3,c\n") == [(1, "a"), (2, "B"), (3, "c")]


def test_merging_twice_equals_once(merge):
    """The same file again changes nothing."""
    first = merge("id,v\n1,a\n2,b\n")
    assert merge("id,v\n1,a\n2,b\n") == first


def test_a_key_of_two_columns_may_be_written_as_in_the_file(merge):
    """People copy the header's words into the toml."""
    merge("Order ID,Line,v\n1,1,a\n1,2,b\n", key=("Order ID", "Line"))
    assert merge("Order ID,Line,v\n1,2,B\n", key=("Order ID", "Line")) == [(1, 1, "a"), (1, 2, "B")]


def test_a_file_without_rows_changes_nothing(merge):
    """A day without changes is an ordinary day."""
    merge("id,v\n1,a\n")
    assert merge("id,v\n") == [(1, "a")]


def test_a_new_column_is_added(merge):
    """The source grew; older rows have no value there."""
    merge("id,v\n1,a\n")
    assert merge("id,v,w\n2,b,x\n") == [(1, "a", None), (2, "b", "x")]


def test_numbers_widen_without_losing_a_digit(merge):
    """Whole amounts yesterday and cents today are one column."""
    merge("id,v\n1,10\n")
    assert merge("id,v\n2,0.5\n") == [(1, 10.0), (2, 0.5)]


def test_long_numbers_widen_to_exact_decimals(merge):
    """A 30-digit number among whole ones stays a 30-digit number."""
    merge("id,v\n1,10\n")
    assert merge(f"id,v\n2,{'1' * 30}\n") == [(1, Decimal(10)), (2, Decimal("1" * 30))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nr,v\n1,a\n", "no column 'id', which is the source's key"),
        ("id,v\n1,a\n1,b\n", "not unique: more than one row has id 1"),
        ("id,v\n1,a\n,b\n", "no value in the key"),
    ],
)
def test_a_key_that_is_none_is_refused(merge, text, words):
    """Merging by it would lose rows or double them."""
    before = merge("id,v\n7,z\n")
    with pytest.raises(SourceFileError, match=words):
        merge(text)
    assert merge("id,v\n7,z\n") == before


def test_types_that_do_not_go_together_are_refused(merge):
    """Text in a column of numbers would turn sums into errors, or worse."""
    merge("id,v\n1,10\n")
    with pytest.raises(SourceFileError, match="column 'v' is VARCHAR here and BIGINT in the marts"):
        merge("id,v\n2,many\n")
