"""A run: a bot at work, step by step."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Protocol
from uuid import uuid4

from postroom.actions import Action, Package, load_packages
from postroom.actions.once import doing_once
from postroom.actions.running import within_run
from postroom.actions.sessions import Global, Session
from postroom.bots.definition import Bot, BotLibrary, fill_inputs
from postroom.bots.handles import BotSession, SessionHandle, live_sessions, refuse_foreign_close
from postroom.bots.journal import ChildResult, Journal, NoJournal
from postroom.bots.sessions import RunSessions
from postroom.errors import PostroomError, SettingError

ITEMS_A_STEP = 50
"""How many items a loop takes from the service in one step."""


@dataclass(frozen=True)
class StepReport:
    """What is told of a step: what it is, where in the bot it stands, and how it went.

    `status` is “running”, “done” or “failed”; `seconds` are 0 while it runs. `touched` says in a few words what was
    worked on, such as the subject of a message. `number` is the journal's own, 0 where there is none. `handled` is how
    many messages the run has worked on so far, each counted once.
    """

    title: str
    place: str
    status: str
    seconds: float = 0.0
    touched: str = ""
    error: PostroomError | None = None
    number: int = 0
    handled: int = 0


class RunStopped(BaseException):  # noqa: N818 - no error: nothing failed, and no bot may catch it
    """This process must not go on with the run. What its journal has is kept, and whoever may goes on there."""


class RunListener(Protocol):
    """Who is told of the steps of runs: those done now, and not those remembered.

    Each of these may raise RunStopped, which ends the run here before the step that it was told of.
    """

    def on_step(self, run_id: str, step: StepReport) -> None:
        """A step begins, is done, or has failed."""

    def on_open(self, run_id: str, session: Session) -> None:
        """A session was opened for the run, or opened again in this process."""


class Unheard:
    """Nobody is told."""

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Tell nobody."""

    def on_open(self, run_id: str, session: Session) -> None:
        """Tell nobody."""


