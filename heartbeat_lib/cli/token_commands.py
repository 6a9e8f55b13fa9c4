"""Tokens of the HTTP API: token new, list, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartbeat_lib.model.token import TokenRole

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.table import Table

tokens = typer.Typer(
    name="token", help="Tokens of the HTTP API: made, listed, revoked.", rich_markup_mode=None, no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The identity that it proves: an address, mostly.")]


@tokens.command()
def new(
    name: Name,
    role: Annotated[TokenRole, typer.Option(help="A reader reads; an operator decides, too.")],
    json: Json = False,
) -> None:
    """Make a token and print it, this once."""
    from heartbeat_lib import access
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench

    with workbench() as bench:
        token = access.make(bench, name, role)
    if json:
        print_json({"token": token})
        return
    stdout().print(token, soft_wrap=True)
    say(f"It proves to be {name} and is kept nowhere: keep it now. Send it as `Authorization: Bearer ...`.")


@tokens.command("list")
def list_(json: Json = False) -> None:
    """Every token: name, role, when it was made, revoked and last used."""
    from heartbeat_lib import access
    from heartbeat_lib.cli.output import print_json, say, stdout, workbench

    with workbench() as bench:
        rows = access.tokens(bench)
        if json:
            print_json(rows)
            return
        if not rows:
            say("No tokens. `heartbeat token new NAME --role reader` makes one.")
            return
        stdout().print(_table(rows, bench.workspace.zone))


@tokens.command()
def revoke(name: Name) -> None:
    """Let nobody in with this token any more."""
    from heartbeat_lib import access
    from heartbeat_lib.cli.output import say, workbench

    with workbench() as bench:
        access.revoke(bench, name)
    say(f"The token of {name} was revoked.")


def _table(rows: list[dict[str, Any]], zone: ZoneInfo) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("name", "role", "made", "revoked", "last used"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        instants = (
            f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "" for at in (row["made"], row["revoked"], row["last_used"])
        )
        table.add_row(Text(row["name"]), row["role"], *instants)
    return table


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(tokens)
