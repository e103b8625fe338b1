"""Engines that run bots of test modules, in this process and in others that are killed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from uuid import uuid4

from postroom.actions.sessions import Session
from postroom.auth.token_keys import TokenKey
from postroom.bots.definition import Bot
from postroom.bots.durable import Engine, RunOrder, Surroundings
from postroom.bots.reports import RunReport, StepReport
from postroom.bots.sealing import KeySealer
from postroom.values import Secret

KEY = "J" * 42 + "A"


class ModuleLibrary:
    """Python bots by `module:function`, as they stand in modules that can be imported."""

    def get(self, reference: str, beside: str | None = None) -> Bot:
        """The bot of this reference."""
        module, _, name = reference.partition(":")
        found: Bot = getattr(import_module(module), name)
        return found


class Listener:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.runs: list[RunReport] = []
        self.steps: list[StepReport] = []
        self.opened: list[str] = []

    def on_run(self, run: RunReport) -> None:
        """Note it."""
        self.runs.append(run)

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Note it."""
        self.steps.append(step)

    def on_open(self, run_id: str, session: Session) -> None:
        """Note it."""
        self.opened.append(run_id)

    @property
    def done(self) -> list[str]:
        """The titles of the steps that are done."""
        return [step.title for step in self.steps if step.status == "done"]


@contextmanager
def start_engine(
    journal: Path,
    listener: Listener,
    enter: Callable[[RunOrder], AbstractContextManager[None]] = lambda _order: nullcontext(),
    key: str = KEY,
) -> Iterator[Engine]:
    """Start an engine on this journal, and stop it afterwards."""
    sealer = KeySealer(TokenKey(Secret(key)))
    surroundings = Surroundings(ModuleLibrary(), listener, enter)
    engine = Engine(f"sqlite:///{journal}", sealer, uuid4().hex, surroundings)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
