"""`postroom run`: bots on a desk, their progress, and runs that go on."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.command_line import Postroom
from support.desk import Desk
from support.mail import make_mail
from support.sign_in import free_url
from support.tenant import RunningTenant, bare_environment

KEY = {"POSTROOM_TOKEN_KEY": "D" * 42 + "A"}
AP = "ap@contoso.com"
BOT = """\
import time
from pathlib import Path
from postroom import Credential, bot, outlook

SETTINGS = dict(authentication=outlook.ClientCredentials(
    client_id=Credential("azure", "client_id"), tenant_id=Credential("azure", "tenant_id"),
    client_secret=Credential("azure", "client_secret"), username=Credential("azure", "username"),
))

@bot
def file_mail(folder: str = "Inbox", limit: int = 5, pause: bool = False) -> list[str]:
    subjects = []
    with outlook.connect(**SETTINGS, session="ap") as mailbox:
        for message in mailbox.messages(folder, limit=limit, order="oldest"):
            mailbox.move(message, to="Archive" if Path("go").exists() else "Missing")
            count_archive(mailbox)
            subjects.append(message.subject)
            while pause and not Path("on").exists():
                time.sleep(0.05)
    return subjects

@bot
def count_archive(mailbox: outlook.Mailbox) -> int:
    return len(list(mailbox.messages("Archive")))
