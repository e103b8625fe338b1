"""A run: a bot at work, step by step."""

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from time import monotonic
from typing import Any, get_type_hints
from uuid import uuid4

from postroom.actions import Action, Package, load_packages
from postroom.actions.once import doing_once
from postroom.actions.running import within_run
from postroom.actions.sessions import Global, Session
from postroom.bots.definition import Bot, BotLibrary, fill_inputs
from postroom.bots.handles import BotSession, SessionHandle, live_sessions, refuse_foreign_close
from postroom.bots.journal import ChildResult, Journal, NoJournal, StepKey
from postroom.bots.lists import ListReader
from postroom.bots.places import find_place_of_call, find_place_of_failure
from postroom.bots.reports import RunListener, RunReport, RunStopped, StepReport, Unheard
from postroom.bots.sessions import RunSessions
from postroom.bots.texts import fill_texts
from postroom.errors import BotFailedError, PostroomError, SettingError

__all__ = [
    "Run",
    "RunListener",
    "RunReport",
    "RunStopped",
    "StepReport",
    "Unheard",
    "open_again",
    "run_alone",
]


@dataclass
class Run:
    """One run of a bot.

    `place` is where the bot is, such as `intake.bot.yaml:14`; a bot file sets it, and that of a Python bot is the line
    which calls. `root` is the run that began it all, `parent` the one that called this.
    """

    bot: Bot
    journal: Journal
    id: str = field(default_factory=lambda: str(uuid4()))
    root: str = ""
    parent: str = ""
    sessions: RunSessions = field(default_factory=RunSessions)
    library: BotLibrary | None = None
    listener: RunListener = field(default_factory=Unheard)
    place: str = ""
    _thread: int = 0
    _handled: set[str] = field(default_factory=set)
    _opened_again: list[SessionHandle] = field(default_factory=list)

    def perform(self, inputs: Mapping[str, Any]) -> Any:
        """Run the bot to its end, and give what it gives; what it left open is closed, whatever happens.

        Errors: what the bot raises.
        """
        self._thread = threading.get_ident()
        self.sessions.accept(inputs)
        self._tell("running")
        try:
            with within_run(self):
                result = self.bot.perform(self, fill_inputs(self.bot, inputs))
        except BaseException as error:
            self._close_what_is_open(also_global=True)
            self._tell("failed" if isinstance(error, Exception) else "stopped", error)
            raise
        self._close_what_is_open(also_global=self.root in ("", self.id))
        self._tell("done")
        return result

    def open_session(self, opener: Callable[..., Any], settings: Mapping[str, Any]) -> BotSession:
        """Open a session as a step, and give it as bots hold it. Errors: those of the action that opens it."""
        action = _find_opener(opener)
        inspect.signature(action.function).bind(**settings)
        wanted = settings.get("session")
        kept = {name: value for name, value in settings.items() if name != "session"}
        name = str(wanted).strip() if wanted is not None else ""
        if wanted is not None:
            self.sessions.check_free(name)
        self.journal.check(kept)
        scope = "global" if isinstance(wanted, Global) else "local" if name else "variable"
        opened: list[SessionHandle] = []

        def open_live(key: StepKey) -> SessionHandle:
            opened.append(self._open(key, action, kept, name, scope))
            return opened[0]

        try:
            handle = self._step(action.title, open_live)
        except BaseException:  # stopped after it was opened, so that nobody has the handle
            for lost in opened:
                live_sessions.close(lost)
            raise
        self.sessions.add(handle)
        return BotSession(handle)

    def _open(
        self, key: StepKey, action: Action, settings: Mapping[str, Any], name: str, scope: Any
    ) -> SessionHandle:
        session = action.function(**fill_texts(settings, self.library))
        title = str(getattr(session, "address", "") or action.title)
        handle = SessionHandle(str(key), action.name, settings, name, scope, self.id, title)
        live_sessions.get(handle, lambda: self._tell_opened(session))
        return handle

    def get_session(self, name: str) -> BotSession:
        """The session of this name. Errors: SessionNotFoundError."""
        return BotSession(self.sessions.get(name))

    def bind(self, handle: SessionHandle, name: str) -> Any:
        """What this name is of a session: an action as a step of this run, or what the live session has.

        Errors: DisconnectedError where the session was closed.
        """
        if name == "disconnect":
            return partial(self._disconnect, handle)
        self.sessions.check_open(handle)
        action = _find_action(handle, name)
        if action is None:
            return getattr(self._get_live(handle), name)
        return partial(self._act, handle, action)

    def run_bot(self, child: Bot | str, inputs: Mapping[str, Any]) -> Any:
        """Run a child bot to its end, and give what it gives. Errors: what it raises; BotNotFoundError."""
        self._check_thread()
        found = self._find_bot(child) if isinstance(child, str) else child
        self.sessions.check_passed(inputs)
        place = self.place or find_place_of_call()
        left = self.journal.run_child(found, fill_inputs(found, inputs), self.sessions.shared, place)
        self.sessions.take_over(left.sessions)
        return left.value

    def _find_bot(self, reference: str) -> Bot:
        if self.library is None:
            raise SettingError(f"The bot “{reference}” cannot be found: this run has no folder of bots.")
        return self.library.get(reference, beside=self.bot.reference)

    def _act(self, handle: SessionHandle, action: Action, *given: Any, **settings: Any) -> Any:
        # What does not fit the action at all is the bot's own mistake, and no step.
        bound = inspect.signature(action.function).bind(None, *given, **settings).arguments
        self.sessions.check_open(handle)
        result_type = _get_result_type(action.function)
        self.journal.check_result(result_type, action.title)

        def perform() -> Any:
            return getattr(self._get_live(handle), action.function.__name__)(*given, **settings)

        self._handled.update(_list_message_ids(bound))
        touched = _tell_touched(bound)
        if inspect.isgeneratorfunction(action.function) or _is_iterator(result_type):
            take = partial(self._step, action.title, touched=touched)
            return ListReader(perform, take, bound.get("limit")).read()
        return self._step(action.title, lambda _key: perform(), touched)

    def _step(self, title: str, work: Callable[[StepKey], Any], touched: str = "") -> Any:
        self._check_thread()
        place = self.place or find_place_of_call()

        def told(key: StepKey) -> Any:
            began = monotonic()

            def tell(status: str, error: PostroomError | None = None) -> None:
                seconds = 0.0 if status == "running" else monotonic() - began
                handled = len(self._handled)
                report = StepReport(title, place, status, seconds, touched, error, key.number, handled)
                self.listener.on_step(self.id, report)

            tell("running")
            try:
                with within_run(None), doing_once(str(key)):
                    result = work(key)
            except PostroomError as error:
                tell("failed", error)
                raise
            except Exception as error:
                failed = _describe_fault(title, error)
                tell("failed", failed)
                raise failed from error
            tell("done")
            return result

        return self.journal.do(title, told)

    def _check_thread(self) -> None:
        if self._thread and threading.get_ident() != self._thread:
            raise SettingError(
                "The steps of a bot are done one after another, so that it can go on after a break: an action or a "
                "child bot was called in another thread. Call it in the bot's own; an action that takes many messages "
                "does them side by side by itself."
            )

    def _get_live(self, handle: SessionHandle) -> Session:
        return live_sessions.get(handle, lambda: self._open_again(handle))

    def _open_again(self, handle: SessionHandle) -> Session:
        return self._tell_opened(open_again(handle, self.library))

    def _tell_opened(self, session: Session) -> Session:
        try:
            self.listener.on_open(self.id, session)
        except BaseException:
            session.disconnect()
            raise
        return session

    def _disconnect(self, handle: SessionHandle) -> None:
        """Close a session: no step, as nothing of it is at the service and doing it again is harmless."""
        self._check_thread()
        if not self.sessions.owns(handle):
            raise refuse_foreign_close(handle)
        live_sessions.close(handle)
        self.sessions.remove(handle)

    def _close_what_is_open(self, *, also_global: bool) -> None:
        for handle in self.sessions.iterate_own():
            if also_global or handle.scope != "global":
                live_sessions.close(handle)
        # Those of a parent that may be at work on another machine: if it is on this one, it opens them again.
        for handle in self._opened_again:
            live_sessions.close(handle)

    def _tell(self, status: str, error: BaseException | None = None) -> None:
        told = error if isinstance(error, PostroomError) else None
        if error is not None and told is None and isinstance(error, Exception):
            told = describe_failure(self.bot, error)
        report = RunReport(self.id, self.bot.name, self.bot.reference, status, self.parent, self.root, told)
        self.listener.on_run(report)


