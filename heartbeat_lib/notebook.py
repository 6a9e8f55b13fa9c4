"""`%load_ext heartbeat_lib.notebook`: the cells `%%story` and `%%metric` of a discovery. A door: no rule lives here.

Both take what the variables of the notebook say: `workbench` (else the workspace around the current folder), `analyst`, and
`date`, the report's day. A cell that is empty but for comments shows what the store has and changes nothing, so a template may be
run as it is. What is refused ends the cell with the refusal's words and without a traceback, and a run by papermill too.

The surprise: IPython's own UsageError would be no error to papermill, which looks for one among a cell's outputs.
"""

from __future__ import annotations

import datetime as dt
import shlex
import tomllib
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.magic import Magics, cell_magic, magics_class

from heartbeat_lib.model.errors import HeartbeatError
from heartbeat_lib.model.markup import TABLE, Markup, element
from heartbeat_lib.workbench import Workbench

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from heartbeat_lib.discovery.candidate import Candidate
    from heartbeat_lib.discovery.draft import Draft

_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"
_CELL = "text-align:left;vertical-align:top;padding:.1em 0"


class CellError(HeartbeatError):
    """A cell that says something that cannot be meant; nothing was kept."""


class Shown:
    """Something that JupyterLab shows as HTML and a terminal as plain lines."""

    def __init__(self, html: Markup, text: str) -> None:
        self._html, self._text = html, text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notebook:
    """What a notebook's variables say; None where they say nothing."""

    workbench: Workbench
    analyst: str | None
    date: dt.date | None


@magics_class
class DiscoveryMagics(Magics):
    """The two cells."""

    _opened: Workbench | None = None

    @cell_magic
    def story(self, line: str, cell: str) -> Shown:
        """`%%story ID`: the body is a story file, TOML. A candidate that is not there yet is opened."""
        with _in_words():
            return _story(self._notebook(), _arguments("story", line).candidate_id, cell)

    @cell_magic
    def metric(self, line: str, cell: str) -> Draft | Shown:
        """`%%metric ID [--as-of T] [--rough N] [--rough-source TEXT] [--note TEXT]`: the body is a value_sql."""
        with _in_words():
            return _metric(self._notebook(), _arguments("metric", line), cell)

    def _notebook(self) -> _Notebook:
        variables: dict[str, Any] = {} if self.shell is None else self.shell.user_ns
        workbench, analyst, on = (variables.get(name) for name in ("workbench", "analyst", "date"))
        if not isinstance(workbench, Workbench):
            self._opened = workbench = self._opened or Workbench.open()
        return _Notebook(
            workbench=workbench,
            analyst=analyst if isinstance(analyst, str) and analyst.strip() else None,
            date=_day(on) if isinstance(on, str) and on.strip() else on if type(on) is dt.date else None,
        )


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make the cells known; IPython calls it."""
    shell.register_magics(DiscoveryMagics)


@contextmanager
def _in_words() -> Iterator[None]:
    """A refusal of ours ends the cell with its words in the place of a traceback."""
    try:
        yield
    except HeartbeatError as error:
        lines = [f"{_RED}Refused.{_PLAIN} {error}"]
        setattr(error, "_render_traceback_", lambda: lines)  # noqa: B010, IPython asks the exception for this name
        raise


class _Line(ArgumentParser):
    """What stands behind the name of a cell; wrong use ends the cell and not the kernel."""

    def error(self, message: str) -> NoReturn:
        raise CellError(f"{message}\n{self.format_usage().strip()}")


def _arguments(magic: str, line: str) -> Namespace:
    parser = _Line(prog=f"%%{magic}", add_help=False, allow_abbrev=False)
    parser.add_argument("candidate_id", metavar="ID")
    if magic == "metric":
        parser.add_argument("--as-of", metavar="T")
        parser.add_argument("--rough", metavar="N", type=_number)
        parser.add_argument("--rough-source", metavar="TEXT")
        parser.add_argument("--note", metavar="TEXT")
    try:
        words = shlex.split(line)
    except ValueError as fault:
        parser.error(f"{line.strip()}: {fault}")
    asked = parser.parse_args(words)
    if asked.candidate_id.startswith("{"):
        parser.error(f"{asked.candidate_id}: this notebook has no such variable")
    return asked


def _number(text: str) -> Decimal:
    from heartbeat_lib.model.figures import typed_number

    try:
        number = typed_number(text)
    except ValueError as fault:
        raise ArgumentTypeError(str(fault)) from None
    if number is None:
        raise ArgumentTypeError("say what was counted")
    return number


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CellError(f"The variable date is {text!r}, which is no day; write 2026-11-24.") from None


def _instant(text: str, workbench: Workbench) -> dt.datetime:
    """An instant as people type it: without an offset in the workspace's zone; a bare day is its last microsecond, or now."""
    from heartbeat_lib.model.period import Grain, period_at

    zone, now = workbench.workspace.zone, dt.datetime.now(dt.UTC)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise CellError(f"--as-of: {text!r} is no instant; write 2026-11-24 or 2026-11-24T09:30.") from None
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
    if len(text) > len("2026-11-24"):
        return moment
    period = period_at(moment + dt.timedelta(hours=12), Grain.DAY, zone)
    return now if period.start <= now < period.end else period.last_instant


