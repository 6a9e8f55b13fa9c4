"""The money story: whose job a number serves, what its red would cost, who acts, and where thresholds would come from.

A story is refused with every fault at once. The surprise: a threshold source that names the metric's own past is refused as an
empty one is, because a threshold never comes from the data that it polices.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from heartbeat_lib.discovery import wording
from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.metric import NAME_LENGTH
from heartbeat_lib.model.period import Grain

_HASH_VERSION = "story 1"
_BESIDE = ("topic", "columns", "source_note", "waits_for")
_ASKED = {
    "name": "give it a short name, such as 'Late parcels'",
    "period": "say which span is judged: hour, day, week, month, quarter or year",
    "job": "say whose job it serves, as a question",
    "red_means": "say what red means in losses avoided or revenue gained",
    "amount": "say how much money that is, a number above zero",
    "amount_basis": "say where that amount comes from",
    "who_acts": "say who acts on red, and how",
    "threshold_source": "say where thresholds would come from outside the data: a contract, a rule, a capacity",
}
_QUESTION_MARKS = ("?", "？", "؟")


class StoryRefused(HeartbeatError):
    """A story with faults; `faults` has each faulty key with the reason."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        count = "1 key to mend" if len(faults) == 1 else f"{len(faults)} keys to mend"
        lines = "".join(f"\n  {key}: {why}" for key, why in faults.items())
        super().__init__(f"The story was not kept, {count}:{lines}")


class StoryFileError(HeartbeatError):
    """A story file that cannot be read, or is neither TOML nor JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What an analyst has to be able to say before any SQL.

    Attributes
    ----------
    name
        A short noun phrase.
    period
        The span judged: hour, day, week, month, quarter or year.
    job
        The job to be done, as a question.
    red_means
        What red means in losses avoided or revenue gained.
    amount, amount_basis
        How much money that is, as it was written, and where that figure comes from.
    who_acts
        Who acts on red, and how.
    threshold_source
        Where thresholds would come from: outside of the data.
    """

    name: str
    period: str
    job: str
    red_means: str
    amount: str
    amount_basis: str
    who_acts: str
    threshold_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFile:
    """What a story file says: the story, and what is kept beside it and outside its hash; None: not said.

    `columns`: `schema.table.column` -> what the analyst takes it to mean, "" to take a meaning back.
    """

    story: Story
    topic: str | None = None
    columns: Mapping[str, str] | None = None
    source_note: str | None = None
    waits_for: tuple[str, ...] | None = None


def story_of(told: Mapping[str, Any]) -> Story:
    """The story that these fields tell, as `read_story_file` gives them. Raises StoryRefused with every faulty key."""
    return story_file_of(told).story


def story_file_of(told: Mapping[str, Any]) -> StoryFile:
    """Everything that the fields of a story file say. Raises StoryRefused with every faulty key."""
    names = [field.name for field in fields(Story)]
    faults: dict[str, str] = {}
    story: dict[str, str] = {}
    beside: dict[str, Any] = {}
    for name in names:
        try:
            story[name] = _told(name, told.get(name))
        except ValueError as fault:
            faults[name] = str(fault)
    for name in _BESIDE:
        if name in told:
            try:
                beside[name] = _BESIDE_READERS[name](told[name])
            except ValueError as fault:
                faults[name] = str(fault)
    for name in told:
        if name not in names and name not in _BESIDE:
            near = difflib.get_close_matches(str(name), [*names, *_BESIDE], n=1)
            known = f"did you mean {near[0]!r}?" if near else f"a story has {', '.join(names)}"
            faults[repr(str(name))[1:-1]] = f"unknown key; {known}"
    if faults:
        raise StoryRefused(faults)
    return StoryFile(story=Story(**story), **beside)


