"""The engine: DBOS keeps the journals of runs, in SQLite or PostgreSQL, and a run goes on at its next step."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from dbos import DBOS, DBOSConfig, SetWorkflowID, SetWorkflowTimeout, WorkflowHandle, WorkflowStatus
from dbos._error import (
    DBOSAwaitedWorkflowCancelledError,
    DBOSException,
    DBOSWorkflowCancelledError,
    DBOSWorkflowConflictIDError,
)

from postroom.bots.definition import Bot, fill_inputs
from postroom.bots.encoding import decode
from postroom.bots.journal import ChildResult
from postroom.bots.sealing import SealedJson, Sealer
from postroom.bots.workflow import (
    JOURNAL_VERSION,
    POLLING_SECONDS,
    WORKFLOW,
    RunOrder,
    Surroundings,
    decode_order,
    encode_order,
    register_workflow,
    surround,
)
from postroom.errors import (
    JournalError,
    PostroomError,
    RunActiveError,
    RunCancelledError,
    RunError,
    RunNotFoundError,
    RunTimeoutError,
)

__all__ = [
    "APPLICATION",
    "JOURNAL_VERSION",
    "LOST",
    "WORKFLOW",
    "DoneStep",
    "Engine",
    "RunOrder",
    "SealedJson",
    "Sealer",
    "Surroundings",
    "decode_order",
    "encode_order",
]

APPLICATION = "postroom"
QUEUE_SECONDS = 0.25
"""How often an engine looks whether there is a run for it that goes on."""
END_SECONDS = 0.05
"""How soon an engine that is stopped notices it: it sleeps so long at a time, and a second if it is not told."""
GET_RESULT = "DBOS.getResult"
OVER = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
ACTIVE = ("PENDING", "ENQUEUED", "DELAYED")
LOST = (DBOSWorkflowCancelledError, DBOSWorkflowConflictIDError)
"""What ends a run here that somebody has stopped, or another process goes on with."""


@dataclass(frozen=True)
class DoneStep:
    """A step as a journal has it; its times are seconds since 1970."""

    number: int
    title: str
    began: float
    ended: float


class Engine:
    """What runs bots in this process, durably. There is one a process.

    `database` is the URL of the journal; `worker` names this process among those that share it: no two at a time have
    the same. `queue` is one of its own, through which runs are handed to it alone. `settings` are further ones of DBOS.
    """

    def __init__(
        self,
        database: str,
        sealer: Sealer,
        worker: str,
        surroundings: Surroundings,
        queue: str | None = None,
        **settings: Any,
    ) -> None:
        self.queue = queue
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": database,
            "executor_id": worker,
            "application_version": JOURNAL_VERSION,
            "serializer": SealedJson(sealer),
            # What fails is told by whoever runs the bot, and not a second time on stderr.
            "log_level": "CRITICAL",
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": END_SECONDS,
            **settings,  # type: ignore[typeddict-item]
        }
        self._surroundings = surroundings

    def start(self) -> None:
        """Open the journal, and begin to take runs from the queues. Errors: JournalError."""
        surround(self._surroundings)
        try:
            engine = DBOS(config=self._config)
            # Here a run that goes on waits to be taken; DBOS looks each second, and has no setting for it.
            engine._registry.get_internal_queue()._polling_interval_sec = QUEUE_SECONDS
            register_workflow()
            if self.queue is not None:
                DBOS.listen_queues([self.queue])
            DBOS.launch()
            if self.queue is not None:
                DBOS.register_queue(self.queue, polling_interval_sec=QUEUE_SECONDS)
        except Exception as error:  # of DBOS, SQLAlchemy or the driver
            DBOS.destroy()
            raise JournalError(
                f"The journal of runs cannot be opened ({type(error).__name__}). Check that its database can be "
                "reached and written to."
            ) from error

    def stop(self, wait_seconds: int = 0) -> None:
        """Close the journal; what is not done by then goes on when somebody resumes it."""
        if self.queue is not None:
            DBOS.delete_queue(self.queue)
        DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)

    def run(
        self,
        bot: Bot,
        inputs: Mapping[str, Any],
        run_id: str | None = None,
        time_limit_seconds: float | None = None,
    ) -> Any:
        """Run a bot to its end, and give what it gives.

        Errors: what it raises; BotFailedError for what its own code raises; RunCancelledError, RunTimeoutError where it
        is stopped meanwhile.
        """
        order = RunOrder(run_id or str(uuid4()), bot.reference, fill_inputs(bot, inputs))
        with SetWorkflowID(order.id), _limit_time(time_limit_seconds):
            handle = DBOS.start_workflow(register_workflow(), encode_order(order))
        return self._get_value(handle)

    def begin(self, order: RunOrder) -> None:
        """Begin a run here, and do not wait for it. Errors: SettingError where an input cannot be kept."""
        with SetWorkflowID(order.id):
            DBOS.start_workflow(register_workflow(), encode_order(order))

    def wait(self, run_id: str) -> Any:
        """Wait until a run is over, and give what it gives. Errors: as `run`."""
        return self._get_value(DBOS.retrieve_workflow(run_id))

    def _get_value(self, handle: WorkflowHandle[Any]) -> Any:
        try:
            result: ChildResult = decode(handle.get_result(polling_interval_sec=POLLING_SECONDS))
        except DBOSAwaitedWorkflowCancelledError:
            raise _explain_stop(self._get_status(handle.workflow_id)) from None
        return result.value

    def resume(self, run_id: str) -> Any:
        """Go on with a run that was interrupted or stopped, and give what it gives.

        Errors: as `run`; RunNotFoundError; RunError where it is over; JournalError where another version began it.
        """
        self.release(run_id)
        return self.wait(run_id)

    def release(self, run_id: str, queue: str | None = None) -> None:
        """Let a run that was interrupted or stopped go on, on whichever worker takes it, and its child runs too.

        Nobody may be at work on it any more. Errors: as `resume`.
        """
        status = self._get_status(run_id)
        if status.status in ("SUCCESS", "ERROR"):
            advice = "Retry it" if status.status == "ERROR" else "Begin a new one"
            raise RunError(f"The run {run_id} is over, so it cannot go on. {advice} instead.")
        _check_version(status)
        DBOS.resume_workflows([run_id, *self.list_unfinished(run_id)], queue_name=queue)

    def cancel(self, run_id: str) -> None:
        """Stop a run and its child runs at their next step; `resume` goes on with it.

        Errors: RunNotFoundError.
        """
        self._get_status(run_id)
        DBOS.cancel_workflow(run_id, cancel_children=True)

    def retry(self, run_id: str, from_step: int | None = None, queue: str | None = None) -> None:
        """Let a run that has failed or was stopped go on at a step, and do all that follows anew.

        The step is that which failed, unless another is named; where a child run failed, it is retried as well.
        Errors: RunNotFoundError, RunActiveError; RunError where it has succeeded and no step is named; JournalError.
        """
        status = self._get_status(run_id)
        if status.status in ACTIVE:
            raise RunActiveError(f"The run {run_id} is not over. Cancel it first, then retry it.")
        if status.status == "SUCCESS" and from_step is None:
            raise RunError(f"The run {run_id} has succeeded. Name the step to retry it from.")
        number, child = self._find_failure(status) if from_step is None else (from_step, None)
        if child and self._get_status(child).status not in ("SUCCESS", *ACTIVE):
            self.retry(child, queue=queue)
        DBOS.rewind_workflow(run_id, start_step=number, application_version=JOURNAL_VERSION, queue_name=queue)

    def find_status(self, run_id: str) -> str | None:
        """What DBOS calls how it stands with a run; None where the journal does not have it."""
        found = DBOS.list_workflows(workflow_ids=[run_id], load_input=False, load_output=False)
        return found[0].status if found else None

    def list_done(self, run_id: str) -> list[DoneStep]:
        """The steps that the journal of a run has, without those that only lead to child runs."""
        steps = DBOS.list_workflow_steps(run_id, load_output=False)
        leading = {step["function_id"] - 1 for step in steps if step["function_name"] == WORKFLOW}
        return [
            DoneStep(
                step["function_id"],
                step["function_name"],
                (step["started_at_epoch_ms"] or 0) / 1000,
                (step["completed_at_epoch_ms"] or 0) / 1000,
            )
            for step in steps
            if step["child_workflow_id"] is None and step["function_id"] not in leading
        ]

    def list_unfinished(self, run_id: str) -> list[str]:
        """The child runs of a run, and theirs, that have no result yet."""
        return [child.workflow_id for child in self._iterate_below(run_id) if not _is_finished(child)]

    def get_result_step(self, run_id: str, child_id: str) -> int:
        """The step at which a run gets the result of a child. Errors: RunNotFoundError where it never did."""
        for step in DBOS.list_workflow_steps(run_id):
            if step["child_workflow_id"] == child_id and step["function_name"] == GET_RESULT:
                return step["function_id"]
        raise RunNotFoundError(f"The run {run_id} has not got a result of a child run {child_id}.")

    def delete(self, run_ids: Sequence[str]) -> None:
        """Delete the journals of these runs and of their child runs."""
        DBOS.delete_workflows(list(run_ids), delete_children=True)

    def _find_failure(self, status: WorkflowStatus) -> tuple[int, str | None]:
        """The step whose error ended the run, and the child run that it stands for; else the one after the last."""
        steps = DBOS.list_workflow_steps(status.workflow_id)
        for step in reversed(steps):
            if step["error"] is not None and _is_same(step["error"], status.error):
                return step["function_id"], step["child_workflow_id"]
        return max((step["function_id"] for step in steps), default=0) + 1, None

    def delete_finished(self, before: datetime) -> None:
        """Delete the journals of runs that were over before this moment, with those of their child runs."""
        moment = before.astimezone(UTC).isoformat()
        over = DBOS.list_workflows(
            status=list(OVER), completed_before=moment, has_parent=False, load_input=False, load_output=False
        )
        if over:
            DBOS.delete_workflows([run.workflow_id for run in over], delete_children=True)

    def _get_status(self, run_id: str) -> WorkflowStatus:
        try:
            found = DBOS.get_workflow_status(run_id)
        except DBOSException as error:
            raise RunError(
                f"The journal of the run {run_id} cannot be asked ({type(error).__name__})."
            ) from error
        if found is None:
            raise RunNotFoundError(f"There is no run {run_id} in this journal, or it was deleted by now.")
        return found

    def _iterate_below(self, run_id: str) -> Iterator[WorkflowStatus]:
        above: Sequence[str] = [run_id]
        while above:
            children = DBOS.list_workflows(
                parent_workflow_id=list(above), load_input=False, load_output=False
            )
            yield from children
            above = [child.workflow_id for child in children]


@contextmanager
def _limit_time(seconds: float | None) -> Iterator[None]:
    with nullcontext() if seconds is None else SetWorkflowTimeout(seconds):
        yield


def _is_finished(status: WorkflowStatus) -> bool:
    return status.status in ("SUCCESS", "ERROR")


def _is_same(error: Exception, other: Exception | None) -> bool:
    return type(error) is type(other) and str(error) == str(other)


def _check_version(status: WorkflowStatus) -> None:
    if status.app_version != JOURNAL_VERSION:
        raise JournalError(
            f"The run {status.workflow_id} was begun with another version of Postroom (its journal is of version "
            f"{status.app_version}, this one writes {JOURNAL_VERSION}). Go on with that version, or begin a new run."
        )


def _explain_stop(status: WorkflowStatus) -> PostroomError:
    deadline = status.workflow_deadline_epoch_ms
    if deadline is not None and deadline <= time.time() * 1000:
        return RunTimeoutError(
            "The run took longer than it may, and was stopped at its next step. Resume it: it goes on where it was, "
            "with as much time again."
        )
    return RunCancelledError("The run was stopped. Resume it, and it goes on where it was.")