@dataclass
class Run:
    """One run of a bot.

    `place` is where the bot is, such as `intake.bot.yaml:14`; a bot file sets it. `root` is the run that began it all.
    """

    bot: Bot
    journal: Journal
    id: str = field(default_factory=lambda: str(uuid4()))
    root: str = ""
    sessions: RunSessions = field(default_factory=RunSessions)
    library: BotLibrary | None = None
    listener: RunListener = field(default_factory=Unheard)
    place: str = ""

    def perform(self, inputs: Mapping[str, Any]) -> Any:
        """Run the bot to its end, and give what it gives; what it left open is closed, whatever happens.

        Errors: what the bot raises.
        """
        with ExitStack() as ending:
            ending.callback(self._close_what_is_open)
            ending.enter_context(within_run(self))
            return self.bot.perform(self, fill_inputs(self.bot, inputs))

    def open_session(self, opener: Callable[..., Any], settings: Mapping[str, Any]) -> BotSession:
        """Open a session as a step, and give it as bots hold it. Errors: those of the action that opens it."""
        action = _find_opener(opener)
        wanted = settings.get("session")
        kept = {name: value for name, value in settings.items() if name != "session"}
        name = str(wanted).strip() if wanted is not None else ""
        if wanted is not None:
            self.sessions.check_free(name)
        scope = "global" if isinstance(wanted, Global) else "local" if name else "variable"
        handle = self._step(action.title, lambda key: self._open(key, action, kept, name, scope))
        self.sessions.add(handle)
        return BotSession(handle)

    def _open(
        self, key: str, action: Action, settings: Mapping[str, Any], name: str, scope: Any
    ) -> SessionHandle:
        session = action.function(**settings)
        title = str(getattr(session, "address", "") or action.title)
        handle = SessionHandle(key, action.name, settings, name, scope, self.id, title)
        live_sessions.get(handle, lambda: session)
        return handle

    def get_session(self, name: str) -> BotSession:
        """The session of this name. Errors: SessionNotFoundError."""
        return BotSession(self.sessions.get(name))

    def bind(self, handle: SessionHandle, name: str) -> Any:
        """What this name is of a session: an action as a step of this run, or what the live session has."""
        if name == "disconnect":
            return partial(self._disconnect, handle)
        action = _find_action(handle, name)
        if action is None:
            return getattr(self._get_live(handle), name)
        return partial(self._act, handle, action)

    def run_bot(self, child: Bot | str, inputs: Mapping[str, Any]) -> Any:
        """Run a child bot to its end, and give what it gives. Errors: what it raises; BotNotFoundError."""
        found = self._find_bot(child) if isinstance(child, str) else child
        left = self.journal.run_child(found, fill_inputs(found, inputs), self.sessions.shared)
        self.sessions.take_over(left.sessions)
        return left.value

    def _find_bot(self, reference: str) -> Bot:
        if self.library is None:
            raise SettingError(f"The bot “{reference}” cannot be found: this run has no folder of bots.")
        return self.library.get(reference, beside=self.bot.reference)

    def _act(self, handle: SessionHandle, action: Action, *given: Any, **settings: Any) -> Any:
        touched = _tell_touched(given, settings)

        def perform(_key: str) -> Any:
            return getattr(self._get_live(handle), action.function.__name__)(*given, **settings)

        if inspect.isgeneratorfunction(action.function) or _gives_iterator(action):
            return self._iterate(action.title, lambda: perform(""))
        return self._step(action.title, perform, touched)

    def _iterate(self, title: str, begin: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        """Give the items of a list, some a step; after a break the list is read anew, without those given."""
        seen: set[Any] = set()
        items: Iterator[Any] | None = None

        def take(_key: str) -> list[Any]:
            nonlocal items
            if items is None:
                items = (item for item in begin() if _identify(item) not in seen)
            return list(islice(items, ITEMS_A_STEP))

        while True:
            part = self._step(title, take)
            seen.update(_identify(item) for item in part)
            yield from part
            if len(part) < ITEMS_A_STEP:
                return

    def _step(self, title: str, work: Callable[[str], Any], touched: str = "") -> Any:
        place = self.place

        def told(key: str) -> Any:
            began = monotonic()
            self.listener.on_step(self.id, StepReport(title, place, "running", 0.0, touched))
            try:
                with within_run(None), doing_once(key):
                    result = work(key)
            except PostroomError as error:
                failed = StepReport(title, place, "failed", monotonic() - began, touched, error)
                self.listener.on_step(self.id, failed)
                raise
            self.listener.on_step(self.id, StepReport(title, place, "done", monotonic() - began, touched))
            return result

        return self.journal.do(title, told)

    def _get_live(self, handle: SessionHandle) -> Session:
        return live_sessions.get(handle, lambda: open_again(handle))

    def _disconnect(self, handle: SessionHandle) -> None:
        if not self.sessions.owns(handle):
            raise refuse_foreign_close(handle)
        self._step("Disconnect", lambda _key: live_sessions.close(handle), handle.title)
        self.sessions.remove(handle)

    def _close_what_is_open(self) -> None:
        is_root = self.root in ("", self.id)
        for handle in self.sessions.iterate_own():
            if is_root or handle.scope != "global":
                live_sessions.close(handle)


def open_again(handle: SessionHandle) -> Session:
    """Make a live session from its handle, as in another process than the one that opened it first."""
    for package in load_packages().values():
        for action in package.actions:
            if action.name == handle.action:
                with within_run(None):
                    return action.function(**handle.settings)  # type: ignore[no-any-return]
    raise SettingError(
        f"The session for {handle.title} needs the action {handle.action}, which no installed package has. Install the "
        "package on this machine too."
    )


def run_alone(chosen: Bot, inputs: Mapping[str, Any], **settings: Any) -> Any:
    """Run a bot in this process, without a journal, and give what it gives. Errors: what it raises."""
    return _run_here(chosen, inputs, (), "", settings).value


def _run_here(
    chosen: Bot,
    inputs: Mapping[str, Any],
    sessions: Sequence[SessionHandle],
    root: str,
    settings: Mapping[str, Any],
) -> ChildResult:
    run_id = str(uuid4())
    journal = NoJournal(
        lambda child, given, shared: _run_here(child, given, shared, root or run_id, settings)
    )
    run = Run(chosen, journal, id=run_id, root=root or run_id, sessions=RunSessions(sessions), **settings)
    return ChildResult(run.perform(inputs), run.sessions.shared)


def _find_opener(opener: Callable[..., Any]) -> Action:
    for package in load_packages().values():
        if package.opener is opener:
            return package.actions[0]
    raise SettingError(
        f"{opener.__qualname__} opens a session, but belongs to no installed package of actions."
    )


def _find_action(handle: SessionHandle, name: str) -> Action | None:
    package: Package | None = load_packages().get(handle.action.partition(".")[0])
    if package is None:
        return None
    full_name = f"{package.name}.{name}"
    return next((action for action in package.actions if action.name == full_name and not action.opens), None)


def _gives_iterator(action: Action) -> bool:
    annotation = inspect.signature(action.function).return_annotation
    return getattr(annotation, "__origin__", None) is not None and issubclass(annotation.__origin__, Iterator)


def _identify(item: Any) -> Any:
    return getattr(item, "id", None) or repr(item)


def _tell_touched(given: Sequence[Any], settings: Mapping[str, Any]) -> str:
    for value in (*given, *settings.values()):
        subject = getattr(value, "subject", None)
        if isinstance(subject, str):
            return subject[:100]
    return ""
