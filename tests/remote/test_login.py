"""`postroom login`, `whoami` and `logout`, with a real Control Room and a person who confirms."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx2
import keyring
import pytest
from keyring.backend import KeyringBackend
from playwright.sync_api import Page

from postroom.errors import KeychainError, SignInDeniedError, SignInTimeoutError
from postroom.network import create_http_client
from postroom.remote.known import get_control_room
from postroom.remote.login import StartedLogin, log_in
from support.canary import canary
from support.control_room import RunningControlRoom, post_form
from support.file_keychain import FILE_VARIABLE, FileKeychain
from support.odd_keychains import ForgetfulKeychain
from support.tenant import bare_environment

LET_IN = "/me/devices/let-in/"
pytestmark = pytest.mark.xdist_group("devices of a Control Room")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give the environment of a machine with a keychain and without a display."""
    return {
        **bare_environment(),
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "PYTHON_KEYRING_BACKEND": "support.file_keychain.FileKeychain",
        FILE_VARIABLE: str(tmp_path / "keychain.json"),
    }


@contextmanager
def use_keychain(keychain: KeyringBackend) -> Iterator[None]:
    """Let this process have this keychain."""
    before = keyring.get_keyring()
    keyring.set_keyring(keychain)
    try:
        yield
    finally:
        keyring.set_keyring(before)


@contextmanager
def logging_in(
    control_room: RunningControlRoom, environment: Mapping[str, str]
) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Start `postroom login`; give the process and the code that it shows."""
    command = [sys.executable, "-m", "postroom", "login", control_room.address, "--device", "LAPTOP-042"]
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            told = process.stderr.readline() + process.stderr.readline()
            found = re.search(r"code=([A-Z]{4}-[A-Z]{4})", told)
            assert found, told
            yield process, found[1]
        finally:
            process.kill()


def run(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `postroom` on that machine."""
    command = [sys.executable, "-m", "postroom", *arguments]
    return subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False, timeout=60
    )


def answer(admin: httpx2.Client, code: str, word: str) -> None:
    """Confirm or decline on the page, as the administrator."""
    page = post_form(admin, f"{LET_IN}?code={code}", {"code": code, "answer": word})
    assert page.status_code == 200, page.status_code


