"""Python bots: functions that are called, tested and run like any function."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from postroom import bot
from postroom.bots import PythonBot
from postroom.bots.definition import fill_inputs
from postroom.errors import SettingError
from postroom.outlook import Mailbox
from support import sample_bots

WITHOUT_EXTRAS = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("dbos", "jinja2", "pydantic", "yaml", "sqlalchemy"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from postroom import bot
@bot
def double(number: int) -> int:
    return 2 * number
@bot
def both(number: int) -> int:
    return double(number) + double(number=1)
print(both(20))
"""


@bot
def write_report(day: date, sizes: list[int], target: Path = Path("report"), final: bool = False) -> str:
    """Write a report."""
    return f"{day} {sizes} {target} {final}"


def test_a_bot_is_called_like_a_function() -> None:
    """By position and by name, with its defaults and its documentation, and what it gives is given."""
    assert write_report(date(2026, 5, 31), [1], final=True) == "2026-05-31 [1] report True"
    assert write_report.name == "Write report"
    assert write_report.__doc__ == "Write a report."
    assert write_report.reference == f"{__name__}:write_report"
    with pytest.raises(TypeError, match="missing a required argument"):
        write_report(date(2026, 5, 31))  # type: ignore[call-arg]


def test_what_a_bot_raises_is_raised() -> None:
    """In a plain call an error is the bot's own."""
    with pytest.raises(ZeroDivisionError):
        sample_bots.divides_by_zero()


def test_a_plain_call_needs_no_extra() -> None:
    """Where the parts for journals and bot files are not installed, bots in Python run all the same."""
    said = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "42\n"), said.stderr


def test_inputs_as_text_are_read() -> None:
    """What a command line gives becomes what the annotations say, lists as JSON."""
    assert write_report.read_inputs({"day": "2026-05-31", "sizes": "[1, 2]", "final": "yes"}) == {
        "day": date(2026, 5, 31),
        "sizes": [1, 2],
        "target": Path("report"),
        "final": True,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"day": "soon", "sizes": "[]"}, "The input day of the bot “Write report” cannot be read: "),
        ({"day": "2026-05-31"}, "needs sizes, which was not given"),
        ({"days": "x"}, "takes no days. Its inputs are: day, sizes, target, final."),
    ],
)
def test_inputs_that_do_not_fit_are_told(given: dict[str, Any], said: str) -> None:
    """Each names the bot and the input."""
    with pytest.raises(SettingError, match=said):
        write_report.read_inputs(given)


def test_a_session_is_given_by_a_bot_only() -> None:
    """Nobody types a mailbox."""
    with pytest.raises(SettingError, match="is a Mailbox, which only another bot can give"):
        sample_bots.uses_variable.read_inputs({"mailbox": "ap"})
    kept = fill_inputs(sample_bots.uses_variable, {"mailbox": 1})
    assert kept == {"mailbox": 1}
    assert sample_bots.uses_variable.inputs["mailbox"].type is Mailbox


def test_what_cannot_be_a_bot_is_refused() -> None:
    """Steps have an order and inputs have names."""

    async def waits() -> None: ...

    def gives() -> Iterator[int]:
        yield 1

    def takes(*numbers: int, **named: int) -> None: ...

    for function in (waits, gives, takes):
        with pytest.raises(TypeError, match="cannot be a bot"):
            bot(function)  # type: ignore[arg-type]
    assert isinstance(write_report, PythonBot)
