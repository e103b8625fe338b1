"""Where in a Python bot something happens: the line of the bot, and not that of what it calls."""

import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType

import postroom

_HOME = str(Path(postroom.__file__).parent)
_LIBRARY = str(Path(traceback.__file__).parent)


def find_place_of_call() -> str:
    """The line of the bot that calls, as `intake.py:14`; empty where no code of a bot does."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _belongs_to_bot(frame.f_code.co_filename):
            return _write_place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return ""


def find_place_of_failure(error: BaseException) -> str:
    """The innermost line of the bot that an error came through; empty where there is none."""
    found = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if _belongs_to_bot(name):
            found = _write_place(name, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _belongs_to_bot(file_name: str) -> bool:
    return not file_name.startswith((_HOME, _LIBRARY, "<"))


def _write_place(file_name: str, line: int) -> str:
    return f"{Path(file_name).name}:{line}"
