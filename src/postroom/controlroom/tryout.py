"""What `postroom serve --with-tenant` fills in, so that all three modes can be clicked through.

It uses what the pages use, and makes only what is not there yet: what somebody changed or deleted a part of stays.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from postroom.controlroom.accounts.models import Role, User
from postroom.controlroom.accounts.permissions import ADMINISTRATOR
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections.client_secrets import NewSecret
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, Provider
from postroom.controlroom.connections.records import create_connection, invite_roles
from postroom.controlroom.connections.scopes import check_scopes
from postroom.controlroom.vault.credentials import note, save_value
from postroom.controlroom.vault.models import (
    Attribute,
    Credential,
    CredentialChange,
    Locker,
    LockerMember,
    Part,
)
from postroom.controlroom.vault.names import fold_name
from postroom.values import Secret

CREATOR_ROLE, AUDITOR_ROLE = "Bot creator", "Auditor"
PEOPLE = {"creator": CREATOR_ROLE, "auditor": AUDITOR_ROLE}
PROVIDERS = {"Azure Global": Provider.ENTRA_GLOBAL, "Azure US GCC High": Provider.ENTRA_GCC_HIGH}
DELEGATED_SCOPES = "Mail.ReadWrite Mail.Send User.Read"
LOCKER, CREDENTIAL = "Try-out", "azure"
PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Sample:
    """A connection to make in each cloud: by which app of the tenant, and how."""

    name: str
    app: str
    grant_type: GrantType
    description: str
    scopes: str = DELEGATED_SCOPES


SAMPLES = (
    Sample(
        "Invoice bot",
        "Invoice bot",
        GrantType.CLIENT_CREDENTIALS,
        "The app itself works in mailboxes; nobody signs in.",
        scopes="",
    ),
    Sample(
        "Outlook",
        "Control Room",
        GrantType.AUTHORIZATION_CODE,
        "People sign in; the app proves itself with a client secret.",
    ),
    Sample(
        "Outlook with PKCE",
        "Desktop bot",
        GrantType.AUTHORIZATION_CODE_PKCE,
        "People sign in; the app has no secret.",
    ),
)


def fill_in(manifest: dict[str, Any]) -> dict[str, Secret]:
    """Make connections, a credential and people for the tenant of this manifest, where they are not there yet.

    Gives the people that were made, with their passwords.
    """
    with transaction.atomic():
        made = dict(_make_people())
        actor = User.objects.filter(groups__name=ADMINISTRATOR).order_by("pk").first()
        if actor is not None:
            _make_connections(manifest, actor)
            _make_credential(manifest, actor)
    return made


def _make_people() -> Iterator[tuple[str, Secret]]:
    for name, role in PEOPLE.items():
        if User.objects.filter(username=name).exists():
            continue
        password = Secret(secrets.token_urlsafe(PASSWORD_BYTES))
        user = User.objects.create_user(name, password=password.reveal())
        user.groups.add(*Role.objects.filter(name=role))
        record(Event.USER_CREATED, actor=None, target=name, role=role)
        yield name, password


def _make_connections(manifest: dict[str, Any], actor: User) -> None:
    invited = list(Role.objects.filter(name=CREATOR_ROLE))
    for cloud_name, cloud in manifest["clouds"].items():
        provider = PROVIDERS[cloud_name]
        for sample in SAMPLES:
            name = f"{sample.name} ({cloud_name})"
            if not OAuthConnection.objects.filter(name__iexact=name).exists():
                connection = _make_connection(name, sample, provider, cloud, actor)
                invite_roles(connection, invited, actor)


def _make_connection(
    name: str, sample: Sample, provider: Provider, cloud: dict[str, Any], actor: User
) -> OAuthConnection:
    app = _get_app(cloud, sample.app)
    secret = app["client_secret"]
    proof = ClientAuthentication.SECRET if secret else ClientAuthentication.NONE
    values = {
        "provider": str(provider),
        "name": name,
        "description": sample.description,
        "grant_type": str(sample.grant_type),
        "client_authentication": str(proof),
        "client_id": app["client_id"],
        "tenant_id": cloud["tenant_id"],
        "authorization_url": "",
        "token_url": "",
        "scopes": check_scopes(sample.scopes, str(provider), str(sample.grant_type)),
    }
    return create_connection(values, NewSecret(Secret(secret)) if secret else None, actor)


def _make_credential(manifest: dict[str, Any], actor: User) -> None:
    """Make the credential of the examples: what a bot in client-credentials mode takes from the vault."""
    if Credential.objects.filter(folded_name=fold_name(CREDENTIAL)).exists():
        return
    locker, is_new = Locker.objects.get_or_create(folded_name=fold_name(LOCKER), defaults={"name": LOCKER})
    if is_new:
        LockerMember.objects.create(locker=locker, user=actor, part=Part.OWNER)
        locker.consumers.set(Role.objects.filter(name=CREATOR_ROLE))
        record(Event.LOCKER_CREATED, actor=actor, target=LOCKER)
    credential = Credential.objects.create(name=CREDENTIAL, locker=locker, owner=actor)
    note(actor, credential, str(CredentialChange.What.CREATED))
    cloud = next(iter(manifest["clouds"].values()))
    app = _get_app(cloud, SAMPLES[0].app)
    values = {
        "client_id": app["client_id"],
        "tenant_id": cloud["tenant_id"],
        "client_secret": app["client_secret"],
        "username": cloud["users"][0]["username"],
    }
    for name, value in values.items():
        is_secret = name == "client_secret"
        Attribute.objects.create(credential=credential, name=name, masked=is_secret, password_only=is_secret)
        save_value(actor, CREDENTIAL, name, Secret(value))


def _get_app(cloud: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(app for app in cloud["apps"] if app["name"] == name)
    return found
