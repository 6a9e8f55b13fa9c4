"""The loader's bookkeeping as it is: every load with its end, failed ones too, and the rows that still carry its id."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from heartbeat_lib.marts.load import load_tables
from heartbeat_lib.marts.pipeline import load_pipeline

BERLIN = ZoneInfo("Europe/Berlin")
PIPELINE = """
import pathlib
import dlt

@dlt.source
def till():
    count = int(pathlib.Path(__file__).with_name("rows.txt").read_text())
    yield dlt.resource([{"id": i} for i in range(count)], name="sales", write_disposition="append")
"""


def test_loads_come_oldest_first_with_the_failed_one(marts):
    """Instants in UTC, whatever the zone."""
    assert [(load.load_id, load.ended, load.completed) for load in marts.loads("shop")] == [
        ("1", datetime(2026, 7, 1, 8, tzinfo=UTC), True),
        ("2", datetime(2026, 7, 2, 8, tzinfo=UTC), True),
        ("3", datetime(2026, 7, 3, 8, tzinfo=UTC), False),
    ]


def test_a_schema_without_books_has_no_loads(marts):
    """Nor has one that is not there; neither is an error, and neither is fresh."""
    assert marts.loads("crm") == ()
    assert marts.loads("nope") == ()


def test_rows_are_counted_by_the_load_that_brought_them(marts_file, opened):
    """Where rows say so; a table whose rows do not is in no count."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute(
            "CREATE TABLE shop.returns AS "
            "SELECT i AS id, CASE WHEN i < 3 THEN '1' ELSE '2' END AS _dlt_load_id FROM range(10) t(i)"
        )
    seen = {load.load_id: load.rows for load in opened(marts_file).loads("shop")}
    assert seen == {"1": {"returns": 3}, "2": {"returns": 7}, "3": {}}


def test_books_without_ids_still_tell_when(marts_file, opened):
    """Another loader's `_dlt_loads` may keep less."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute("CREATE TABLE crm._dlt_loads (status BIGINT, inserted_at TIMESTAMP)")
        con.execute("INSERT INTO crm._dlt_loads VALUES (0, '2026-07-02 08:00:00'), (0, NULL)")
        con.execute("ALTER TABLE crm.customers ADD COLUMN _dlt_load_id VARCHAR")
    assert [(load.load_id, load.ended, load.rows) for load in opened(marts_file).loads("crm")] == [
        ("", None, {}),
        ("", datetime(2026, 7, 2, 8, tzinfo=UTC), {}),
    ]


def test_a_real_load_is_in_the_books(tmp_path, opened):
    """What dlt itself writes, twice."""
    file = tmp_path / "marts.duckdb"
    for _ in range(2):
        load_tables(file, schema="shop", tables={"sales": pa.table({"id": [1, 2]})}, zone=BERLIN, state_dir=tmp_path)
    first, second = opened(file).loads("shop")
    assert first.ended < second.ended
    assert first.completed
    assert second.completed


def test_names_with_quotes_are_only_names(marts_file, opened):
    """A schema and a table are data here, never SQL."""
    with duckdb.connect(str(marts_file)) as con:
        con.execute('CREATE SCHEMA "a\'b""c"')
        con.execute('CREATE TABLE "a\'b""c"._dlt_loads AS SELECT \'7\' AS load_id, 0 AS status, now() AS inserted_at')
        con.execute('CREATE TABLE "a\'b""c"."d\'e""f" AS SELECT \'7\' AS _dlt_load_id')
    (load,) = opened(marts_file).loads("a'b\"c")
    assert load.rows == {"d'e\"f": 1}


def test_the_rows_of_a_pipeline_say_which_load_brought_them(tmp_path, opened):
    """dlt itself writes the id into each row; the second run appends two."""
    file = tmp_path / "pipelines" / "till.py"
    file.parent.mkdir()
    file.write_text(PIPELINE, "utf-8")
    marts = tmp_path / "marts.duckdb"
    for count in (3, 2):
        (file.parent / "rows.txt").write_text(str(count), "utf-8")
        load_pipeline(marts, schema="till", file=file, project=tmp_path, state_dir=tmp_path / "state")
    assert [load.rows for load in opened(marts).loads("till")] == [{"sales": 3}, {"sales": 2}]
