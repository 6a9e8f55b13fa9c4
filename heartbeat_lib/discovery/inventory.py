"""What there is already near a topic: living metrics, retired ids with why, and earlier candidates, dropped ones too.

Near by words: the topic's words, by their stems, in a name, a description, a story, or the names of the tables that are read.
Near by meaning: a query that is like the one in hand (see `likeness`). Tables that are shared are told beside the words, and
are no likeness by themselves: half of a bank's metrics read its payments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from heartbeat_lib.discovery.candidate import candidates
from heartbeat_lib.discovery.likeness import Likeness, LikenessKind, duplicates, known_queries
from heartbeat_lib.discovery.stored import select
from heartbeat_lib.discovery.words import nearness
from heartbeat_lib.marts import dialect_for
from heartbeat_lib.model.markup import FAINT, SHAPES, TABLE, Markup, element
from heartbeat_lib.model.value_sql import ValueSql, ValueSqlRefused, parse_value_sql
from heartbeat_lib.model.words import counted, first_line
from heartbeat_lib.workbench import Workbench

_BY_MEANING = {LikenessKind.SAME: 2.0, LikenessKind.SHAPE: 1.5}
"""Meaning comes before words, which reach 1 at most."""
_SHARED_TABLE = 0.1
"""What shared tables add where the words are near already."""
_FAR = 1 / 3
"""Less near by words than this part of the nearest is left out."""


class KnownKind(StrEnum):
    """What became of it so far."""

    LIVING = "living"
    RETIRED = "retired"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One metric or candidate near a topic.

    Attributes
    ----------
    state
        Of a living metric its trust (verified, unverified), of a retired one `retired`, of a candidate its stage.
    owner
        None where nobody stands behind it; of a candidate, who opened it.
    status
        The latest colour of a living metric; None of any other.
    reason
        A sentence: why it is listed, and of what is gone, when and why it went.
    score
        Larger is nearer; for the order alone.
    """

    metric_id: str
    kind: KnownKind
    name: str
    state: str
    owner: str | None
    status: str | None
    reason: str
    score: float


class Inventory(tuple[Known, ...]):
    """What is near a topic, the nearest first; Jupyter shows it as a table."""

    __slots__ = ()

    def json(self) -> list[dict[str, Any]]:
        """As `heartbeat discover --json` has it under `inventory`."""
        return [asdict(known) for known in self]

    def __repr__(self) -> str:
        return f"{counted(len(self), 'thing')} known near the topic" if self else "nothing near the topic"

    def _repr_html_(self) -> str:
        if not self:
            return element("div", "Nothing near this topic: no metric, no retired id, no candidate.")
        heads = ("metric", "what it is", "who", "status", "why it is listed")
        head = [element("th", name, style="text-align:left") for name in heads]
        body = [element("tr", *_cells(known)) for known in self]
        return element("table", element("thead", element("tr", *head)), element("tbody", *body), style=TABLE)


