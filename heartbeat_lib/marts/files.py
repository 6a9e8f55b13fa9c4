"""Which files of a folder are a source, and whether they changed since the last load. Nothing is read but names.

One file is one table; only the top level of the folder counts, and what is no data file is passed over (a README may
lie there). The surprise: "unchanged" is judged by name, size and time of change alone, so an hourly look costs nothing.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from heartbeat_lib.marts.load_errors import LoadError

WANTED = ".parquet, .csv, .jsonl or .ndjson (the last three also with .gz)"


class Format(StrEnum):
    """How a file is read; the member is its last suffix, `.gz` aside."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".csv.gz": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".jsonl.gz": Format.JSONL,
    ".ndjson.gz": Format.JSONL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One data file; `stem` is its name without suffixes, which becomes the table's name."""

    path: Path
    stem: str
    format: Format
    size: int
    modified_ns: int

    def open(self) -> BinaryIO:
        """The file's bytes, unpacked."""
        if self.path.name.lower().endswith(".gz"):
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")


def source_files(folder: Path) -> tuple[SourceFile, ...]:
    """Data files at the top of `folder`, by name.

    Raises
    ------
    LoadError
        There is no such folder, or no data file in it; the message names what was looked for.
    """
    if not folder.is_dir():
        raise LoadError(f"There is no folder {folder}. A source is a folder with {WANTED} files.")
    found: list[SourceFile] = []
    for path in sorted(folder.iterdir()):
        lower = path.name.lower()
        suffix = max((end for end in _SUFFIXES if lower.endswith(end)), key=len, default=None)
        if suffix is None or lower.startswith(".") or not path.is_file():
            continue
        seen = path.stat()
        found.append(
            SourceFile(
                path=path,
                stem=path.name[: -len(suffix)],
                format=_SUFFIXES[suffix],
                size=seen.st_size,
                modified_ns=seen.st_mtime_ns,
            )
        )
    if not found:
        raise LoadError(f"{folder} holds no data file. Each {WANTED} file at its top becomes a table.")
    return tuple(found)


def fingerprint(files: Sequence[SourceFile]) -> list[tuple[str, int, int]]:
    """Name, size and time of change (ns) of each file, by name: equal lists mean nothing to load."""
    return sorted((file.path.name, file.size, file.modified_ns) for file in files)
