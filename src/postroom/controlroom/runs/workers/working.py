"""A worker: takes runs from the queue, carries them out as their users, and looks after those of workers that died.

One thread looks around every half second: what was asked of its runs, who is dead, what it may take. The runs
themselves are threads of the engine.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from threading import Event
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models import Q
from django.db.models.functions import Now

from postroom.bots.durable import OVER, Engine, RunOrder, Surroundings
from postroom.controlroom.runs.bots.library import get_reference
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.journals import VaultSealer, prepare_journal
from postroom.controlroom.runs.limits import set_deadline, take_runs
from postroom.controlroom.runs.models import Run, RunStatus
from postroom.controlroom.runs.queueing import end_tree, queue_again
from postroom.controlroom.runs.retrying import go_back
from postroom.controlroom.runs.workers.at_work import (
    CANCELLED,
    HANDED_BACK,
    OVERDUE,
    PAUSED,
    AtWork,
    RunsAtWork,
    check_user,
    describe_end,
)
from postroom.controlroom.runs.workers.heartbeats import LEASE_SECONDS, Life, beating, begin_life, bury_dead
from postroom.controlroom.runs.workers.keeping import Keeper
from postroom.controlroom.runs.workers.reporting import LineHandler, Reporter, RunOutput, fill_gaps
from postroom.controlroom.runs.workers.ticking import ticking
from postroom.controlroom.vault.master_keys import is_locked
from postroom.errors import PostroomError

LOOK_SECONDS = 0.5
CARE_SECONDS = 2.0
"""How often it looks for dead workers, and whether the vault is locked."""
RUNS = 4

logger = logging.getLogger("postroom.controlroom.runs")


@dataclass(frozen=True)
class WorkerSettings:
    """How a worker works."""

    runs: int = RUNS
    """How many it carries out at once, children not counted."""
    name: str = ""
    """What it is called in the list of workers; this machine's name where it is empty."""
    lease_seconds: float = LEASE_SECONDS


