"""The example bots, as files and in Python: in both clouds and in each authentication mode they do the same, once."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from postroom.bots.files import FolderLibrary
from postroom.bots.run import run_alone
from postroom.tenant.environment import app_environment
from support.control_room import RunningControlRoom
from support.desk import KEY, Desk
from support.filled_room import fill_room, let_device_in, sign_in_for_room
from support.invoices import BOTS, DOMAINS, InvoiceStory
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

Perform = Callable[..., Any]
IN_PROCESS = ("file", "function")
# A command does what is done in this process too, so it is given once for each kind of bot and in each cloud.
COMMANDS = {GLOBAL: "command-file", GCC_HIGH: "command-function"}
WAYS = pytest.mark.parametrize(("cloud", "way"), [*product(DOMAINS, IN_PROCESS), *COMMANDS.items()], ids=str)
COMMAND = (sys.executable, "-m", "postroom", "run")
TIMEOUT_SECONDS = 60


@pytest.fixture
def perform_as(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Perform]:
    """Choose how bots are run: as files of a library, as functions that are called; or either by `postroom run`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("POSTROOM_TOKEN_KEY", KEY)
    monkeypatch.syspath_prepend(str(BOTS))
    monkeypatch.delitem(sys.modules, "invoice_intake", raising=False)
    module = importlib.import_module("invoice_intake")
    library = FolderLibrary(BOTS)

    def choose(way: str) -> Perform:
        if way == "file":
            return lambda name, **inputs: run_alone(library.get(f"{name}.bot.yaml"), inputs, library=library)
        if way == "function":
            return lambda name, **inputs: getattr(module, name.replace("-", "_"))(**inputs)
        return lambda name, **inputs: run_command(name, way == "command-file", inputs)

    return choose


def run_command(name: str, is_file: bool, inputs: dict[str, str]) -> None:
    """Run a bot to its good end, as a person at a desk does."""
    bot = f"{name}.bot.yaml" if is_file else f"invoice_intake.py:{name.replace('-', '_')}"
    given = [part for one, value in inputs.items() for part in ("--input", f"{one}={value}")]
    ended = subprocess.run(
        [*COMMAND, str(BOTS / bot), *given],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def give_credential(monkeypatch: pytest.MonkeyPatch, tenant: RunningTenant, app: str, cloud: str) -> None:
    """Keep an app of the tenant as the credential `azure`."""
    for name, value in app_environment(tenant.manifest, app, cloud).items():
        monkeypatch.setenv(name, value)


@WAYS
def test_the_app_signs_in_as_itself(
    cloud: str,
    way: str,
    perform_as: Callable[[str], Perform],
    reachable_tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Client Credentials: nobody is asked, and no request goes to the other cloud."""
    story = InvoiceStory(reachable_tenant, cloud).deliver()
    give_credential(monkeypatch, reachable_tenant, "Invoice bot", cloud)
    reachable_tenant.clear_requests()
    saved = tmp_path / "saved"
    perform_as(way)("invoice-intake", username=story.username, save_to=str(saved), **story.inputs)
    story.check(saved)
    assert {request["cloud"] for request in reachable_tenant.requests()} == {cloud}


@WAYS
def test_a_person_signs_in(
    cloud: str,
    way: str,
    perform_as: Callable[[str], Perform],
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Authorization Code with PKCE: the browser opens once for each mailbox, and in later runs never."""
    story = InvoiceStory(desk.tenant, cloud).deliver()
    give_credential(monkeypatch, desk.tenant, "Desktop bot", cloud)
    desk.seat(story.username)
    for name in ("first", "second"):
        inputs = {"username": story.username, "save_to": str(tmp_path / name)}
        perform_as(way)("invoice-intake-attended", **inputs, **story.inputs)
        assert desk.links == 2
    story.check(tmp_path / "first")
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize("cloud", DOMAINS)
def test_the_control_room_manages_the_sign_in(
    cloud: str,
    perform_as: Callable[[str], Perform],
    control_room: RunningControlRoom,
    reachable_tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Control Room managed: with the token of either type, and the username from a credential of the Control Room."""
    story = InvoiceStory(reachable_tenant, cloud).deliver()
    credentials = {"mailboxes": {"ap": story.username}}
    connection = fill_room(control_room, reachable_tenant, cloud, credentials)
    tokens = ("shared", "user-specific")
    for token in tokens:
        sign_in_for_room(control_room, reachable_tenant, connection, story.username, token)
    for name, value in let_device_in(control_room).items():
        monkeypatch.setenv(name, value)
    reachable_tenant.snapshot()
    by_command = (COMMANDS[cloud], "shared" if cloud == GLOBAL else "user-specific")
    for way, token in (*product(IN_PROCESS, tokens), by_command):
        saved = tmp_path / f"{way} {token}"
        perform_as(way)("invoice-intake-managed", token=token, save_to=str(saved), **story.inputs)
        story.check(saved)
        reachable_tenant.restore()