def open_again(handle: SessionHandle, library: BotLibrary | None = None) -> Session:
    """Make a live session from its handle, as in another process than the one that opened it first.

    Errors: those of the action that opens it; SettingError where its package is not installed.
    """
    for package in load_packages().values():
        for action in package.actions:
            if action.name == handle.action:
                with within_run(None):
                    return action.function(**fill_texts(handle.settings, library))  # type: ignore[no-any-return]
    raise SettingError(
        f"The session for {handle.title} needs the action {handle.action}, which no installed package has. Install the "
        "package on this machine too."
    )


def run_alone(chosen: Bot, inputs: Mapping[str, Any], **settings: Any) -> Any:
    """Run a bot in this process, without a journal, and give what it gives. Errors: what it raises.

    `settings` are those of `Run`: its `library` and its `listener`.
    """
    return _run_here(chosen, inputs, (), None, settings).value


def _run_here(
    chosen: Bot,
    inputs: Mapping[str, Any],
    sessions: Sequence[SessionHandle],
    parent: Run | None,
    settings: Mapping[str, Any],
) -> ChildResult:
    def run_child(child: Bot, given: Mapping[str, Any], shared: Sequence[SessionHandle]) -> ChildResult:
        try:
            return _run_here(child, given, shared, run, settings)
        except PostroomError:
            raise
        except Exception as error:
            raise describe_failure(child, error) from error

    run_id = str(uuid4())
    run = Run(
        chosen, NoJournal(run_child), id=run_id, root=parent.root if parent else run_id,
        parent=parent.id if parent else "", sessions=RunSessions(sessions), **settings,
    )  # fmt: skip
    return ChildResult(run.perform(inputs), run.sessions.shared)


