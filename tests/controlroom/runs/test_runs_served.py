"""Bots and runs as a browser and a command line see them, of a Control Room that is served."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from controlroom.runs.conftest import INTAKE
from postroom.cli import main
from support.command_line import run as run_command
from support.people import PASSWORD, create_people

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from postroom.controlroom.runs.models import Run

Type = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module", autouse=True)
def database_beside_a_browser() -> Iterator[None]:
    """Let Django use the database in the thread in which the browser is driven, whose loop does nothing meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def served_people(live_server: Any) -> Any:
    """Give the people of a Control Room that is served from this process."""
    from django.apps import apps

    from postroom.controlroom.accounts.first_roles import make_first_roles

    make_first_roles(apps.get_app_config("accounts"))
    return create_people()


@pytest.fixture
def signed_in(live_server: Any, served_people: Any) -> dict[str, str]:
    """Give the environment of a machine that is signed in to that Control Room as the creator of bots."""
    from postroom.controlroom.accounts.device_keys import add_device

    _, key = add_device(served_people.creator, "Desk")
    return {
        "POSTROOM_CONTROL_ROOM_URL": live_server.url,
        "POSTROOM_CONTROL_ROOM_KEY": key.reveal(),
        "NO_PROXY": "localhost,127.0.0.1",
    }


