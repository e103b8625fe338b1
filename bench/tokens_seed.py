"""A program in the Control Room's own environment: it makes what `bench.tokens` asks for, and lets its token end."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "postroom.controlroom.settings"

import django

django.setup()

from django.utils import timezone  # noqa: E402

from postroom.controlroom.accounts.device_keys import add_device  # noqa: E402
from postroom.controlroom.accounts.models import Role, User  # noqa: E402
from postroom.controlroom.connections.client_secrets import NewSecret, add_secret  # noqa: E402
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection  # noqa: E402
from postroom.controlroom.connections.providers import (  # noqa: E402
    ClientAuthentication,
    GrantType,
    Provider,
)
from postroom.values import Secret  # noqa: E402


def make() -> None:
    """Make a connection of an app that acts as itself, a role that is invited to it, and a device of a member."""
    cloud = json.loads(Path(os.environ["BENCH_MANIFEST"]).read_text())["clouds"]["Azure Global"]
    app = next(app for app in cloud["apps"] if app["name"] == "Invoice bot")
    connection = OAuthConnection.objects.create(
        name="Bench",
        provider=Provider.ENTRA_GLOBAL,
        grant_type=GrantType.CLIENT_CREDENTIALS,
        client_authentication=ClientAuthentication.SECRET,
        client_id=app["client_id"],
        tenant_id=cloud["tenant_id"],
    )
    add_secret(connection, NewSecret(Secret(app["client_secret"])))
    role = Role.objects.create(name="Bench")
    connection.roles.add(role)
    user = User.objects.create(username="bench")
    user.groups.add(role)
    _, key = add_device(user, "bench")
    print(json.dumps({"connection": connection.name, "key": key.reveal()}))


def expire() -> None:
    """Let the access token end, once a line comes in."""
    print("ready", flush=True)
    if sys.stdin.readline():
        ConnectionToken.objects.update(expires=timezone.now() - timedelta(seconds=1))


if __name__ == "__main__":
    {"make": make, "expire": expire}[sys.argv[1]]()