class RunWorker:
    """The worker of this process; there is one a process."""

    def __init__(self, chosen: WorkerSettings, tell: Callable[[str], None] = lambda _text: None) -> None:
        self._chosen = chosen
        self._tell = tell
        self._woken = Event()
        self._sealer = VaultSealer()
        self._at_work = RunsAtWork(self._woken.set)
        self._keeper = Keeper()
        self._cared_seconds = float("-inf")

    def work(self, stop: Event, ready: Callable[[], None] = lambda: None) -> None:
        """Work until the event is set; then finish the steps at hand, and hand the runs back for others to go on with.

        Errors: JournalError where the journal cannot be opened; VaultKeyError.
        """
        self._await_vault(stop)
        while not stop.is_set():
            life = begin_life(self._chosen.name, self._chosen.lease_seconds)
            reporter = Reporter(life.id)
            with (
                self._open_engine(life) as engine,
                beating(life),
                reporter.writing(),
                self._heard(),
                ticking(self._chosen.lease_seconds),
            ):
                self._tell(f"The worker {life.id} takes up to {self._chosen.runs} runs at once.")
                ready()
                self._live(_Post(life, reporter, engine), stop)
                self._hand_back(stop)
            life.end()
            connection.close()

    def wake(self) -> None:
        """Let it look around at once."""
        self._woken.set()

    def _live(self, post: "_Post", stop: Event) -> None:
        while not (stop.is_set() or post.life.is_lost):
            try:
                close_old_connections()
                is_busy = self._look_around(post, stop)
            except Error:
                logger.warning("The database of the Control Room does not answer.", exc_info=True)
                connection.close()
                is_busy = False
            if not is_busy:
                self._woken.wait(LOOK_SECONDS)
            self._woken.clear()
        if not stop.is_set():
            self._tell(
                "This worker was not heard of for too long. It leaves its runs to others, and begins anew."
            )

    def _look_around(self, post: "_Post", stop: Event) -> bool:
        """One round; say whether there may be more to take at once."""
        self._listen_to_people(post)
        if monotonic() - self._cared_seconds > CARE_SECONDS:
            self._cared_seconds = monotonic()
            bury_dead(self._chosen.lease_seconds)
            self._keeper.keep(post.engine)
            self._drop_unreadable(post.engine)
            if is_locked():
                self._at_work.stop_all(HANDED_BACK)
                self._await_end()
                self._sealer.forget()
                self._await_vault(stop)
        taken = take_runs(post.life.id, self._chosen.runs - len(self._at_work))
        for run in taken:
            self._begin(post, run)
        return bool(taken)

    def _drop_unreadable(self, engine: Engine) -> None:
        """Write down the end of runs that the engine gave up before their bots, as it could not read the journal."""
        for root in self._at_work.list_not_entered():
            if engine.find_status(str(root.id)) in OVER:
                _settle_late(engine, Run.objects.get(pk=root.id))
                self._at_work.drop(root)

    def _listen_to_people(self, post: "_Post") -> None:
        own = Run.objects.filter(worker_id=post.life.id, status=RunStatus.RUNNING, parent=None)
        known = self._at_work.list_ids()
        for run_id, asked in own.exclude(asked="").values_list("pk", "asked"):
            self._at_work.stop(run_id, {"cancel": CANCELLED, "pause": PAUSED}[asked])
        for run_id in own.filter(deadline__lt=Now()).values_list("pk", flat=True):
            self._at_work.stop(run_id, OVERDUE)
        # Its end could not be written, as when the database was away.
        for run in own.filter(~Q(pk__in=known)):
            queue_again(run)

    def _begin(self, post: "_Post", run: Run) -> None:
        """Let a run begin, or go on where it was; what cannot is over with a reason."""
        try:
            check_user(run.run_as)
            set_deadline(run)
            status = post.engine.find_status(str(run.pk))
            if status in ("SUCCESS", "ERROR") and run.retry_step is None:
                _settle_late(post.engine, run)
                return
            root = self._at_work.add(run, post.life, post.reporter, goes_on=status is not None)
            try:
                if status is not None:
                    _prepare_to_go_on(post.engine, run, root)
                _hand_over(post.engine, run, status)
            except BaseException:
                self._at_work.drop(root)
                raise
        except PostroomError as error:
            end_tree(run, **describe_end(error))

    def _hand_back(self, stop: Event) -> None:
        self._at_work.stop_all(HANDED_BACK)
        if len(self._at_work) and stop.is_set():
            self._tell(
                "Ending: the steps at hand are finished, and the runs go on elsewhere or at the next start."
            )
        self._await_end()

    def _await_end(self) -> None:
        while len(self._at_work):
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()

    def _await_vault(self, stop: Event) -> None:
        if not is_locked():
            return
        self._tell("The Credential Vault is locked. This worker waits until an administrator unlocks it.")
        while is_locked() and not stop.wait(CARE_SECONDS):
            close_old_connections()
        if not stop.is_set():
            self._tell("The Credential Vault is unlocked.")

    @contextmanager
    def _open_engine(self, life: Life) -> Iterator[Engine]:
        surroundings = Surroundings(
            self._at_work.library, self._at_work, self._at_work.enter, self._at_work.await_child
        )
        engine = Engine(
            prepare_journal(settings.CONFIGURATION),
            self._sealer,
            life.id,
            surroundings,
            queue=f"worker {life.id}",
            # Of a worker that is suspended in a transaction the locks end with its lease, or nobody could go on.
            sys_db_idle_transaction_timeout_sec=self._chosen.lease_seconds,
        )
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Let what bots print and log become lines of their runs."""
        handler = LineHandler(self._at_work.write_line)
        root = logging.getLogger()
        root.addHandler(handler)
        with ExitStack() as stack:
            stack.callback(root.removeHandler, handler)
            stack.enter_context(redirect_stdout(RunOutput(sys.stdout, self._at_work.write_line)))
            yield


def _hand_over(engine: Engine, run: Run, status: str | None) -> None:
    if status is None:
        Run.objects.filter(pk=run.pk).update(retry_step=None)
        engine.begin(RunOrder(str(run.pk), get_reference(run.version), get_inputs(run)))
    elif run.retry_step is not None:
        go_back(engine, run)
    else:
        engine.release(str(run.pk), engine.queue)


def _prepare_to_go_on(engine: Engine, run: Run, root: AtWork) -> None:
    fill_gaps(run.pk, engine.list_done(str(run.pk)))
    for child_id in engine.list_unfinished(str(run.pk)):
        root.ended.setdefault(child_id, Event())
        if Run.objects.filter(pk=child_id).exists():
            fill_gaps(UUID(child_id), engine.list_done(child_id))


def _settle_late(engine: Engine, run: Run) -> None:
    """Write down how a run ended whose worker died before it could."""
    try:
        engine.wait(str(run.pk))
    except PostroomError as error:
        end_tree(run, **describe_end(error))
    else:
        end_tree(run, RunStatus.DONE)


@dataclass(frozen=True)
class _Post:
    """What a worker has for the time of one life."""

    life: Life
    reporter: Reporter
    engine: Engine
