"""Files into the marts: what becomes of every kind of value, and what is refused with its line."""

import gzip
import json
import subprocess
import sys
import textwrap
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heartbeat_lib.marts.load import load_folder, load_tables
from heartbeat_lib.marts.load_errors import LoadError, SourceFileError

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


class Workspace:
    """A folder of source files, a marts file, and the few things that a test wants to know."""

    def __init__(self, root):
        self.marts, self.folder, self.state = root / "marts.duckdb", root / "shop", root / "state"
        self.folder.mkdir()

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def load(self, schema="shop", zone=BERLIN, **more):
        return load_folder(self.marts, schema=schema, folder=self.folder, zone=zone, state_dir=self.state, **more)

    def rows(self, sql, zone=BERLIN):
        with duckdb.connect(str(self.marts), read_only=True) as con:
            con.execute(f"SET TimeZone = '{zone.key}'")
            return con.execute(sql).fetchall()

    def types(self, table="orders"):
        return dict(self.rows(f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table}'"))


def test_each_file_becomes_a_table_and_the_load_is_on_record(workspace):
    """`_dlt_loads` is what freshness reads; it must be real."""
    workspace.write("Order Items.csv", "Item ID,netPrice\n1,2.50\n2,3\n")
    pq.write_table(pa.table({"id": [1]}), workspace.folder / "customers.parquet")
    workspace.write("events.jsonl", '{"id": 1}\n')
    workspace.write("visits.csv.gz", gzip.compress(b"id\n1\n"))
    before = datetime.now(UTC)
    result = workspace.load()
    assert result.tables == {"order_items": 2, "customers": 1, "events": 1, "visits": 1}
    assert before <= result.inserted_at <= datetime.now(UTC)
    assert not result.skipped
    assert workspace.rows("SELECT item_id, net_price FROM shop.order_items ORDER BY 1") == [(1, 2.5), (2, 3.0)]
    assert workspace.rows("SELECT load_id, status FROM shop._dlt_loads") == [(result.load_id, 0)]


def test_nothing_is_left_outside_the_marts(workspace, tmp_path, capfd):
    """No pipeline folder, no copy, no message: dlt works behind the curtain."""
    workspace.write("orders.csv", "id\n1\n")
    workspace.load()
    left = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
    assert left == {Path(name) for name in ("marts.duckdb", "marts.duckdb.lock", "shop", "shop/orders.csv", "state", "state/dlt")}
    assert capfd.readouterr() == ("", "")


def test_types_of_a_csv_are_found_over_all_rows(workspace):
    """A fraction in the last of 50,000 rows makes the column fractional, not the load fail."""
    rows = "".join(f"{n},{n},2026-06-30,true,007\n" for n in range(50_000))
    workspace.write("orders.csv", "id,amount,day,paid,code\n" + rows + "50000,0.5,2026-07-01,false,010\n")
    workspace.load()
    assert workspace.types() == {"id": "BIGINT", "amount": "DOUBLE", "day": "DATE", "paid": "BOOLEAN", "code": "VARCHAR"}
    assert workspace.rows("SELECT min(code), max(day) FROM shop.orders") == [("007", date(2026, 7, 1))]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_found_in_the_header(workspace, separator):
    """Spreadsheets of half the world write semicolons."""
    workspace.write("orders.csv", separator.join(["id", "note"]) + "\n" + separator.join(["1", "a, b"]) + "\n")
    workspace.load()
    assert workspace.rows("SELECT id, note FROM shop.orders") == [(1, "a, b")]


def test_a_time_in_a_csv_stays_on_its_day(workspace):
    """A sale of 30 June 23:30 in Berlin is a sale of June; a date of doubtful order stays text."""
    instant = "TIMESTAMP WITH TIME ZONE"
    cases = [
        ("plain", "2026-06-30 23:30:00", instant, "2026-06-30 23:30:00+02"),
        ("micro", "2026-06-30T23:30:00.123456", instant, "2026-06-30 23:30:00.123456+02"),
        ("zulu", "2026-06-30T23:30:00Z", instant, "2026-07-01 01:30:00+02"),
        ("utc", "2026-06-30 23:30:00 UTC", instant, "2026-07-01 01:30:00+02"),
        ("india", "2026-06-30T23:30:00+05:30", instant, "2026-06-30 20:00:00+02"),
        ("day", "2026-06-30", "DATE", "2026-06-30"),
        ("doubtful", "05-06-2026", "VARCHAR", "05-06-2026"),
        ("american", "06/30/2026", "VARCHAR", "06/30/2026"),
        ("clock", "23:30:00", "TIME", "23:30:00"),
    ]
    names, written, kinds, values = zip(*cases, strict=True)
    workspace.write("orders.csv", f"{','.join(names)}\n{','.join(written)}\n{',' * (len(names) - 1)}\n")
    workspace.load()
    assert workspace.types() == dict(zip(names, kinds, strict=True))
    columns = ", ".join(f"{name}::VARCHAR" for name in names)
    assert workspace.rows(f"SELECT {columns} FROM shop.orders WHERE day IS NOT NULL") == [values]


def test_a_time_without_zone_is_the_sources_wall_clock(workspace):
    """A shop in New York closes its day in New York, whatever the workspace's zone."""
    at = datetime(2026, 6, 30, 23, 30)  # noqa: DTZ001 - a file's time without zone is the point
    pq.write_table(pa.table({"sold_at": pa.array([at], pa.timestamp("ns"))}), workspace.folder / "p.parquet")
    workspace.write("c.csv", "sold_at\n2026-06-30 23:30:00\n")
    workspace.write("j.jsonl", '{"sold_at": "2026-06-30 23:30:00"}\n')
    workspace.load(zone=NEW_YORK)
    for table in "pcj":
        assert workspace.rows(f"SELECT sold_at::DATE FROM shop.{table}", NEW_YORK) == [(date(2026, 6, 30),)]
        assert workspace.rows(f"SELECT sold_at::DATE FROM shop.{table}", BERLIN) == [(date(2026, 7, 1),)]


def test_an_aware_time_is_the_same_instant_in_any_zone(workspace):
    """A zone in the file wins over the source's."""
    at = datetime(2026, 6, 30, 21, 30, tzinfo=UTC)
    pq.write_table(pa.table({"sold_at": pa.array([at], pa.timestamp("us", tz="Asia/Tokyo"))}), workspace.folder / "p.parquet")
    workspace.load(zone=NEW_YORK)
    assert workspace.rows("SELECT epoch_us(sold_at) FROM shop.p") == [(int(at.timestamp() * 1_000_000),)]


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59"),
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:30:00"),  # skipped: moved on by the gap
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 01:30:00"),  # twice: the later one
        ("Europe/Berlin", "2026-10-25 00:30:00", "2026-10-24 22:30:00"),
        ("America/Sao_Paulo", "2018-11-04 00:30:00", "2018-11-04 03:30:00"),  # midnight itself was skipped
        ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04 15:15:00"),  # half an hour twice
    ],
)
def test_wall_clocks_on_a_clock_change_are_resolved_one_way(workspace, zone, wall, instant):
    """Every load gives the same instant, and the day stays the day."""
    workspace.write("orders.csv", f"sold_at\n{wall}\n")
    workspace.load(zone=ZoneInfo(zone))
    assert workspace.rows("SELECT sold_at::VARCHAR FROM shop.orders", ZoneInfo("UTC")) == [(f"{instant}+00",)]
    assert workspace.rows("SELECT sold_at::DATE::VARCHAR FROM shop.orders", ZoneInfo(zone)) == [(wall[:10],)]