def describe_failure(chosen: Bot, error: Exception) -> BotFailedError:
    """What a parent, a journal and a page are told of a bot whose own code failed."""
    place = find_place_of_failure(error)
    at = f" at {place}" if place else ""
    return BotFailedError(
        f"The bot “{chosen.name}” failed{at} with {type(error).__name__}: {error}. Correct the bot, and retry the run."
    )


def _describe_fault(title: str, error: Exception) -> BotFailedError:
    return BotFailedError(
        f"The action “{title}” failed with {type(error).__name__}, which it should have explained: a fault of the "
        "package of actions, or of what it was given. The log of this process has the details."
    )


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


@cache
def _get_result_type(function: Callable[..., Any]) -> Any:
    return get_type_hints(function).get("return", Any)


def _is_iterator(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return isinstance(origin, type) and issubclass(origin, Iterator)


def _tell_touched(settings: Mapping[str, Any]) -> str:
    subjects = [item.subject for item in _list_messages(settings)]
    if len(subjects) > 1:
        return f"{len(subjects)} messages"
    return subjects[0][:100] if subjects else ""


def _list_message_ids(settings: Mapping[str, Any]) -> list[str]:
    return [item.id for item in _list_messages(settings)]


def _list_messages(settings: Mapping[str, Any]) -> list[Any]:
    """What an action was given that looks like a message: it has an id, and a subject."""
    given = [
        item
        for value in settings.values()
        for item in (value if isinstance(value, list | tuple) else [value])
    ]
    return [
        item
        for item in given
        if isinstance(getattr(item, "subject", None), str) and isinstance(getattr(item, "id", None), str)
    ]
