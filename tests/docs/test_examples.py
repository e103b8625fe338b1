"""What the documents show can be done as shown: each script and command runs against the local tenant."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import Block, list_blocks
from typer.testing import CliRunner

from postroom.cli import app
from postroom.tenant.environment import app_environment
from support.desk import KEY, create_desk
from support.mail import make_mail
from support.tenant import RunningTenant, bare_environment

ShellFor = Callable[[str], dict[str, str]]

SHELL_START = 'postroom() { "$PYTHON" -m postroom "$@"; }\n'
TIMEOUT_SECONDS = 60
COMMAND = re.compile(r"(?:^|\$\(|\|)\s*postroom ([^\n|)]*)", re.MULTILINE)
FOR_A_PERSON = re.compile(r"AuthorizationCode|DeviceCode|authorization-code|device-code")
"""What an example says that acts for a person, who signed in before."""

PERMISSIONS = ("Mail.ReadWrite", "Mail.Send", "Mail.ReadWrite.Shared", "Mail.Send.Shared")
FILE_NAME = re.compile(r"# ([\w-]+\.(?:py|bot\.yaml))\n")
"""With what a block begins that is a file, which other blocks of its page may import, run or check."""
LEFT_OUT = {
    "make demo": "tests/examples runs the demo, and would make an environment of its own here.",
    "make test": "It is what runs this.",
}


@pytest.fixture
def shell(tenant: RunningTenant, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the environment of a shell led to the tenant, where two mailboxes have an unread invoice.

    What is kept on the machine, journals of runs for example, lies in a folder of its own.
    """
    for address in ("ap@contoso.com", "invoices@contoso.com"):
        tenant.deliver(address, make_mail("Invoice 4711", to=address, attachments={"4711.pdf": b"%PDF-1.7"}))
    found = app_environment(tenant.manifest, "Invoice bot")
    found["POSTROOM_CREDENTIAL_AZURE_CLIENT_CERTIFICATE"] = tenant.app()["certificate"]
    kept = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")), "POSTROOM_TOKEN_KEY": KEY}
    steered = {"PYTHONUTF8": "1", "PYTHON": sys.executable}
    return {**bare_environment(), **tenant.environment, **found, **kept, **steered}


@pytest.fixture(scope="module")
def kept_sign_in(running_tenant: RunningTenant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder where the sign-in of a person is kept, which took place once for all examples."""
    running_tenant.reset()
    running_tenant.consent("Desktop bot", *PERMISSIONS)
    desk = create_desk(tmp_path_factory.mktemp("desk") / "desk", running_tenant).environment
    at_desk = {**bare_environment(), **app_environment(running_tenant.manifest, "Desktop bot"), **desk}
    command = [sys.executable, "-m", "postroom", "connect", "--mode", "authorization-code"]
    subprocess.run(command, env=at_desk, capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
    return Path(desk["XDG_STATE_HOME"])


@pytest.fixture
def signed_in_shell(kept_sign_in: Path, tenant: RunningTenant, shell: dict[str, str]) -> dict[str, str]:
    """Give the environment of a shell where a person has signed in, with the app of the credential `azure`.

    An administrator has consented for all, so the shared mailboxes need no second sign-in.
    """
    tenant.consent("Desktop bot", *PERMISSIONS)
    shutil.copytree(kept_sign_in, shell["XDG_STATE_HOME"], dirs_exist_ok=True)
    return {**shell, **app_environment(tenant.manifest, "Desktop bot")}


@pytest.fixture
def shell_for(request: pytest.FixtureRequest) -> ShellFor:
    """Give the shell that an example needs: one where a person has signed in, if the example acts for one."""

    def choose(text: str) -> dict[str, str]:
        name = "signed_in_shell" if FOR_A_PERSON.search(text) else "shell"
        chosen: dict[str, str] = request.getfixturevalue(name)
        return chosen

    return choose


def run(command: list[str], folder: Path, shell: dict[str, str]) -> str:
    """Run a command to its good end, and give what it printed; on stderr, only a bot at work says something."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=shell,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "" or "postroom run " in shlex.join(command), ended.stderr
    return ended.stdout


def list_console_lines() -> list[tuple[str, str]]:
    """List the command lines of all console blocks, each with its place: the last one, if it is shown in several."""
    blocks = list_blocks("console")
    places = {
        line: str(block) for block in blocks for line in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE)
    }
    return [(place, line) for line, place in places.items()]


