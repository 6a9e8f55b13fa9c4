"""A draft as the text of a metric file: story first, SQL last, for a person to complete, commit and deploy.

Texts are data: they stand in comments on one line and in literals with their quotes doubled, and the query is in dollar quotes
whose tag it does not hold. The surprise: without thresholds the file says where they would come from, and names no number.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from heartbeat_lib.discovery.candidate import Candidate, CandidateError
from heartbeat_lib.discovery.story import Story
from heartbeat_lib.model.anatomy.anatomy import Anatomy, Kind, anatomy_of
from heartbeat_lib.model.dialect import Dialect
from heartbeat_lib.model.markdown import one_line
from heartbeat_lib.model.value_sql import ValueSql, parse_value_sql

if TYPE_CHECKING:
    import jinja2

_WIDE = 125


class NothingToPromoteError(CandidateError):
    """There is no draft of the story as it reads now."""


def metric_file_text(
    candidate: Candidate,
    *,
    dialect: Dialect,
    norm: Decimal | None = None,
    alert: Decimal | None = None,
    basis: str | None = None,
) -> str:
    """The whole file.

    Parameters
    ----------
    candidate
        With a draft of the story as it reads now.
    dialect
        Of the marts: what the draft's SQL is written in.
    norm, alert, basis
        The thresholds and where they come from outside the data; None: there are none yet.

    Raises
    ------
    NothingToPromoteError
        There is no such draft.
    """
    story, draft = candidate.story, candidate.present_draft
    if story is None or draft is None:
        raise NothingToPromoteError(f"{candidate.candidate_id} has no draft of its story as it reads now.")
    parsed = parse_value_sql(draft["value_sql"], dialect)
    anatomy = anatomy_of(parsed)
    about = [("how_to_read", _how_to_read(story)), ("methodology", _methodology(candidate, parsed, anatomy))]
    if candidate.source_note:
        about.append(("notes", candidate.source_note))
    return _template().render(
        candidate=candidate,
        story=story,
        header=list(_header(story)),
        value_sql=parsed.text.strip("\n"),
        tag=_free_tag(parsed.text),
        description=f"{story.name}: {anatomy.value or 'one number'}{_out_of(parsed.tables)}.",
        sources=[str(table) for table in draft["tables"]],
        code=str(draft["code"]),
        about=about,
        thresholds=None if norm is None or alert is None else {"norm": f"{norm:f}", "alert": f"{alert:f}", "basis": basis or ""},
        threshold_source=_wrapped(story.threshold_source),
    )


def _header(story: Story) -> Iterator[str]:
    for label, text in (
        ("Whose job it is:", story.job),
        ("What red costs:", f"{_sentence(story.red_means)} {story.amount}: {_sentence(story.amount_basis)}"),
        ("Who acts on red:", story.who_acts),
    ):
        yield from _wrapped(f"{label:<18} {one_line(text)}", indent=19)


def _how_to_read(story: Story) -> str:
    return " ".join(
        (
            f"It answers: {story.job}",
            _sentence(f"Red means: {story.red_means}"),
            _sentence(f"That is {story.amount}: {story.amount_basis}"),
            _sentence(f"On red: {story.who_acts}"),
        )
    )


def _methodology(candidate: Candidate, parsed: ValueSql, anatomy: Anatomy) -> str:
    """What the SQL does in words, then what its columns are taken to mean."""
    said = [f"The value is {anatomy.value or 'one number'}{_out_of(parsed.tables)}"]
    said += [f"Joined with {join.joined}{f' by {join.keys}' if join.keys else ''}: {join.kind}" for join in anatomy.joins]
    shown = [found for found in anatomy.conditions if found.kind is not Kind.GUARD]
    for counted, words in ((False, "Only rows where"), (True, "Counted only where")):
        conditions = [found.words for found in shown if found.counted is counted]
        said += [f"{words} {' and '.join(conditions)}"] if conditions else []
    meanings = [
        f"{column} is taken to mean: {meaning}"
        for column, meaning in sorted(candidate.column_meanings.items())
        if column.rpartition(".")[0].lower() in parsed.tables
    ]
    return " ".join(_sentence(one) for one in (*said, *meanings))


def _out_of(tables: Iterable[str]) -> str:
    named = ", ".join(tables)
    return f" of {named}" if named else ""


def _sentence(text: str) -> str:
    return text if text.rstrip().endswith((".", "!", "?")) else f"{text.rstrip()}."


def _wrapped(text: str, *, indent: int = 0) -> list[str]:
    """A text as lines that fit behind a comment's mark; nothing in it ends the comment."""
    return textwrap.wrap(
        one_line(text) if not indent else text,
        _WIDE,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _free_tag(sql: str) -> str:
    """What dollar-quotes a query that does not hold it."""
    tags = (f"value{number or ''}" for number in count())
    return next(tag for tag in tags if f"${tag}$" not in sql)


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heartbeat_lib.discovery"),
        autoescape=False,  # for HTML; what stands in SQL is a literal or one line of a comment
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"literal": _literal, "line": one_line}
    return environment.get_template("metric.sql.j2")
