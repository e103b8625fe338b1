"""Runs that survive: DBOS keeps the journal, in SQLite or PostgreSQL, and resumes a run at its next step."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin
from uuid import uuid4

from dbos import DBOS, SetWorkflowID
from dbos._error import DBOSAwaitedWorkflowCancelledError, DBOSUnexpectedStepError

from postroom.bots.definition import Bot, BotLibrary
from postroom.bots.encoding import decode, encode, is_kept
from postroom.bots.handles import SessionHandle
from postroom.bots.journal import ChildResult, StepKey
from postroom.bots.reports import RunListener
from postroom.bots.run import Run, describe_failure
from postroom.bots.sessions import RunSessions
from postroom.bots.texts import check_keeps_no_secret
from postroom.errors import BotChangedError, PostroomError, RunCancelledError, SettingError

T = TypeVar("T")

WORKFLOW = "run_bot"
JOURNAL_VERSION = "1"
"""Runs that were begun under another version are not resumed: the order of steps within an action has changed."""

POLLING_SECONDS = 0.25
"""How often a run looks whether another, which somebody else is at work on, is over."""

logger = logging.getLogger("postroom.bots")


@dataclass(frozen=True)
class RunOrder:
    """What a run is begun with: all of it data, so that any worker can begin it, or go on.

    `key` is what the keys of its steps begin with: of a child, the same when its parent runs it anew. `step` and
    `place` are where its parent runs it: the number in the parent's journal, and where in the parent bot.
    """

    id: str
    bot: str
    inputs: Mapping[str, Any]
    root: str = ""
    parent: str = ""
    sessions: tuple[SessionHandle, ...] = ()
    key: str = ""
    step: int = 0
    place: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What runs find around them on this machine: bots, listeners, and whose credentials and tokens they use."""

    library: BotLibrary
    listener: RunListener
    enter: Callable[[RunOrder], AbstractContextManager[None]] = lambda _order: nullcontext()
    await_child: Callable[[str], None] = lambda _run_id: None
    """Called with the id of a child run before its result is asked for; RunStopped ends the parent there."""


class BotChanged(BaseException):
    """The bot does something else than its journal has: it must not go on, whatever it catches."""


class DurableJournal:
    """The journal of one run."""

    def __init__(self, order: RunOrder) -> None:
        self._order = order
        self._key = order.key or order.id
        self._children = 0

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse settings of a session that could not be kept. Errors: SettingError."""
        check_keeps_no_secret(settings)
        encode(dict(settings))

    def check_result(self, annotation: Any, title: str) -> None:
        """Refuse an action whose result could not be kept. Errors: SettingError."""
        unknown = next((kind for kind in _iterate_classes(annotation) if not is_kept(kind)), None)
        if unknown:
            raise SettingError(
                f"The action “{title}” gives {unknown.__name__}, which no journal keeps, so it was not done. Its "
                "package must name that among its values; or run the bot without a journal."
            )

    def do(self, title: str, work: Callable[[StepKey], T]) -> T:
        """Do a step once, or give again what it gave."""

        def do_and_encode() -> Any:
            return encode(work(StepKey(self._key, DBOS.step_id or 0)))

        with self._same_as_before():
            # What was done now is read back as well, so that a bot sees the same whether it was interrupted or not.
            return cast("T", decode(DBOS.run_step({"name": title}, do_and_encode)))

    def run_child(
        self, child: Bot, inputs: Mapping[str, Any], sessions: Sequence[SessionHandle], place: str = ""
    ) -> ChildResult:
        """Run a child bot as a run of its own."""
        encode(dict(inputs))  # what cannot be kept is refused before there is a run
        with self._same_as_before():
            child_id, step = self._name_child(child)
            root = self._order.root or self._order.id
            self._children += 1
            key = f"{self._key}/child-{self._children}"
            order = RunOrder(
                child_id, child.reference, inputs, root, self._order.id, tuple(sessions), key, step, place
            )
            with SetWorkflowID(child_id):
                handle = DBOS.start_workflow(register_workflow(), encode_order(order))
            _get_surroundings().await_child(child_id)
            try:
                return cast("ChildResult", decode(handle.get_result(polling_interval_sec=POLLING_SECONDS)))
            except DBOSAwaitedWorkflowCancelledError:
                raise RunCancelledError(
                    f"The run of the child bot “{child.name}” was stopped. Resume it, and then this run."
                ) from None

    def _name_child(self, child: Bot) -> tuple[str, int]:
        """The id of the run that a child is, and the step that gave it."""

        def name() -> tuple[str, int]:
            return str(uuid4()), DBOS.step_id or 0

        child_id, step = DBOS.run_step({"name": f"Run {child.name}"}, name)
        return child_id, step

    @contextmanager
    def _same_as_before(self) -> Iterator[None]:
        try:
            yield
        except DBOSUnexpectedStepError as error:
            _, number, now, before = error.inputs
            raise BotChanged(
                f"At step {number} the journal of this run has “{before}”, and the bot now does “{now}”: the bot was "
                "changed, or does not do the same every time. Put the bot back as it was and resume, retry from a "
                f"step before {number}, or begin a new run."
            ) from error


def _iterate_classes(annotation: Any) -> Iterator[type]:
    """The classes in an annotation whose values might be given; what says nothing (Any) is let through."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _iterate_classes(get_args(annotation)[0])
    elif origin in (Union, UnionType) or (isinstance(origin, type) and get_args(annotation)):
        for argument in get_args(annotation):
            yield from _iterate_classes(argument)
    elif isinstance(annotation, type) and annotation is not object:
        yield annotation


