"""The printed environment leads a shell to the tenant."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.environment import (
    NotInManifestError,
    app_environment,
    client_environment,
    render_exports,
)
from support.tenant import GCC_HIGH, RunningTenant, bare_environment

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="The exports are for POSIX shells.")


def test_clients_are_led_to_proxy_and_authority(tenant: RunningTenant) -> None:
    """Proxy and authority are set under every name that clients read, and no host is left out but this machine."""
    variables = client_environment(tenant.manifest)
    assert variables["HTTPS_PROXY"] == variables["https_proxy"] == tenant.manifest["proxy"]
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    assert {variables[name] for name in names} == {tenant.manifest["ca"]}
    assert variables["NO_PROXY"] == variables["no_proxy"] == "localhost,127.0.0.1"
    assert variables["NODE_USE_ENV_PROXY"] == "1"


def test_an_app_becomes_a_credential(tenant: RunningTenant) -> None:
    """Id, tenant, secret and a mailbox get the names under which Postroom looks for a credential."""
    app = tenant.app(cloud=GCC_HIGH)
    assert app_environment(tenant.manifest, "Invoice bot", GCC_HIGH, "my-azure") == {
        "POSTROOM_CREDENTIAL_MY_AZURE_CLIENT_ID": app["client_id"],
        "POSTROOM_CREDENTIAL_MY_AZURE_TENANT_ID": tenant.cloud(GCC_HIGH)["tenant_id"],
        "POSTROOM_CREDENTIAL_MY_AZURE_CLIENT_SECRET": app["client_secret"],
        "POSTROOM_CREDENTIAL_MY_AZURE_USERNAME": "ap@contoso.us",
        "POSTROOM_CLOUD": GCC_HIGH,
    }


def test_a_public_app_has_no_secret(tenant: RunningTenant) -> None:
    """What an app does not have is not exported."""
    assert "POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET" not in app_environment(tenant.manifest, "Desktop bot")


def test_unknown_names_are_told_with_the_known_ones(tenant: RunningTenant) -> None:
    """A wrong app or cloud is answered with those there are."""
    with pytest.raises(NotInManifestError, match="It has: Invoice bot, Reader bot"):
        app_environment(tenant.manifest, "Nobody")
    with pytest.raises(NotInManifestError, match="It has: Azure Global, Azure US GCC High"):
        app_environment(tenant.manifest, "Invoice bot", "Azure China")


@POSIX_ONLY
@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_values_reach_the_shell_as_they_are(value: str) -> None:
    """Whatever a value holds, a shell that evaluates the exports has it unchanged."""
    script = f'{render_exports({"CANARY": value})}\nprintf %s "$CANARY"'
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, env=bare_environment())
    assert shown.stdout == value.encode()
