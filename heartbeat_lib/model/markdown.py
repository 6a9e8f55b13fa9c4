"""Text into Markdown: what people wrote stays what they wrote, on one line, whatever characters it holds.

A heading, a table or a link can only come from the template. Line breaks of any kind become spaces, control characters and those
that turn the reading direction are left out.
"""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = re.compile(r"[\\`*{}\[\]<#|~&$]|(?<![^\W_])_|_(?![^\W_])")
"""An underscore within a word, as in an id, means nothing."""
_AT_START = re.compile(r"^(?:([-+=:](?=\s|$|[-+=:])|>)|(\d{1,9})([.)])(?=\s|$))")
_ADDRESS = re.compile(r"(?i)(:)(?=//)|(?<=www)(\.)|(?<=mailto)(:)")
"""What some readers of Markdown make a link of by themselves."""
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    """`text` without line breaks, control characters and marks of reading direction; runs of white space are one space.

    >>> one_line("a\\r\\n# Verdict\\tb")
    'a # Verdict b'
    """
    return " ".join("".join(character for character in _spaced(text) if _is_plain(character)).split())


def escaped(text: str) -> str:
    """`text` as Markdown that reads as `text`, on one line.

    >>> escaped("# 5 * <b>\\n[x](http://y)")
    '\\\\# 5 \\\\* \\\\<b> \\\\[x\\\\](http\\\\://y)'
    >>> escaped("1. no list"), escaped("- no list")
    ('1\\\\. no list', '\\\\- no list')
    """
    marked = _SPECIAL.sub(lambda found: f"\\{found[0]}", one_line(text))
    marked = _ADDRESS.sub(lambda found: f"\\{found[0]}", marked)
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", marked)


def fenced(text: str, language: str = "") -> str:
    """`text` as a block of code, line by line; its fence is longer than any within."""
    lines = ["".join(character for character in line if character == "\t" or _is_plain(character)) for line in text.splitlines()]
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence + language, *lines, fence])


def _spaced(text: str) -> str:
    return " ".join(text.splitlines())


def _is_plain(character: str) -> bool:
    return character.isspace() or (character not in _TURNING and unicodedata.category(character) not in ("Cc", "Cs"))
