"""An OpenID-certified provider of another maker, in a process of its own: as which Custom connections are proved."""

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

from support.canary import canary
from support.node_programs import install
from support.tenant import bare_environment, find_free_ports

SOURCE = Path(__file__).resolve().parents[1] / "controlroom" / "custom_provider"
ACCESS_TOKEN_SECONDS = 3600
STEPS = 10


@dataclass
class CustomProvider:
    """A running provider, with one app in it that must prove itself by a secret and by PKCE."""

    port: int
    client_id: str
    process: "subprocess.Popen[str]" = field(repr=False)
    client_secret: str = field(repr=False)

    @property
    def address(self) -> str:
        """Where it is reached: its issuer."""
        return f"http://localhost:{self.port}"

    @property
    def authorization_url(self) -> str:
        """Where people sign in."""
        return f"{self.address}/auth"

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        return f"{self.address}/token"

    def sign_in(self, url: str, login: str) -> str:
        """Sign a person in and consent, as on its pages; gives where the browser is sent afterwards."""
        with httpx2.Client(trust_env=False) as browser:
            answer = browser.get(url)
            for _ in range(STEPS):
                if answer.is_redirect:
                    url = urljoin(url, answer.headers["Location"])
                    if not url.startswith(self.address):
                        return url
                    answer = browser.get(url)
                else:
                    url = urljoin(url, _read_action(answer.text))
                    answer = browser.post(url, data=_fill_in(answer.text, login))
        raise AssertionError(f"The pages of the provider do not end: {answer.status_code} {answer.text}")

    def get_user(self, access_token: str) -> str:
        """Say whose access token this is; fails where it is none."""
        headers = {"Authorization": f"Bearer {access_token}"}
        with httpx2.Client(trust_env=False) as client:
            answer = client.get(f"{self.address}/me", headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sub"])

    def read_grant(self) -> dict[str, Any]:
        """Wait for the next token that it gave or refused: `{"grant", "client", "error"}`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):  # and no remark of the provider's own
                told: dict[str, Any] = json.loads(line)
                return told
        raise AssertionError("The provider ended.")


@contextmanager
def start_custom_provider(redirect_uri: str) -> Iterator[CustomProvider]:
    """Start it with an app that people come back to at this address, and end it afterwards."""
    folder = install(SOURCE, "custom_provider")
    port, client_secret = find_free_ports(1), secrets.token_urlsafe(32)
    canary.add([client_secret])
    app = {
        "client_id": "invoice-bot",
        "client_secret": client_secret,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    process = subprocess.Popen(
        ["node", "--no-warnings", "serve.mjs"],
        cwd=folder,
        env=bare_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            told = {"port": port, "clients": [app], "accessTokenSeconds": ACCESS_TOKEN_SECONDS}
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == '"ready"\n', "The provider did not start."
            yield CustomProvider(port, app["client_id"], process, client_secret)
        finally:
            process.kill()


def _read_action(page: str) -> str:
    found = re.search(r'<form[^>]* action="([^"]+)"', page)
    assert found, f"The provider shows a page without a form: {canary.remove_from(page)}"
    return found[1]


def _fill_in(page: str, login: str) -> dict[str, str]:
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return {**hidden, "login": login, "password": "any will do"}
