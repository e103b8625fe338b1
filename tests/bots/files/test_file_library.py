"""The folder of bots, and what is outside of it."""

# ruff: noqa: E501 - tables of texts read best a line each

from pathlib import Path

import pytest

from postroom.bots import PythonBot
from postroom.bots.files import FileBot, FolderLibrary
from postroom.errors import BotFileError, BotNotFoundError

BOT = "steps:\n- uses: outlook.folder_exists\n  with: {session: ap, folder: Inbox}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of bots, with something outside."""
    bots = tmp_path / "bots"
    (bots / "invoices" / "deep").mkdir(parents=True)
    for place in ("a.bot.yaml", "invoices/b.bot.yaml", "invoices/deep/a.bot.yaml"):
        (bots / place).write_text(BOT)
    (bots / "tools.py").write_text(
        "from postroom import bot\n\n@bot\ndef archive(x: int = 1): ...\n\ndef no_bot(): ...\n"
    )
    (tmp_path / "outside.bot.yaml").write_text(BOT)
    (bots / "link.bot.yaml").symlink_to(tmp_path / "outside.bot.yaml")
    (bots / "inner.bot.yaml").symlink_to(bots / "a.bot.yaml")
    (bots / "links").symlink_to(tmp_path)
    return bots


def test_paths_are_beside_or_from_the_folder_on(folder: Path) -> None:
    """A child is looked for beside its parent, then from the folder on; its reference is always from the folder on."""
    library = FolderLibrary(folder)
    assert library.get("a.bot.yaml").reference == "a.bot.yaml"
    assert (
        library.get("a.bot.yaml", beside="invoices/deep/x.bot.yaml").reference == "invoices/deep/a.bot.yaml"
    )
    assert library.get("a.bot.yaml", beside="invoices/b.bot.yaml").reference == "a.bot.yaml"
    assert (
        library.get("deep/a.bot.yaml", beside="invoices/b.bot.yaml").reference == "invoices/deep/a.bot.yaml"
    )
    assert library.get("./invoices/b.bot.yaml").reference == "invoices/b.bot.yaml"
    assert library.list_references() == ["a.bot.yaml", "invoices/b.bot.yaml", "invoices/deep/a.bot.yaml"]


@pytest.mark.parametrize(
    "reference",
    [
        "../outside.bot.yaml", "invoices/../../outside.bot.yaml", "invoices/../a.bot.yaml", "/etc/x.bot.yaml", "link.bot.yaml",
        "inner.bot.yaml", "links/outside.bot.yaml", "C:\\x.bot.yaml", "..\\outside.bot.yaml", "invoices", "", ".", "x",
        "a.bot.yaml\x00", "\x00.bot.yaml", "x" * 5000 + ".bot.yaml", "missing.bot.yaml", "tools.py", "tools.py:", "os:system",
        "tools.py:no_bot", "tools.py:missing", "tools.py:__builtins__", "../x.py:y", "os.path:join", "no_such_thing:x",
        "a b:c", ".relative:x", "http://example.com/a.bot.yaml", "~/a.bot.yaml",
    ],
)  # fmt: skip
def test_nothing_else_is_a_bot(folder: Path, reference: str) -> None:
    """What is outside, behind a link or no bot is not found, by loading as little as by checking."""
    library = FolderLibrary(folder)
    with pytest.raises(BotNotFoundError):
        library.get(reference)
    with pytest.raises(BotNotFoundError):
        library.get(reference, beside="invoices/b.bot.yaml")


def test_python_bots(folder: Path) -> None:
    """A function with @bot is a bot by its file and by its module, and is found again by its reference."""
    library = FolderLibrary(folder)
    found = library.get("tools.py:archive", beside="invoices/b.bot.yaml")
    assert isinstance(found, PythonBot)
    assert found.reference == "tools.py:archive"
    assert library.get(found.reference) is found
    assert list(found.inputs) == ["x"]


def test_a_file_that_changes_is_read_anew(folder: Path) -> None:
    """What is given is the file as it is now; its version tells one from the other."""
    library = FolderLibrary(folder)
    before = library.get("a.bot.yaml")
    assert library.get("a.bot.yaml") is before
    (folder / "a.bot.yaml").write_text("name: New\n" + BOT)
    after = library.get("a.bot.yaml")
    assert isinstance(before, FileBot)
    assert isinstance(after, FileBot)
    assert after.name == "New"
    assert before.version != after.version


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.bot.yaml", b"steps:\n- \xff", 2), ("tools.py", b"def x(:\n", 1), ("tools.py", b"\nraise ValueError('no')\n", 2),
        ("tools.py", b"\n\nimport no_such_thing\n", 3), ("a.bot.yaml", b"", 1),
    ],
)  # fmt: skip
def test_files_that_cannot_be_loaded(folder: Path, name: str, content: bytes, line: int) -> None:
    """A file that is no text, no YAML or no Python has a fault with a line."""
    (folder / name).write_bytes(content)
    with pytest.raises(BotFileError) as caught:
        FolderLibrary(folder).get(f"{name}:archive" if name.endswith(".py") else name)
    assert caught.value.faults[0].line == line
