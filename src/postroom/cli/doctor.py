"""`postroom doctor`: examine a connection, and say what to do at the first thing that does not hold."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from postroom.actions import Action, load_packages
from postroom.cli.connection import Connection, with_connection
from postroom.cli.failures import describe_error
from postroom.cli.output import (
    JsonOption,
    OutputFormat,
    OutputOption,
    clean_text,
    print_json,
    print_line,
    wants_json,
)
from postroom.errors import SettingError, get_outcome
from postroom.values import parse_reference

if TYPE_CHECKING:
    from postroom.outlook.doctor import Case, Finding, Remedy, Report

PACKAGE = "outlook"
EPILOG = (
    "Example: postroom doctor --username ap@contoso.com --action reply --action move\n\n"
    "Changes nothing, sends nothing, opens no browser. Ends with 0 if everything holds, else with the exit code of "
    "what a Connect would fail with."
)
TITLE_WIDTH = 26
"""In characters: that of the longest title."""

MARKS = {True: ("✓", "bold green"), False: ("✗", "bold red"), None: ("·", "dim")}

ActionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--action",
        metavar="ACTION",
        help="An action that the bot uses, such as reply; repeatable. By default all. "
        "What they need is what is examined.",
    ),
]


@with_connection
def command(
    connection: Connection,
    *,
    action: ActionOption = None,
    output: OutputOption = OutputFormat.TABLE,  # noqa: ARG001 - both set what wants_json says
    json: JsonOption = False,  # noqa: ARG001
) -> None:
    """Examine a connection step by step, and say what to do where it does not hold, with link or command."""
    # Start-up cost: it would double that of --help.
    from postroom.outlook.doctor import Report, examine_legs  # noqa: PLC0415

    as_json = wants_json()
    findings = []
    for finding in examine_legs(_open_case(connection, _choose_actions(action or ()))):
        findings.append(finding)
        if not as_json:
            _print_finding(finding)
    _end(Report(tuple(findings)), as_json=as_json)


def _open_case(connection: Connection, actions: Sequence[Action]) -> "Case":
    from postroom.outlook.doctor import Case  # noqa: PLC0415 - as above

    return Case(
        cloud_name=connection.cloud,
        authentication=connection.create_authentication(),
        mailbox=None if connection.mailbox is None else parse_reference(connection.mailbox),
        variables=connection.read_variables(),
        credentials=None,
        actions=actions,
    )


def _choose_actions(names: Iterable[str]) -> tuple[Action, ...]:
    known = [action for action in load_packages()[PACKAGE].actions if not action.opens]
    wanted = [_get_action(known, name) for name in names]
    return tuple(wanted or known)


def _get_action(known: Iterable[Action], name: str) -> Action:
    for action in known:
        if name in (action.command, action.name, action.function.__name__):
            return action
    listed = ", ".join(action.command for action in known)
    raise SettingError(f"There is no action “{name}”. The actions are: {listed}.")


def _end(report: "Report", *, as_json: bool) -> None:
    failure = report.failure
    if as_json:
        print_json(_describe_report(report))
    elif failure and failure.remedy:
        _print_remedy(failure.remedy)
    if failure and failure.error:
        raise typer.Exit(get_outcome(failure.error).exit_code)


def _describe_report(report: "Report") -> dict[str, Any]:
    return {"holds": report.holds, "legs": [_describe_finding(finding) for finding in report.findings]}


def _describe_finding(finding: "Finding") -> dict[str, Any]:
    remedy = finding.remedy
    return {
        "leg": finding.leg,
        "title": finding.title,
        "holds": finding.holds,
        "sentence": finding.sentence,
        "fix": remedy and remedy.fix,
        "link": remedy and remedy.link,
        "command": remedy and remedy.command,
        "error": finding.error and describe_error(finding.error),
    }


def _print_finding(finding: "Finding") -> None:
    mark, style = MARKS[finding.holds]
    said = clean_text(str(finding.error or finding.sentence or ""))
    if not sys.stdout.isatty():
        print_line(f"{mark} {finding.title}" + (f": {said}" if said else ""))
        return
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=TITLE_WIDTH)
    row.add_column()
    bright = finding.holds is False
    row.add_row(
        Text(mark, style), Text(finding.title, "bold" if bright else ""), Text(said, "" if bright else "dim")
    )
    Console(highlight=False).print(row)


def _print_remedy(remedy: "Remedy") -> None:
    """The fix wraps as the terminal does; link and command stay whole, each in lines of its own, to be copied."""
    console = Console(highlight=False)
    console.print("\nWhat to do:", style="bold")
    fix = Text(clean_text(remedy.fix))
    console.print(
        Padding(fix, (0, 0, 0, 2)) if console.is_terminal else Text("  ") + fix,
        soft_wrap=not console.is_terminal,
    )
    for lines in (remedy.link, remedy.command):
        if lines:
            console.print()
            for line in lines.splitlines():
                console.print(Text(f"  {clean_text(line)}", "cyan"), soft_wrap=True)
