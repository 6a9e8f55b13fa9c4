"""A metric file as text: what can be said about it before any of its SQL runs.

UTF-8 with or without a byte order mark and any line ends are fine. Links out of the folder, other encodings, empty or huge
files, NUL bytes and look-alike letters in the name are refused by name, because a reviewer would not see them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from heartbeat_lib.model.metric import METRIC_ID
from heartbeat_lib.registration.findings import Finding

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFile:
    """A readable file: `path` as shown to people, the id its name promises, its text with plain line ends."""

    path: str
    metric_id: str
    text: str

    def line_of(self, part: str | None, *, default: int = 1) -> int:
        """1-based line on which `part` begins, or of the first word of that name outside comments."""
        if part:
            at = self.text.find(part)
            if at >= 0 and ("\n" in part or not re.fullmatch(r"\w+", part)):
                return self.text.count("\n", 0, at) + 1
            for number, line in enumerate(self.text.split("\n"), start=1):
                if re.search(rf"\b{re.escape(part)}\b", line.partition("--")[0]):
                    return number
        return default

    def finding(self, rule: str, message: str, *, line: int = 1, warning: bool = False) -> Finding:
        """A finding on this file."""
        return Finding(file=self.path, line=line, rule=rule, message=message, severity="warning" if warning else "error")


def read_metric_file(path: Path, *, shown: str, folder: Path) -> MetricFile | Finding:
    """The file's text, or the one reason why it is not read.

    Parameters
    ----------
    path
        The file.
    shown
        How findings name it.
    folder
        The folder that it must lie in, links resolved.
    """

    def refuse(rule: str, message: str, line: int = 1) -> Finding:
        return Finding(file=shown, line=line, rule=rule, message=message)

    metric_id = path.name.removesuffix(".sql")
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            return refuse("link", "this is a link out of the folder; put the file itself here")
        if not path.is_file():
            return refuse("file", "this is no file; a metric is one .sql file")
        if path.stat().st_size > MAX_BYTES:
            return refuse("too-large", f"larger than {MAX_BYTES:,} bytes; a metric file holds one definition")
        raw = path.read_bytes()
    except OSError as error:
        return refuse("file", f"cannot be read: {error.strerror}")

    if not path.name.endswith(".sql"):
        return refuse("file-name", "a metric file is named <metric_id>.sql")
    if METRIC_ID.fullmatch(metric_id) is None:
        return refuse("file-name", _bad_name(metric_id))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return refuse("encoding", "this is UTF-16; save the file as UTF-8")
    if b"\x00" in raw:
        line = raw[: raw.index(b"\x00")].count(b"\n") + 1
        return refuse("nul-byte", "a NUL byte: PostgreSQL stops reading there and a reviewer does not; remove it", line)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return refuse("encoding", f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8", line)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return refuse("empty", f"the file is empty; `heartbeat new {metric_id}` writes one to fill in")
    return MetricFile(path=shown, metric_id=metric_id, text=text)


def _bad_name(name: str) -> str:
    for letter in name:
        if ord(letter) > 127:
            return (
                f"{letter!r} (U+{ord(letter):04X}, {unicodedata.name(letter, 'unnamed').lower()}) only looks like a plain "
                "letter; a metric id is lower-case a-z, digits and underscores"
            )
    if name != name.lower():
        return f"a metric id is lower-case; rename the file to {name.lower()}.sql"
    return (
        f"{name!r} is no metric id: start with a letter, then 2 to 62 of a-z, 0-9 and underscore "
        "(the file's name is the metric's id)"
    )