def story_hash(story: Story) -> str:
    """What names this very text; another word, another hash."""
    words = json.dumps([_HASH_VERSION, asdict(story)], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(words.encode("utf-8")).hexdigest()


def read_story_file(path: Path) -> dict[str, Any]:
    """The fields of a story file, JSON where its name ends so, else TOML; numbers with the digits that were written.

    Raises
    ------
    StoryFileError
        It cannot be read, or is no table of fields; the message names the line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise StoryFileError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise StoryFileError(f"{path}: not UTF-8; save it as UTF-8.") from None
    try:
        if path.suffix.lower() == ".json":
            told = json.loads(text, parse_float=Decimal)
        else:
            told = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        form = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise StoryFileError(f"{path}: not readable as {form}: {error}.") from None
    if not isinstance(told, dict):
        raise StoryFileError(f"{path}: a story is a table of fields: name, period, job and the others.")
    return told


def plain_text(value: object) -> str:
    """A text as the store keeps it: stripped, its lines ended plainly.

    Raises
    ------
    ValueError
        It is none, empty, or holds what no database keeps; the message says which.
    """
    if not isinstance(value, str):
        raise ValueError(f"write a text, not {value!r}")
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise ValueError("empty; write what there is to say")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise ValueError(f"it holds a character that is no text (U+{ord(character):04X}); write it anew")
    return text


def _text(value: object) -> str:
    """A plain text that says something."""
    text = plain_text(value)
    if (why := wording.says_nothing(text)) is not None:
        raise ValueError(why)
    return text


def table_name(value: object) -> str:
    """`schema.table`; raises ValueError for anything else."""
    return _dotted(value, parts=2, form="schema.table")


def column_name(value: object) -> str:
    """`schema.table.column`; raises ValueError for anything else."""
    return _dotted(value, parts=3, form="schema.table.column")


def column_meanings(value: object) -> dict[str, str]:
    """Column -> meaning, "" to take one back; a TOML table without quotes around its dotted keys is meant as well."""
    if not isinstance(value, Mapping):
        raise ValueError('write a table: "schema.table.column" = "what it is taken to mean"')
    found: dict[str, str] = {}
    for name, meaning in _flat(value):
        column = column_name(name)
        try:
            found[column] = plain_text(meaning) if meaning != "" else ""
        except ValueError as fault:
            raise ValueError(f"{column}: {fault}") from None
    return found


def tables_waited_for(value: object) -> tuple[str, ...]:
    """Each table once, in the order named; raises ValueError where it is no array of `schema.table`."""
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise ValueError('write an array of tables, such as ["shop.returns"]')
    return tuple(dict.fromkeys(table_name(name) for name in value))


_BESIDE_READERS: Mapping[str, Any] = {
    "topic": plain_text,
    "columns": column_meanings,
    "source_note": _text,
    "waits_for": tables_waited_for,
}


def _told(name: str, value: object) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(f"missing; {_ASKED[name]}")
    if name == "amount":
        return _amount(value)
    try:
        text = _text(value)
    except ValueError as fault:
        raise ValueError(f"{fault}; {_ASKED[name]}") from None
    match name:
        case "name":
            text = " ".join(text.split())
            if len(text) > NAME_LENGTH:
                raise ValueError(f"{len(text)} characters; over {NAME_LENGTH} do not fit a tile")
        case "period":
            text = text.lower()
            if text not in list(Grain):
                raise ValueError(f"{text!r} is none; {_ASKED[name]}")
        case "job":
            if not text.endswith(_QUESTION_MARKS):
                raise ValueError("no question; ask what the number is to answer, and end with a question mark")
        case "threshold_source":
            if (why := wording.from_its_own_past(text)) is not None:
                raise ValueError(why)
        case _:
            pass
    return text


def _amount(value: object) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        if not number.is_finite() or number <= 0:
            raise ValueError(f"{value} is no amount; {_ASKED['amount']}")
        return str(value)
    text = _text(value)
    if not wording.holds_an_amount(text):
        raise ValueError(f"{text!r} names no number; {_ASKED['amount']}")
    return text


def _dotted(value: object, *, parts: int, form: str) -> str:
    # The last part may be any name that a file's header had; schemas and tables have no blanks.
    pieces = value.split(".", parts - 1) if isinstance(value, str) else []
    plain = pieces if parts == 2 else pieces[:-1]
    printable = isinstance(value, str) and value.isprintable()
    if len(pieces) != parts or not printable or not all(pieces) or any(" " in piece for piece in plain) or "." in pieces[-1]:
        raise ValueError(f"{value!r} is no {form}")
    return ".".join(pieces)


def _flat(table: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        whole = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{whole}.")
        else:
            yield whole, value
