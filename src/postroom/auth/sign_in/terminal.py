"""The terminal that a person is asked at: sentences go to stderr, answers come from stdin."""

import sys


def tell_person(text: str) -> None:
    """Say something to the person in front of this program; stdout stays free for results."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the person is asked here, not the log


def read_line() -> str:
    """Read one line from stdin, however long it is.

    Errors: EOFError where the input has ended.
    """
    if sys.stdin.isatty():
        _lift_line_limit()
    return input()


def _lift_line_limit() -> None:
    """Let a terminal take lines of any length: without line editing, macOS cuts them at 1,024 bytes."""
    try:
        import readline  # noqa: PLC0415 - not there on Windows, and it touches the terminal when imported
    except ImportError:
        return
    readline.set_auto_history(False)  # the line holds an authorization code
