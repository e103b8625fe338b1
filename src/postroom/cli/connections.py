"""`postroom connections`: the OAuth connections of the Control Room that one may use."""

import sys
from typing import TYPE_CHECKING

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroom.cli.output import OutputFormat, OutputOption, clean_text, print_json
from postroom.version import USER_AGENT

if TYPE_CHECKING:
    from postroom.remote import RemoteConnection

COLUMNS = ("Connection", "Provider", "Shared", "User-specific")
NOBODY = "-"

app = typer.Typer(
    name="connections",
    no_args_is_help=True,
    help="See which OAuth connections of the Control Room you may use.",
)


@app.callback()
def _group() -> None:
    """Keep `list` a command of its own, though it is the only one."""


@app.command("list", epilog="Example: postroom connections list")
def list_connections(output: OutputOption = OutputFormat.TABLE) -> None:
    """List the OAuth connections that you may use, and how their tokens stand.

    They are those of the Control Room that this machine is signed in to (postroom login).
    """
    from postroom.network import create_http_client  # noqa: PLC0415 - start-up cost: doubles that of --help
    from postroom.remote import ControlRoomClient, get_control_room  # noqa: PLC0415

    known = get_control_room()
    with create_http_client(USER_AGENT) as http:
        found = ControlRoomClient(known.url, known.api_key, http).list_connections()
    if output is OutputFormat.JSON:
        print_json(msgspec.to_builtins(found))
    elif not found:
        typer.echo(
            "There is no connection that a role of yours is invited to. Ask an administrator.", err=True
        )
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        for connection in found:
            typer.echo("\t".join(map(clean_text, _describe(connection))))


def _print_table(connections: "list[RemoteConnection]") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in COLUMNS:
        table.add_column(title, overflow="fold")
    for connection in connections:
        table.add_row(*(Text(clean_text(cell)) for cell in _describe(connection)))
    Console(highlight=False).print(table)


def _describe(connection: "RemoteConnection") -> tuple[str, str, str, str]:
    """One cell for each column; a token is told with whoever has signed in for it."""
    stand = {
        token.type: f"{token.status} ({token.signed_in_as})" if token.signed_in_as else token.status
        for token in connection.tokens
    }
    return (
        connection.name,
        connection.provider,
        stand.get("shared", NOBODY),
        stand.get("user-specific", NOBODY),
    )
