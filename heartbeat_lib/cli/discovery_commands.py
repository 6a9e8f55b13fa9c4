"""Where an analyst begins: discover."""

from __future__ import annotations

from typing import Annotated

import typer


def discover(
    topic: Annotated[str, typer.Option(metavar="T", help="What it is about, in a few words.")],
    schema: Annotated[str | None, typer.Option(metavar="S", help="Only the tables of this schema of the marts.")] = None,
    analyst: Annotated[
        str | None, typer.Option(metavar="A", help="Whose open candidates; default: the workspace's operator.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")] = False,
) -> None:
    """What exists near a topic, what the marts hold and whether it is alive, and what is open."""
    from heartbeat_lib.cli.output import print_json, stdout, workbench
    from heartbeat_lib.discovery.inventory import inventory
    from heartbeat_lib.discovery.parking import open_candidates
    from heartbeat_lib.discovery.probe import catalogue

    if not topic.strip():
        raise typer.BadParameter("--topic: say in a few words what it is about")
    with workbench() as bench:
        who = analyst or bench.workspace.settings.operator
        probe = catalogue(bench, schema)
        known = inventory(bench, topic, tables=[row.table for row in probe] if schema else ())
        mine = open_candidates(bench, who)
        if json:
            print_json({"inventory": known.json(), "probe": probe.json(), "candidates": [one.json() for one in mine]})
            return
        from heartbeat_lib.cli.render_discovery import candidate_table, catalogue_table, known_table

        console = stdout()
        if known:
            console.print(f"Known near “{topic}”, the nearest first:", soft_wrap=True)
            console.print(known_table(known))
        else:
            console.print(f"Nothing is known near “{topic}”: no metric, no retired id, no candidate.", soft_wrap=True)
        console.print(f"\nThe marts: {probe!r}", soft_wrap=True)
        console.print(catalogue_table(probe))
        if mine:
            console.print(f"\nOpen candidates of {who}, what has landed first:", soft_wrap=True)
            console.print(candidate_table(mine, bench.workspace.zone))
        else:
            console.print(f"\n{who} has no open candidate. `heartbeat candidate new ID` opens one.", soft_wrap=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.command()(discover)
