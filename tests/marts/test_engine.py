"""Opening marts by URL, and what importing costs."""

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heartbeat_lib.marts import MartsUrlError, dialect_for, marts_path, open_marts


@pytest.mark.parametrize("url", ["duckdb:///data/marts.duckdb", "/data/marts.duckdb"])
def test_a_duckdb_url_or_a_bare_path_names_the_file(url):
    """What `doctor` prints and what a person types are the same place."""
    assert marts_path(url) == Path("/data/marts.duckdb")
    assert dialect_for(url).name == "duckdb"


def test_postgres_marts_have_a_dialect_and_no_engine_yet():
    """`check` works against them; opening says plainly that it does not."""
    assert dialect_for("postgresql://host/db").name == "postgres"
    with pytest.raises(MartsUrlError, match="not opened yet"):
        open_marts("postgresql://host/db", zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("url", ["mysql://host/db", "duckdb://"])
def test_an_unknown_engine_is_refused_by_name(url):
    """A typo in a URL is not taken for a file name."""
    with pytest.raises(MartsUrlError):
        marts_path(url)


@pytest.mark.parametrize("module", ["heartbeat_lib.marts", "heartbeat_lib.marts.duckdb", "heartbeat_lib.marts.load"])
def test_importing_brings_no_engine_along(module):
    """Every door imports the marts; only a worker needs DuckDB, and only a load needs dlt."""
    heavy = "{'duckdb', 'pandas', 'dlt', 'pyarrow', 'sqlglot', 'numpy'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
