"""What workers write down of runs while these go on: steps, log lines, messages handled.

It is written in batches by a thread of its own, so that a bot waits for no page's transaction. A worker that has lost a
run writes nothing of it any more.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import Error, connection, transaction
from django.utils import timezone

from postroom.bots.durable import DoneStep
from postroom.bots.reports import StepReport
from postroom.controlroom.runs.models import Run, RunLine, RunStep

FLUSH_SECONDS = 0.3
LONGEST_LINE = 2_000
MOST_LINES = 20_000
"""Of one run in one worker; a bot that writes more is cut off, and says so."""
STEP_COLUMNS = ("title", "place", "touched", "status", "began", "seconds", "error_class", "error", "child")

logger = logging.getLogger("postroom.controlroom.runs")


@dataclass
class _Batch:
    steps: dict[tuple[UUID, int], RunStep] = field(default_factory=dict)
    lines: list[RunLine] = field(default_factory=list)
    handled: dict[UUID, int] = field(default_factory=dict)

    def list_runs(self) -> set[UUID]:
        return {key[0] for key in self.steps} | {line.run_id for line in self.lines}

    def keep(self, runs: set[UUID]) -> None:
        self.steps = {key: step for key, step in self.steps.items() if key[0] in runs}
        self.lines = [line for line in self.lines if line.run_id in runs]
        self.handled = {run_id: number for run_id, number in self.handled.items() if run_id in runs}


class Reporter:
    """Collects what runs of one worker tell of themselves, and writes it."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._batch = _Batch()
        self._began: dict[tuple[UUID, int], datetime] = {}
        self._lines: dict[UUID, int] = {}

    def add_step(self, run_id: UUID, step: StepReport) -> None:
        """Note how it stands with a step."""
        key = run_id, step.number
        with self._lock:
            began = self._began.setdefault(key, timezone.now())
            if step.status != "running":
                del self._began[key]
            self._batch.steps[key] = _describe(run_id, step, began)
            self._batch.handled[run_id] = step.handled

    def add_line(self, run_id: UUID, level: str, text: str) -> None:
        """Note a line of a run's log."""
        with self._lock:
            number = self._lines[run_id] = self._lines.get(run_id, 0) + 1
            if number > MOST_LINES:
                return
            if number == MOST_LINES:
                level, text = "warning", f"The log ends here: more than {MOST_LINES:,} lines."
            line = RunLine(run_id=run_id, time=timezone.now(), level=level, text=_clean(text))
            self._batch.lines.append(line)

    def forget(self, run_id: UUID) -> None:
        """Let go of what is remembered of a run that has left this worker."""
        with self._lock:
            self._lines.pop(run_id, None)
            for key in [key for key in self._began if key[0] == run_id]:
                del self._began[key]

    def flush(self) -> None:
        """Write what was noted. Errors: those of the database, after which all is still there to be written."""
        with self._writing:
            with self._lock:
                batch, self._batch = self._batch, _Batch()
            try:
                _write(batch, self._worker_id)
            except Error:
                self._put_back(batch)
                raise

    def _put_back(self, batch: _Batch) -> None:
        with self._lock:
            later, self._batch = self._batch, batch
            self._batch.steps |= later.steps
            self._batch.lines += later.lines
            self._batch.handled |= later.handled

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let a thread write every moment."""
        done = threading.Event()
        thread = threading.Thread(target=self._run, args=(done,), name="run reports", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _run(self, done: threading.Event) -> None:
        try:
            while not done.wait(FLUSH_SECONDS):
                self._try_flush()
            self._try_flush()
        finally:
            connection.close()

    def _try_flush(self) -> None:
        try:
            self.flush()
        except Error:
            logger.warning("What runs have done could not be written; it is tried again.", exc_info=True)
            connection.close()


def _describe(run_id: UUID, step: StepReport, began: datetime) -> RunStep:
    error = step.error
    return RunStep(
        run_id=run_id,
        number=step.number,
        title=step.title[:200],
        place=step.place[:400],
        touched=_clean(step.touched)[:300],
        status=step.status,
        began=began,
        seconds=step.seconds,
        error_class=type(error).__name__ if error else "",
        error=_clean(str(error)) if error else "",
    )


@transaction.atomic
def _write(batch: _Batch, worker_id: str) -> None:
    runs = batch.list_runs()
    if not runs:
        return
    batch.keep(set(Run.objects.filter(pk__in=runs, worker_id=worker_id).values_list("pk", flat=True)))
    RunStep.objects.bulk_create(
        batch.steps.values(),
        update_conflicts=True,
        unique_fields=["run", "number"],
        update_fields=list(STEP_COLUMNS),
        batch_size=500,
    )
    RunLine.objects.bulk_create(batch.lines, batch_size=500)
    for run_id, number in batch.handled.items():
        # What is done shows that no worker dies of this run.
        Run.objects.filter(pk=run_id).update(messages_handled=number, losses=0)


def fill_gaps(run_id: UUID, done: Iterable[DoneStep]) -> None:
    """Write the steps down that a run's journal has and a worker that died had not written down yet."""
    told = set(
        RunStep.objects.filter(run_id=run_id).exclude(status="running").values_list("number", flat=True)
    )
    missing = [step for step in done if step.number not in told]
    RunStep.objects.bulk_create(
        [_describe_done(run_id, step) for step in missing],
        update_conflicts=True,
        unique_fields=["run", "number"],
        update_fields=["status", "seconds"],
        batch_size=500,
    )


def _describe_done(run_id: UUID, step: DoneStep) -> RunStep:
    began = datetime.fromtimestamp(step.began, UTC)
    return RunStep(
        run_id=run_id,
        number=step.number,
        title=step.title[:200],
        status="done",
        began=began,
        seconds=step.ended - step.began,
    )


def _clean(text: str) -> str:
    # PostgreSQL takes no NUL in a text.
    return text.replace("\0", "�")[:LONGEST_LINE]


class LineHandler(logging.Handler):
    """Gives what is logged to the run that it belongs to: to `write(level, text)`, which says whether there is one."""

    QUIET = ("django", "dbos", "sqlalchemy", "httpx", "httpcore", "postroom.controlroom")

    def __init__(self, write: Any) -> None:
        super().__init__(logging.INFO)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        if not record.name.startswith(self.QUIET):
            level = "error" if record.levelno >= logging.ERROR else "warning"
            self._write(level if record.levelno >= logging.WARNING else "info", record.getMessage())


class RunOutput:
    """Standard output of a worker: what a bot prints becomes lines of its run, all else goes where it went before."""

    def __init__(self, before: Any, write: Any) -> None:
        self._before = before
        self._write = write
        self._part = threading.local()

    def write(self, text: str) -> int:
        """Take a piece of text; whole lines of it are passed on."""
        *lines, rest = (getattr(self._part, "text", "") + text).split("\n")
        for line in lines:
            if not self._write("info", line):
                self._before.write(f"{line}\n")
        self._part.text = rest
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._before, name)
