"""An app of the tenant that signs people in, and a browser that does as the test says."""

import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msal
import pytest

from postroom.auth.entra import EntraWire
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in import SignInRequest
from postroom.clouds import AZURE_GLOBAL
from postroom.errors import SignInDeniedError
from postroom.network import create_http_client
from sign_in.browsers import USERNAME
from support.tenant import RunningTenant

NOTING = """\
import pathlib, sys
pathlib.Path(sys.argv[1] + ".new").write_text(sys.argv[2])
pathlib.Path(sys.argv[1] + ".new").rename(sys.argv[1])
"""


@pytest.fixture
def asked(reachable_tenant: RunningTenant) -> SignInRequest:
    """What a person of the tenant is asked for."""
    tenant_id = reachable_tenant.cloud()["tenant_id"]
    place = SignInPlace(AZURE_GLOBAL, tenant_id, reachable_tenant.app("Desktop bot")["client_id"])
    return SignInRequest(place, USERNAME, ("https://graph.microsoft.com/Mail.ReadWrite",))


@pytest.fixture
def application(asked: SignInRequest) -> Iterator["msal.PublicClientApplication"]:
    """MSAL, over Postroom's own wire."""
    with create_http_client("test") as http:
        yield msal.PublicClientApplication(
            asked.place.client_id,
            authority=asked.place.cloud.authority(asked.place.tenant_id),
            http_client=EntraWire(http, asked.place),
            instance_discovery=False,
        )


@pytest.fixture
def opened_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make $BROWSER a program that notes the link in this file, which is there once it has."""
    program, links = tmp_path / "browser.py", tmp_path / "link"
    program.write_text(NOTING)
    set_browser(monkeypatch, f"'{sys.executable}' '{program}' '{links}' %s")
    return links


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the display away, and every browser."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)


def set_browser(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Set $BROWSER, and let the standard library look at it again, which it does once only."""
    monkeypatch.setenv("BROWSER", command)
    monkeypatch.setattr(webbrowser, "_tryorder", None)


@pytest.fixture
def accept() -> Callable[[Mapping[str, Any]], None]:
    """Accept a result with a token, and no other."""

    def check(result: Mapping[str, Any]) -> None:
        if "access_token" not in result:
            raise SignInDeniedError(f"The sign-in was refused ({result['error']}).", code=result["error"])

    return check
