"""A process of a Control Room for `test_processes`: it does the task that its argument names, and answers as JSON."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.controlroom.settings")

import django

django.setup()

from datetime import timedelta  # noqa: E402

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from postroom.controlroom.connections import leases, token_rows, tokens  # noqa: E402
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection  # noqa: E402
from postroom.errors import PostroomError  # noqa: E402


def make() -> dict[str, Any]:
    """Make a Control Room: its tables, and the key of its vault."""
    from postroom.controlroom.first_run import prepare

    prepare()
    return {}


def sign_in() -> dict[str, Any]:
    """Make a connection, for which somebody signs in, and let the access token end."""
    import httpx2

    from support.provider_connections import create_connection, sign_in_for
    from support.tenant import RunningTenant, trust

    OAuthConnection.objects.all().delete()
    manifest = json.loads(Path(os.environ["TENANT_MANIFEST"]).read_text())
    control = httpx2.Client(base_url=manifest["control"], verify=trust(manifest["ca"]), trust_env=False)
    data = Path(os.environ["TENANT_MANIFEST"]).parent
    tenant = RunningTenant(data, 0, manifest, control, None)  # type: ignore[arg-type]
    connection = create_connection(tenant)
    tokens.keep(connection, None, sign_in_for(connection, tenant))
    expire()
    return {}


def expire() -> None:
    """Let the access token have ended."""
    ConnectionToken.objects.update(expires=timezone.now() - timedelta(seconds=1))


def ask() -> dict[str, Any]:
    """Ask for the token."""
    connection = OAuthConnection.objects.get()
    try:
        given = tokens.get_access_token(connection, None, 300, f"process {os.getpid()}")
    except PostroomError as error:
        return {"error": type(error).__name__}
    return {"fingerprint": given.token.fingerprint(), "signed_in_as": given.signed_in_as}


def ask_and_be_killed() -> dict[str, Any]:
    """Ask for the token, and be killed where the new one would be written."""

    def be_killed(*_: Any) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    token_rows.write = be_killed
    return ask()


def ask_at_once() -> list[dict[str, Any]]:
    """Let so many processes ask at the same moment: forked, so that what they import costs once."""
    import msal  # noqa: F401 - as above

    connections.close_all()
    waits, go = os.pipe()
    children = [_fork_asker(waits, go) for _ in range(int(sys.argv[2]))]
    os.close(go)  # the end of the pipe is what all wait for
    answers = [json.loads(_read_all(answer)) for _, answer in children]
    for pid, _ in children:
        os.waitpid(pid, 0)
    return answers


def _fork_asker(waits: int, go: int) -> tuple[int, int]:
    answer, writes = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writes)
        return pid, answer
    os.close(go)
    os.read(waits, 1)
    os.write(writes, json.dumps(ask()).encode())
    os._exit(0)


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def look() -> dict[str, Any]:
    """Tell how the row stands."""
    token = ConnectionToken.objects.get()
    return {"leased": leases.is_leased(token.pk), "generation": token.generation}


def refresh_again() -> dict[str, Any]:
    """Refresh once more, which what is kept must be good for."""
    expire()
    given = tokens.get_access_token(OAuthConnection.objects.get(), None)
    return {"signed_in_as": given.signed_in_as}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
