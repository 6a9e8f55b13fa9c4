"""Pipeline files into the marts: dlt's own dispositions across runs, all or nothing, and every fault with its line."""

from __future__ import annotations

import os
import textwrap
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest

from heartbeat_lib.marts.load import load_folder
from heartbeat_lib.marts.load_errors import LoadError, PipelineError
from heartbeat_lib.marts.pipeline import load_pipeline

BERLIN = ZoneInfo("Europe/Berlin")
REPLACE = """
    import dlt

    @dlt.source
    def shop():
        yield dlt.resource([{"id": 1, "tags": ["a", "b"]}, {"id": 2}], name="orders", write_disposition="replace")
"""
INCREMENTAL = """
    import json, pathlib
    import dlt

    @dlt.source
    def shop():
        @dlt.resource(write_disposition="append")
        def events(seq=dlt.sources.incremental("seq", initial_value=0)):
            yield from json.loads(pathlib.Path(__file__).with_name("events.json").read_text())

        return events
"""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    """A workspace folder with one pipeline file, a marts file, and the few things that a test wants to know."""

    def __init__(self, root):
        self.root, self.marts, self.state = root, root / "marts.duckdb", root / "state"
        self.file = root / "pipelines" / "shop_api.py"
        self.file.parent.mkdir()

    def write(self, text):
        self.file.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")

    def load(self, schema="shop", **more):
        return load_pipeline(self.marts, schema=schema, file=self.file, project=self.root, state_dir=self.state, **more)

    def load_csv(self, text, **more):
        folder = self.root / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "orders.csv").write_text(text, "utf-8")
        return load_folder(self.marts, schema="shop", folder=folder, zone=BERLIN, state_dir=self.state, **more)

    def rows(self, sql):
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return con.execute(sql).fetchall()

    def tables(self):
        return {name for (name,) in self.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'shop'")}


def test_a_replacing_source_makes_its_tables_anew(place):
    """Each run brings the whole; a nested list is a table of its own, as dlt has it."""
    place.write(REPLACE)
    before = datetime.now(UTC)
    first = place.load()
    assert first.tables == {"orders": 2, "orders__tags": 2}
    assert before <= first.inserted_at <= datetime.now(UTC)
    second = place.load()
    assert not second.skipped
    assert place.rows("SELECT count(*) FROM shop.orders") == [(2,)]
    assert place.rows("SELECT load_id FROM shop._dlt_loads ORDER BY inserted_at") == [(first.load_id,), (second.load_id,)]


def test_nothing_is_left_outside_the_marts(place, capfd):
    """No pipeline folder, no copy, no staging schema, no message, and the environment as before."""
    place.write(REPLACE)
    before = dict(os.environ)
    place.load()
    left = {path.name for path in place.root.rglob("*") if path.name != "__pycache__" and path.suffix != ".pyc"}
    assert left == {"marts.duckdb", "marts.duckdb.lock", "pipelines", "shop_api.py", "state", "dlt"}
    assert place.rows("SELECT DISTINCT schema_name FROM duckdb_tables()") == [("shop",)]
    assert capfd.readouterr() == ("", "")
    assert dict(os.environ) == before


def test_an_incremental_source_goes_on_where_it_stopped(place):
    """dlt's cursor lies in the marts file alone; a run that finds nothing new leaves the file untouched."""
    place.write(INCREMENTAL)
    events = place.file.with_name("events.json")
    events.write_text('[{"seq": 1}, {"seq": 2}]')
    first = place.load()
    assert first.tables == {"events": 2}
    before = place.marts.read_bytes()
    again = place.load()
    assert (again.skipped, again.tables) == (True, {})
    assert (again.load_id, again.inserted_at) == (first.load_id, first.inserted_at)
    assert place.marts.read_bytes() == before
    events.write_text('[{"seq": 2}, {"seq": 3}]')
    assert place.load().tables == {"events": 1}
    assert place.rows("SELECT seq FROM shop.events ORDER BY seq") == [(1,), (2,), (3,)]


def test_rows_are_merged_by_primary_key(place):
    """A known key is replaced, a new one added, and the rest stays; a resource alone is a source too."""
    text = """
        import dlt

        @dlt.resource(name="orders", write_disposition="merge", primary_key="id")
        def shop():
            yield {}
    """
    place.write(text.format('[{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]'))
    place.load()
    place.write(text.format('[{"id": 2, "v": "c"}, {"id": 3, "v": "d"}]'))
    place.load()
    assert place.rows("SELECT id, v FROM shop.orders ORDER BY id") == [(1, "a"), (2, "c"), (3, "d")]
    assert place.rows("SELECT DISTINCT schema_name FROM duckdb_tables()") == [("shop",)]


def test_a_resource_alone_remembers_its_cursor(place):
    """As with a source of several."""
    place.write(
        """
        import dlt

        @dlt.resource(name="events")
        def shop(seq=dlt.sources.incremental("seq")):
            yield [{"seq": 1}]
        """
    )
    assert [place.load().skipped for _ in range(2)] == [False, True]


def test_a_first_run_without_rows_is_a_load(place):
    """A shop that has sold nothing yet; the next run finds its state."""
    place.write(INCREMENTAL)
    place.file.with_name("events.json").write_text("[]")
    assert [place.load().tables for _ in range(2)] == [{}, {}]
    place.file.with_name("events.json").write_text('[{"seq": 1}]')
    assert place.load().tables == {"events": 1}


def test_an_exception_in_a_resource_is_named_with_its_line_and_changes_nothing(place):
    """A person opens the file there; the marts stand as they stood, what the run had brought is gone."""
    place.write(REPLACE)
    place.load()
    before = place.marts.read_bytes()
    place.write(
        """
        import dlt

        @dlt.source
        def shop():
            yield dlt.resource([{"id": 9}], name="orders", write_disposition="replace")

            @dlt.resource
            def rates():
                yield {"id": 1}
                try:
                    {}["eur"]
                except KeyError as error:
                    raise ValueError("no rates today") from error

            yield rates
        """
    )
    with pytest.raises(PipelineError, match=r"^pipelines/shop_api\.py, line 13: ValueError: no rates today$") as refused:
        place.load()
    assert (refused.value.file, refused.value.line) == (place.file, 13)
    assert place.marts.read_bytes() == before
    assert {each.name for each in place.root.glob("marts*")} == {"marts.duckdb", "marts.duckdb.lock"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import dlt\n\nimport no_such_module\n", r"shop_api\.py, line 3: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import dlt\ndef shop(:\n", r"shop_api\.py, line 2: SyntaxError: "),
        ("raise SystemExit(3)\n", r"shop_api\.py, line 1: SystemExit: 3"),
        (
            "import dlt\n@dlt.source\ndef store(): ...\n@dlt.resource\ndef orders(): ...\n",
            r"no dlt source named shop; it defines orders, store\.",
        ),
        ("x = 1\n", "no dlt source named shop; it defines no dlt source at all"),
        ("def shop():\n    return 3\n", r"shop is no dlt source but int\. Write @dlt\.source above it"),
        ("import dlt\n@dlt.source\ndef shop(region):\n    return []\n", r"shop_api\.py.*: TypeError: .*region"),
        (
            "import dlt\n@dlt.source\ndef shop(token: str = dlt.secrets.value):\n    return []\n",
            r"shop_api\.py.*: ConfigFieldMissingException: .*token",
        ),
        (
            "import dlt\n@dlt.resource(columns={'id': {'data_type': 'bigint', 'nullable': False}})\n"
            "def shop():\n    yield {'id': None}\n",
            r"shop_api\.py: .*id",
        ),
    ],
    ids=["import", "syntax", "exit", "other-names", "no-names", "no-source", "argument", "secret", "failed-job"],
)
def test_a_file_that_cannot_run_is_named(place, text, words):
    """One error, the innermost words, and no marts."""
    place.write(text)
    with pytest.raises(PipelineError, match=words) as refused:
        place.load()
    assert len(str(refused.value).splitlines()) == 1
    assert not place.marts.exists()


def test_a_missing_file_is_named(place):
    """A branch without it was checked out."""
    with pytest.raises(LoadError, match=r"no file .*shop_api\.py"):
        place.load()


def test_secrets_come_from_the_workspace(place):
    """A dlt user keeps them in .dlt/secrets.toml, under the file's and the source's name."""
    (place.root / ".dlt").mkdir()
    (place.root / ".dlt" / "secrets.toml").write_text('[sources.shop_api.shop]\ntoken = "t0k"\n')
    place.write(
        """
        import dlt

        @dlt.source
        def shop(token: str = dlt.secrets.value):
            return dlt.resource([{"token": token}], name="tokens")
        """
    )
    place.load()
    assert place.rows("SELECT token FROM shop.tokens") == [("t0k",)]


def test_a_file_may_import_its_neighbours(place):
    """As when it is run by hand; several sources in one file share what the file prepares."""
    place.file.with_name("shop_client.py").write_text("made = []\n")
    place.write(
        """
        import dlt
        from shop_client import made

        made.append(1)

        @dlt.source
        def shop():
            return dlt.resource([{"n": len(made)}], name="counts")

        @dlt.source
        def crm():
            return dlt.resource([{"n": len(made)}], name="counts")
        """
    )
    place.load("shop")
    place.load("crm")
    assert place.rows("SELECT shop.counts.n, crm.counts.n FROM shop.counts, crm.counts") == [(1, 1)]


def test_a_pipeline_takes_over_a_schema_that_files_made(place):
    """Other columns, other types: dlt starts from a clear schema; past loads stay on record."""
    by_files = place.load_csv("id,tags\nx,y\n")
    place.write(REPLACE)
    place.load()
    assert place.rows("SELECT id FROM shop.orders ORDER BY id") == [(1,), (2,)]
    assert "_heartbeat_files" not in place.tables()
    assert by_files.load_id in {load for (load,) in place.rows("SELECT load_id FROM shop._dlt_loads")}


@pytest.mark.parametrize("key", [(), ("id",)])
def test_files_take_over_a_schema_that_a_pipeline_made(place, key):
    """And dlt's memory goes with its tables."""
    place.write(REPLACE)
    place.load()
    assert not place.load_csv("id,note\nx,y\n", key=key, unless_unchanged=True).skipped
    assert place.rows("FROM shop.orders") == [("x", "y")]
    assert place.tables() == {"orders", "_dlt_loads", "_dlt_version", "_heartbeat_files"}
