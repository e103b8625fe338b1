"""The runs of a desk: each with a journal of its own, in a folder of this user's.

A file for each, so that no two programs share one, and a run is gone when its folder is.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock
import msgspec

from postroom.errors import RunActiveError, RunNotFoundError, TargetNotWritableError
from postroom.folders import get_state_folder

KEPT_DAYS = 30
"""A journal is kept for so long after its run was last at work."""
SHORT = 8
"""So many characters of an id are enough for people."""
RECORD = "run.json"


class DeskRun(msgspec.Struct, kw_only=True):
    """What is known of a run on a desk without opening its journal.

    `folder` and `reference` find the bot; `status` is “running” (at work, or killed), “interrupted”, “failed” or
    “done”.
    """

    id: str
    name: str
    folder: str
    reference: str
    began: datetime
    status: str = "running"

    @property
    def short_id(self) -> str:
        """The beginning of the id, as it is shown and typed."""
        return self.id[:SHORT]


class DeskRuns:
    """The runs of this user on this machine."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or get_state_folder() / "runs"

    def get_journal(self, run_id: str) -> str:
        """The URL of the journal of a run; its folder is made. Errors: TargetNotWritableError."""
        place = self.folder / run_id
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise TargetNotWritableError(
                f"The folder {self.folder}, where the journals of runs are kept, cannot be used "
                f"({(error.strerror or type(error).__name__).lower()}). Make it yours, or run with --no-journal."
            ) from error
        return f"sqlite:///{place / 'journal.sqlite'}"

    @contextmanager
    def hold(self, run_id: str) -> Iterator[None]:
        """Have a run to oneself, until the process ends at the latest. Errors: RunActiveError."""
        lock = filelock.FileLock(self.folder / run_id / "lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunActiveError(
                f"The run {run_id[:SHORT]} is at work in another process on this machine. Wait for it, or end it there."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def note(self, run: DeskRun) -> None:
        """Keep what is known of a run, in place of what was."""
        new = self.folder / run.id / f"{RECORD}.new"
        new.write_bytes(msgspec.json.encode(run))
        new.replace(self.folder / run.id / RECORD)

    def get(self, name: str) -> DeskRun:
        """The run whose id begins so. Errors: RunNotFoundError."""
        found = [run for run in self.iterate_runs() if run.id.startswith(name.strip().lower())]
        if len(found) != 1:
            raise RunNotFoundError(f"{'No run' if not found else 'More than one run'} begins with {name}.")
        return found[0]

    def get_last_unfinished(self, reference: str | None = None) -> DeskRun:
        """The run that was begun last of those that are not done, or of those of one bot. Errors: RunNotFoundError."""
        for run in self.iterate_runs():
            if run.status != "done" and reference in (None, run.reference):
                return run
        raise RunNotFoundError(
            "There is no run to go on with: all have ended well, or their journals are gone by now. Begin a new one."
        )

    def iterate_runs(self) -> Iterator[DeskRun]:
        """All runs that are kept, the latest first."""
        runs = [run for place in self.folder.glob(f"*/{RECORD}") if (run := _read(place))]
        yield from sorted(runs, key=lambda run: run.began, reverse=True)

    def delete_old(self) -> None:
        """Delete what is older than it is kept for, and what a program left that was killed before its run began."""
        limit = (datetime.now(UTC) - timedelta(days=KEPT_DAYS)).timestamp()
        for place in self.folder.glob("*/"):
            newest = max((file.stat().st_mtime for file in place.iterdir()), default=0.0)
            if newest < limit:
                shutil.rmtree(place, ignore_errors=True)


def _read(place: Path) -> DeskRun | None:
    """What a record says; None where it is damaged, as no run can be gone on with by it."""
    try:
        return msgspec.json.decode(place.read_bytes(), type=DeskRun)
    except (OSError, msgspec.DecodeError):
        return None
