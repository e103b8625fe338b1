"""The secrets of a Control Room show nowhere: not in its log, its answers, or what its database holds.

What is made here is not rolled back. The log and the database are read when a Control Room ends
(`support.control_room`), and every answer by the hook of `client`.
"""

import json
import logging
import re
import secrets
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from support.access_table import ENDPOINTS, PAGES
from support.canary import KEY_FILES, canary
from support.control_room import RunningControlRoom, post_form
from support.sign_in import Page
from support.tenant import RunningTenant

CONNECTION, CREDENTIAL = "Outlook365-Production", "azure"
GIVES_SECRETS = re.compile(r"/me/devices/|/api/connections/[^/]+/token|/api/credentials/.+")


@pytest.fixture
def client(control_room: RunningControlRoom) -> Iterator[httpx2.Client]:
    """Open a client of the administrator, whose answers the canary reads, but those that are there to give a secret."""

    def read(answer: httpx2.Response) -> None:
        if not GIVES_SECRETS.fullmatch(answer.url.path):
            answer.read()
            canary.check(answer.text, f"the answer of {answer.url.path}")
            canary.check(str(answer.headers.get("Location", "")), f"where {answer.url.path} leads")

    with control_room.signed_in() as opened:
        opened.event_hooks = {"request": [], "response": [read]}
        yield opened


def make_secret() -> str:
    """Make something up that shows nowhere by chance."""
    made = secrets.token_urlsafe(24)
    canary.add([made])
    return made


def add_device(client: httpx2.Client) -> str:
    """Add a device, and copy its key from the page."""
    page = post_form(client, "/me/devices/", {"name": "Laptop"})
    found = re.search(r"prk_[\w-]+_[\w-]{20,}", page.text)
    assert found
    canary.add([found[0]])
    return found[0]


def add_connection(client: httpx2.Client, tenant: RunningTenant) -> str:
    """Make a connection of an app that acts as itself; gives the path of its page."""
    app = tenant.app("Invoice bot")
    post_form(client, "/connections/new/", {"provider": "entra-global", "name": CONNECTION})
    filled_in = {
        "grant_type": "client_credentials",
        "client_authentication": "client_secret",
        "client_id": app["client_id"],
        "tenant_id": tenant.cloud()["tenant_id"],
        "client_secret": app["client_secret"],
    }
    answer = post_form(client, "/connections/new/client/", filled_in)
    return str(answer.headers["Location"]).partition("test/")[0]


def add_credential(client: httpx2.Client, value: str) -> str:
    """Make a credential with one attribute; gives the path of its page."""
    path = "/vault/credential/add/"
    form = Page(client.get(path)).find_form("attributes-TOTAL_FORMS")
    assert form
    filled_in = {
        "name": CREDENTIAL,
        "attributes-TOTAL_FORMS": "1",
        "attributes-0-name": "client_secret",
        "attributes-0-kind": "standard",
        "attributes-0-value": value,
    }
    sent = {name: text for name, text in form.fill(filled_in, None).items() if "__prefix__" not in name}
    answer = client.post(path, data=sent, headers={"Referer": f"{client.base_url}{path}"})
    assert answer.is_redirect, Page(answer).text
    listed = client.get("/vault/credential/").text
    found = re.search(r"/vault/credential/[0-9a-f-]{36}/change/", listed)
    assert found
    return found[0]


def ask_as_device(room: RunningControlRoom, key: str) -> dict[str, Any]:
    """Get a token and a value as bots do; what is given is a secret from then on."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(
        base_url=f"{room.address}/api", headers=headers, trust_env=False, timeout=30
    ) as device:
        token = device.post(f"/connections/{CONNECTION}/token", json={})
        value = device.get(f"/credentials/{CREDENTIAL}/client_secret")
        assert (token.status_code, value.status_code) == (200, 200), (token.text, value.text)
    canary.add([token.json()["access_token"]])
    return {"token": token.json()["access_token"], "value": value.json()["value"]}


def test_keys_are_for_its_own_eyes(control_room: RunningControlRoom) -> None:
    """The key of the vault and the one that signs sessions lie in files that nobody else can read, and nowhere else."""
    keys = [control_room.home / name for name in KEY_FILES if (control_room.home / name).exists()]
    assert {key.name for key in keys} == {"vault-key", "secret-key"}
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    assert all(canary.is_in(key.read_text()) for key in keys)
    others = [path for path in control_room.home.rglob("*") if path.is_file() and path not in keys]
    assert not [path.name for path in others if canary.is_in(path.read_bytes())]


def test_what_is_entrusted_shows_nowhere(
    control_room: RunningControlRoom, client: httpx2.Client, tenant: RunningTenant
) -> None:
    """Of a client secret, a value, an API key and the tokens, no page, list, export, log line or row tells a thing."""
    value = make_secret()
    key = add_device(client)
    paths = [add_connection(client, tenant), add_credential(client, value)]
    given = ask_as_device(control_room, key)
    assert given["value"] == value
    for path in [*paths, *(row.path for row in PAGES.values()), "/audit/auditentry/export/json"]:
        if "{" not in path:
            assert client.get(path).status_code < 500, path
    for endpoint, row in ENDPOINTS.items():
        if endpoint.startswith("GET") and "{" not in endpoint:
            assert client.get(f"/api{row.path}").status_code == 200, endpoint
    assert given["token"] not in control_room.log


def test_what_is_refused_is_not_repeated(
    control_room: RunningControlRoom, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A password in the field of the name, a wrong key, a wrong code: what was sent stands in no log and no answer."""
    caplog.set_level(logging.WARNING, "httpx2")  # the test's own client, which logs where it asked
    wrong = make_secret()
    with httpx2.Client(base_url=control_room.address, trust_env=False, timeout=30) as stranger:
        answers = [
            post_form(stranger, "/login/", {"username": wrong, "password": wrong}),
            stranger.get("/api/me", headers={"Authorization": f"Bearer {wrong}"}),
            stranger.get("/oauth/callback", params={"code": wrong, "state": wrong}),
            stranger.get("/oauth/link", params={"key": wrong}),
            stranger.post("/api/login/key", json={"device_code": wrong}),
        ]
    put = client.put(f"/api/credentials/{CREDENTIAL}/nothing", json={"value": wrong})
    # The sign-in form shows the name again to whoever typed it; nothing else repeats anything.
    for answer in [*answers[1:], put]:
        canary.check(answer.text, f"the answer of {answer.url.path}")
    lines = [json.loads(line) for line in control_room.log.splitlines()]
    assert {"/login/", "/api/me", "/oauth/callback"} <= {line["message"].split()[1] for line in lines}
