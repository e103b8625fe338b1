"""`postroom bot`: begin a bot file, check it, print the schema."""

import json
from pathlib import Path

import pytest

from support.command_line import Postroom


def test_a_new_bot_passes_the_check(bare_postroom: Postroom, tmp_path: Path) -> None:
    """What `bot new` writes has comments and no faults, whatever the file is called."""
    for name in ("intake", "my-bot 2", "null", 'a"b', "é"):
        file = tmp_path / f"{name}.bot.yaml"
        assert bare_postroom("bot", "new", str(file)).returncode == 0
        assert "# " in file.read_text(encoding="utf-8")
        checked = bare_postroom("bot", "check", str(file))
        assert (checked.returncode, checked.stdout) == (0, "No faults.\n")


def test_a_file_that_is_there_is_kept(bare_postroom: Postroom, tmp_path: Path) -> None:
    """`bot new` overwrites nothing, and writes nothing that is no bot file."""
    file = tmp_path / "a.bot.yaml"
    file.write_text("mine")
    ended = bare_postroom("bot", "new", str(file))
    assert ended.returncode == 10
    assert "is there already" in ended.stderr
    assert file.read_text() == "mine"
    assert bare_postroom("bot", "new", str(tmp_path / "a.yaml")).returncode == 3
    assert bare_postroom("bot", "new", str(tmp_path / "no" / "a.bot.yaml")).returncode == 10


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A bot file with two faults."""
    file = tmp_path / "faulty.bot.yaml"
    file.write_text('steps:\n- uses: outlook.mvoe\n- run_bot: "gone.bot.yaml"\n')
    return file


def test_all_faults_are_printed(bare_postroom: Postroom, faulty: Path) -> None:
    """Each fault is a line with file and line number, as editors and continuous integration read them."""
    ended = bare_postroom("bot", "check", str(faulty))
    assert ended.returncode == 13
    assert ended.stdout.splitlines() == [
        f"{faulty}:2: There is no action “outlook.mvoe”. Did you mean “outlook.move”?",
        f"{faulty}:3: There is no bot “gone.bot.yaml” in the folder of bots. Look at the name and the folder.",
    ]


def test_faults_as_json(bare_postroom: Postroom, faulty: Path, tmp_path: Path) -> None:
    """A program gets the faults of all files in one list, and an empty one where there are none."""
    good = tmp_path / "good.bot.yaml"
    bare_postroom("bot", "new", str(good))
    ended = bare_postroom("bot", "check", str(good), str(faulty), "--json")
    assert ended.returncode == 13
    assert [(Path(one["file"]).name, one["line"]) for one in json.loads(ended.stdout)] == [
        ("faulty.bot.yaml", 2),
        ("faulty.bot.yaml", 3),
    ]
    assert json.loads(bare_postroom("bot", "check", str(good), "--json").stdout) == []


def test_a_file_that_is_not_there(bare_postroom: Postroom, tmp_path: Path) -> None:
    """A missing file is told as such, with the exit code of what is not there."""
    ended = bare_postroom("bot", "check", str(tmp_path / "gone.bot.yaml"))
    assert ended.returncode == 6
    assert "There is no bot file" in ended.stderr


def test_the_schema_is_printed(bare_postroom: Postroom) -> None:
    """`bot schema` prints a JSON schema that knows the installed actions."""
    schema = json.loads(bare_postroom("bot", "schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert "outlook.move" in schema["$defs"]["step"]["properties"]["uses"]["enum"]
