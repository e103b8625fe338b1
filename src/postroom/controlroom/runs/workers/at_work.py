"""The runs that this worker is at work on: what each runs as, why it has to stop, how it ended.

A run is its own thread, and so is each child. What ends it is written down by the thread of the run that began it all,
and only while the run is still this worker's.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import close_old_connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.actions.running import find_run
from postroom.actions.sessions import Session
from postroom.bots.durable import LOST, RunOrder
from postroom.bots.reports import RunReport, RunStopped, StepReport
from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.direct import DirectTokens
from postroom.controlroom.runs.bots import python_bots
from postroom.controlroom.runs.bots.library import DeployedLibrary
from postroom.controlroom.runs.limits import enter_mailbox
from postroom.controlroom.runs.models import BotVersion, Run, RunStatus
from postroom.controlroom.runs.queueing import end_tree, pause_tree, queue_again
from postroom.controlroom.runs.steps import write_child_step
from postroom.controlroom.runs.workers.heartbeats import Life
from postroom.controlroom.runs.workers.reporting import Reporter
from postroom.controlroom.vault.source import VaultCredentials
from postroom.errors import BotFailedError, PostroomError, RunTimeoutError, SettingError
from postroom.outlook.control_room import use_connection_tokens
from postroom.values import Credential, Secret, use_credentials

CANCELLED, PAUSED, OVERDUE, WAITING, HANDED_BACK = "cancel", "pause", "overdue", "waiting", "handed back"
"""Why a run stops."""
MASK = "•••"
SHORTEST_MASKED = 4

logger = logging.getLogger("postroom.controlroom.runs")


@dataclass
class AtWork:
    """A run that was begun from the queue, with its children."""

    id: UUID
    user: User
    life: Life
    reporter: Reporter
    goes_on: bool
    """Whether its journal has steps, which are done again without being done."""
    stop: str = ""
    """Why it has to stop before its next step; empty while it goes on."""
    waits_for: str = ""
    has_entered: bool = False
    """Whether the engine has come as far as its bot."""
    secrets: set[str] = field(default_factory=set, repr=False)
    """What its bots were given from the vault, so that their logs can be kept clean of it."""
    ended: dict[str, threading.Event] = field(default_factory=dict)
    """When each of its runs is no longer at work here."""


@dataclass
class _Current:
    """The run that the code of this thread belongs to."""

    id: UUID
    root: AtWork
    replaying: bool


_current: ContextVar[_Current | None] = ContextVar("worker_run", default=None)


class _WatchedCredentials:
    """The vault, with a note of what it gave."""

    def __init__(self, source: VaultCredentials, seen: set[str]) -> None:
        self._source = source
        self._seen = seen

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value, or None. Errors: as those of the vault."""
        found = self._source.find_credential(credential)
        if found is not None and len(found.reveal()) >= SHORTEST_MASKED:
            self._seen.add(found.reveal())
        return found

    def describe_place(self, credential: Credential) -> str:
        """The vault."""
        return self._source.describe_place(credential)