def test_each_hour_of_a_long_and_a_short_day_stays_on_it(workspace):
    """The sum of a day with 23 or 25 hours misses nothing and borrows nothing."""
    hours = [f"{day} {hour:02}:15:00" for day in ("2026-03-29", "2026-10-25") for hour in range(24)]
    workspace.write("orders.csv", "sold_at\n" + "\n".join(hours) + "\n")
    workspace.load()
    per_day = workspace.rows("SELECT sold_at::DATE::VARCHAR, count(*) FROM shop.orders GROUP BY 1 ORDER BY 1")
    assert per_day == [("2026-03-29", 24), ("2026-10-25", 24)]


def test_a_metric_finds_the_last_minute_of_yesterday(workspace):
    """The comparison that metrics make, on a loaded column, in the workspace's zone."""
    workspace.write("orders.csv", "booked_at\n2026-06-29 23:59:59\n2026-06-30 00:00:00\n2026-06-30 23:59:59.999999\n")
    workspace.load()
    day = "booked_at >= DATE '2026-06-30' AND booked_at < TIMESTAMPTZ '2026-07-01 00:00:00+02'"
    assert workspace.rows(f"SELECT count(*) FROM shop.orders WHERE {day}") == [(2,)]


def test_large_numbers_of_a_csv_keep_their_digits(workspace):
    """An account number or a balance is not a float."""
    workspace.write(
        "orders.csv",
        f"wide,money,long,id\n123456789012345678901234567890,12345678901234567.89,{'9' * 50},9223372036854775807\n1,0.01,1,1\n",
    )
    workspace.load()
    assert workspace.rows("SELECT wide, money, long, id FROM shop.orders ORDER BY id DESC LIMIT 1") == [
        (Decimal("123456789012345678901234567890"), Decimal("12345678901234567.89"), "9" * 50, 2**63 - 1)
    ]