"""


@pytest.fixture
def folder(tmp_path: Path, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a bot, in which the command is run, and a mailbox with two mails."""
    place = tmp_path / "bots"
    place.mkdir()
    (place / "filing.py").write_text(BOT)
    monkeypatch.chdir(place)
    for number in range(2):
        tenant.deliver(AP, make_mail(f"Mail {number}"))
    return place


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the variables of a machine that has a key, and journals of its own."""
    return {**KEY, "XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}


def test_a_bot_is_run(postroom: Postroom, folder: Path, environment: dict[str, str]) -> None:
    """Each step is told with its message and line, children below their parent, and the result is printed."""
    (folder / "go").touch()
    said = postroom("run", "filing.py:file_mail", "--input", "limit=1", environment=environment)
    assert (said.returncode, said.stdout) == (0, '["Mail 0"]\n')
    lines = [re.sub(r" · [\d.]+ s$", "", line) for line in said.stderr.splitlines()]
    assert lines[:5] == [
        "File mail",
        "  ✓ Connect · filing.py:13",
        "  ✓ List messages · filing.py:14",
        "  ✓ Move · Mail 0 · filing.py:15",
        "  Count archive",
    ]
    assert re.fullmatch(r"Done: 4 steps, 1 message, [\d.]+ s\.", said.stderr.splitlines()[-1])


def test_a_run_that_failed_goes_on_where_it_failed(
    postroom: Postroom, folder: Path, environment: dict[str, str]
) -> None:
    """What failed is told with its line and with what to do; gone on with, the run does the rest."""
    failed = postroom("run", "filing.py:file_mail", environment=environment)
    assert failed.returncode == 6
    assert "✗ Move · Mail 0 · filing.py:15" in failed.stderr
    found = re.search(r"failed at filing\.py:15\. .* To go on: postroom run --resume (\w{8})", failed.stderr)
    assert found
    assert "Error: There is no folder “Missing”" in failed.stderr
    (folder / "go").touch()
    again = postroom("run", "--resume", found[1], environment=environment)
    assert (again.returncode, again.stdout) == (0, '["Mail 0","Mail 1"]\n')
    assert "Connect" not in again.stderr
    nothing = postroom("run", "--resume", environment=environment)
    assert nothing.returncode == 6
    assert "There is no run to go on with" in nothing.stderr


def test_an_interrupted_run_goes_on(
    tenant: RunningTenant, postroom: Postroom, folder: Path, environment: dict[str, str]
) -> None:
    """Ctrl-C ends at once, and says how to go on; meanwhile nobody else can; then each mail is handled once."""
    (folder / "go").touch()
    whole = {
        **bare_environment(),
        **tenant.environment,
        **tenant.credential(),
        **environment,
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, "-m", "postroom", "run", "filing.py:file_mail", "--input", "pause=yes"]
    with subprocess.Popen(command, env=whole, stderr=subprocess.PIPE, text=True, encoding="utf-8") as program:
        assert program.stderr
        for line in program.stderr:
            if "Count archive" in line:
                break
        busy = postroom("run", "--resume", environment=environment)
        assert busy.returncode == 13
        assert "is at work in another process" in busy.stderr
        began = time.monotonic()
        program.send_signal(signal.SIGINT)
        told = program.stderr.read()
        assert program.wait(10) == 130
        assert time.monotonic() - began < 10
    assert "Traceback" not in told
    assert re.search(r"was interrupted\. .* To go on: postroom run --resume \w{8}", told)
    (folder / "on").touch()
    again = postroom("run", "--resume", "filing.py:file_mail", environment=environment)
    assert (again.returncode, again.stdout) == (0, '["Mail 0","Mail 1"]\n')
    assert tenant.folders(AP)["Archive"]["total"] == 2


def test_json_tells_how_it_went(postroom_here: Postroom, folder: Path, environment: dict[str, str]) -> None:
    """With --json there is one object for the run, and one for what failed."""
    failed = postroom_here("run", "filing.py:file_mail", "--json", environment=environment)
    assert json.loads(failed.stdout)["status"] == "failed"
    assert json.loads(failed.stderr)["error"]["type"] == "FolderNotFoundError"
    (folder / "go").touch()
    again = postroom_here("run", "--resume", "--json", environment=environment)
    assert json.loads(again.stdout) == {
        "run": json.loads(failed.stdout)["run"],
        "status": "done",
        "result": ["Mail 0", "Mail 1"],
    }


def test_a_machine_without_a_key_is_told_the_ways(
    postroom_here: Postroom, folder: Path, environment: dict[str, str]
) -> None:
    """Without a keychain and without a key no journal is kept in plain text; without a journal the bot runs."""
    (folder / "go").touch()
    refused = postroom_here(
        "run", "filing.py:file_mail", environment={**environment, "POSTROOM_TOKEN_KEY": ""}
    )
    assert refused.returncode == 3
    assert "POSTROOM_TOKEN_KEY" in refused.stderr
    assert "--no-journal" in refused.stderr
    run = postroom_here(
        "run", "filing.py:file_mail", "--no-journal", environment={**environment, "POSTROOM_TOKEN_KEY": ""}
    )
    assert (run.returncode, run.stdout) == (0, '["Mail 0","Mail 1"]\n')
    assert not (Path(environment["XDG_STATE_HOME"]) / "postroom" / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("filing.py:file_mail", "--input", "limit=many"),
            "The input limit of the bot “File mail” cannot be read",
        ),
        (
            ("filing.py:file_mail", "--input", "mailbox=x"),
            "takes no mailbox. Its inputs are: folder, limit, pause.",
        ),
        (("filing.py:file_mail", "--input", "limit"), "--input must be NAME=VALUE"),
        (
            ("filing.py:count_archive", "--input", "mailbox=x"),
            "is a Mailbox, which only another bot can give",
        ),
        (("filing.py:nothing",), "There is no bot “filing.py:nothing”"),
        (("nothing.bot.yaml",), "There is no bot “nothing.bot.yaml”"),
        ((), "Name a bot to run"),
        (("--resume", "--no-journal"), "leave out the other options"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_done(
    postroom_here: Postroom, folder: Path, environment: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    """A sentence, and never a traceback."""
    told = postroom_here("run", *arguments, environment=environment)
    assert told.returncode in (3, 6)
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_a_person_signs_in_when_it_is_needed(desk: Desk, folder: Path) -> None:
    """On a desk the browser opens for the person whose mailbox it is, and the bot goes on."""
    app, described = desk.tenant.app("Desktop bot"), desk.tenant.cloud()
    desk.seat(AP)
    (folder / "mine.py").write_text(
        "from postroom import bot, outlook\n"
        "@bot\n"
        "def count() -> int:\n"
        f"    mode = outlook.AuthorizationCode(client_id={app['client_id']!r}, "
        f"tenant_id={described['tenant_id']!r}, redirect_url={free_url()!r}, username={AP!r})\n"
        "    with outlook.connect(authentication=mode) as mailbox:\n"
        "        return len(list(mailbox.messages()))\n"
    )
    said = subprocess.run(
        [sys.executable, "-m", "postroom", "run", "mine.py:count"],
        env={**bare_environment(), "PYTHONUTF8": "1", **desk.environment},
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (0, "2\n"), said.stderr
    assert desk.links == 1