class RunsAtWork:
    """All of them; it listens to them, and says what they find around them."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._lock = threading.Lock()
        self._runs: dict[UUID, AtWork] = {}
        self.library = DeployedLibrary()

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: Run, life: Life, reporter: Reporter, *, goes_on: bool) -> AtWork:
        """Expect a run to begin, or to go on, here."""
        with self._lock:
            made = self._runs[run.pk] = AtWork(run.pk, run.run_as, life, reporter, goes_on)
        return made

    def list_ids(self) -> list[UUID]:
        """The runs that were begun from the queue, by id."""
        with self._lock:
            return list(self._runs)

    def list_not_entered(self) -> list[AtWork]:
        """Those that were handed to the engine, and that it has not begun."""
        with self._lock:
            return [root for root in self._runs.values() if not root.has_entered]

    def stop(self, run_id: UUID, why: str) -> None:
        """Let a run stop before its next step; the first reason counts."""
        found = self._runs.get(run_id)
        if found is not None:
            found.stop = found.stop or why

    def stop_all(self, why: str) -> None:
        """Let all of them stop before their next steps."""
        for run_id in self.list_ids():
            self.stop(run_id, why)

    def drop(self, root: AtWork) -> None:
        """Forget a run that has left this worker."""
        with self._lock:
            if self._runs.get(root.id) is root:
                del self._runs[root.id]
        root.reporter.forget(root.id)
        self._on_end()

    def await_child(self, child_id: str) -> None:
        """Wait until a child is no longer at work here; with it stops whoever waits for it."""
        current = _current.get()
        ended = current.root.ended.get(child_id) if current else None
        if current is not None and ended is not None:
            ended.wait()
            self._check(current.root)

    def _check(self, root: AtWork) -> None:
        if root.stop or root.life.is_lost or self._runs.get(root.id) is not root:
            raise RunStopped

    def on_run(self, run: RunReport) -> None:
        """How a run ended is seen from around it, where all that can go wrong shows."""

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Write a step down; one that was to begin does not, where the run has to stop."""
        current = _current.get()
        if current is None:
            raise RunStopped
        if step.status == "running":
            self._check(current.root)
            current.replaying = False
        current.root.reporter.add_step(UUID(run_id), step)

    def on_open(self, run_id: str, session: Session) -> None:  # noqa: ARG002 - the whole run counts as one
        """Take the mailbox that was opened, or leave the worker until there is room in it."""
        current = _current.get()
        address = str(getattr(session, "address", "") or "")
        if current is None or not address or enter_mailbox(current.root.id, address):
            return
        current.root.stop = current.root.stop or WAITING
        current.root.waits_for = address.strip().lower()
        raise RunStopped

    def write_line(self, level: str, text: str) -> bool:
        """Take a line of the log, where it belongs to a run; what is said again after a break is left out."""
        current = _current.get()
        if current is None:
            return False
        if not (current.replaying and find_run() is not None):
            for secret in current.root.secrets:
                text = text.replace(secret, MASK)
            current.root.reporter.add_line(current.id, level, text)
        return True

    @contextmanager
    def enter(self, order: RunOrder) -> Iterator[None]:
        """Let a run be at work: as its user, watched, and written down when it ends."""
        root_id = UUID(order.root or order.id)
        root = self._runs.get(root_id)
        if root is None:  # it has left this worker while it was handed to it
            raise RunStopped
        root.has_entered = True
        ended = root.ended.setdefault(order.id, threading.Event())
        close_old_connections()
        try:
            with self._settling(order, root), ExitStack() as stack:
                goes_on = self._write_start(order, root)
                token = _current.set(_Current(UUID(order.id), root, goes_on))
                stack.callback(_current.reset, token)
                credentials = _WatchedCredentials(VaultCredentials(root.user), root.secrets)
                stack.enter_context(use_credentials([credentials]))
                stack.enter_context(use_connection_tokens(DirectTokens(root.user)))
                yield
        finally:
            ended.set()
            close_old_connections()

    def _write_start(self, order: RunOrder, root: AtWork) -> bool:
        """Write down that a child has begun, and say whether the run goes on after a break."""
        self._check(root)
        if not order.parent:
            return root.goes_on
        version = _find_version(order)
        parent = Run.objects.select_related("bot").get(pk=order.parent)
        child, is_new = Run.objects.get_or_create(
            pk=order.id,
            defaults={
                "bot_id": version.bot_id,
                "version": version,
                "run_as": root.user,
                "begun_by": parent.bot.name,
                "parent": parent,
                "root_id": order.root,
                "status": RunStatus.RUNNING,
                "worker_id": root.life.id,
                "started": timezone.now(),
            },
        )
        if not is_new:
            Run.objects.filter(pk=child.pk).update(
                status=RunStatus.RUNNING, worker_id=root.life.id, finished=None, retry_step=None
            )
        write_child_step(order, child)
        return not is_new

    @contextmanager
    def _settling(self, order: RunOrder, root: AtWork) -> Iterator[None]:
        settle = self._settle_child if order.parent else self._settle_root
        try:
            yield
        except (RunStopped, *LOST):
            settle(root, order, None, stopped=True)
            raise
        except Exception as error:
            settle(root, order, error)
            raise
        except (SystemExit, KeyboardInterrupt) as error:
            ended = BotFailedError(
                f"The bot ended its process ({type(error).__name__}). Let it return instead."
            )
            settle(root, order, ended)
            raise ended from error
        else:
            settle(root, order, None)

    def _settle_child(
        self, root: AtWork, order: RunOrder, error: Exception | None, *, stopped: bool = False
    ) -> None:
        if stopped:
            return  # written down with the whole
        root.reporter.flush()
        own = Run.objects.filter(pk=order.id, worker_id=root.life.id, status=RunStatus.RUNNING)
        own.update(finished=timezone.now(), **describe_end(error))
        write_child_step(order, Run.objects.select_related("bot").get(pk=order.id))
        root.reporter.forget(UUID(order.id))

    def _settle_root(
        self,
        root: AtWork,
        order: RunOrder,  # noqa: ARG002 - as `_settle_child`
        error: Exception | None,
        *,
        stopped: bool = False,
    ) -> None:
        try:
            root.reporter.flush()
            _settle(root, error, stopped=stopped)
        finally:
            self.drop(root)


