"""Deployed bots as runs find them, and the folder of bots in git that they come from."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from controlroom.runs.conftest import INTAKE
from controlroom.runs.test_bot_pages import read
from support.people import People

if TYPE_CHECKING:
    from postroom.controlroom.runs.models import BotVersion

Deploy = Callable[..., "BotVersion"]
PARENT = "name: Parent\nsteps:\n  - run_bot: intake.bot.yaml\n"
GREET = """\
from postroom.bots import bot
from greetings import GREETING


@bot
def greet(name: str, times: int = 1) -> str:
    \"\"\"Greets somebody.\"\"\"
    return ", ".join([f"{GREETING} {name}"] * times)


def helper() -> None:
    raise RuntimeError("nobody calls this")
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of bots that is a checkout of git, named to the Control Room."""
    from dataclasses import replace

    from postroom.controlroom.runs.bots import pages, snapshots

    if shutil.which("git") is None:
        pytest.skip("There is no git on this machine.")
    made = tmp_path / "bots"
    made.mkdir()
    configuration = replace(snapshots.CONFIGURATION, home=tmp_path / "home", bots_folder=made)
    monkeypatch.setattr(snapshots, "CONFIGURATION", configuration)
    monkeypatch.setattr(pages, "CONFIGURATION", configuration)
    git(made, "init", "--quiet")
    return made


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as nobody in particular."""
    person = ("-c", "user.name=Nobody", "-c", "user.email=nobody@contoso.com", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *person, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, **files: str) -> str:
    """Write these files, commit all, and give the commit; `a__b` stands for `a.b`."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")
    return git(folder, "rev-parse", "HEAD")


def test_a_run_goes_on_with_the_version_that_it_began_with(deploy: Deploy) -> None:
    """A reference names the version, whatever was deployed since."""
    from postroom.controlroom.runs.bots.library import DeployedLibrary, get_reference

    first = deploy()
    deploy(text=INTAKE.replace("Invoice intake", "Another name"))
    assert get_reference(first) == "intake.bot.yaml@1"
    library = DeployedLibrary()
    assert library.get("intake.bot.yaml@1").name == "Invoice intake"
    assert library.get("intake.bot.yaml@1").reference == "intake.bot.yaml@1"
    assert library.get("intake.bot.yaml").name == "Another name"


def test_a_child_is_what_it_was_when_the_run_began(people: People, deploy: Deploy, make_run: Any) -> None:
    """The newest of that time; where it was deployed only later, the first, so that a retry finds it."""
    from postroom.controlroom.runs.bots.library import find_version

    first = deploy()
    parent = deploy("parent.bot.yaml", PARENT)
    run = make_run(people.creator, version=parent)
    second = deploy(text=INTAKE.replace("Inbox", "Archive"))
    assert find_version("intake.bot.yaml", str(run.pk), beside="parent.bot.yaml@1") == first
    assert find_version("intake.bot.yaml") == second
    early = make_run(people.creator, version=parent, created=timezone.now() - timedelta(days=1))
    assert find_version("intake.bot.yaml", str(early.pk)) == first


def test_a_child_is_looked_for_beside_its_parent_first(deploy: Deploy) -> None:
    """A path is taken from the folder of the parent, then from the top; never from above it."""
    from postroom.controlroom.runs.bots.library import find_version
    from postroom.errors import BotNotFoundError

    top = deploy("intake.bot.yaml")
    assert find_version("intake.bot.yaml", beside="finance/parent.bot.yaml@1") == top
    beside = deploy("finance/intake.bot.yaml")
    assert find_version("intake.bot.yaml", beside="finance/parent.bot.yaml@1") == beside
    with pytest.raises(BotNotFoundError, match="not deployed"):
        find_version("../../intake.bot.yaml", beside="finance/parent.bot.yaml@1")


@pytest.mark.parametrize("reference", ["intake.bot.yaml@9", "intake.bot.yaml@x", "os:system", "", "@"])
def test_what_is_not_deployed_is_not_found(deploy: Deploy, reference: str) -> None:
    """Neither a version that never was, nor a module of Python."""
    from postroom.controlroom.runs.bots.library import DeployedLibrary
    from postroom.errors import BotNotFoundError

    deploy()
    with pytest.raises(BotNotFoundError):
        DeployedLibrary().get(reference)


def test_the_folder_is_deployed_at_its_commit(people: People, folder: Path) -> None:
    """Bot files and functions with @bot, each with the commit; what was changed since the commit is not."""
    from postroom.controlroom.runs.bots.folder import refresh

    at = commit(folder, intake__bot__yaml=INTAKE, greet__py=GREET, greetings__py='GREETING = "Hello"\n')
    (folder / "intake.bot.yaml").write_text(INTAKE.replace("Invoice intake", "Not committed"))
    done = refresh(people.creator)
    assert (done.commit, done.faults, done.unchanged) == (at, [], 0)
    found = {version.bot.path: version for version in done.deployed}
    assert found.keys() == {"intake.bot.yaml", "greet.py:greet"}
    assert {version.commit for version in found.values()} == {at}
    assert found["intake.bot.yaml"].bot.name == "Invoice intake"
    greet = found["greet.py:greet"]
    assert (greet.bot.name, greet.bot.description) == ("Greet", "Greets somebody.")
    assert [(one["name"], one["kind"], one["required"], one["default"]) for one in greet.inputs] == [
        ("name", "text", True, None),
        ("times", "integer", False, 1),
    ]
    again = refresh(people.creator)
    assert (again.deployed, again.unchanged) == ([], 2)


def test_looking_into_the_folder_runs_nothing_of_it(people: People, folder: Path, tmp_path: Path) -> None:
    """Python bots are read as text; only a worker loads them."""
    from postroom.controlroom.runs.bots.folder import refresh

    mark = tmp_path / "ran"
    commit(
        folder,
        evil__py=f"from postroom.bots import bot\nopen({str(mark)!r}, 'w')\n\n\n@bot\ndef evil() -> None: ...\n",
    )
    assert [version.bot.path for version in refresh(people.creator).deployed] == ["evil.py:evil"]
    assert not mark.exists()


def test_a_python_bot_runs_at_the_commit_of_its_version(people: People, folder: Path) -> None:
    """Also what it imports from beside it is of that commit, whatever is newer."""
    from postroom.bots.run import run_alone
    from postroom.controlroom.runs.bots.folder import refresh
    from postroom.controlroom.runs.bots.library import DeployedLibrary

    commit(folder, greet__py=GREET, greetings__py='GREETING = "Hello"\n')
    refresh(people.creator)
    commit(folder, greetings__py='GREETING = "Good day"\n')
    refresh(people.creator)
    library = DeployedLibrary()
    second, first = library.get("greet.py:greet"), library.get("greet.py:greet@1")
    assert run_alone(second, {"name": "Kim"}, library=library) == "Good day Kim"
    assert run_alone(first, {"name": "Kim", "times": 2}, library=library) == "Hello Kim, Hello Kim"
    assert "greetings" not in sys.modules
    # A Python bot that another one runs is found by the module that it was loaded as.
    inner = second.bot.reference  # type: ignore[attr-defined]
    assert run_alone(library.get(inner), {"name": "Kim"}, library=library) == "Good day Kim"


def test_faults_keep_what_was_deployed_before(people: People, folder: Path, client_as: Any) -> None:
    """A file with faults is told with its line, and the version before stays in use."""
    from postroom.controlroom.runs.models import Bot

    commit(folder, intake__bot__yaml=INTAKE, greet__py=GREET, greetings__py="GREETING = 'Hello'\n")
    browser = client_as(people.creator)
    assert "Invoice intake" in read(browser.post("/bots/refresh/"))
    commit(
        folder, intake__bot__yaml=INTAKE.replace("outlook.messages", "outlook.mesages"), greet__py="def :\n"
    )
    page = read(browser.post("/bots/refresh/"))
    assert "intake.bot.yaml:" in page
    assert "greet.py:1" in page
    assert set(Bot.objects.values_list("path", "withdrawn")) == {
        ("intake.bot.yaml", None),
        ("greet.py:greet", None),
    }


def test_what_leaves_the_folder_is_out_of_use(people: People, folder: Path) -> None:
    """Until it is there again; a bot that was deployed by hand stays as it is."""
    from postroom.controlroom.runs.bots.deploying import deploy_file
    from postroom.controlroom.runs.bots.folder import refresh
    from postroom.controlroom.runs.models import Bot

    deploy_file(people.creator, "by-hand.bot.yaml", INTAKE)
    commit(folder, intake__bot__yaml=INTAKE)
    refresh(people.creator)
    git(folder, "rm", "--quiet", "intake.bot.yaml")
    git(folder, "commit", "--quiet", "--message", "gone")
    assert [bot.path for bot in refresh(people.creator).withdrawn] == ["intake.bot.yaml"]
    assert Bot.objects.get(withdrawn=None).path == "by-hand.bot.yaml"
    commit(folder, intake__bot__yaml=INTAKE)
    refresh(people.creator)
    assert Bot.objects.get(path="intake.bot.yaml").withdrawn is None


def test_what_comes_from_the_folder_is_changed_there(people: People, folder: Path) -> None:
    """Deploying over it by hand is refused; going back is not, and holds until the folder has something new."""
    from postroom.controlroom.runs.bots.deploying import deploy_file, go_back
    from postroom.controlroom.runs.bots.folder import refresh
    from postroom.controlroom.runs.models import Bot
    from postroom.errors import SettingError

    commit(folder, intake__bot__yaml=INTAKE)
    refresh(people.creator)
    with pytest.raises(SettingError, match="comes from the folder"):
        deploy_file(people.creator, "intake.bot.yaml", INTAKE.replace("Inbox", "Archive"))
    commit(folder, intake__bot__yaml=INTAKE.replace("Inbox", "Junk"))
    refresh(people.creator)
    bot = Bot.objects.get()
    go_back(people.creator, bot.versions.get(number=1))
    assert refresh(people.creator).deployed == []
    assert bot.versions.first().text == INTAKE


def test_a_folder_without_git_is_taken_as_it_is(people: People, folder: Path) -> None:
    """It has no commit, so that its files themselves are its name."""
    from postroom.controlroom.runs.bots.folder import refresh

    shutil.rmtree(folder / ".git")
    (folder / "intake.bot.yaml").write_text(INTAKE)
    assert refresh(people.creator).commit.startswith("files-")


def test_a_worker_without_the_commit_says_so(people: People, folder: Path) -> None:
    """The text in the database is never run: a worker has the commit in a folder of its own, or does not begin."""
    from postroom.controlroom.runs.bots import snapshots
    from postroom.controlroom.runs.bots.folder import refresh
    from postroom.controlroom.runs.bots.library import DeployedLibrary
    from postroom.errors import BotNotFoundError

    commit(folder, greet__py=GREET, greetings__py="GREETING = 'Hello'\n")
    refresh(people.creator)
    shutil.rmtree(snapshots.CONFIGURATION.home)
    shutil.rmtree(folder / ".git")
    with pytest.raises(BotNotFoundError, match="does not have the commit"):
        DeployedLibrary().get("greet.py:greet@1")


def test_without_a_folder_nothing_is_refreshed(people: People, client_as: Any) -> None:
    """The page says how to name one."""
    assert "postroom serve --bots FOLDER" in read(
        client_as(people.creator).post("/bots/refresh/", follow=True)
    )
