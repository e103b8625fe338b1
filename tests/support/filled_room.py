"""A running Control Room with what the example bots need: a connection that people sign in for, and credentials.

`python -m support.filled_room`, in the environment of a Control Room, makes what stands on its standard input as JSON.
"""

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from support.canary import canary
from support.control_room import ADMINISTRATOR, RunningControlRoom, bare_of_rooms, post_form
from support.sign_in import sign_in
from support.tenant import GLOBAL, RunningTenant

CONNECTION = "Outlook365-Production"
SCOPES = "Mail.ReadWrite.Shared Mail.Send.Shared"
TIMEOUT_SECONDS = 60
LEADS_ON = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
KEY = re.compile(r"prk_[\w-]+")


def fill_room(
    room: RunningControlRoom,
    tenant: RunningTenant,
    cloud: str = GLOBAL,
    credentials: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Make the connection for the tenant's app “Control Room”, and these credentials; give the connection's id."""
    app = tenant.app("Control Room", cloud)
    wanted = {
        "provider": "entra-global" if cloud == GLOBAL else "entra-gcc-high",
        "client_id": app["client_id"],
        "tenant_id": tenant.cloud(cloud)["tenant_id"],
        "client_secret": app["client_secret"],
        "credentials": {name: dict(attributes) for name, attributes in (credentials or {}).items()},
    }
    done = subprocess.run(
        [sys.executable, "-m", "support.filled_room"],
        input=json.dumps(wanted),
        env=name_room(room),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def name_room(room: RunningControlRoom) -> dict[str, str]:
    """Give the environment of a process of this Control Room, such as one that fills it."""
    return {
        **bare_of_rooms(),
        **room.tenant_environment,
        "POSTROOM_HOME": str(room.home),
        "POSTROOM_URL": room.address,
        "DJANGO_SETTINGS_MODULE": "postroom.controlroom.settings",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "PYTHONUTF8": "1",
        **({"POSTROOM_DATABASE": room.database} if room.database else {}),
    }


def sign_in_for_room(
    room: RunningControlRoom, tenant: RunningTenant, connection: str, username: str, token: str
) -> None:
    """Let this user sign in for the administrator's User-specific token, or for the Shared one."""
    whose = "shared" if token.casefold() == "shared" else "mine"
    listed = f"/connections/{connection}/" if whose == "shared" else "/me/connections/"
    with room.signed_in() as client:
        client.get(listed)
        left = client.post(
            f"/oauth/start/{connection}/{whose}",
            data={"csrfmiddlewaretoken": client.cookies["csrftoken"]},
            headers={"Referer": f"{room.address}{listed}"},
        )
        found = LEADS_ON.search(left.text)
        assert found, left.status_code
        answer = sign_in(tenant, html.unescape(found[1]), username)
        came_back = client.get("/oauth/callback", params=answer)
        assert came_back.is_redirect, came_back.text


def let_device_in(room: RunningControlRoom) -> dict[str, str]:
    """Give the variables of a device of the administrator."""
    with room.signed_in() as client:
        shown = post_form(client, "/me/devices/", {"name": "Desk"})
        found = KEY.search(_follow(client, shown).text)
        assert found, "The page shows no key."
        canary.add([found[0]])
    return {"POSTROOM_CONTROL_ROOM_URL": room.address, "POSTROOM_CONTROL_ROOM_KEY": found[0]}


def _follow(client: httpx2.Client, answer: httpx2.Response) -> httpx2.Response:
    return client.get(answer.headers["location"]) if answer.is_redirect else answer


def make(wanted: Mapping[str, Any]) -> str:
    """Make what is wanted with what the pages use, as the administrator; give the connection's id."""
    from postroom.clouds import get_cloud
    from postroom.controlroom.accounts.models import Role, User
    from postroom.controlroom.connections.client_secrets import NewSecret
    from postroom.controlroom.connections.records import create_connection, invite_roles
    from postroom.controlroom.vault.credentials import save_value
    from postroom.controlroom.vault.models import Attribute, Credential
    from postroom.values import Secret

    administrator = User.objects.get(username=ADMINISTRATOR)
    cloud = get_cloud("Azure Global" if wanted["provider"] == "entra-global" else "Azure US GCC High")
    values = {
        "provider": wanted["provider"],
        "name": CONNECTION,
        "description": "",
        "grant_type": "authorization_code",
        "client_authentication": "client_secret",
        "client_id": wanted["client_id"],
        "tenant_id": wanted["tenant_id"],
        "authorization_url": "",
        "token_url": "",
        "scopes": " ".join(map(cloud.delegated_scope, SCOPES.split())),
    }
    connection = create_connection(values, NewSecret(Secret(wanted["client_secret"])), administrator)
    invite_roles(connection, list(Role.objects.all()), administrator)
    for name, attributes in wanted["credentials"].items():
        credential = Credential.objects.create(name=name, owner=administrator)
        for attribute, value in attributes.items():
            Attribute.objects.create(credential=credential, name=attribute)
            save_value(administrator, name, attribute, Secret(value))
    return str(connection.pk)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.controlroom.settings")
    django.setup()
    print(make(json.load(sys.stdin)))
