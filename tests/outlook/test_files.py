"""File names made safe, files never lost and never half-written."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.errors import DiskFullError, TargetNotWritableError
from postroom.outlook.files import TargetFolder, make_safe_name

RESERVED = {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../a.pdf", "a.pdf"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\files\\a.pdf", "C__files_a.pdf"),
        ("Invoice 5/2026.pdf", "Invoice 5_2026.pdf"),
        ("a\0b.txt", "a_b.txt"),
        ("...", "attachment"),
        ("", "attachment"),
        (None, "attachment"),
        (".profile", "profile"),
        ("請求書.pdf", "請求書.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ],
)
def test_a_name_means_the_same_and_does_no_harm(name: str | None, safe: str) -> None:
    """Folders, control characters and dots go; the rest stays readable."""
    assert make_safe_name(name, "attachment") == safe


@given(st.one_of(st.none(), st.text(st.characters(codec=None), max_size=400)))
def test_any_name_becomes_one_that_can_be_used(name: str | None) -> None:
    """Whatever a sender writes, the file lies in the target folder, on every system."""
    safe = make_safe_name(name, "attachment")
    assert safe == Path(safe).name
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\\0\r\n<>:"|?*')
    assert safe.strip(". ") and not safe.startswith(".")
    assert safe.split(".")[0].upper() not in RESERVED


def test_a_long_name_keeps_its_suffix() -> None:
    """A name of 300 characters is cut before its suffix."""
    safe = make_safe_name("é" * 300 + ".pdf", "attachment")
    assert safe.endswith("é.pdf")
    assert len(safe.encode()) <= 255


def test_same_names_are_numbered(tmp_path: Path) -> None:
    """Files of one name all stay, the later ones numbered."""
    target = TargetFolder(tmp_path)
    saved = [target.save("a.pdf", [content]) for content in (b"1", b"2", b"3")]
    assert [path.name for path in saved] == ["a.pdf", "a (2).pdf", "a (3).pdf"]
    assert [path.read_bytes() for path in saved] == [b"1", b"2", b"3"]


def test_a_file_of_an_earlier_time_stays(tmp_path: Path) -> None:
    """Without overwrite, what is there stays as it is."""
    (tmp_path / "a.pdf").write_bytes(b"old")
    assert TargetFolder(tmp_path).save("a.pdf", [b"new"]).name == "a (2).pdf"
    assert (tmp_path / "a.pdf").read_bytes() == b"old"


def test_overwrite_replaces_the_earlier_time_only(tmp_path: Path) -> None:
    """With overwrite, an old file is replaced, but never one of the same run."""
    (tmp_path / "a.pdf").write_bytes(b"old")
    target = TargetFolder(tmp_path, overwrite=True)
    assert [target.save("a.pdf", [content]).name for content in (b"1", b"2")] == ["a.pdf", "a (2).pdf"]
    assert (tmp_path / "a.pdf").read_bytes() == b"1"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A symbolic link in the target folder leads nothing out of it, overwriting or not."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"keep")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").symlink_to(outside)
    TargetFolder(folder).save("a.pdf", [b"new"])
    TargetFolder(folder, overwrite=True).save("a.pdf", [b"new"])
    assert outside.read_bytes() == b"keep"


def test_threads_lose_no_name(tmp_path: Path) -> None:
    """Many threads that save one name at once get a file each."""
    target = TargetFolder(tmp_path)
    threads = [threading.Thread(target=target.save, args=("a.pdf", [b"x"])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) == 20


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """When the content does not come to its end, no file and no part of one stays."""

    def break_off() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        TargetFolder(tmp_path).save("a.pdf", break_off())
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A target below a file cannot be made: one sentence says so."""
    (tmp_path / "file").touch()
    with pytest.raises(TargetNotWritableError, match="choose another folder"):
        TargetFolder(tmp_path / "file" / "folder")


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="This system has no folder that refuses even root."
)
def test_a_read_only_target_is_refused() -> None:
    """A folder that takes no files is refused by name, before anything is fetched."""
    with pytest.raises(TargetNotWritableError, match="/proc/self/"):
        TargetFolder("/proc/self/postroom")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="This system has no device that is always full.")
def test_a_full_disk_is_told_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up in the middle of a file, no part of it stays."""
    open_path = Path.open

    def open_full(path: Path, mode: str = "r", **settings: object) -> object:
        if mode == "xb":
            open_path(path, "xb").close()
            return open_path(Path("/dev/full"), "wb", **settings)  # type: ignore[call-overload]
        return open_path(path, mode, **settings)  # type: ignore[call-overload]

    target = TargetFolder(tmp_path)
    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(DiskFullError, match="no space left"):
        target.save("a.pdf", [b"x" * 100_000])
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_saved_files_have_ordinary_rights(tmp_path: Path) -> None:
    """A saved file can be read as any new file of this user can, by the umask."""
    umask = os.umask(0o022)
    try:
        path = TargetFolder(tmp_path).save("a.pdf", [b"x"])
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_step_that_is_repeated_knows_its_files_again(tmp_path: Path) -> None:
    """After a crash the same files, in whatever order, get the same names; what differs gets a name of its own."""
    first = TargetFolder(tmp_path, once="run/7")
    saved = [first.save("a.pdf", [content]) for content in (b"1", b"2", b"1")]
    assert [path.name for path in saved] == ["a.pdf", "a (2).pdf", "a (3).pdf"]
    second = TargetFolder(tmp_path, once="run/7")
    again = [second.save("a.pdf", [content]) for content in (b"2", b"1", b"1", b"new")]
    assert [path.name for path in again] == ["a (2).pdf", "a.pdf", "a (3).pdf", "a (4).pdf"]


def test_a_step_that_is_repeated_takes_its_leavings_away(tmp_path: Path) -> None:
    """What a killed attempt left half-written goes, and only that; the part of another step stays."""
    for step in ("run/7", "run/8"):
        chunks = TargetFolder(tmp_path, once=step)
        with pytest.raises(RuntimeError), chunks._temporary_file() as (_, temporary):
            os.link(temporary, temporary.with_name(temporary.name.replace(".part", "-left.part")))
            raise RuntimeError("killed")
    assert len(list(tmp_path.iterdir())) == 2
    TargetFolder(tmp_path, once="run/7").save("a.pdf", [b"1"])
    assert len([path for path in tmp_path.iterdir() if path.suffix == ".part"]) == 1


def test_overwriting_again_replaces_nothing_of_this_time(tmp_path: Path) -> None:
    """A file that was known again is not replaced by another of its name, though overwriting is allowed."""
    TargetFolder(tmp_path, overwrite=True, once="run/7").save("a.pdf", [b"1"])
    again = TargetFolder(tmp_path, overwrite=True, once="run/7")
    assert [again.save("a.pdf", [content]).name for content in (b"1", b"2")] == ["a.pdf", "a (2).pdf"]
    assert (tmp_path / "a.pdf").read_bytes() == b"1"