def test_a_day_of_a_device(control_room: RunningControlRoom, environment: dict[str, str], page: Page) -> None:
    """A person confirms in the browser; the device then is theirs, until it signs out."""
    assert run(environment, "whoami").returncode == 4
    with logging_in(control_room, environment) as (process, code):
        page.goto(f"{control_room.address}{LET_IN}?code={code}")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(control_room.admin_password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("LAPTOP-042").first.wait_for()
        page.get_by_text(code).first.wait_for()
        page.get_by_role("button", name="Let this device in").click()
        page.get_by_text("is in").first.wait_for()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "as admin" in out
    kept = json.loads(Path(environment[FILE_VARIABLE]).read_text())
    key = kept[f"postroom:control-room {control_room.address}"]
    canary.add([key])
    me = json.loads(run(environment, "whoami", "--output", "json").stdout)
    assert (me["username"], me["device"]) == ("admin", "LAPTOP-042")
    assert run(environment, "logout").returncode == 0
    after = run(environment, "whoami")
    assert after.returncode == 4
    assert "not signed in" in after.stderr
    gone = httpx2.get(
        f"{control_room.address}/api/me", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )
    assert gone.status_code == 401


def test_a_device_that_is_sent_away(
    control_room: RunningControlRoom, admin: httpx2.Client, environment: dict[str, str]
) -> None:
    """The command ends with the exit code of a declined sign-in, and keeps nothing."""
    with logging_in(control_room, environment) as (process, code):
        answer(admin, code, "refuse")
        _out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "declined" in err
    assert not Path(environment[FILE_VARIABLE]).exists()


def test_a_device_with_a_key_in_its_environment(
    control_room: RunningControlRoom, admin: httpx2.Client, environment: dict[str, str]
) -> None:
    """A machine without a keychain uses the key that a page showed; signing out revokes it."""
    shown = post_form(admin, "/me/devices/", {"name": "server-7"}).text
    found = re.search(r"prk_[0-9a-f]+_[\w-]+", shown)
    assert found
    canary.add([found[0]])
    server = {
        **environment,
        "POSTROOM_CONTROL_ROOM_URL": control_room.address,
        "POSTROOM_CONTROL_ROOM_KEY": found[0],
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    told = run(server, "whoami")
    assert "server-7" in told.stdout
    assert found[0] not in told.stdout + told.stderr
    left = run(server, "logout")
    assert "Remove POSTROOM_CONTROL_ROOM_KEY" in left.stderr
    assert "revoked" in run(server, "whoami").stderr


def test_a_machine_without_a_keychain_asks_for_no_key(
    control_room: RunningControlRoom, environment: dict[str, str]
) -> None:
    """It is said at once what to do there."""
    told = run(
        {**environment, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        "login",
        control_room.address,
    )
    assert told.returncode == 3
    assert "POSTROOM_CONTROL_ROOM_KEY" in told.stderr


@pytest.mark.parametrize("address", ["http://postroom.contoso.com", "postroom.contoso.com"])
def test_an_address_that_cannot_be(environment: dict[str, str], address: str) -> None:
    """Nothing is sent without HTTPS, or to what is no address."""
    assert run(environment, "login", address).returncode == 3


def test_a_control_room_that_is_gone_is_left_all_the_same(
    start_room: Callable[..., AbstractContextManager[RunningControlRoom]], environment: dict[str, str]
) -> None:
    """The key is forgotten here, and it is said that it is still good there."""
    with start_room() as room, room.signed_in() as admin, logging_in(room, environment) as (process, code):
        answer(admin, code, "allow")
        process.communicate(timeout=60)
    left = run(environment, "logout")
    assert left.returncode == 0
    assert "still good there" in left.stderr
    assert run(environment, "whoami").returncode == 4


def test_nobody_answers(
    control_room: RunningControlRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the code has expired, the command says so."""
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "keychain.json"))
    clock = iter(range(0, 10_000_000, 700))
    monkeypatch.setattr("postroom.remote.login.time.monotonic", lambda: next(clock))
    with (
        use_keychain(FileKeychain()),
        create_http_client("postroom-tests") as http,
        pytest.raises(SignInTimeoutError),
    ):
        log_in(control_room.address, "LAPTOP", http, lambda _started: None)


def test_a_declined_sign_in_is_an_error_of_its_own(
    control_room: RunningControlRoom, admin: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs can tell a person's no from everything else."""
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "keychain.json"))

    def decline(started: StartedLogin) -> None:
        assert started.device_code not in repr(started)
        answer(admin, started.user_code, "refuse")

    with (
        use_keychain(FileKeychain()),
        create_http_client("postroom-tests") as http,
        pytest.raises(SignInDeniedError),
    ):
        log_in(control_room.address, "LAPTOP", http, decline)


def test_a_key_that_cannot_be_kept_is_revoked(control_room: RunningControlRoom, admin: httpx2.Client) -> None:
    """Where the keychain keeps nothing, no good key stays behind in the Control Room."""

    def allow(started: StartedLogin) -> None:
        answer(admin, started.user_code, "allow")

    with (
        use_keychain(ForgetfulKeychain()),
        create_http_client("postroom-tests") as http,
        pytest.raises(KeychainError),
    ):
        log_in(control_room.address, "LAPTOP-043", http, allow)
    devices = admin.get("/api/devices").json()["items"]
    (device,) = [device for device in devices if device["name"] == "LAPTOP-043"]
    assert device["revoked"] is not None


def test_what_was_kept_is_what_a_program_finds(
    control_room: RunningControlRoom, admin: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the login, `get_control_room` gives address and key."""
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "keychain.json"))

    def allow(started: StartedLogin) -> None:
        answer(admin, started.user_code, "allow")

    with use_keychain(FileKeychain()), create_http_client("postroom-tests") as http:
        assert log_in(f"{control_room.address}/", "LAPTOP", http, allow) == "admin"
        assert get_control_room().url == control_room.address
