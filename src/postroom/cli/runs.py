"""`postroom runs`: the runs of the Control Room."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from postroom.cli.bots import open_runs
from postroom.cli.output import (
    JsonOption,
    OutputFormat,
    OutputOption,
    clean_text,
    print_json,
    print_line,
    wants_json,
)
from postroom.errors import SettingError

if TYPE_CHECKING:
    from postroom.remote.runs import RemoteRun, RemoteStep, RunsClient

COLUMNS = ("Run", "Bot", "Status", "Begun", "By", "Took")
POLL_SECONDS = 1.0

app = typer.Typer(name="runs", no_args_is_help=True, help="Begin and watch runs in the Control Room.")

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The id of the run.")]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait", help="Wait until the run is over; where it failed, end with the exit code of its error."
    ),
]


@app.command("list", epilog="Example: postroom runs list --status failed --since 2026-11-01")
def list_runs(
    status: Annotated[
        str,
        typer.Option(
            help="Only these: queued, running, paused, done, failed, cancelled, “timed out”, or active.",
            show_default=False,
        ),
    ] = "",
    bot: Annotated[
        str, typer.Option(help="Only of this bot. Example: intake.bot.yaml", show_default=False)
    ] = "",
    who: Annotated[str, typer.Option(help="Only those that run as this user.", show_default=False)] = "",
    since: Annotated[
        str, typer.Option(metavar="DATE", help="From this day on (UTC).", show_default=False)
    ] = "",
    search: Annotated[str, typer.Option(help="In bot, who and error.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """List runs, the newest first: your own, or everybody's with the permission “View runs”."""
    from_day = f"{since}T00:00:00Z" if since and "T" not in since else since
    with open_runs() as client:
        found = client.list_runs(limit, status=status, bot=bot, who=who, since=from_day, search=search)
    if wants_json():
        print_json(msgspec.to_builtins(found))
    elif not found:
        typer.echo("There are no such runs.", err=True)
    elif sys.stdout.isatty():
        _print_table(found)
    else:
        for run in found:
            typer.echo("\t".join(map(clean_text, _describe(run))))


@app.command("show", epilog="Example: postroom runs show 0f8fad5b-d9cb-469f-a165-70867728950e")
def show_run(
    run: RunArgument,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    wait: WaitOption = False,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Show how a run stands, and its steps."""
    with open_runs() as client:
        found = _wait(client, run) if wait else client.get_run(run)
        steps = client.list_steps(run)
    if wants_json():
        print_json({**msgspec.to_builtins(found), "steps": msgspec.to_builtins(steps)})
    else:
        _print_run(found, steps)
    if wait:
        _raise_error(found)


@app.command("begin", epilog="Example: postroom runs begin intake.bot.yaml --input folder=Inbox --wait")
def begin_run(
    bot: Annotated[
        str,
        typer.Argument(metavar="BOT", help="The file of a deployed bot, as `postroom bots list` shows it."),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", metavar="NAME=VALUE", help="An input; as often as there are some.", show_default=False
        ),
    ] = None,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    wait: WaitOption = False,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Begin a run of a deployed bot, as you."""
    with open_runs() as client:
        run = client.begin_run(bot, _read_inputs(inputs or []))
        if not wants_json() and wait:
            typer.echo(f"Run {run.id} is {run.status}.", err=True)
        _tell(client, run, wait=wait)


@app.command("cancel", epilog="Example: postroom runs cancel 0f8fad5b-d9cb-469f-a165-70867728950e")
def cancel_run(
    run: RunArgument,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Stop a run for good, before its next step; what it has done stays done."""
    _control(run, "cancel")


@app.command("pause", epilog="Example: postroom runs pause 0f8fad5b-d9cb-469f-a165-70867728950e")
def pause_run(
    run: RunArgument,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Let a run stop before its next step, until it is resumed."""
    _control(run, "pause")


@app.command("resume", epilog="Example: postroom runs resume 0f8fad5b-d9cb-469f-a165-70867728950e --wait")
def resume_run(
    run: RunArgument,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    wait: WaitOption = False,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Let a paused run go on where it was."""
    _control(run, "resume", wait=wait)


@app.command("retry", epilog="Example: postroom runs retry 0f8fad5b-d9cb-469f-a165-70867728950e --step 12")
def retry_run(
    run: RunArgument,
    step: Annotated[
        int | None,
        typer.Option(
            min=1, help="The step to go on from, instead of the one that failed.", show_default=False
        ),
    ] = None,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001
    *,
    wait: WaitOption = False,
    as_json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Let a run go on that failed, was cancelled or took too long; what was sent is not sent again."""
    _control(run, "retry", step, wait=wait)


def _control(run: str, what: str, step: int | None = None, *, wait: bool = False) -> None:
    with open_runs() as client:
        _tell(client, client.control_run(run, what, step), wait=wait)


def _tell(client: "RunsClient", run: "RemoteRun", *, wait: bool) -> None:
    if wait:
        run = _wait(client, run.id)
    if wants_json():
        print_json(msgspec.to_builtins(run))
    else:
        print_line(f"Run {run.id} is {run.status}.")
    if wait:
        _raise_error(run)


def _wait(client: "RunsClient", run_id: str) -> "RemoteRun":
    while not (run := client.get_run(run_id)).is_over:
        time.sleep(POLL_SECONDS)
    return run


def _raise_error(run: "RemoteRun") -> None:
    error = run.find_error()
    if error is not None:
        raise error


def _read_inputs(given: list[str]) -> dict[str, str]:
    inputs: dict[str, str] = {}
    for one in given:
        name, separator, value = one.partition("=")
        if not separator or not name:
            # Without what was given: it may be a value alone.
            raise SettingError("An input is written as NAME=VALUE. Example: --input folder=Inbox")
        inputs[name.strip()] = value
    return inputs


def _print_run(run: "RemoteRun", steps: "list[RemoteStep]") -> None:
    rows = {
        "Run": run.id,
        "Bot": f"{run.bot_name} ({run.bot}, version {run.version})",
        "Status": run.status,
        "Begun by": run.begun_by,
        "Runs as": run.run_as,
        "Took": _write_seconds(run.seconds),
        "Messages": str(run.messages_handled),
        "Worker": run.worker,
        "Error": f"{run.error.type}: {run.error.message}" if run.error is not None else "",
    }
    for label, value in rows.items():
        if value:
            print_line(f"{label + ':':<12}{clean_text(value)}")
    for step in steps:
        touched = f"  {step.touched}" if step.touched else ""
        seconds = _write_seconds(step.seconds)
        print_line(
            clean_text(
                f"{step.number:>5}  {step.status:<8} {seconds:>9}  {step.place}  {step.title}{touched}"
            )
        )


def _print_table(runs: "list[RemoteRun]") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in COLUMNS:
        table.add_column(title, overflow="fold")
    for run in runs:
        table.add_row(*(Text(clean_text(cell)) for cell in _describe(run)))
    Console(highlight=False).print(table)


def _describe(run: "RemoteRun") -> tuple[str, ...]:
    begun = run.created.astimezone().strftime("%Y-%m-%d %H:%M")
    return run.id, run.bot, run.status, begun, run.begun_by, _write_seconds(run.seconds)


def _write_seconds(seconds: float | None) -> str:
    return f"{seconds:.1f} s" if seconds is not None else ""
