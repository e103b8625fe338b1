"""`postroom audit`: prove that the audit trail is whole, and take it away as a file."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from postroom.cli.control_room import open_control_room
from postroom.cli.output import OutputFormat, OutputOption, print_json, print_line
from postroom.errors import ControlRoomError, SettingError, TargetNotWritableError

app = typer.Typer(
    name="audit", no_args_is_help=True, help="Verify and export the Control Room's audit trail."
)


class FileFormat(StrEnum):
    """How entries are written."""

    CSV = "csv"
    JSON = "json"


_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@app.command(epilog="Example: postroom audit verify")
def verify(output: OutputOption = OutputFormat.TABLE) -> None:
    """Check every entry, its place in the chain, and that none is missing at the end.

    Names the first entry that does not fit, and ends with exit code 12 then.
    """
    open_control_room()
    # Models can be imported once Django is set up, and not before.
    from postroom.controlroom.audit.verification import verify as verify_trail  # noqa: PLC0415

    with _database_explained():
        verdict = verify_trail()
    if verdict.fault is not None:
        raise ControlRoomError(
            f"The audit trail does not hold: entry {verdict.sequence} {verdict.fault}. Entries before it that can "
            f"be trusted: {verdict.entries}. Keep the database as it is, and compare it with a backup or an export."
        )
    if output is OutputFormat.JSON:
        print_json({"entries": verdict.entries, "whole": True})
    else:
        print_line(f"The audit trail is whole. Entries: {verdict.entries}.")


@app.command(epilog="Example: postroom audit export --since 2026-01-01 --to audit.csv")
def export(
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="How to write the entries.")
    ] = FileFormat.CSV,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file, instead of stdout.")] = None,
    event: Annotated[
        str, typer.Option(help="Only this event. Example: TOKEN_GIVEN", show_default=False)
    ] = "",
    actor: Annotated[str, typer.Option(help="Only of whom, or a part of the name.", show_default=False)] = "",
    outcome: Annotated[
        str, typer.Option(help="Only this outcome: done, refused or failed.", show_default=False)
    ] = "",
    target: Annotated[
        str, typer.Option(help="Only to what, or a part of its name.", show_default=False)
    ] = "",
    since: Annotated[datetime | None, typer.Option(formats=_MOMENTS, help="From this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_MOMENTS, help="Before this time (UTC).")] = None,
) -> None:
    """Write entries as CSV or JSON, the newest first; that they were taken is itself in the trail."""
    open_control_room()
    from postroom.controlroom.audit.events import Event, Outcome  # noqa: PLC0415
    from postroom.controlroom.audit.export import ExportFormat  # noqa: PLC0415
    from postroom.controlroom.audit.export import export as write  # noqa: PLC0415
    from postroom.controlroom.audit.selection import Selection  # noqa: PLC0415
    from postroom.controlroom.audit.trail import record  # noqa: PLC0415

    _check(event, "event", Event)
    _check(outcome, "outcome", Outcome)
    chosen = Selection(event, actor, outcome, target, _in_utc(since), _in_utc(until))
    with _database_explained(), _opened(to) as stream:
        record(
            Event.AUDIT_EXPORTED, actor=_name_person(), format=file_format.value, filters=chosen.describe()
        )
        stream.writelines(write(chosen.get_entries(), ExportFormat(file_format.value)))


def _check(value: str, name: str, known: type[StrEnum]) -> None:
    if value and value not in set(known):
        raise SettingError(f"There is no {name} “{value}”. There are: {', '.join(sorted(known))}.")


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None else None


def _name_person() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container's user may have no name
        return "command line"


@contextmanager
def _opened(to: Path | None) -> Iterator[TextIO]:
    if to is None:
        yield sys.stdout
        return
    try:
        # Exclusively: an export never replaces what somebody kept.
        stream = to.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise TargetNotWritableError(
            f"The file {to} cannot be written ({error.strerror}). Name one that is not there yet."
        ) from error
    with stream:
        yield stream


@contextmanager
def _database_explained() -> Iterator[None]:
    from django.db.utils import DatabaseError  # noqa: PLC0415

    try:
        yield
    except DatabaseError as error:
        raise ControlRoomError(
            "The audit trail cannot be read: the database does not answer, or no Control Room was started with it "
            "yet. Check POSTROOM_HOME and POSTROOM_DATABASE, and that `postroom serve` ran once."
        ) from error