def encode_order(order: RunOrder) -> dict[str, Any]:
    """Give an order as JSON has it. Errors: SettingError where an input cannot be kept."""
    return {
        "id": order.id, "bot": order.bot, "inputs": encode(dict(order.inputs)), "root": order.root,
        "parent": order.parent, "sessions": [encode(handle) for handle in order.sessions],
        "key": order.key, "step": order.step, "place": order.place,
    }  # fmt: skip


def decode_order(content: Mapping[str, Any]) -> RunOrder:
    """Give the order back. Errors: JournalError."""
    return RunOrder(
        content["id"], content["bot"], decode(content["inputs"]), content["root"], content["parent"],
        tuple(decode(handle) for handle in content["sessions"]), content["key"],
        content["step"], content["place"],
    )  # fmt: skip


_surroundings: Surroundings | None = None
_workflow: Callable[[dict[str, Any]], Any] | None = None


def surround(surroundings: Surroundings) -> None:
    """Let the runs of this process find these surroundings."""
    global _surroundings  # noqa: PLW0603 - DBOS is one a process, and so is what it runs
    _surroundings = surroundings


def _get_surroundings() -> Surroundings:
    assert _surroundings is not None
    return _surroundings


def register_workflow() -> Callable[[dict[str, Any]], Any]:
    """The workflow of DBOS that every run is."""
    global _workflow  # noqa: PLW0603 - as above
    if _workflow is None:
        _workflow = DBOS.workflow(name=WORKFLOW)(_run_bot)
    return _workflow


def _run_bot(content: dict[str, Any]) -> Any:
    order = decode_order(content)
    surroundings = _get_surroundings()
    with surroundings.enter(order):
        return _perform(order, surroundings, surroundings.library.get(order.bot))


def _perform(order: RunOrder, surroundings: Surroundings, bot: Bot) -> Any:
    run = Run(
        bot, DurableJournal(order), id=order.id, root=order.root or order.id, parent=order.parent,
        sessions=RunSessions(order.sessions), library=surroundings.library, listener=surroundings.listener,
    )  # fmt: skip
    try:
        return encode(ChildResult(run.perform(order.inputs), run.sessions.shared))
    except PostroomError:
        raise
    except BotChanged as error:
        raise BotChangedError(str(error)) from error
    except Exception as error:
        logger.exception("The bot “%s” failed", bot.name)
        raise describe_failure(bot, error) from error
