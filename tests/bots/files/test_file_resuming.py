"""A bot file that is interrupted goes on at its next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from uuid import uuid4

import pytest

from postroom.auth.token_keys import TokenKey
from postroom.bots.durable import Engine, Surroundings
from postroom.bots.files import FolderLibrary
from postroom.bots.reports import RunStopped, StepReport
from postroom.bots.sealing import KeySealer
from postroom.values import Secret
from support.engines import KEY, Listener

BOT = """
    inputs: {names: [a, b]}
    steps:
    - uses: desk.sit
      with: {session: {global: d}}
    - for_each: paper
      uses: desk.papers
      with: {session: d, number: 3}
      steps:
      - try:
        - uses: desk.take
          with: {session: d, paper: "${{ paper }}"}
        - if: "${{ paper.id == '1' }}"
          uses: desk.fail
          with: {session: d, what: odd}
        catch:
        - uses: desk.put
          with: {session: d, papers: "${{ error.message }}"}
        finally:
        - uses: desk.put
          with: {session: d, papers: "last of ${{ paper.title }}"}
    - run_bot: child.bot.yaml
      with: {names: "${{ names }}"}
"""
CHILD = """
    inputs: {names: {type: list}}
    steps:
    - for_each: name
      in: "${{ names }}"
      steps:
      - uses: desk.put
        with: {session: d, papers: "${{ name }}"}
"""


class Stopping(Listener):
    """Stops the run before its n-th step, as if the process had been killed there."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._left = number

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Note it, and stop."""
        super().on_step(run_id, step)
        self._left -= step.status == "running"
        if not self._left:
            raise RunStopped


@contextmanager
def start(folder: Path, listener: Listener) -> Iterator[Engine]:
    """Start an engine on the journal of a folder, and stop it afterwards."""
    surroundings = Surroundings(FolderLibrary(folder), listener)
    journal = f"sqlite:///{folder / 'journal.sqlite'}"
    engine = Engine(journal, KeySealer(TokenKey(Secret(KEY))), uuid4().hex, surroundings)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a bot that loops, catches, and runs a child."""
    (tmp_path / "a.bot.yaml").write_text(dedent(BOT))
    (tmp_path / "child.bot.yaml").write_text(dedent(CHILD))
    return tmp_path


@pytest.mark.parametrize("number", [2, 3, 4, 6, 7, 8, 10, 11, 12])
def test_it_goes_on_where_it_was(folder: Path, desk: ModuleType, number: int) -> None:
    """Stopped before any of its steps, in a loop, `try`, `catch` or a child, it does each step once, and in order."""
    run_id = str(uuid4())
    stopping = Stopping(number)
    with start(folder, stopping) as engine, pytest.raises(RunStopped):
        engine.run(FolderLibrary(folder).get("a.bot.yaml"), {}, run_id)
    before = len(desk.DONE)
    with start(folder, Listener()) as engine:
        engine.resume(run_id)
    assert before < len(desk.DONE)
    assert [entry[1] for entry in desk.DONE if entry[0] != "sit"] == [
        *("paper 0", "last of paper 0"),
        *("paper 1", "odd", "It is odd.", "last of paper 1"),
        *("paper 2", "last of paper 2"),
        *("a", "b"),
    ]