@pytest.fixture
def postroom(signed_in: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type `postroom` on that machine; it runs in this process, as to start one takes longer than what it does."""
    for name, value in signed_in.items():
        monkeypatch.setenv(name, value)

    def type_here(*arguments: str) -> "subprocess.CompletedProcess[str]":
        monkeypatch.setattr(sys, "argv", ["postroom", *arguments])
        with (
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
            pytest.raises(SystemExit) as end,
        ):
            main()
        code = end.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return type_here


def finish(run_id: str, **fields: Any) -> "Run":
    """Let a run come to its end, as a worker would."""
    from postroom.controlroom.runs.models import Run

    Run.objects.filter(pk=run_id).update(**fields)
    return Run.objects.get(pk=run_id)


def test_deploying_and_running_from_the_command_line(postroom: Type, tmp_path: Path) -> None:
    """A file is deployed and run, the run shown, cancelled and retried; each also as JSON."""
    file = tmp_path / "intake.bot.yaml"
    file.write_text(INTAKE)
    assert "No bots are deployed" in postroom("bots", "list").stderr
    assert (
        postroom("bots", "deploy", str(file), "--note", "First").stdout
        == "Deployed intake.bot.yaml as version 1.\n"
    )
    assert postroom("bots", "list").stdout.startswith("intake.bot.yaml\tInvoice intake\t1\t")
    begun = postroom(
        "runs", "begin", "intake.bot.yaml", "--input", "folder=Archive", "--input", "limit=2", "--json"
    )
    run = json.loads(begun.stdout)
    assert (run["status"], run["bot"]) == ("queued", "intake.bot.yaml")
    assert postroom("runs", "list").stdout.startswith(f"{run['id']}\tintake.bot.yaml\tqueued\t")
    assert postroom("runs", "pause", run["id"]).stdout == f"Run {run['id']} is paused.\n"
    assert postroom("runs", "resume", run["id"]).stdout == f"Run {run['id']} is queued.\n"
    assert json.loads(postroom("runs", "cancel", run["id"], "--json").stdout)["status"] == "cancelled"
    assert "Status:     cancelled" in postroom("runs", "show", run["id"]).stdout
    assert "is queued" in postroom("runs", "retry", run["id"]).stdout
    assert postroom("runs", "list", "--status", "cancelled").stdout == ""


def test_schedules_and_triggers_from_the_command_line(postroom: Type, served_people: Any) -> None:
    """They are listed as lines and as JSON; where there are none, that is said."""
    from postroom.controlroom.runs.bots.deploying import deploy_file
    from postroom.controlroom.runs.models import Schedule, Trigger

    assert "There are no schedules." in postroom("schedules", "list").stderr
    assert "There are no triggers." in postroom("triggers", "list").stderr
    bot = deploy_file(None, "intake.bot.yaml", INTAKE).bot
    whose = {"bot": bot, "run_as": served_people.creator}
    Schedule.objects.create(name="Daily", cron="0 8 * * *", enabled=False, **whose)
    Trigger.objects.create(name="Mail", mailbox="ap@contoso.com", last_error="No luck", **whose)
    line = "Daily\tintake.bot.yaml\t0 8 * * *\tUTC\tcreator\tpaused\t\n"
    assert postroom("schedules", "list").stdout == line
    line = "Mail\tintake.bot.yaml\tap@contoso.com\tInbox\tcreator\t\tNo luck\n"
    assert postroom("triggers", "list").stdout == line
    (schedule,) = json.loads(postroom("schedules", "list", "--json").stdout)
    assert (schedule["name"], schedule["cron"], schedule["enabled"]) == ("Daily", "0 8 * * *", False)
    (trigger,) = json.loads(postroom("triggers", "list", "--json").stdout)
    assert (trigger["mailbox"], trigger["last_error"]) == ("ap@contoso.com", "No luck")


def test_faults_are_told_with_their_lines(signed_in: dict[str, str], tmp_path: Path) -> None:
    """Nothing is deployed, and the exit code is that of a bot file with faults."""
    from postroom.errors import OUTCOMES, BotFileError

    file = tmp_path / "intake.bot.yaml"
    file.write_text(INTAKE.replace("outlook.messages", "outlook.mesages"))
    done = run_command("bots", "deploy", str(file), stdin="", environment=signed_in)
    assert done.returncode == OUTCOMES[BotFileError].exit_code
    assert "intake.bot.yaml:17" in done.stderr
    assert "outlook.messages" in done.stderr


def test_waiting_ends_with_the_code_of_the_error(postroom: Type, tmp_path: Path) -> None:
    """Who waits for a run that failed gets its error, as if it had happened here; a run that is done ends with 0."""
    file = tmp_path / "intake.bot.yaml"
    file.write_text(INTAKE)
    postroom("bots", "deploy", str(file))
    run_id = json.loads(postroom("runs", "begin", "intake.bot.yaml", "--json").stdout)["id"]
    finish(run_id, status="failed", error_class="FolderNotFoundError", error_message="There is no folder X.")
    done = postroom("runs", "show", run_id, "--wait")
    assert done.returncode == 6
    assert "There is no folder X." in done.stderr
    finish(run_id, status="done", error_class="", error_message="")
    assert postroom("runs", "show", run_id, "--wait").returncode == 0


@pytest.mark.parametrize("arguments", [("runs", "begin", "none.bot.yaml"), ("runs", "show", "nothing")])
def test_what_is_not_there(postroom: Type, arguments: tuple[str, ...]) -> None:
    """A sentence, and not a traceback."""
    done = postroom(*arguments)
    assert done.returncode in (3, 6)
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_the_page_of_a_run_follows_it_without_being_loaded_again(
    browser: "Browser", live_server: Any, served_people: Any
) -> None:
    """Steps, inputs and the end of the run come onto the page that is open; a button of it works by keyboard."""
    from postroom.controlroom.runs.bots.deploying import deploy_file
    from postroom.controlroom.runs.models import RunStep
    from postroom.controlroom.runs.queueing import begin_run

    version = deploy_file(served_people.creator, "intake.bot.yaml", INTAKE)
    run = begin_run(version, {"folder": "Archive"}, served_people.creator, "creator")
    with browser.new_context(base_url=live_server.url) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(f"/login/?next=/runs/{run.pk}/")
        page.fill("[name=username]", "creator")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_text("It waits in the queue").wait_for()
        page.evaluate("window.neverLoadedAgain = true")
        page.get_by_role("button", name="Show values").click()
        page.get_by_text("Archive", exact=True).wait_for()
        RunStep.objects.create(run=run, number=1, title="Connect", place="intake.bot.yaml@1:7", status="done")
        finish(str(run.pk), status="running")
        page.get_by_role("link", name="intake.bot.yaml:7").wait_for()
        assert page.get_by_text("Archive", exact=True).is_visible()
        finish(str(run.pk), status="failed", error_class="FolderNotFoundError", error_message="No folder X.")
        page.get_by_text("No folder X.").wait_for()
        assert page.evaluate("window.neverLoadedAgain") is True
        page.get_by_role("button", name="Retry", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_text("The run is in the queue again.").wait_for()
        assert wrong == []