def test_decimals_and_unsigned_integers_of_parquet_keep_their_digits(workspace):
    """38 digits and the largest 64-bit number come through."""
    digits = Decimal("12345678901234567890123456789.123456789")
    table = pa.table(
        {
            "d9": pa.array([digits], pa.decimal128(38, 9)),
            "d20": pa.array([Decimal("1E-20")], pa.decimal128(38, 20)),
            "u64": pa.array([2**64 - 1], pa.uint64()),
            "f32": pa.array([1.5], pa.float32()),
        }
    )
    pq.write_table(table, workspace.folder / "orders.parquet")
    workspace.load()
    assert workspace.rows("SELECT * FROM shop.orders") == [(digits, Decimal("1E-20"), Decimal(2**64 - 1), 1.5)]
    assert workspace.types()["d9"] == "DECIMAL(38,9)"


def test_a_decimal_of_more_than_38_digits_is_refused(workspace):
    """The marts would make it a double in silence."""
    pq.write_table(pa.table({"x": pa.array([1], pa.decimal256(50, 2))}), workspace.folder / "orders.parquet")
    with pytest.raises(SourceFileError, match=r"orders\.parquet: column 'x' is decimal256.*38 digits"):
        workspace.load()


@pytest.mark.parametrize(
    "line",
    [
        '{"x": 123456789012345678901234567890.25}',
        '{"x": 123456789012345678901234567890}',
        '{"x": 0.1234567890123456789}',
        '{"x": {"y": [12345678901234567890.5]}}',
    ],
)
def test_a_json_number_beyond_a_double_is_refused_with_its_line(workspace, line):
    """JSON readers round such a number; the writer meant every digit."""
    workspace.write("events.jsonl", f'{{"x": 1}}\n{line}\n')
    with pytest.raises(SourceFileError, match=r"events\.jsonl, line 2: .*as text") as refused:
        workspace.load()
    assert refused.value.line == 2


def test_a_long_integer_among_fractions_is_refused(workspace):
    """An id beside fractions shares their column, and doubles have 53 bits."""
    workspace.write("events.jsonl", '{"x": 1.5}\n{"x": 12345678901234567}\n')
    with pytest.raises(SourceFileError, match="line 2"):
        workspace.load()


def test_long_ids_and_noisy_doubles_of_json_are_fine(workspace):
    """Snowflake ids, 64-bit hashes and sensor values are everyday; digits inside texts are texts."""
    big = {"id": 1234567890123456789, "hash": 2**64 - 1, "v": 0.1 + 0.2, "s": "no: 123456789012345678901234567890.5"}
    workspace.write("events.jsonl", json.dumps(big) + "\n")
    workspace.load()
    assert workspace.rows("SELECT id, hash, v FROM shop.events") == [(big["id"], Decimal(2**64 - 1), 0.1 + 0.2)]


def test_json_lines_keep_nested_values_as_json_text(workspace):
    """One file is one table; a list in a column is still there to be asked."""
    workspace.write(
        "events.jsonl",
        '{"id": 1, "tags": ["a", "b"], "who": {"name": "Ann", "n": 1}, "mixed": "x", "day": "2026-06-30", "none": null}\n'
        '{"id": 2, "mixed": 5, "late": true}\n',
    )
    workspace.load()
    assert workspace.rows("SELECT tags ->> '$[1]', who ->> '$.name', mixed, day FROM shop.events WHERE id = 1") == [
        ("b", "Ann", "x", date(2026, 6, 30))
    ]
    assert workspace.rows("SELECT mixed, late, none FROM shop.events WHERE id = 2") == [("5", True, None)]


