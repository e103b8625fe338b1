"""A folder of the user's own data: whole files, one at a time, for nobody else."""

import resource
import signal
import stat
from pathlib import Path

import pytest

from postroom.auth.private_folder import PrivateFolder
from postroom.errors import DiskFullError, TargetNotWritableError


@pytest.fixture
def folder(tmp_path: Path) -> PrivateFolder:
    """A folder that has not been made yet."""
    return PrivateFolder(tmp_path / "a" / "folder")


def get_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_it(folder: PrivateFolder) -> None:
    """Folder and files are the user's own, also where the folder was there with wider rights."""
    folder.path.mkdir(parents=True)
    folder.path.chmod(0o755)
    with folder.lock("file"):
        folder.replace("file", b"content")
    assert get_mode(folder.path) == 0o700
    assert {get_mode(path) for path in folder.path.iterdir()} == {0o600}


def test_what_is_not_there_is_none(folder: PrivateFolder) -> None:
    """Looking makes nothing."""
    assert folder.find("file") is None
    assert not folder.path.exists()


def test_a_file_is_replaced_and_removed(folder: PrivateFolder) -> None:
    """The new content takes the place of the old, also behind the remains of a process that was killed."""
    with folder.lock("file"):
        folder.replace("file", b"old")
        (folder.path / "file.new").write_bytes(b"half")
        folder.replace("file", b"new")
        assert folder.find("file") == b"new"
        assert {path.name for path in folder.path.iterdir()} == {"file", "file.lock"}
        folder.remove("file")
        assert folder.find("file") is None
        folder.remove("file")


def test_a_full_disk_leaves_the_old_content(folder: PrivateFolder) -> None:
    """Where the new content does not fit, the old stays, and nothing half-written lies beside it."""
    with folder.lock("file"):
        folder.replace("file", b"old")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(DiskFullError, match="make room"):
                folder.replace("file", b"n" * 100_001)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        assert folder.find("file") == b"old"
    assert {path.name for path in folder.path.iterdir()} == {"file", "file.lock"}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The folder is named, and why it cannot be used."""
    (tmp_path / "file").touch()
    folder = PrivateFolder(tmp_path / "file" / "folder")
    with pytest.raises(TargetNotWritableError, match="not a directory"), folder.lock("file"):
        pass
    with pytest.raises(TargetNotWritableError, match=r"Make it a folder that belongs to you"):
        folder.find("file")


def test_an_error_of_the_caller_stays_its_own(folder: PrivateFolder) -> None:
    """What fails while the lock is held is not taken for the folder's fault, and frees the lock."""
    with pytest.raises(OSError, match="the caller's"), folder.lock("file"):
        raise OSError("the caller's")
    with folder.lock("file"):
        pass
