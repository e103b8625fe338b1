"""A folder of this user's own data: nobody else may read it, and a file in it is replaced whole or not at all."""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from postroom.errors import DiskFullError, FileError, TargetNotWritableError

if TYPE_CHECKING:
    import filelock

logger = logging.getLogger("postroom.auth")

NOTICE_AFTER_SECONDS = 5.0
"""A program that waits for longer than this says why."""


class PrivateFolder:
    """Files that the processes of one user share; the folder is made when it is first locked.

    Errors of every method: TargetNotWritableError where the folder cannot be used, DiskFullError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Have the file of this name to oneself, among all threads and processes that lock it.

        The operating system frees the lock of a process that was killed.
        """
        import filelock  # noqa: PLC0415 - costs as much as HTTP, and apps that sign in as themselves need none

        with self._file_errors():
            self._make()
            # One object each time: the lock of an open file keeps threads apart as well as processes.
            lock = filelock.FileLock(self.path / f"{name}.lock", mode=0o600)
            _acquire(lock)
        try:
            yield
        finally:
            lock.release()

    def find(self, name: str) -> bytes | None:
        """What the file of this name holds, or None where there is none."""
        with self._file_errors():
            try:
                return (self.path / name).read_bytes()
            except FileNotFoundError:
                return None

    def replace(self, name: str, content: bytes) -> None:
        """Give the file of this name, which the caller has locked, new content: all of it, or none.

        A process that is killed at any moment leaves the old content or the new.
        """
        new = self.path / f"{name}.new"
        with self._file_errors():
            new.unlink(missing_ok=True)  # of a process that was killed
            try:
                new.touch(mode=0o600, exist_ok=False)
                with new.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self.path / name)
            finally:
                new.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove the file of this name, which the caller has locked, if it is there.

        The file of the lock stays: another process may be waiting for it.
        """
        with self._file_errors():
            for path in (self.path / name, self.path / f"{name}.new"):
                path.unlink(missing_ok=True)

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _translate(error, self.path) from error


def _acquire(lock: "filelock.BaseFileLock") -> None:
    try:
        lock.acquire(timeout=NOTICE_AFTER_SECONDS)
    except TimeoutError:
        logger.warning(
            "Another program is signing in to the same mailbox, or renews its sign-in. This one goes on as soon as "
            "that is done: finish the sign-in there, or end the other program."
        )
        lock.acquire()


def _translate(error: OSError, folder: Path) -> FileError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(
            f"There is no space left in {folder}, where sign-ins are kept. Nothing is half-written, but the "
            "sign-in was not kept: make room, and sign in again."
        )
    reason = (error.strerror or type(error).__name__).lower()
    return TargetNotWritableError(
        f"The folder {folder}, where sign-ins are kept, cannot be used ({reason}). Make it a folder that "
        "belongs to you and that you may write to."
    )
