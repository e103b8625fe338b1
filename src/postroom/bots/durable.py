"""Runs that survive: DBOS keeps the journal, in SQLite or PostgreSQL, and resumes a run at its next step."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast
from uuid import uuid4

import msgspec
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

from postroom.bots.definition import Bot, BotLibrary, fill_inputs
from postroom.bots.encoding import decode, encode
from postroom.bots.handles import SessionHandle
from postroom.bots.journal import ChildResult
from postroom.bots.run import Run, RunListener
from postroom.bots.sessions import RunSessions
from postroom.errors import PostroomError

T = TypeVar("T")

APPLICATION = "postroom"
WORKFLOW = "run_bot"
JOURNAL_VERSION = "1"
"""Runs that were begun under another version are not resumed: the order of steps within an action has changed."""


class Sealer(Protocol):
    """What encrypts the journal."""

    def seal(self, plain: bytes) -> str:
        """Encrypt."""

    def open(self, sealed: str) -> bytes:
        """Decrypt. Errors: VaultError, SettingError."""


@dataclass(frozen=True)
class RunOrder:
    """What a run is begun with: all of it data, so that any worker can begin it, or go on."""

    id: str
    bot: str
    inputs: Mapping[str, Any]
    root: str = ""
    parent: str = ""
    sessions: tuple[SessionHandle, ...] = ()


@dataclass(frozen=True)
class Surroundings:
    """What runs find around them on this machine: bots, listeners, and whose credentials and tokens they use."""

    library: BotLibrary
    listener: RunListener
    enter: Callable[[RunOrder], AbstractContextManager[None]] = lambda _order: nullcontext()


class SealedJson(Serializer):
    """What DBOS stores of our values: JSON, encrypted."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def serialize(self, data: Any) -> str:
        """Write and encrypt."""
        return self._sealer.seal(msgspec.json.encode(_plain(data)))

    def deserialize(self, serialized_data: str) -> Any:
        """Decrypt and read."""
        return _unplain(msgspec.json.decode(self._sealer.open(serialized_data)))

    def name(self) -> str:
        """How DBOS calls it."""
        return "postroom"


def _plain(data: Any) -> Any:
    """DBOS writes its own arguments and the errors of steps besides what we have encoded."""
    if isinstance(data, PostroomError):
        return {"error": encode(data)}
    if isinstance(data, BaseException):
        return {"error": encode(PostroomError(f"{type(data).__name__}: {data}"))}
    return {"value": data}


def _unplain(content: dict[str, Any]) -> Any:
    if "error" in content:
        return decode(content["error"])
    return content["value"]


class DurableJournal:
    """The journal of one run."""

    def __init__(self, order: RunOrder) -> None:
        self._order = order

    def do(self, title: str, work: Callable[[str], T]) -> T:
        """Do a step once, or give again what it gave."""

        def do_and_encode() -> Any:
            return encode(work(f"{self._order.id}/{DBOS.step_id}"))

        # What was done now is read back as well, so that a bot sees the same whether it was interrupted or not.
        return cast("T", decode(DBOS.run_step({"name": title}, do_and_encode)))

    def run_child(
        self, child: Bot, inputs: Mapping[str, Any], sessions: Sequence[SessionHandle]
    ) -> ChildResult:
        """Run a child bot as a run of its own."""
        child_id = DBOS.run_step({"name": f"Run {child.name}"}, lambda: str(uuid4()))
        order = RunOrder(
            child_id,
            child.reference,
            inputs,
            self._order.root or self._order.id,
            self._order.id,
            tuple(sessions),
        )
        with SetWorkflowID(child_id):
            handle = DBOS.start_workflow(_registered(), encode_order(order))
        return cast("ChildResult", decode(handle.get_result()))


def encode_order(order: RunOrder) -> dict[str, Any]:
    """Give an order as JSON has it. Errors: SettingError where an input cannot be kept."""
    return {
        "id": order.id, "bot": order.bot, "inputs": encode(dict(order.inputs)), "root": order.root,
        "parent": order.parent, "sessions": [encode(handle) for handle in order.sessions],
    }  # fmt: skip


def decode_order(content: Mapping[str, Any]) -> RunOrder:
    """Give the order back."""
    return RunOrder(
        content["id"], content["bot"], decode(content["inputs"]), content["root"], content["parent"],
        tuple(decode(handle) for handle in content["sessions"]),
    )  # fmt: skip


_surroundings: Surroundings | None = None
_workflow: Callable[[dict[str, Any]], Any] | None = None


def _registered() -> Callable[[dict[str, Any]], Any]:
    global _workflow  # noqa: PLW0603 - DBOS is one a process, and so is its registry
    if _workflow is None:
        _workflow = DBOS.workflow(name=WORKFLOW)(_run_bot)
    return _workflow


def _run_bot(content: dict[str, Any]) -> Any:
    order = decode_order(content)
    surroundings = _surroundings
    assert surroundings is not None
    with surroundings.enter(order):
        bot = surroundings.library.get(order.bot)
        run = Run(
            bot, DurableJournal(order), id=order.id, root=order.root or order.id,
            sessions=RunSessions(order.sessions), library=surroundings.library, listener=surroundings.listener,
        )  # fmt: skip
        return encode(ChildResult(run.perform(order.inputs), run.sessions.shared))


class Engine:
    """What runs bots in this process, durably. There is one a process.

    `database` is the URL of the journal; `worker` names this process among those that share it: no two at a time have
    the same.
    """

    def __init__(self, database: str, sealer: Sealer, worker: str, surroundings: Surroundings) -> None:
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": database,
            "executor_id": worker,
            "application_version": JOURNAL_VERSION,
            "serializer": SealedJson(sealer),
            "log_level": "ERROR",
            "enable_otlp": False,
        }
        self._surroundings = surroundings

    def start(self) -> None:
        """Open the journal, and begin to take runs from the queues."""
        global _surroundings  # noqa: PLW0603 - as above
        _surroundings = self._surroundings
        DBOS(config=self._config)
        _registered()
        DBOS.launch()

    def stop(self, wait_seconds: int = 0) -> None:
        """Close the journal; what is not done by then goes on when somebody resumes it."""
        DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)

    def run(self, bot: Bot, inputs: Mapping[str, Any], run_id: str | None = None) -> Any:
        """Run a bot to its end, and give what it gives. Errors: what it raises."""
        order = RunOrder(run_id or str(uuid4()), bot.reference, fill_inputs(bot, inputs))
        with SetWorkflowID(order.id):
            handle = DBOS.start_workflow(_registered(), encode_order(order))
        return self._get_value(handle)

    def resume(self, run_id: str) -> Any:
        """Go on with a run that was interrupted, and give what it gives. Errors: what it raises."""
        return self._get_value(DBOS.resume_workflow(run_id))

    @staticmethod
    def _get_value(handle: Any) -> Any:
        result: ChildResult = decode(handle.get_result())
        return result.value