@transaction.atomic
def _settle(root: AtWork, error: Exception | None, *, stopped: bool) -> None:
    """Write down how a run has left this worker, where it is still this worker's."""
    own = Run.objects.select_for_update().filter(pk=root.id, worker_id=root.life.id, status=RunStatus.RUNNING)
    run = own.first()
    if run is None:
        return
    if not stopped:
        end_tree(run, **describe_end(error))
        return
    match root.stop:
        case "cancel":
            end_tree(run, RunStatus.CANCELLED)
        case "overdue":
            late = RunTimeoutError(
                _("The run took longer than its bot may, and was stopped. Retry it, and it goes on.")
            )
            end_tree(run, RunStatus.TIMED_OUT, type(late).__name__, late.message)
        case "pause":
            pause_tree(run)
        case _:
            queue_again(run, waits_for=root.waits_for)


def _find_version(order: RunOrder) -> BotVersion:
    """The version that a child runs; where only a Python bot knows the child, that of its parent stands for it."""
    module = python_bots.read_reference(order.bot)
    if module is not None:
        found = BotVersion.objects.filter(commit=module[0], bot__path=module[1])
    else:
        path, _at, number = order.bot.partition("@")
        found = BotVersion.objects.filter(bot__path=path, number=int(number or 0))
    version: BotVersion = found.first() or Run.objects.select_related("version").get(pk=order.parent).version
    return version


def describe_end(error: Exception | None) -> dict[str, Any]:
    """How a run has ended, as columns of its row."""
    if error is None:
        return {"status": RunStatus.DONE}
    known = error if isinstance(error, PostroomError) else _explain_unknown(error)
    return {
        "status": RunStatus.FAILED,
        "error_class": type(known).__name__,
        "error_message": str(known).replace("\0", "�"),
    }


def _explain_unknown(error: Exception) -> PostroomError:
    logger.error("A run ended with an error that nobody has explained.", exc_info=error)
    return BotFailedError(
        f"The run ended with {type(error).__name__}. The log of the worker has the details; then retry the run."
    )


def check_user(user: User | None) -> None:
    """Refuse to run as somebody who is gone. Errors: SettingError."""
    if user is None or not user.is_active:
        raise SettingError(
            _(
                "The account that the run was to run as is gone or switched off. Begin it as somebody who is here."
            )
        )
