"""What a command prints: for a person on a terminal, for a pipe, or as JSON.

A terminal gets tables. A pipe gets one line for each item, with tabs between and the id first. Nothing that
came by mail reaches a terminal with control characters in it.
"""

import sys
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from postroom.graph.models import EmailAddress, MailFolder, Message


TIME_WIDTH, SENDER_WIDTH, FILES_WIDTH = 16, 20, 5
"""In characters; the subject gets what a line has left."""


class OutputFormat(StrEnum):
    """How a command prints."""

    TABLE = "table"
    JSON = "json"


_chosen: ContextVar[OutputFormat] = ContextVar("output", default=OutputFormat.TABLE)


def begin_output() -> None:
    """Begin with tables, until an option of the command says otherwise."""
    _chosen.set(OutputFormat.TABLE)


def _choose(wanted: OutputFormat) -> OutputFormat:
    if wanted is OutputFormat.JSON:
        _chosen.set(wanted)
    return wanted


OutputOption = Annotated[
    OutputFormat,
    # Eager, so that what is wrong with other options is told in this format.
    typer.Option(
        "--output", callback=_choose, is_eager=True, help="How to print what it gives, and what fails."
    ),
]


JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        callback=lambda wanted: wanted and bool(_choose(OutputFormat.JSON)),
        is_eager=True,
        help="Short for --output json.",
    ),
]


def wants_json() -> bool:
    """Tell whether this command was asked for JSON."""
    return _chosen.get() is OutputFormat.JSON


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    _write(msgspec.json.encode(value).decode() + "\n")


def print_line(text: str) -> None:
    """Print one line."""
    _write(clean_text(text) + "\n")


def print_lines(values: Iterable[str]) -> None:
    """Print values: a line for each, or a JSON array."""
    if wants_json():
        print_json(list(values))
        return
    for value in values:
        print_line(value)


def print_messages(messages: "Iterable[Message]") -> None:
    """Print a list of messages; all but the table as they come, however many."""
    if wants_json():
        _stream_json(messages)
    elif sys.stdout.isatty():
        _print_message_table(messages)
    else:
        for message in messages:
            cells = (message.id, _format_time(message.received), message.sender, message.subject)
            _write("\t".join(clean_text(str(cell)) for cell in cells) + "\n")


def print_message(message: "Message") -> None:
    """Print one message with its body."""
    if wants_json():
        print_json(describe_message(message))
        return
    rows = {
        "Subject": message.subject,
        "From": message.sender,
        "To": _join(message.to),
        "Cc": _join(message.cc),
        "Received": _format_time(message.received),
        "Status": "read" if message.is_read else "unread",
        "Attachments": "yes" if message.has_attachments else "",
        "Id": message.id,
    }
    for label, value in rows.items():
        if str(value):
            _write(f"{label + ':':<13}{clean_text(str(value))}\n")
    _write(f"\n{clean_text(message.body.replace(chr(13), ''), keep=chr(10) + chr(9)).rstrip()}\n")


def print_folder(folder: "MailFolder") -> None:
    """Print a folder and how many messages lie in it."""
    if wants_json():
        print_json(describe_folder(folder))
    else:
        print_line(write_folder(folder))


def write_folder(folder: "MailFolder") -> str:
    """Write a folder in one line."""
    return (
        f"{folder.display_name}: {count(folder.total_item_count, 'message')}, {folder.unread_item_count} unread, "
        f"{count(folder.child_folder_count, 'folder')} in it"
    )


def describe_folder(folder: "MailFolder") -> dict[str, Any]:
    """Give a folder as JSON shows it."""
    return {
        "id": folder.id,
        "name": folder.display_name,
        "messages": folder.total_item_count,
        "unread": folder.unread_item_count,
        "folders": folder.child_folder_count,
    }


def describe_message(message: "Message") -> dict[str, Any]:
    """Give a message as JSON shows it; with its body where that was loaded."""
    described: dict[str, Any] = {
        "id": message.id,
        "subject": message.subject,
        "from": _describe_address(message.sender),
        "to": [_describe_address(address) for address in message.to],
        "cc": [_describe_address(address) for address in message.cc],
        "received": message.received,
        "sent": message.sent,
        "is_read": message.is_read,
        "has_attachments": message.has_attachments,
        "importance": message.importance,
        "preview": message.preview,
    }
    if message.wire_body is not None:
        described |= {"body": message.body, "body_format": message.body_format}
    return described


def count(number: int, noun: str) -> str:
    """Write a number of things: 1 message, 2 messages."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clean_text(text: str, keep: str = "") -> str:
    """Put a space for each character that does not print (escape sequences, reversals), but for those to keep."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in keep else " " for letter in text)


def _print_message_table(messages: "Iterable[Message]") -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=True)
    table.add_column("Received", no_wrap=True, width=TIME_WIDTH)
    table.add_column("From", no_wrap=True, width=SENDER_WIDTH, overflow="ellipsis")
    table.add_column("Subject", no_wrap=True, ratio=1, overflow="ellipsis")
    table.add_column("Files", no_wrap=True, width=FILES_WIDTH)
    for message in messages:
        sender = message.sender.name or message.sender.address or ""
        cells = (
            _format_time(message.received),
            sender,
            message.subject,
            "yes" if message.has_attachments else "",
        )
        style = "" if message.is_read else "bold"
        table.add_row(*(Text(clean_text(cell)) for cell in cells), style=style)
    Console(highlight=False).print(table)
    note = (
        f"{count(table.row_count, 'message')}, unread ones in bold. A pipe and --output json get the ids too."
    )
    Console(stderr=True, highlight=False).print(note, style="dim")


def _stream_json(messages: "Iterable[Message]") -> None:
    """A JSON array with a message a line, so that a pipe gets what is there while the rest is read."""
    iterator = iter(messages)
    first = next(iterator, None)
    if first is None:
        _write("[]\n")
        return
    start = "[\n"
    for message in chain([first], iterator):
        _write(start + msgspec.json.encode(describe_message(message)).decode())
        start = ",\n"
    _write("\n]\n")


def _describe_address(address: "EmailAddress") -> dict[str, str | None]:
    return {"name": address.name, "address": address.address}


def _join(addresses: "Iterable[EmailAddress]") -> str:
    return "; ".join(str(address) for address in addresses)


def _format_time(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else ""


def _write(text: str) -> None:
    sys.stdout.write(text)