def test_nested_and_odd_types_of_parquet_arrive_as_text(workspace):
    """Lists, structs, times of day and dictionaries: nothing is dropped."""
    table = pa.table(
        {
            "tags": [["a"], None],
            "who": [{"n": 1}, None],
            "kind": pa.array(["x", None]).dictionary_encode(),
            "none": pa.nulls(2),
        }
    )
    pq.write_table(table, workspace.folder / "orders.parquet")
    workspace.load()
    assert workspace.rows("SELECT tags, who, kind, none FROM shop.orders LIMIT 1") == [('["a"]', '{"n":1}', "x", None)]


@pytest.mark.parametrize(
    ("name", "content", "words", "line"),
    [
        ("orders.csv", "a,b\n1,2\n3\n4,5\n", "1 values, and the header names 2", 3),
        ("orders.csv", "a,b\n1,2\n3,4,5\n", "3 values, and the header names 2", 3),
        ("orders.csv", 'a,b\n1,"x\ny"\n2\n', "1 values", 4),
        ("orders.csv", 'a,b\n1,2\n2,"never closed\n3,4\n', "never ends", 3),
        ("orders.csv", b"a,b\n1,x\n2,M\xfcller\n", "not UTF-8", 3),
        ("orders.csv", "a,b\n1,2\n".encode("utf-16"), "not UTF-8", 1),
        ("orders.csv", "", "is empty", None),
        ("orders.csv", "Net Price,net_price\n1,2\n", "would both be 'net_price'", None),
        ("orders.jsonl", '{"a": 1}\n{"a":\n', "not JSON", 2),
        ("orders.jsonl", '{"a": 1}\nnonsense\n{"a": 2}\n', "not JSON", 2),
        ("orders.jsonl", '{"a": 1}\n[1, 2]\n', "not a JSON object", 2),
        ("orders.jsonl", b'{"a": "M\xfcller"}\n', "not UTF-8", 1),
        ("orders.jsonl", "", "is empty", None),
        ("orders.jsonl", "\n{}\n", "is empty", None),
        ("orders.jsonl", '{"a": 1, "A": 2}\n', "upper and lower case", None),
        ("orders.parquet", b"", "not a readable Parquet", None),
        ("orders.parquet", b"PAR1 and then nothing", "not a readable Parquet", None),
        ("orders.csv.gz", b"this is not gzip", "orders.csv.gz", None),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_changes_nothing(workspace, name, content, words, line):
    """A person opens the file at that line; the marts stand as they stood."""
    with duckdb.connect(str(workspace.marts)) as con:
        con.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 1 AS id")
    before = workspace.marts.read_bytes()
    workspace.write("a_good_one.csv", "x\n1\n")
    path = workspace.write(name, content)
    with pytest.raises(SourceFileError) as refused:
        workspace.load()
    assert refused.value.path == path
    assert refused.value.line == line
    assert words in str(refused.value)
    assert workspace.marts.read_bytes() == before
    assert {each.name for each in workspace.marts.parent.glob("marts*")} == {"marts.duckdb", "marts.duckdb.lock"}


def test_a_header_alone_makes_an_empty_table(workspace):
    """A day without orders is zero rows, not a missing table."""
    workspace.write("orders.csv", "id,amount\n")
    assert workspace.load().tables == {"orders": 0}
    assert workspace.rows("SELECT count(*) FROM shop.orders") == [(0,)]
    assert workspace.types() == {"id": "VARCHAR", "amount": "VARCHAR"}


def test_an_empty_day_keeps_the_types_of_the_day_before(workspace):
    """A metric that sums the column must not fail because nothing was sold."""
    workspace.write("orders.csv", "id,amount,sold_at\n1,2.5,2026-06-30 10:00:00\n")
    workspace.load()
    before = workspace.types()
    workspace.write("orders.csv", "id,amount,sold_at\n")
    workspace.load()
    assert workspace.types() == before
    assert workspace.rows("SELECT sum(amount) FROM shop.orders") == [(None,)]


def test_a_column_without_any_value_is_kept(workspace):
    """A column that nobody fills yet is still a column."""
    workspace.write("orders.csv", "id,discount\n1,\n2,\n")
    workspace.load()
    assert workspace.rows("SELECT id, discount FROM shop.orders ORDER BY 1") == [(1, None), (2, None)]


def test_a_column_that_changes_its_type_is_simply_the_new_one(workspace):
    """Without a key the schema equals the folder; there is no yesterday to fit."""
    workspace.write("orders.csv", "id,amount\n1,many\n")
    workspace.load()
    workspace.write("orders.csv", "id,amount\n1,5\n")
    workspace.load()
    assert workspace.types() == {"id": "BIGINT", "amount": "BIGINT"}


def test_a_replacing_load_makes_the_schema_equal_the_folder(workspace):
    """A table whose file is gone goes too; its number would otherwise stay for ever."""
    workspace.write("orders.csv", "id\n1\n2\n")
    workspace.write("old.csv", "id\n1\n")
    workspace.load()
    (workspace.folder / "old.csv").unlink()
    workspace.write("orders.csv", "id\n3\n")
    workspace.load()
    tables = {name for (name,) in workspace.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'shop'")}
    assert tables == {"orders", "_dlt_loads", "_dlt_version", "_heartbeat_files"}
    assert workspace.rows("SELECT id FROM shop.orders") == [(3,)]


def test_every_load_stays_on_record(workspace):
    """The usual rhythm of a source is read from its past loads."""
    workspace.write("orders.csv", "id\n1\n")
    loads = [workspace.load().load_id for _ in range(3)]
    assert workspace.rows("SELECT load_id FROM shop._dlt_loads ORDER BY inserted_at") == [(load,) for load in loads]


def test_schemas_load_in_turn_without_touching_each_other(workspace):
    """One source's load is nothing to another's tables or freshness."""
    workspace.write("orders.csv", "id\n1\n")
    first = workspace.load("shop")
    second = workspace.load("crm")
    workspace.write("orders.csv", "id\n1\n2\n")
    workspace.load("crm")
    assert workspace.rows("SELECT (SELECT count(*) FROM shop.orders), (SELECT count(*) FROM crm.orders)") == [(1, 2)]
    assert workspace.rows("SELECT load_id FROM shop._dlt_loads") == [(first.load_id,)]
    assert len(workspace.rows("FROM crm._dlt_loads")) == 2
    assert second.schema == "crm"


def test_a_lost_state_folder_changes_nothing(workspace):
    """All that is remembered lies in the marts file."""
    import shutil

    workspace.write("orders.csv", "id,v\n1,a\n")
    workspace.load(key=["id"])
    shutil.rmtree(workspace.state)
    workspace.write("orders.csv", "id,v\n2,b\n")
    workspace.load(key=["id"])
    assert workspace.rows("SELECT * FROM shop.orders ORDER BY id") == [(1, "a"), (2, "b")]


def test_two_files_for_one_table_are_refused(workspace):
    """Which of them would be the truth?"""
    workspace.write("Orders.csv", "id\n1\n")
    workspace.write("orders.jsonl", '{"id": 1}\n')
    with pytest.raises(LoadError, match=r"Orders\.csv and .*orders\.jsonl would both be table orders"):
        workspace.load()


@pytest.mark.parametrize("name", ["_dlt_loads.csv", "_heartbeat_files.csv"])
def test_the_loaders_own_table_names_are_refused(workspace, name):
    """A file must not write its own freshness."""
    workspace.write(name, "id\n1\n")
    with pytest.raises(LoadError, match="loader's own tables"):
        workspace.load()


@pytest.mark.parametrize(
    "schema", ["", "Shop", "1shop", "shop-a", "a b", "shop_", "a__b", "main", "temp", "pg_catalog", "shop_staging", "marts"]
)
def test_a_schema_name_that_would_mean_something_else_is_refused(workspace, schema):
    """What stands in the toml is what stands in SQL, and only that."""
    workspace.write("orders.csv", "id\n1\n")
    with pytest.raises(LoadError, match="schema"):
        workspace.load(schema)
    assert not workspace.marts.exists()


def test_names_with_pattern_characters_are_only_names(workspace):
    """`orders[1].csv` is that file and not a pattern for others."""
    workspace.write("orders[1].csv", "id\n1\n")
    workspace.write("orders1.csv", "id\n2\n3\n")
    workspace.write("it's.csv", 'he said "x",y\n1,2\n')
    assert workspace.load().tables == {"orders_1": 1, "orders1": 2, "it_s": 1}


def test_nothing_is_loaded_when_nothing_changed(workspace):
    """The last load that brought rows stays the last; an hourly look costs nothing."""
    workspace.write("orders.csv", "id\n1\n")
    first = workspace.load(unless_unchanged=True)
    before = workspace.marts.read_bytes()
    again = workspace.load(unless_unchanged=True)
    assert not first.skipped
    assert again.skipped
    assert (again.tables, again.load_id, again.inserted_at) == (first.tables, first.load_id, first.inserted_at)
    assert workspace.marts.read_bytes() == before


def test_a_changed_file_zone_or_key_is_a_reason_to_load(workspace):
    """Each of them changes what stands in the marts."""
    workspace.write("orders.csv", "id\n1\n")
    workspace.load(unless_unchanged=True)
    assert not workspace.load(unless_unchanged=True, zone=NEW_YORK).skipped
    assert not workspace.load(unless_unchanged=True, zone=NEW_YORK, key=["id"]).skipped
    workspace.write("orders.csv", "id\n1\n2\n")
    assert not workspace.load(unless_unchanged=True, zone=NEW_YORK, key=["id"]).skipped
    assert not workspace.load(zone=NEW_YORK, key=["id"]).skipped


def test_a_failed_load_is_tried_again(workspace):
    """Only a load that ended well counts as the last one."""
    workspace.write("orders.csv", "id\n1\n")
    workspace.load(unless_unchanged=True)
    workspace.write("orders.csv", "a,b\n1\n")
    for _ in range(2):
        with pytest.raises(SourceFileError):
            workspace.load(unless_unchanged=True)


def test_progress_names_each_file_and_ends_complete(workspace):
    """A person at a terminal sees what it is at."""
    workspace.write("a.csv", "id\n1\n")
    workspace.write("b.csv", "id\n1\n")
    steps = []
    workspace.load(progress=lambda step, done, total: steps.append((step, done, total)))
    said = ["reading a.csv", "reading b.csv", "writing shop", "putting the new marts in place", "loaded"]
    assert [step for step, _, _ in steps] == said
    assert [done for _, done, _ in steps] == [0, 1, 2, 3, 4]
    assert {total for _, _, total in steps} == {4}


def test_tables_in_memory_take_the_same_path(workspace):
    """What the demo makes and what a file brings end up alike."""
    table = pa.table({"Booked At": pa.array([datetime(2026, 6, 30, 23, 30)], pa.timestamp("us")), "n": [1]})  # noqa: DTZ001
    result = load_tables(workspace.marts, schema="bank", tables={"Accounts": table}, zone=BERLIN, state_dir=workspace.state)
    assert result.tables == {"accounts": 1}
    assert workspace.rows("SELECT booked_at::DATE, n FROM bank.accounts") == [(date(2026, 6, 30), 1)]
    assert workspace.rows("SELECT status FROM bank._dlt_loads") == [(0,)]


def test_settings_of_the_process_are_put_back(workspace, monkeypatch):
    """A notebook that uses dlt itself keeps its own settings."""
    import os

    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "INFO")
    before = dict(os.environ)
    workspace.write("orders.csv", "id\n1\n")
    workspace.load()
    assert dict(os.environ) == before


def test_a_load_in_a_fresh_process_says_nothing_and_writes_nowhere_else(workspace, tmp_path):
    """dlt's own default is a folder in the home, a message and a telephone call."""
    workspace.write("orders.csv", "id\n1\n")
    script = textwrap.dedent(f"""
        from pathlib import Path
        from zoneinfo import ZoneInfo
        from heartbeat_lib.marts.load import load_folder
        load_folder(Path({str(workspace.marts)!r}), schema="shop", folder=Path({str(workspace.folder)!r}),
                    zone=ZoneInfo("UTC"), state_dir=Path({str(workspace.state)!r}))
    """)
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", script],
        cwd=home, env={"HOME": str(home), "PATH": "/usr/bin"}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
    assert list(home.iterdir()) == []
