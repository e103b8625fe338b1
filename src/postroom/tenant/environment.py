"""The environment that makes clients use the tenant: its proxy, its authority, and an app's credential."""

import re
import shlex
from typing import Any

from postroom.tenant.hosts import AZURE_GLOBAL

AUTHORITY_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
# The control endpoints are on this machine; what the user's own list had in it must not bypass the proxy.
NO_PROXY = "localhost,127.0.0.1"


class NotInManifestError(Exception):
    """The tenant has no such cloud or app; the message says which it has."""


def client_environment(manifest: dict[str, Any]) -> dict[str, str]:
    """Give the variables that lead any client to the tenant: Postroom, requests, httpx, curl and node."""
    proxy, authority = manifest["proxy"], manifest["ca"]
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": NO_PROXY,
        "no_proxy": NO_PROXY,
        **dict.fromkeys(AUTHORITY_VARIABLES, authority),
        "NODE_USE_ENV_PROXY": "1",
    }


def app_environment(
    manifest: dict[str, Any], app: str, cloud: str = AZURE_GLOBAL.name, credential: str = "azure"
) -> dict[str, str]:
    """Give the variables that make an app of the tenant a credential of Postroom, with the first user's mailbox.

    NotInManifestError when the tenant has no such cloud or app.
    """
    described = _get(manifest["clouds"], cloud, "cloud")
    found = _get({known["name"]: known for known in described["apps"]}, app, "app")
    prefix = f"POSTROOM_CREDENTIAL_{re.sub('[^A-Z0-9]', '_', credential.upper())}"
    values = {
        f"{prefix}_CLIENT_ID": found["client_id"],
        f"{prefix}_TENANT_ID": described["tenant_id"],
        f"{prefix}_CLIENT_SECRET": found["client_secret"],
        f"{prefix}_USERNAME": described["users"][0]["username"],
        "POSTROOM_CLOUD": cloud,
    }
    return {name: value for name, value in values.items() if value is not None}


def render_exports(variables: dict[str, str]) -> str:
    """Write variables as a POSIX shell takes them."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _get(known: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    if name not in known:
        raise NotInManifestError(f"The local tenant has no {kind} {name!r}. It has: {', '.join(known)}.")
    found: dict[str, Any] = known[name]
    return found
