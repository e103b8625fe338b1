"""A bot file that Python code runs."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from postroom.bots import bot, run_file
from postroom.errors import BotFileError, BotNotFoundError, SettingError

BOT = """\
name: Desk
inputs:
  letter: {type: text}
  copies: {type: number, default: 1}
steps:
  - uses: desk.sit
    with: {session: d}
  - uses: desk.put
    with: {session: d, papers: ["${{ letter }}"], copies: "${{ copies }}"}
  - run_bot: child.bot.yaml
    with: {work: "${{ letter }}"}
"""
CHILD = """\
name: Child
inputs: {work: {type: text}}
steps:
  - uses: desk.sit
    with: {place: "${{ work }}", session: own}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a bot file with a child beside it."""
    (tmp_path / "child.bot.yaml").write_text(CHILD)
    path = tmp_path / "desk.bot.yaml"
    path.write_text(BOT)
    return path


def test_a_file_is_run_with_inputs(desk: ModuleType, file: Path) -> None:
    """Inputs are given by name, as their types or as text; child bots lie beside the file."""
    run_file(file, letter="a", copies=2)
    run_file(str(file), letter="b", copies="3")
    assert [one for one in desk.DONE if one[0] == "put"] == [
        ("put", ["a"], 2, "left", ""),
        ("put", ["b"], 3, "left", ""),
    ]
    assert [one[1] for one in desk.DONE if one[0] == "sit"] == ["window", "a", "window", "b"]


def test_what_does_not_fit_is_told_before_anything_is_done(desk: ModuleType, file: Path) -> None:
    """A missing input, an unknown one, a file that is not there, a file with faults."""
    with pytest.raises(SettingError, match="letter"):
        run_file(file)
    with pytest.raises(SettingError, match="takes no folder"):
        run_file(file, letter="a", folder="Inbox")
    with pytest.raises(BotNotFoundError):
        run_file(file.with_name("none.bot.yaml"))
    file.write_text(BOT.replace("desk.put", "desk.putt"))
    with pytest.raises(BotFileError):
        run_file(file, letter="a")
    assert desk.DONE == []


def test_a_bot_cannot_begin_one_behind_its_journal(desk: ModuleType, file: Path) -> None:
    """Inside a bot it is refused, as a run that goes on would do it all again."""

    @bot
    def outer() -> None:
        run_file(file, letter="a")

    with pytest.raises(SettingError, match="run_bot"):
        outer()
    assert desk.DONE == []


def test_bot_files_cost_nothing_until_they_are_used() -> None:
    """`import postroom` and `postroom.bots` load neither YAML nor templates."""
    code = "import sys, postroom, postroom.bots; print({'yaml', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
