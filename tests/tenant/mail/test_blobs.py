"""Contents in files."""

from pathlib import Path

from postroom.tenant.mail.blobs import Blobs


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    """Contents are named by their hash, so that what comes twice lies there once."""
    blobs = Blobs(tmp_path / "contents")
    assert blobs.add(b"hello") == blobs.add(b"hello")
    assert [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()] == [b"hello"]


def test_after_clearing_nothing_is_there_and_all_can_be_kept(tmp_path: Path) -> None:
    """What was cleared is gone at once, and the same bytes can be kept again."""
    blobs = Blobs(tmp_path / "contents")
    name = blobs.add(b"hello")
    blobs.clear()
    assert not blobs.path(name).exists()
    assert blobs.read(blobs.add(b"hello")) == b"hello"


def test_what_an_earlier_run_left_is_cleared_away(tmp_path: Path) -> None:
    """Files that were being cleared when the tenant ended do not stay for ever."""
    left = tmp_path / "contents.0badcafe" / "ab"
    left.mkdir(parents=True)
    (left / "abcd").write_bytes(b"old")
    Blobs(tmp_path / "contents")
    assert not left.parent.exists()
