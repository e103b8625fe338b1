"""Files on this machine: names made safe, nothing overwritten unasked, nothing half-written."""

import errno
import filecmp
import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pathvalidate import sanitize_filename

from postroom.errors import DiskFullError, FileError, TargetNotWritableError

LONGEST_NAME_BYTES = 240
"""Leaves room for ` (123)` within the 255 bytes that file systems take."""

LONGEST_SUFFIX_BYTES = 20

_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])
"""Characters that make `exe.fdp` look like `pdf.exe`."""


def make_safe_name(name: str | None, fallback: str) -> str:
    """A file name that means the same and can do no harm: no folders, no control characters, not too long.

    Good on every operating system. `fallback` is taken where nothing of the name is left.
    """
    text = (name or "").encode("utf-8", "replace").decode().translate(_BIDI_CONTROLS)
    clean = sanitize_filename(_shorten(text), replacement_text="_", platform="universal").strip()
    visible = re.sub(r"^(\.+[_ ]*)+", "", clean)
    return _shorten(visible if visible.strip("_ ") else fallback)


class TargetFolder:
    """A folder that files are saved to, made if it is not there.

    Without `overwrite` a name that is taken becomes `name (2).pdf`; with it, files of an earlier time are
    replaced, never one that was saved through this same object. Threads may share it.
    `once` is the key of a step that may be repeated after a crash: a file of the same name with the same bytes is then
    taken for the one that an earlier attempt has saved, and what that attempt left half-written is taken away.
    Errors: TargetNotWritableError, DiskFullError; what was begun is taken away.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False, once: str | None = None) -> None:
        self.path = Path(path).expanduser()
        self._overwrite = overwrite
        self._knows_again = once is not None
        self._part_name = f".postroom-{hashlib.sha256((once or uuid.uuid4().hex).encode()).hexdigest()[:24]}"
        self._lock = Lock()
        self._next_number: dict[str, int] = {}
        self._saved: set[str] = set()
        with self._file_errors():
            self.path.mkdir(parents=True, exist_ok=True)
            for left_over in self.path.glob(f"{self._part_name}-*.part"):
                left_over.unlink(missing_ok=True)

    def save(self, name: str, chunks: Iterable[bytes]) -> Path:
        """Write the chunks to a file of this (safe) name, and give the path that it got."""
        with self._temporary_file() as (file, temporary):
            for chunk in chunks:
                file.write(chunk)
            file.close()
            return self._publish(temporary, name)

    @contextmanager
    def _temporary_file(self) -> Iterator[tuple[BinaryIO, Path]]:
        with self._file_errors():
            temporary = self.path / f"{self._part_name}-{uuid.uuid4().hex}.part"
            try:
                with temporary.open("xb") as file:
                    yield file, temporary
            finally:
                temporary.unlink(missing_ok=True)

    def _publish(self, temporary: Path, name: str) -> Path:
        with self._lock:
            known = self._find_known(temporary, name) if self._knows_again else None
            path = known or self._put(temporary, name)
            self._saved.add(path.name.casefold())
            return path

    def _find_known(self, temporary: Path, name: str) -> Path | None:
        """The file of this name, numbered or not, that has the same bytes and was not saved through this object."""
        for number in count(1):
            path = self.path / _number(name, number)
            if not path.is_file() or path.is_symlink():
                return None
            if path.name.casefold() not in self._saved and filecmp.cmp(path, temporary, shallow=False):
                return path
        return None

    def _put(self, temporary: Path, name: str) -> Path:
        key = name.casefold()
        number = self._next_number.get(key, 1)
        if self._overwrite and number == 1 and key not in self._saved:
            self._next_number[key] = 2
            return temporary.replace(self.path / name)
        while True:
            path = self.path / _number(name, number)
            number += 1
            self._next_number[key] = number
            if _publish_unless_taken(temporary, path):
                return path

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _translate(error, self.path) from error


def _publish_unless_taken(temporary: Path, path: Path) -> bool:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        return _rename_unless_taken(temporary, path)
    return True


def _rename_unless_taken(temporary: Path, path: Path) -> bool:
    """For file systems without hard links: take the name first, then put the file there."""
    try:
        path.open("x").close()
    except FileExistsError:
        return False
    temporary.replace(path)
    return True


def _number(name: str, number: int) -> str:
    if number == 1:
        return name
    path = Path(name)
    return f"{path.stem} ({number}){path.suffix}"


def _shorten(name: str) -> str:
    stem, dot, last = name.rpartition(".")
    stem, suffix = (stem, dot + last) if stem else (name, "")
    if len(suffix.encode()) > LONGEST_SUFFIX_BYTES:
        stem, suffix = name, ""
    room = LONGEST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def _translate(error: OSError, folder: Path) -> FileError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError(
            f"There is no space left in {folder}. The file was not saved, and nothing is half-written: make room, "
            "or save to another folder."
        )
    reason = (error.strerror or type(error).__name__).lower()
    return TargetNotWritableError(
        f"The folder {folder} cannot be written to ({reason}). Nothing was saved there: choose another folder, or "
        "ask for the right to write."
    )
