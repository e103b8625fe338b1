"""The one place where a failure becomes what a person reads, or a program, and an exit code."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from postroom.cli.output import clean_text, wants_json
from postroom.errors import ItemsError, PostroomError, get_outcome

INTERRUPTED = 130
UNEXPECTED = 1
READER_GONE = 1


@contextmanager
def tell_failures() -> Iterator[None]:
    """Tell on stderr what fails inside, and end the process with the exit code of the failure."""
    try:
        try:
            yield
        finally:
            # Here and not at the end of the process, where Python would print what failed.
            sys.stdout.flush()
    except PostroomError as error:
        _tell(error)
        sys.exit(get_outcome(error).exit_code)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)  # noqa: T201
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output (`head`) has enough. What is still to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_GONE)
    except Exception as error:  # noqa: BLE001 - the last place that can say anything
        traceback.print_exc()
        _write_error(
            f"This is a fault of Postroom itself ({type(error).__name__}): please report the lines above."
        )
        sys.exit(UNEXPECTED)


def describe_error(error: PostroomError) -> dict[str, Any]:
    """Give an error as data: its type, what it says, and what Microsoft's support asks for."""
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "aadsts": error.aadsts,
        "request_id": error.request_id,
    }
    if isinstance(error, ItemsError):
        described["failures"] = [
            {"item": failure.item, **describe_error(failure.error)} for failure in error.failures
        ]
    return described


def _tell(error: PostroomError) -> None:
    if wants_json():
        print(msgspec.json.encode({"error": describe_error(error)}).decode(), file=sys.stderr)  # noqa: T201
    else:
        _write_error(str(error))


def _write_error(message: str) -> None:
    console = Console(stderr=True, highlight=False)
    text = Text.assemble(("Error: ", "bold red"), clean_text(message, keep="\n"))
    console.print(text, soft_wrap=not console.is_terminal)
