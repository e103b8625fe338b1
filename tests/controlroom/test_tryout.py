"""`postroom serve --with-tenant`: all three modes can be clicked through, on one machine alone."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from support.canary import canary
from support.chromium import open_context
from support.control_room import RunningControlRoom, start_control_room

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CLOUDS = ("Azure Global", "Azure US GCC High")
SAMPLES = ("Invoice bot", "Outlook", "Outlook with PKCE")
PASSWORD = "seven tall boats at noon"


@dataclass(frozen=True)
class Ended:
    """A Control Room that was told to end, in whose folder another one can start."""

    folder: Path
    exit_code: int
    tenant: int
    """The process that its tenant was."""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Start it for the first time, and end it."""
    folder = tmp_path_factory.mktemp("tryout")
    with start_beside_tenant(folder) as running:
        tenant = next(child for child in list_children(running.process.pid))
        running.process.send_signal(signal.SIGTERM)
        return Ended(folder, running.process.wait(30), tenant)


@pytest.fixture(scope="module")
def control_room(ended: Ended) -> Iterator[RunningControlRoom]:
    """Start it once more in its folder, so that what is filled in already is met too."""
    with start_beside_tenant(ended.folder) as running:
        yield running


@pytest.fixture(scope="module")
def client(control_room: RunningControlRoom) -> Iterator[httpx2.Client]:
    """Sign the administrator in."""
    with control_room.signed_in() as opened:
        yield opened


@contextmanager
def start_beside_tenant(folder: Path) -> Iterator[RunningControlRoom]:
    """Start a Control Room with a tenant beside it, whose secrets the canary looks for."""
    with start_control_room(folder, admin_password=PASSWORD, arguments=("--with-tenant",)) as running:
        canary.add_tenant(read_manifest(running))
        yield running


def read_manifest(running: RunningControlRoom) -> dict[str, Any]:
    """Read what the tenant beside it says of itself."""
    manifest: dict[str, Any] = json.loads((running.home / "tenant" / "tenant.json").read_text())
    return manifest


def ask_token(client: httpx2.Client, connection: str) -> Any:
    """Ask for the Shared token as the administrator's browser would."""
    client.get("/")
    return client.post(
        f"/api/connections/{connection}/token",
        json={},
        headers={"X-CSRFToken": client.cookies["csrftoken"], "Referer": str(client.base_url)},
    )


def test_everything_is_filled_in_once(client: httpx2.Client) -> None:
    """Three connections in each cloud, a credential in a locker, and two people beside the administrator."""
    connections = client.get("/api/connections").json()
    assert {found["name"] for found in list_items(connections)} == {
        f"{sample} ({cloud})" for sample in SAMPLES for cloud in CLOUDS
    }
    people = client.get("/api/users").json()
    assert {found["username"] for found in list_items(people)} == {"admin", "auditor", "creator"}
    credentials = client.get("/api/credentials").json()
    assert [found["name"] for found in list_items(credentials)] == ["azure"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_app_itself_gets_a_token(cloud: str, client: httpx2.Client) -> None:
    """Client credentials work at once, in both clouds."""
    answer = ask_token(client, f"Invoice bot ({cloud})")
    assert answer.status_code == 200, answer.text
    assert answer.json()["cloud"] == cloud


@pytest.mark.parametrize(
    ("sample", "cloud"),
    [
        ("Outlook", "Azure Global"),
        ("Outlook with PKCE", "Azure US GCC High"),
        pytest.param("Outlook", "Azure US GCC High", marks=pytest.mark.proof),
        pytest.param("Outlook with PKCE", "Azure Global", marks=pytest.mark.proof),
    ],
)
def test_a_person_signs_in(
    sample: str, cloud: str, browser: "Browser", control_room: RunningControlRoom, client: httpx2.Client
) -> None:
    """With and without a client secret, the Shared sign-in leads to the provider, back again, and to a token."""
    name, manifest = f"{sample} ({cloud})", read_manifest(control_room)
    person = manifest["clouds"][cloud]["users"][0]
    with open_context(browser, manifest, base_url=control_room.address) as context:
        page = context.new_page()
        page.goto("/login/")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{control_room.address}/")
        page.goto("/connections/")
        page.get_by_role("link", name=name, exact=True).click()
        page.locator("form[action*='oauth/start'] button").first.click()
        page.fill("#i0116", person["username"])
        page.click("#idSIButton9")
        page.fill("#i0118", person["password"])
        page.click("#idSIButton9")
        page.get_by_role("button", name="Accept").click()
        page.wait_for_url(f"{control_room.address}/connections/**")
    answer = ask_token(client, name)
    assert answer.status_code == 200, answer.text
    assert answer.json()["signed_in_as"] == person["username"]


def test_the_tenant_ends_with_it(ended: Ended) -> None:
    """What ends the Control Room ends its tenant too, and its ports are free again."""
    assert ended.exit_code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(ended.tenant, 0)


def list_children(process: int) -> list[int]:
    """List the processes that this process started."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=True
    )
    return [int(line) for line in listed.stdout.split()]


def list_items(answer: Any) -> Any:
    """Give what a list of the API holds, with pages or without."""
    return answer["items"] if isinstance(answer, dict) else answer
