"""Discovery, the candidates: candidates, and candidate new, story, align, show, drop, promote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartbeat_lib.cli.decision_commands import as_number

if TYPE_CHECKING:
    from heartbeat_lib.discovery.candidate import Candidate
    from heartbeat_lib.workbench import Workbench

candidate_app = typer.Typer(
    name="candidate", help="A metric under discovery: story first, SQL last.", rich_markup_mode=None, no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
CandidateId = Annotated[str, typer.Argument(metavar="ID", help="The id that its metric is to have.")]


def candidates(json: Json = False) -> None:
    """Metrics under discovery, the newest change first; promoted and dropped ones last."""
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench
    from heartbeat_lib.cli.render_candidates import candidate_table, open_ones_first
    from heartbeat_lib.discovery import candidate as room
    from heartbeat_lib.discovery.parking import landed

    with workbench() as bench:
        found = open_ones_first(room.candidates(bench))
        if json:
            landings = landed(bench, found)
            print_json([one.json(landings[one.candidate_id].landed) for one in found])
        elif not found:
            say("No candidates. `heartbeat candidate new ID` opens one.")
        else:
            stdout().print(candidate_table(found, bench.workspace.zone))


@candidate_app.command()
def new(
    candidate_id: CandidateId,
    topic: Annotated[str | None, typer.Option(metavar="T", help="What it is about, in a few words.")] = None,
    json: Json = False,
) -> None:
    """Open a candidate, or take a dropped one up again."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.discovery.candidates import open_candidate

    with workbench() as bench:
        done = open_candidate(bench, candidate_id, topic=topic)
        _tell(bench, done, f"Opened: {candidate_id}.", json)


@candidate_app.command()
def story(
    candidate_id: CandidateId,
    file: Annotated[Path, typer.Option(metavar="F", help="The story, TOML or JSON.")],
    json: Json = False,
) -> None:
    """Write the story of a candidate: whose job, what red costs, who acts, where thresholds would come from."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.discovery.candidates import write_story
    from heartbeat_lib.discovery.story import read_story_file

    with workbench() as bench:
        done = write_story(bench, candidate_id, read_story_file(file))
        _tell(bench, done, f"The story of {candidate_id} is kept.", json)


@candidate_app.command()
def align(
    candidate_id: CandidateId,
    by: Annotated[str, typer.Option(metavar="MAIL", help="Who agreed.")],
    remark: Annotated[str, typer.Option(metavar="TEXT", help="What they said.")],
    json: Json = False,
) -> None:
    """Keep that somebody agreed to the story as it reads now; no SQL runs before."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.discovery import candidates as room

    with workbench() as bench:
        done = room.align(bench, candidate_id, agreed_by=by, remark=remark)
        _tell(bench, done, f"{by} agreed to the story of {candidate_id}.", json)


@candidate_app.command()
def show(candidate_id: CandidateId, json: Json = False) -> None:
    """Everything about one candidate."""
    from heartbeat_lib.cli.output import stdout, workbench
    from heartbeat_lib.cli.render_candidates import candidate_sheet
    from heartbeat_lib.discovery.candidate import candidate

    with workbench() as bench:
        found = candidate(bench, candidate_id)
        if not json:
            stdout().print(candidate_sheet(found, bench.workspace.zone))
        _tell(bench, found, "", json)


@candidate_app.command()
def drop(
    candidate_id: CandidateId,
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="What spoke against it; the record keeps it.")] = None,
    json: Json = False,
) -> None:
    """Let a candidate go; everything about it is kept."""
    from heartbeat_lib.cli.output import workbench
    from heartbeat_lib.discovery import candidates as room

    with workbench() as bench:
        done = room.drop(bench, candidate_id, why=why)
        _tell(bench, done, f"Dropped: {candidate_id}. `heartbeat candidate new {candidate_id}` takes it up again.", json)


@candidate_app.command()
def promote(
    candidate_id: CandidateId,
    norm: Annotated[str | None, typer.Option(metavar="N", help="Amber from here on.")] = None,
    alert: Annotated[str | None, typer.Option(metavar="A", help="Red from here on.")] = None,
    basis: Annotated[str | None, typer.Option(metavar="TEXT", help="Where the two come from, outside the data.")] = None,
    json: Json = False,
) -> None:
    """Write the metric file of a drafted candidate, for a person to complete, commit and deploy."""
    from heartbeat_lib import promotion
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench

    lines = {
        name: as_number(f"--{name}", text)
        for name, text in (("norm", norm), ("alert", alert))
        if text is not None and text.strip()
    }
    with workbench() as bench:
        path = promotion.promote(bench, candidate_id, norm=lines.get("norm"), alert=lines.get("alert"), basis=basis)
        shown = bench.workspace.relative(path)
    if json:
        print_json({"file": shown})
        return
    stdout().print(shown, soft_wrap=True)
    say(f"Next: complete {shown}, then: heartbeat try {candidate_id}; commit it, and heartbeat deploy.")


def _tell(bench: Workbench, done: Candidate, what: str, json: bool) -> None:
    """What was done, and what comes next; or the candidate as JSON."""
    from heartbeat_lib.cli.output import print_json, say, stdout
    from heartbeat_lib.discovery.parking import landed

    landing = landed(bench, [done])[done.candidate_id]
    if json:
        print_json(done.json(landing.landed))
        return
    if what:
        stdout().print(what, soft_wrap=True)
    if done.stage == "parked" and landing.complete:
        say(f"{landing.words()} Next: draft its SQL: heartbeat candidate draft {done.candidate_id} --sql FILE")
    elif done.next_step is not None:
        say(f"Next: {done.next_step}")


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(candidates)
    app.add_typer(candidate_app)