def _story(notebook: _Notebook, candidate_id: str, cell: str) -> Shown:
    from heartbeat_lib.discovery import candidates as room
    from heartbeat_lib.discovery.candidate import NoSuchCandidateError, candidate
    from heartbeat_lib.discovery.story import story_file_of

    workbench, by, on = notebook.workbench, notebook.analyst, notebook.date
    try:
        known = candidate(workbench, candidate_id)
    except NoSuchCandidateError:
        known = None
    if _is_blank(cell, "#"):
        return _shown_story(candidate_id, known)
    try:
        fields = tomllib.loads(cell, parse_float=Decimal)
    except tomllib.TOMLDecodeError as fault:
        raise CellError(f'The story cannot be read: {fault}. Write key = "text", a line each. Nothing was kept.') from None
    story_file_of(fields)  # a story that is refused opens no candidate
    if known is None:
        room.open_candidate(workbench, candidate_id, by=by, on=on)
    return _shown_story(candidate_id, room.write_story(workbench, candidate_id, fields, by=by, on=on))


def _metric(notebook: _Notebook, asked: Namespace, cell: str) -> Draft | Shown:
    from heartbeat_lib.discovery.candidate import NoSuchCandidateError, candidate
    from heartbeat_lib.discovery.draft import draft
    from heartbeat_lib.discovery.draft_html import draft_html, draft_text

    workbench = notebook.workbench
    if _is_blank(cell, "--"):
        zone = workbench.workspace.zone
        try:
            kept = candidate(workbench, asked.candidate_id).present_draft
        except NoSuchCandidateError:
            kept = None
        if kept is not None:
            return Shown(draft_html(kept, zone), draft_text(kept, zone))
        said = f"{asked.candidate_id} has no draft. Write its SQL into this cell: one SELECT that gives one number."
        return Shown(element("div", said), said)
    return draft(
        workbench,
        asked.candidate_id,
        cell,
        as_of=None if asked.as_of is None else _instant(asked.as_of, workbench),
        rough=asked.rough,
        rough_source=asked.rough_source,
        note=asked.note,
        by=notebook.analyst,
        on=notebook.date,
    )


def _is_blank(cell: str, comment: str) -> bool:
    """Whether nothing but comments stands in it."""
    return all(not line.strip() or line.strip().startswith(comment) for line in cell.splitlines())


def _shown_story(candidate_id: str, known: Candidate | None) -> Shown:
    """What the store has: the story, who agreed, what comes next; the keys that are wanted where there is none."""
    if known is None or known.story is None:
        rows, head = _wanted_keys(), f"{candidate_id} has no story yet. It needs:"
        tail = 'Write each as key = "text" into this cell.'
    else:
        rows, head = asdict(known.story), f"{candidate_id}: {known.stage}"
        tail = "Nobody has agreed to it as it reads now; no SQL runs before."
        if known.alignment is not None:
            tail = f"{known.alignment.agreed_by} agreed: {known.alignment.remark}"
    body = [element("tr", element("td", key, style=_CELL), element("td", text, style=_CELL)) for key, text in rows.items()]
    table = element("table", element("tbody", *body), style=TABLE)
    html = element("div", element("b", head), table, element("div", tail))
    return Shown(html, "\n".join([head, *(f"  {key}: {text}" for key, text in rows.items()), tail]))


def _wanted_keys() -> dict[str, str]:
    """The keys of a story, each with what it has to say."""
    from heartbeat_lib.discovery.story import StoryRefused, story_of

    try:
        story_of({})
    except StoryRefused as refused:
        return {key: why.removeprefix("missing; ") for key, why in refused.faults.items()}
    return {}
