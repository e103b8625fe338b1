"""Microsoft's library for Node signs a person in on the tenant, unmodified, through its proxy."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.canary import canary
from support.mail import make_mail
from support.sign_in import sign_in
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant, bare_environment

BOTH_CLOUDS = pytest.mark.parametrize(("cloud", "domain"), [(GLOBAL, "com"), (GCC_HIGH, "us")])
REDIRECT_URI = "http://localhost:9999/Callback"
TIMEOUT_SECONDS = 60


@pytest.fixture
def script(node_clients: Path) -> Path:
    """Give the script that signs in, beside the library."""
    return node_clients / "sign_in.mjs"


@contextmanager
def run(script: Path, tenant: RunningTenant) -> "Iterator[subprocess.Popen[str]]":
    """Run the script, led to the tenant by proxy and authority only."""
    process = subprocess.Popen(
        ["node", "--no-warnings", script.name],
        cwd=script.parent,
        env=bare_environment() | tenant.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: "subprocess.Popen[str]", told: dict[str, Any]) -> dict[str, Any]:
    """Tell the script something, and read its next line."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        raise AssertionError(f"The script ended: {canary.remove_from(errors)}")
    answer: dict[str, Any] = json.loads(line)
    return answer


def sign_in_by_node(
    script: Path, tenant: RunningTenant, cloud: str, domain: str, *, wrong_verifier: bool = False
) -> dict[str, Any]:
    """Sign the first user in, refresh, and list mail; gives what the script says of it."""
    described, app = tenant.cloud(cloud), tenant.app("Desktop bot", cloud)
    username = described["users"][0]["username"]
    graph = f"https://graph.microsoft.{domain}"
    settings = {
        "clientId": app["client_id"],
        "authority": f"https://login.microsoftonline.{domain}/{described['tenant_id']}",
        "redirectUri": REDIRECT_URI,
        "scopes": [f"{graph}/Mail.ReadWrite"],
        "username": username,
        "graph": graph,
        "wrongVerifier": wrong_verifier,
    }
    with run(script, tenant) as process:
        url = ask(process, settings)["url"]
        return ask(process, sign_in(tenant, url, username))


@BOTH_CLOUDS
def test_it_signs_in_refreshes_and_reads_mail(
    script: Path, tenant: RunningTenant, cloud: str, domain: str
) -> None:
    """Code and PKCE give it an account and a token, the refresh token another, and Graph takes that one."""
    username = tenant.cloud(cloud)["users"][0]["username"]
    tenant.deliver(username, make_mail("Invoice 4711", to=username))
    found = sign_in_by_node(script, tenant, cloud, domain)
    assert found == {
        "username": username,
        "tenantId": tenant.cloud(cloud)["tenant_id"],
        "scopes": found.get("scopes"),
        "refreshed": True,
        "subjects": ["Invoice 4711"],
    }
    assert f"https://graph.microsoft.{domain}/Mail.ReadWrite" in found["scopes"]
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


@BOTH_CLOUDS
def test_a_wrong_verifier_is_refused(script: Path, tenant: RunningTenant, cloud: str, domain: str) -> None:
    """Whoever stole the code without the verifier gets no token, and the library says why."""
    found = sign_in_by_node(script, tenant, cloud, domain, wrong_verifier=True)
    assert (found["error"], found["numbers"]) == ("invalid_grant", ["AADSTS501481"])
