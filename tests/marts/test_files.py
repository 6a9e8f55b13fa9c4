"""Which files are a source."""

import pytest

from heartbeat_lib.marts.files import Format, fingerprint, source_files
from heartbeat_lib.marts.load_errors import LoadError


def test_data_files_at_the_top_become_sources_and_the_rest_is_passed_over(tmp_path):
    """A README, a hidden file and a folder of older files may lie there."""
    for name in ("b.csv", "a.parquet", "C.NDJSON", "d.jsonl.gz", "e.csv.gz", "README.md", ".hidden.csv", "notes.json"):
        (tmp_path / name).touch()
    (tmp_path / "older.csv").mkdir()
    found = {file.stem: file.format for file in source_files(tmp_path)}
    assert found == {"a": Format.PARQUET, "b": Format.CSV, "C": Format.JSONL, "d": Format.JSONL, "e": Format.CSV}


def test_a_folder_without_data_files_says_what_was_looked_for(tmp_path):
    """The wrong folder is the commonest mistake."""
    (tmp_path / "orders.xlsx").touch()
    with pytest.raises(LoadError, match=r"holds no data file.*\.parquet, \.csv"):
        source_files(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    """A misspelt path is not an empty source."""
    with pytest.raises(LoadError, match=r"no folder .*nope"):
        source_files(tmp_path / "nope")


def test_the_fingerprint_changes_with_size_time_and_name(tmp_path):
    """Any of the three makes a load."""
    import os

    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    os.utime(path, ns=(1, 1))
    seen = [fingerprint(source_files(tmp_path))]
    os.utime(path, ns=(1, 2))
    seen.append(fingerprint(source_files(tmp_path)))
    path.write_text("x\n10\n")
    os.utime(path, ns=(1, 2))
    seen.append(fingerprint(source_files(tmp_path)))
    path.rename(tmp_path / "b.csv")
    seen.append(fingerprint(source_files(tmp_path)))
    assert len({str(each) for each in seen}) == 4