def _cells(known: Known) -> Iterator[Markup]:
    left = "text-align:left;vertical-align:top"
    yield element("td", element("b", known.name), element("br"), element("span", known.metric_id, style=FAINT), style=left)
    yield element("td", known.state if known.kind is not KnownKind.CANDIDATE else f"candidate, {known.state}", style=left)
    yield element("td", known.owner or "–", style=left)
    yield element("td", f"{SHAPES[known.status]} {known.status}" if known.status else "–", style=f"{left};white-space:nowrap")
    yield element("td", known.reason, style=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Something known before it is compared: what is shown, its text in parts with weights, its tables, how it went."""

    metric_id: str
    kind: KnownKind
    name: str
    state: str
    owner: str | None
    status: str | None
    text: Sequence[tuple[str, float]]
    tables: frozenset[str]
    went: str = ""


def inventory(bench: Workbench, topic: str, *, tables: Sequence[str] = (), value_sql: ValueSql | None = None) -> Inventory:
    """Everything known near a topic, the nearest first.

    Parameters
    ----------
    topic
        A few words; empty: nothing is near by words.
    tables
        `schema.table` names that the new metric would read: told where words are near too.
    value_sql
        A query in hand; what is like it comes first.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    entries = list(_entries(bench))
    near = nearness(topic, [entry.text for entry in entries])
    least = _FAR * max((score for score, _ in near), default=0.0)
    like = {one.metric_id: one for one in duplicates(value_sql, known_queries(bench))} if value_sql else {}
    wanted = frozenset(table.lower() for table in tables) | frozenset(
        table.lower() for table in (value_sql.tables if value_sql else ())
    )
    found = [
        _known(entry, score, words, wanted & entry.tables, like.get(entry.metric_id))
        for entry, (score, words) in zip(entries, near, strict=True)
        if (words and score >= least) or entry.metric_id in like
    ]
    return Inventory(sorted(found, key=lambda known: (-known.score, known.metric_id)))


def _known(entry: _Entry, score: float, words: tuple[str, ...], shared: frozenset[str], like: Likeness | None) -> Known:
    reasons: list[str] = []
    if like is not None:
        score += _BY_MEANING[like.kind]
        reasons.append(like.reason)
    if words:
        score += _SHARED_TABLE * bool(shared)
        reads = f", and it reads {', '.join(sorted(shared))}" if shared else ""
        reasons.append(f"Its text has {_listed(words)}{reads}.")
    return Known(
        metric_id=entry.metric_id,
        kind=entry.kind,
        name=entry.name,
        state=entry.state,
        owner=entry.owner,
        status=entry.status,
        reason=" ".join(filter(None, [*reasons, entry.went])),
        score=round(score, 3),
    )


def _listed(words: Sequence[str]) -> str:
    quoted = [f"“{word}”" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _entries(bench: Workbench) -> Iterator[_Entry]:
    zone = bench.workspace.zone
    living: set[str] = set()
    for row in select(bench, "living"):
        living.add(row["metric_id"])
        yield _Entry(
            metric_id=row["metric_id"],
            kind=KnownKind.LIVING,
            name=row["name"],
            state=row["verification_state"],
            owner=row["owner"],
            status=row["status"],
            text=_registered(row),
            tables=_lower(row["sources"]),
        )
    for row in select(bench, "retired"):
        last = row["last_row"]
        why = f": {first_line(row['reason']).rstrip('.')}" if row["reason"] else ""
        heir = f"; {row['successor']} replaces it" if row["successor"] else ""
        yield _Entry(
            metric_id=row["metric_id"],
            kind=KnownKind.RETIRED,
            name=last.get("name") or row["metric_id"],
            state="retired",
            owner=last.get("owner"),
            status=None,
            text=_registered({"metric_id": row["metric_id"], **last}),
            tables=_lower(last.get("sources")),
            went=f"Retired on {row['retired_at'].astimezone(zone):%Y-%m-%d} by {row['retired_by']}{heir}{why}.",
        )
    dialect = dialect_for(bench.workspace.marts_url)
    for candidate in candidates(bench):
        if candidate.candidate_id in living:
            continue
        story = {} if candidate.story is None else asdict(candidate.story)
        text = (candidate.draft or {}).get("value_sql")
        went = ""
        if candidate.dropped_at is not None:
            why = f": {first_line(candidate.dropped_why).rstrip('.')}" if candidate.dropped_why else ""
            went = f"Dropped on {candidate.dropped_at.astimezone(zone):%Y-%m-%d} by {candidate.changed_by}{why}."
        yield _Entry(
            metric_id=candidate.candidate_id,
            kind=KnownKind.CANDIDATE,
            name=candidate.story.name if candidate.story else candidate.candidate_id,
            state=candidate.stage,
            owner=candidate.opened_by,
            status=None,
            text=[
                (f"{candidate.candidate_id.replace('_', ' ')} {story.get('name', '')} {candidate.topic or ''}", 1.0),
                (" ".join(story.get(key, "") for key in ("job", "red_means")), 0.7),
                (" ".join(story.values()), 0.4),
            ],
            tables=_tables_of(text, dialect) | _lower(candidate.waits_for),
            went=went,
        )


def _registered(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The words of a registry row: its name tells most, its remarks least."""
    return [
        (f"{str(row['metric_id']).replace('_', ' ')} {row.get('name') or ''}", 1.0),
        (row.get("description") or "", 0.8),
        (" ".join(str(source).replace("_", " ").replace(".", " ") for source in row.get("sources") or ()), 0.5),
        (" ".join(row.get(key) or "" for key in ("how_to_read", "methodology", "notes")), 0.4),
    ]


def _tables_of(text: str | None, dialect: Any) -> frozenset[str]:
    try:
        return _lower(parse_value_sql(text, dialect).tables) if text else frozenset()
    except ValueSqlRefused:
        return frozenset()


def _lower(names: Sequence[str] | None) -> frozenset[str]:
    return frozenset(name.lower() for name in names or ())
