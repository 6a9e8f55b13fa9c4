"""What kernel and page say to each other: plain data, the same names in `static/shapes.d.ts`.

Instants are ISO 8601 texts with offset; the page writes them in the workspace's zone and counts ages itself. Numbers that people
read are texts made here, in the metric's own decimals; an empty text is a line that the tile does not have.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Status = Literal["red", "amber", "grey", "green"]
Trust = Literal["verified", "unverified"]


class Spark(TypedDict):
    """A small picture in a box of 1000 by 100, y downwards; see `model.picture`."""

    line: str
    older: str
    cut: int | None
    failed: list[int]
    norm: int | None
    alert: int | None
    band: list[int] | None
    last: list[int] | None


WaitingKind = Literal["to_retire", "to_fix", "red_unowned", "meaning_changed", "after_red", "audit_old"]


class SourceAge(TypedDict):
    """The stalest source of a metric. `at`: end of its last load that brought rows, None: unknown. `promise`: words, or empty."""

    schema: str
    at: str | None
    stale: bool
    promise: str


class Tile(TypedDict):
    """One metric on the wall. `since`: start of the first period of the present run of this status."""

    id: str
    code: str
    name: str
    status: Status
    state: Trust
    owner: str | None
    version: int
    since: str | None
    value: str
    unit: str
    exact: str
    against: str
    why: str
    kept: str
    band: str
    target: str
    meaning: str
    audit: str
    source: SourceAge
    spark: Spark
    how_to_read: str
    methodology: str


class ClockNow(TypedDict):
    """`last`: due instant of the last finished tick; `late_at`: from then on two ticks are missing; `rhythm`: "every hour"."""

    last: str | None
    late_at: str | None
    rhythm: str
    running: bool


class Oldest(TypedDict):
    """The source that is latest against its own rhythm."""

    schema: str
    at: str
    stale: bool


class Header(TypedDict):
    """What stands above the tiles. `title` names the workspace; `at` is when the store was read; `you`: a proved identity."""

    title: str
    zone: str
    at: str
    you: str | None
    operator: str
    owner_signs: bool
    clock: ClockNow
    oldest: Oldest | None
    waiting: int


class Wall(TypedDict):
    """The page's first look, or what changed since: `tiles` holds only those that differ, `order` all ids as they now stand."""

    header: Header
    order: list[str]
    tiles: list[Tile]


class Fields(TypedDict):
    """What people own of a metric, as they would type it; empty where nothing stands."""

    owner: str
    norm: str
    alert: str
    basis: str
    target: str
    due: str


class StageNow(TypedDict):
    """Where in its life the metric stands, and the sentence that says what takes it on."""

    number: int
    name: str
    next: str


class SourceRow(TypedDict):
    """One source schema of the metric. `rhythm` in words, `trouble`: why its last loads failed, or empty."""

    schema: str
    tables: list[str]
    at: str | None
    rhythm: str
    promise: str
    stale: bool
    trouble: str


class ChangeLine(TypedDict):
    """One field of a change; `before` is empty where there was nothing."""

    what: str
    before: str
    after: str


class Change(TypedDict):
    """One entry of the registry's log. `how`: the door, and whether the person was proved."""

    at: str
    who: str
    how: str
    lines: list[ChangeLine]
    why: str


class Mark(TypedDict):
    """A moment on the chart: `index` into the columns."""

    index: int
    kind: Literal["meaning", "owner"]
    words: str


class Level(TypedDict):
    """A horizontal line or an axis step: where (the metric's unit, not scaled) and its words."""

    at: float
    words: str


class History(TypedDict):
    """Periods oldest first, as columns of equal length.

    `starts`: words of each period; `status`: one letter each (g green, a amber, r red, x grey); `origin`: t ticked,
    b backfilled; `errors`: index -> why it failed. `low`..`high` is the range to draw, `steps` its axis, `days` the labels of
    the time axis by index, `total` how many periods are kept.
    """

    total: int
    starts: list[str]
    values: list[float | None]
    status: str
    origin: str
    errors: dict[str, str]
    low: float
    high: float
    steps: list[Level]
    days: list[tuple[int, str]]
    norm: Level | None
    alert: Level | None
    target: Level | None
    band: tuple[float, float] | None
    band_words: str
    marks: list[Mark]


class Scale(TypedDict):
    """How values of this metric are written: divided by `by`, with `decimals`, then the unit."""

    by: float
    decimals: int
    unit: str


class Rehearsed(TypedDict):
    """What thresholds say of the last periods: a sentence and a letter per period, as in `History.status`."""

    sentence: str
    status: str


class AuditLine(TypedDict):
    """One audit. `verdict`: holds, doubtful or fails, in `words` for people; `present`: of the present meaning; `answer`: what
    its owner said, or empty; `report`: its path."""

    on: str
    verdict: str
    words: str
    why: str
    report: str
    present: bool
    answer: str


class CountLine(TypedDict):
    """A number that somebody counted by hand."""

    period: str
    value: str
    source: str
    who: str


class Waiting(TypedDict):
    """One metric that waits for a person; the rest stands on its tile. `command`: what takes it on, or empty."""

    id: str
    kind: WaitingKind
    why: str
    whom: str
    since: str
    command: str


class Opened(TypedDict):
    """One metric with everything that its panel shows. `error`: why the last attempt failed, whole; empty where it did not."""

    tile: Tile
    headline: str
    period: str
    period_word: str
    computed: str | None
    source_as_of: str | None
    error: str
    attempted: str | None
    stage: StageNow
    fields: Fields
    changed_by: str
    changed_at: str
    meaning_hash: str
    meaning_since: str
    direction: str
    trust_words: str
    due_words: str
    description: str
    notes: str
    sql: str
    sources: list[SourceRow]
    scale: Scale
    history: History
    in_force: Rehearsed | None
    changes: list[Change]
    audits: list[AuditLine]
    hand_counts: list[CountLine]


class Refused(TypedDict):
    """Why a save was refused: the field it is about (a name of `Fields`, or empty), and the words for the person."""

    field: str
    kind: str
    rule: str
    message: str
