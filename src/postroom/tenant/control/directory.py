"""The control endpoints that change users, apps, policies and consents, as an administrator does in the portal.

Whatever is changed here holds until it is changed again or the tenant is reset.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.consents import OPENID_SCOPES
from postroom.tenant.control.requests import (
    ControlInputError,
    get_apps,
    get_clouds,
    get_tenant,
    get_user,
    read_settings,
)
from postroom.tenant.directory import Policies
from postroom.tenant.entra.scopes import GRAPH_SCOPES
from postroom.tenant.state import CloudState

Seconds = Annotated[int, msgspec.Meta(ge=0)]


class UserChange(msgspec.Struct, forbid_unknown_fields=True):
    """Say what changes of a user; what is left out stays."""

    enabled: bool | UnsetType = UNSET
    """Whether the account is enabled."""
    mfa_required: bool | UnsetType = UNSET
    """Whether a second factor is demanded; there is no page for one, so nobody gets past it."""
    blocked: bool | UnsetType = UNSET
    """Whether Conditional Access keeps the user out."""
    sign_in_frequency_seconds: Seconds | UnsetType | None = UNSET
    """How long after a sign-in its refresh tokens are good; `null` for as long as they are used."""
    members: tuple[str, ...] | UnsetType = UNSET
    """The addresses that have Full Access to the mailbox."""
    send_as: tuple[str, ...] | UnsetType | None = UNSET
    """The addresses that may send in its name; `null` stands for the members."""
    send_on_behalf: tuple[str, ...] | UnsetType = UNSET
    """The addresses that may send on its behalf, which the message then says."""


class AppChange(msgspec.Struct, forbid_unknown_fields=True):
    """Say what changes of an app; what is left out stays."""

    enabled: bool | UnsetType = UNSET
    """Whether the app is enabled."""
    redirect_uris: tuple[str, ...] | UnsetType = UNSET
    """The redirect URIs that it registered."""
    delegated_permissions: frozenset[str] | UnsetType = UNSET
    """What `.default` stands for when a user signs in."""
    application_permissions: frozenset[str] | UnsetType = UNSET
    """What an administrator let the app do on its own."""
    mailboxes: tuple[str, ...] | UnsetType | None = UNSET
    """The addresses that an access policy leaves to the app on its own; null takes the policy away."""


class PolicyChange(msgspec.Struct, forbid_unknown_fields=True):
    """Say what changes for the whole tenant."""

    user_consent: bool
    """Whether users may consent to apps by themselves."""


class SchemaReading(msgspec.Struct, forbid_unknown_fields=True):
    """Say whether a cloud has what its published schema lacks, which can lag behind the service."""

    absent: Literal["refused", "served"]
    """What becomes of a request for it: `refused` as unknown, or `served` as in the other cloud."""


class ConsentGrant(msgspec.Struct, forbid_unknown_fields=True):
    """Say what a user, or without one an administrator for all users, lets an app do."""

    app: str
    """The name of the app."""
    scopes: Annotated[frozenset[str], msgspec.Meta(min_length=1)]
    """The delegated permissions, at least one."""
    user: str | None = None
    """The address of the user; `null` for an administrator, who consents for all users of both clouds."""


class ConsentRevocation(msgspec.Struct, forbid_unknown_fields=True):
    """Say whose consent to an app is taken away; without a user, everybody's."""

    app: str
    """The name of the app."""
    user: str | None = None
    """The address of the user; `null` for everybody, and the administrator."""


class Revocation(msgspec.Struct, forbid_unknown_fields=True):
    """Say whose tokens count no more: an app's or a user's."""

    app: str | None = None
    """The name of an app, whose access tokens so far are refused."""
    user: str | None = None
    """The address of a user, whose tokens are all refused, as after a new password."""

    def __post_init__(self) -> None:
        if (self.app is None) == (self.user is None):
            raise ValueError("A revocation names an app or a user, one of the two")


async def change_user(request: Request) -> Response:
    """Change a user: the account, what Conditional Access demands, who else may use the mailbox."""
    changes = _changes(await read_settings(request, UserChange))
    cloud, user = get_user(request, request.path_params["address"], status=404)
    cloud.directory.change_user(user, **changes)
    return Response(status_code=204)


