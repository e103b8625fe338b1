"""The control endpoints for the credentials of apps: secrets and certificates that come and go, as in the portal."""

from datetime import timedelta
from typing import Any

import msgspec
from cryptography import x509
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.control.requests import ControlInputError, get_apps, get_tenant, read_settings
from postroom.tenant.directory import App
from postroom.tenant.entra.client_assertion import thumbprints
from postroom.tenant.seeds import SECRET_LIFETIME, new_client_secret


class NewSecret(msgspec.Struct, forbid_unknown_fields=True):
    """Say how long a new client secret is good; a time below zero makes one that has expired."""

    good_for_seconds: float = SECRET_LIFETIME.total_seconds()
    """How long it is good from now on; two years where nothing is said."""
    name: str | None = None
    """What the portal would show it as."""


class NewCertificate(msgspec.Struct, forbid_unknown_fields=True):
    """Give a certificate as PEM, without its key."""

    pem: str
    """The certificate."""


async def list_apps(request: Request) -> Response:
    """List the apps of both clouds, with the dates of their credentials and none of the secrets."""
    clouds = get_tenant(request).clouds
    return JSONResponse(
        [{"cloud": cloud.name} | _describe(app) for cloud in clouds for app in cloud.directory.apps]
    )


async def add_secret(request: Request) -> Response:
    """Give an app another client secret beside those it has, and tell it, this once."""
    settings, added = await read_settings(request, NewSecret), []
    for cloud, app in get_apps(request, request.path_params["name"], status=404):
        now = cloud.now()
        try:
            expires = now + timedelta(seconds=settings.good_for_seconds)
        except (OverflowError, ValueError):
            raise ControlInputError("good_for_seconds goes further than a date can.") from None
        secret = new_client_secret(min(now, expires), expires, settings.name)
        cloud.directory.change_app(app, secrets=(*app.secrets, secret))
        told = {"cloud": cloud.name, "key_id": secret.key_id, "client_secret": secret.value}
        added.append(told | {"expires": secret.expires.isoformat()})
    return JSONResponse(added, 201)


async def remove_secret(request: Request) -> Response:
    """Take a client secret away from an app."""
    key_id, removed = request.path_params["key_id"], False
    for cloud, app in get_apps(request, request.path_params["name"], status=404):
        left = tuple(secret for secret in app.secrets if secret.key_id != key_id)
        removed |= len(left) < len(app.secrets)
        cloud.directory.change_app(app, secrets=left)
    if not removed:
        raise ControlInputError(f"The app has no secret with the key id {key_id}.", 404)
    return Response(status_code=204)


async def add_certificate(request: Request) -> Response:
    """Register another certificate for an app, beside those it has."""
    pem = (await read_settings(request, NewCertificate)).pem
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise ControlInputError("pem is no certificate in PEM.") from None
    for cloud, app in get_apps(request, request.path_params["name"], status=404):
        cloud.directory.change_app(app, certificates=(*app.certificates, pem))
    return JSONResponse(_describe_certificate(certificate), 201)


async def remove_certificate(request: Request) -> Response:
    """Take a certificate away from an app, by its thumbprint (x5t)."""
    thumbprint, removed = request.path_params["thumbprint"], False
    for cloud, app in get_apps(request, request.path_params["name"], status=404):
        left = tuple(pem for pem in app.certificates if thumbprints(_load(pem))["x5t"] != thumbprint)
        removed |= len(left) < len(app.certificates)
        cloud.directory.change_app(app, certificates=left)
    if not removed:
        raise ControlInputError(f"The app has no certificate with the thumbprint {thumbprint}.", 404)
    return Response(status_code=204)


def _describe(app: App) -> dict[str, Any]:
    return {
        "name": app.name,
        "client_id": app.client_id,
        "enabled": app.enabled,
        "mailboxes": app.mailboxes,
        "application_permissions": sorted(app.application_permissions),
        "delegated_permissions": sorted(app.delegated_permissions),
        "secrets": [
            {
                "key_id": secret.key_id,
                "name": secret.name,
                "starts": secret.starts.isoformat(),
                "expires": secret.expires.isoformat(),
            }
            for secret in app.secrets
        ],
        "certificates": [_describe_certificate(_load(pem)) for pem in app.certificates],
    }


def _describe_certificate(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "thumbprint": thumbprints(certificate)["x5t"],
        "starts": certificate.not_valid_before_utc.isoformat(),
        "expires": certificate.not_valid_after_utc.isoformat(),
    }


def _load(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


CREDENTIAL_ROUTES = (
    Route("/apps", list_apps, methods=["GET"]),
    Route("/apps/{name}/secrets", add_secret, methods=["POST"]),
    Route("/apps/{name}/secrets/{key_id}", remove_secret, methods=["DELETE"]),
    Route("/apps/{name}/certificates", add_certificate, methods=["POST"]),
    Route("/apps/{name}/certificates/{thumbprint}", remove_certificate, methods=["DELETE"]),
)
