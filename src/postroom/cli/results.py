"""What each kind of result of an action is printed as."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from postroom.actions import Action
from postroom.cli.output import (
    count,
    print_folder,
    print_json,
    print_line,
    print_lines,
    print_message,
    print_messages,
)
from postroom.graph.models import MailFolder, Message

DONE = {
    "change-status": "marked as {to}",
    "delete": "moved to Deleted Items",
    "move": "moved",
    "reply": "answered",
    "send": "sent",
}
NO = 1


def print_result(action: Action, settings: Mapping[str, Any], result: Any, *, as_json: bool) -> None:
    """Print what an action gave; one that gives nothing tells how much it did.

    A “no” ends the process with exit code 1, as a shell's `if` takes it.
    """
    match result:
        case None:
            _print_done(action, settings, as_json=as_json)
        case bool():
            _print_answer(result, as_json=as_json)
        case Message():
            print_message(result)
        case MailFolder():
            print_folder(result)
        case list():
            print_lines([str(path) for path in result if isinstance(path, Path)])
        case _:
            print_messages(result)


def _print_answer(answer: bool, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_line("yes" if answer else "no")
    if not answer:
        raise typer.Exit(NO)


def _print_done(action: Action, settings: Mapping[str, Any], *, as_json: bool) -> None:
    messages = settings.get("messages")
    number = 1 if messages is None else len(messages)
    if as_json:
        print_json({"done": number})
    else:
        print_line(f"{count(number, 'message')} {DONE.get(action.command, 'done').format_map(settings)}.")