def write_files(page: str, folder: Path) -> list[str]:
    """Write the files that a page shows, as its reader does, and give their names."""
    files = {
        name: block
        for language in ("python", "yaml")
        for block in list_blocks(language)
        if block.page == page and (name := find_file_name(block))
    }
    for name, block in files.items():
        (folder / name).write_text(block.text, encoding="utf-8")
    return list(files)


def find_file_name(block: Block) -> str | None:
    """Find the name of the file that a block is; None for a script without one."""
    named = FILE_NAME.match(block.text)
    return named[1] if named else None


def is_test_file(block: Block) -> bool:
    """Tell whether a block is a file that pytest runs."""
    return (find_file_name(block) or "").startswith("test_")


@pytest.mark.parametrize(
    "page", sorted({block.page for block in list_blocks("python") if is_test_file(block)})
)
def test_tests_pass_as_they_are_shown(page: str, tmp_path: Path) -> None:
    """The test files that were copied from a page, with the other files of the page beside them, pass as they are."""
    write_files(page, tmp_path)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    assert " passed" in run(command, tmp_path, bare_environment())


@pytest.mark.parametrize(
    "block", [block for block in list_blocks("python") if not is_test_file(block)], ids=str
)
def test_a_script_runs_as_it_is_shown(block: Block, tmp_path: Path, shell_for: ShellFor) -> None:
    """A script that was copied from a page ends well, with nothing on stderr."""
    write_files(block.page, tmp_path)
    (tmp_path / "script.py").write_text(block.text, encoding="utf-8")
    run([sys.executable, "script.py"], tmp_path, shell_for(block.text))


@pytest.mark.parametrize(
    "page", sorted({block.page for block in list_blocks("yaml") if find_file_name(block)})
)
def test_bot_files_have_no_faults_as_they_are_shown(page: str, tmp_path: Path) -> None:
    """The bot files that were copied from a page can be run, child bots included."""
    names = [name for name in write_files(page, tmp_path) if name.endswith(".yaml")]
    assert "No faults" in run(
        [sys.executable, "-m", "postroom", "bot", "check", *names], tmp_path, bare_environment()
    )


def test_the_script_of_the_readme_does_what_it_says(
    tmp_path: Path, shell: dict[str, str], tenant: RunningTenant
) -> None:
    """It saves the attachment, answers the sender, and files the message."""
    script = next(block for block in list_blocks("python") if block.page == "README.md")
    run([sys.executable, "-c", script.text], tmp_path, shell)
    assert [file.name for file in (tmp_path / "invoices").iterdir()] == ["4711.pdf"]
    assert tenant.folders("adele@contoso.com")["Inbox"]["total"] == 1
    assert tenant.folders("ap@contoso.com")["Inbox"]["total"] == 0
    assert tenant.folders("ap@contoso.com")["Inbox/Processed"]["total"] == 1


@pytest.mark.parametrize("bot", ["answer-invoices.bot.yaml", "answer_invoices.py:answer_invoices"])
def test_the_first_bot_answers_an_invoice_once(
    bot: str, tmp_path: Path, shell: dict[str, str], tenant: RunningTenant
) -> None:
    """It answers the invoice, and does nothing the second time, as the tutorial says."""
    write_files("docs/tutorial/first-bot.md", tmp_path)
    for _ in range(2):
        run([sys.executable, "-m", "postroom", "run", bot], tmp_path, shell)
        assert tenant.folders("adele@contoso.com")["Inbox"]["total"] == 1


@pytest.mark.parametrize(("place", "line"), list_console_lines())
def test_a_command_runs_as_it_is_shown(place: str, line: str, tmp_path: Path, shell_for: ShellFor) -> None:
    """A command line that was copied from a page ends well, but for those that are left out by name."""
    if line not in LEFT_OUT:
        write_files(place.rpartition(":")[0], tmp_path)
        run(["sh", "-c", SHELL_START + line], tmp_path, shell_for(line))


def test_what_is_left_out_is_shown_somewhere() -> None:
    """No command line is left out that no page shows any more."""
    assert set(LEFT_OUT) <= {line for _, line in list_console_lines()}


@pytest.mark.parametrize("block", list_blocks("sh"), ids=str)
def test_a_command_in_a_shell_block_exists(block: Block) -> None:
    """Commands that need a person, a second terminal or a real tenant have no options that do not exist."""
    for line in COMMAND.findall(block.text):
        ended = CliRunner().invoke(app, [*shlex.split(line), "--help"])
        assert ended.exit_code == 0, f"{block}: postroom {line}\n{ended.output}"
