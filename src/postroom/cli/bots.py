"""`postroom bots`: the bots that are deployed in the Control Room."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroom.cli.output import (
    JsonOption,
    OutputFormat,
    OutputOption,
    clean_text,
    print_json,
    print_line,
    wants_json,
)
from postroom.errors import SourceFileError
from postroom.version import USER_AGENT

if TYPE_CHECKING:
    from postroom.remote.runs import RemoteBot, RunsClient

COLUMNS = ("File", "Name", "Version", "Deployed")

app = typer.Typer(name="bots", no_args_is_help=True, help="See and deploy the bots of the Control Room.")


@app.command("list", epilog="Example: postroom bots list")
def list_bots(output: OutputOption = OutputFormat.TABLE, *, as_json: JsonOption = False) -> None:  # noqa: ARG001
    """List the bots that are deployed and in use, with the version that runs begin with now."""
    with open_runs() as client:
        found = client.list_bots()
    if wants_json():
        print_json(msgspec.to_builtins(found))
    elif not found:
        typer.echo("No bots are deployed. Deploy one with: postroom bots deploy FILE", err=True)
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        for bot in found:
            typer.echo("\t".join(map(clean_text, _describe(bot))))


@app.command(
    "deploy", epilog="Example: postroom bots deploy intake.bot.yaml --note 'Answers in Japanese too'"
)
def deploy_bot(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A bot file.", dir_okay=False)],
    path: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="PATH",
            help="The name to deploy it under, where it is not that of the file.",
            show_default=False,
        ),
    ] = "",
    note: Annotated[str, typer.Option(help="What is new, for the history.", show_default=False)] = "",
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Check a bot file, and deploy it as the next version of its bot. Nothing is deployed where it has faults."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceFileError(
            f"The bot file {file} cannot be read: {error}. Name a text file in UTF-8."
        ) from error
    with open_runs() as client:
        deployed = client.deploy_bot(path or file.name, text, note)
    if wants_json():
        print_json(msgspec.to_builtins(deployed))
    else:
        print_line(f"Deployed {deployed.path} as version {deployed.version}.")


@contextmanager
def open_runs() -> "Iterator[RunsClient]":
    """The bots and runs of the Control Room that this machine is signed in to. Errors: NotSignedInError."""
    from postroom.network import create_http_client  # noqa: PLC0415 - start-up cost: doubles that of --help
    from postroom.remote import get_control_room  # noqa: PLC0415
    from postroom.remote.runs import RunsClient  # noqa: PLC0415

    known = get_control_room()
    with create_http_client(USER_AGENT) as http:
        yield RunsClient(known.url, known.api_key, http)


def _print_table(bots: "list[RemoteBot]") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in COLUMNS:
        table.add_column(title, overflow="fold")
    for bot in bots:
        table.add_row(*(Text(clean_text(cell)) for cell in _describe(bot)))
    Console(highlight=False).print(table)


def _describe(bot: "RemoteBot") -> tuple[str, str, str, str]:
    return bot.path, bot.name, str(bot.version), bot.deployed.astimezone().strftime("%Y-%m-%d %H:%M")
