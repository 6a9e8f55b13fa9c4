"""Reading a text file slowly, for its header and for the exact line of a fault.

DuckDB reads fast and says roughly where it failed. Only the head of a good file passes through here, and the whole of a
bad one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from heartbeat_lib.marts.files import SourceFile
from heartbeat_lib.marts.load_errors import SourceFileError

SEPARATORS = (",", ";", "\t", "|")
NOT_UTF8 = "the text is not UTF-8. Save the file as UTF-8 and load again."
Fault = tuple[int, str]
_LOST = "the number {} has more digits than a JSON number holds; write it as text, in quotes."
csv.field_size_limit(1 << 30)


def csv_header(file: SourceFile) -> tuple[str, list[str]]:
    """The separator and the column names of a CSV file; its first line is always the header.

    Raises
    ------
    SourceFileError
        The file is empty or not UTF-8.
    """
    with file.open() as source:
        head = source.read(1 << 16)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceFileError(file.path, NOT_UTF8, line=1)
    text = head.decode("utf-8-sig", "ignore")
    if not text.strip():
        raise SourceFileError(file.path, "the file is empty; a table without rows still needs its header line.")
    separator = max(SEPARATORS, key=lambda mark: _agreement(text, mark))
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return separator, [name.strip() or f"column_{number}" for number, name in enumerate(header, start=1)]


def _agreement(text: str, separator: str) -> tuple[int, int]:
    """How many of the first lines split into as many values as the header, and into how many."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    counts = [len(row) for row, _ in zip(rows, range(20), strict=False)]
    if counts[0] < 2:
        return 0, 0
    return sum(count == counts[0] for count in counts), counts[0]


def csv_line_fault(file: SourceFile) -> Fault | None:
    """The first line of a CSV file that is not UTF-8, is ragged, or opens a quote that never closes."""
    broken = _not_utf8(file)
    if broken is not None:
        return broken
    separator, header = csv_header(file)
    with file.open() as source, io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        before = 0
        try:
            for row in reader:
                if row and len(row) != len(header):
                    return before + 1, f"{len(row)} values, and the header names {len(header)} columns."
                before = reader.line_num
        except csv.Error:
            return before + 1, "a quoted value that never ends, or text after its closing quote."
    return None


def json_fault(file: SourceFile, doubles: Collection[str] = ()) -> Fault | None:
    """The first line of a JSON-lines file that is no JSON object, not UTF-8, or has a number too long for a double.

    Integers up to 64 bits are kept, except under the keys named in `doubles`, where other lines have fractions.
    """
    broken = _not_utf8(file)
    if broken is not None:
        return broken
    for number, line in _lines(file):
        try:
            found = json.loads(line, parse_float=_exact, parse_int=_exact)
        except _LostDigitsError as lost:
            return number, _LOST.format(lost)
        except ValueError as error:
            return number, f"not JSON ({error})."
        if not isinstance(found, dict):
            return number, "not a JSON object; each line is one object, {...}."
        for key in doubles:
            if isinstance(found.get(key), Decimal) and _is_lost(found[key]):
                return number, _LOST.format(found[key])
    return None


def json_keys(file: SourceFile) -> set[str]:
    """Every key at the top of any line, exactly as written."""
    keys: set[str] = set()
    for _, line in _lines(file):
        keys.update(json.loads(line))
    return keys


class _LostDigitsError(Exception):
    pass


def _exact(text: str) -> Any:
    number = Decimal(text)
    whole = number == number.to_integral_value() and abs(number) < 1 << 64
    if not whole and _is_lost(number):
        raise _LostDigitsError(text)
    return number


def _is_lost(number: Decimal) -> bool:
    """Whether the nearest double, printed, is another number."""
    return Decimal(repr(float(number))) != number


def _lines(file: SourceFile) -> Iterator[tuple[int, str]]:
    with file.open() as source:
        for number, line in enumerate(source, start=1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if text.strip():
                yield number, text


def _not_utf8(file: SourceFile) -> Fault | None:
    with file.open() as source:
        for number, line in enumerate(source, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number, NOT_UTF8
    return None