async def change_app(request: Request) -> Response:
    """Change an app registration, in both clouds or in the one that `?cloud=` names."""
    changes = _changes(await read_settings(request, AppChange))
    _check_scopes(changes.get("delegated_permissions", frozenset()))
    for cloud, app in get_apps(request, request.path_params["name"], status=404):
        cloud.directory.change_app(app, **changes)
    return Response(status_code=204)


async def change_policies(request: Request) -> Response:
    """Change what holds for every user of both clouds."""
    change = await read_settings(request, PolicyChange)
    for cloud in get_tenant(request).clouds:
        cloud.directory.change_policies(Policies(user_consent=change.user_consent))
    return Response(status_code=204)


async def read_schema(request: Request) -> Response:
    """Choose the reading of what the schema of a cloud lacks, for both clouds or the one that `?cloud=` names."""
    reading = await read_settings(request, SchemaReading)
    for cloud in get_clouds(request):
        cloud.follows_schema = reading.absent == "refused"
    get_tenant(request).save()
    return Response(status_code=204)


async def list_consents(request: Request) -> Response:
    """List who consented to what, in both clouds."""
    clouds = get_tenant(request).clouds
    return JSONResponse([entry for cloud in clouds for entry in _describe_consents(cloud)])


async def grant_consent(request: Request) -> Response:
    """Consent for a user, or without one for all users as an administrator."""
    consent = await read_settings(request, ConsentGrant)
    _check_scopes(consent.scopes)
    apps = get_apps(request, consent.app)
    if consent.user is None:
        for cloud, app in apps:
            cloud.consents.grant_for_all(app, consent.scopes)
    else:
        home, user = get_user(request, consent.user)
        for cloud, app in apps:
            if cloud is home:
                cloud.consents.grant(app, user, consent.scopes)
    return Response(status_code=204)


async def revoke_consent(request: Request) -> Response:
    """Take away a user's consent to an app, or without a user everybody's and the administrator's."""
    consent = await read_settings(request, ConsentRevocation)
    home, user = get_user(request, consent.user) if consent.user is not None else (None, None)
    for cloud, app in get_apps(request, consent.app):
        if home is None or cloud is home:
            cloud.consents.revoke(app, user)
    return Response(status_code=204)


async def revoke(request: Request) -> Response:
    """Refuse the access tokens of an app so far, in both clouds, or the access and refresh tokens of a user."""
    revocation = await read_settings(request, Revocation)
    if revocation.user is not None:
        cloud, user = get_user(request, revocation.user)
        cloud.revoke_user(user)
    else:
        for cloud, app in get_apps(request, revocation.app or ""):
            cloud.revoke(app)
        get_tenant(request).save()
    return Response(status_code=204)


def _changes(settings: msgspec.Struct) -> dict[str, Any]:
    found = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def _check_scopes(scopes: frozenset[str]) -> None:
    unknown = scopes - GRAPH_SCOPES.keys() - OPENID_SCOPES
    if unknown:
        raise ControlInputError(f"The local tenant knows no delegated permission {min(unknown)!r}.")


def _describe_consents(cloud: CloudState) -> list[dict[str, Any]]:
    described = []
    for consent in cloud.consents.list():
        app = cloud.directory.find_app(consent.client_id)
        user = cloud.directory.find_user(consent.user_id) if consent.user_id else None
        described.append(
            {
                "cloud": cloud.name,
                "app": app.name if app else consent.client_id,
                "user": user.username if user else consent.user_id,
                "scopes": sorted(consent.scopes),
            }
        )
    return described


DIRECTORY_ROUTES = (
    Route("/users/{address}", change_user, methods=["PATCH"]),
    Route("/apps/{name}", change_app, methods=["PATCH"]),
    Route("/policies", change_policies, methods=["PATCH"]),
    Route("/schema", read_schema, methods=["POST"]),
    Route("/consents", list_consents, methods=["GET"]),
    Route("/consents", grant_consent, methods=["POST"]),
    Route("/consents", revoke_consent, methods=["DELETE"]),
    Route("/revoke", revoke, methods=["POST"]),
)
