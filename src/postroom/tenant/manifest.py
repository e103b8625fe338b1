"""The manifest: what a script must know to use the tenant, as `tenant.json` in the data folder."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroom.tenant.directory import App, User
from postroom.tenant.records import write_private

if TYPE_CHECKING:  # reading a manifest should not cost the import of the whole tenant
    from postroom.tenant.state import CloudState
    from postroom.tenant.tenancy import LocalTenant

FILE_NAME = "tenant.json"
AUTHORITY_FILE_NAME = "ca.pem"


def write_manifest(tenant: "LocalTenant") -> dict[str, Any]:
    """Write the manifest and the authority's certificate into the data folder, and give the manifest.

    The manifest holds the made-up secrets of this tenant, so only its owner can read it.
    """
    authority = tenant.data / AUTHORITY_FILE_NAME
    authority.write_bytes(tenant.authority.pem)
    manifest = {
        "ca": str(authority.resolve()),
        "proxy": f"http://localhost:{tenant.port + 2}",
        "control": f"https://localhost:{tenant.port}/_tenant",
        "clouds": {cloud.name: _describe_cloud(cloud, tenant.data) for cloud in tenant.clouds},
    }
    write_private(tenant.data / FILE_NAME, json.dumps(manifest, indent=2).encode())
    return manifest


def find_manifest(data: Path) -> dict[str, Any] | None:
    """Read the manifest of the tenant in this folder, or give None when there is none."""
    try:
        manifest: dict[str, Any] = json.loads((data / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return None
    return manifest


def _describe_cloud(cloud: "CloudState", data: Path) -> dict[str, Any]:
    return {
        "login": cloud.local_url,
        "graph": cloud.local_url,
        "tenant_id": cloud.directory.tenant_id,
        "domain": cloud.directory.domain,
        "apps": [_describe_app(app, data) for app in cloud.directory.apps],
        "users": [_describe_user(user) for user in cloud.directory.users],
    }


def _describe_app(app: App, data: Path) -> dict[str, Any]:
    described = {
        "name": app.name,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "public": app.public,
        "redirect_uris": list(app.redirect_uris),
        "application_permissions": sorted(app.application_permissions),
        "delegated_permissions": sorted(app.delegated_permissions),
    }
    if app.certificate_file is not None:
        described["certificate"] = str((data / app.certificate_file).resolve())
    if app.mailboxes is not None:
        described["mailboxes"] = list(app.mailboxes)
    return described


def _describe_user(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "password": user.password,
        "display_name": user.display_name,
        "shared": user.shared,
        "members": list(user.members),
        "send_as": list(user.members if user.send_as is None else user.send_as),
        "send_on_behalf": list(user.send_on_behalf),
    }
