"""`postroom schedules` and `postroom triggers`: what begins runs in the Control Room by itself."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroom.cli.bots import open_runs
from postroom.cli.output import JsonOption, OutputFormat, OutputOption, clean_text, print_json, wants_json

if TYPE_CHECKING:
    from postroom.remote.runs import RemoteSchedule, RemoteTrigger

SCHEDULE_COLUMNS = ("Name", "Bot", "When", "Time zone", "Runs as", "Next", "Problem")
TRIGGER_COLUMNS = ("Name", "Bot", "Mailbox", "Folder", "Runs as", "Looked", "Problem")
PAUSED = "paused"

schedules_app = typer.Typer(
    name="schedules", no_args_is_help=True, help="See the schedules of the Control Room."
)
triggers_app = typer.Typer(
    name="triggers", no_args_is_help=True, help="See the triggers of the Control Room."
)


@schedules_app.callback()
@triggers_app.callback()
def _keep_the_command_below() -> None:
    """Let `list` be a command of its own, though it is the only one."""


@schedules_app.command("list", epilog="Example: postroom schedules list")
def list_schedules(output: OutputOption = OutputFormat.TABLE, *, as_json: JsonOption = False) -> None:  # noqa: ARG001
    """List the schedules, with when each runs next."""
    with open_runs() as client:
        found = client.list_schedules()
    if wants_json():
        print_json(msgspec.to_builtins(found))
    else:
        _print(SCHEDULE_COLUMNS, [_describe_schedule(one) for one in found], "There are no schedules.")


@triggers_app.command("list", epilog="Example: postroom triggers list")
def list_triggers(output: OutputOption = OutputFormat.TABLE, *, as_json: JsonOption = False) -> None:  # noqa: ARG001
    """List the triggers, with when each looked for mail last."""
    with open_runs() as client:
        found = client.list_triggers()
    if wants_json():
        print_json(msgspec.to_builtins(found))
    else:
        _print(TRIGGER_COLUMNS, [_describe_trigger(one) for one in found], "There are no triggers.")


def _print(columns: Sequence[str], rows: Sequence[tuple[str, ...]], without: str) -> None:
    if not rows:
        typer.echo(without, err=True)
    elif sys.stdout.isatty():
        table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for row in rows:
            table.add_row(*(Text(clean_text(cell)) for cell in row))
        Console(highlight=False).print(table)
    else:
        for row in rows:
            typer.echo("\t".join(map(clean_text, row)))


def _describe_schedule(one: "RemoteSchedule") -> tuple[str, ...]:
    comes = _write_time(one.next_run) if one.enabled else PAUSED
    return one.name, one.bot, one.cron, one.time_zone, one.run_as, comes, one.last_error


def _describe_trigger(one: "RemoteTrigger") -> tuple[str, ...]:
    looked = _write_time(one.last_checked) if one.enabled else PAUSED
    return one.name, one.bot, one.mailbox, one.folder, one.run_as, looked, one.last_error


def _write_time(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time is not None else ""
