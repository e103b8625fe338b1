"""The vault's part of the API: what there is, without values; a value for a bot; a value to save."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import SecretStr

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.vault.credentials import save_value, use_value
from postroom.controlroom.vault.models import Attribute, Credential, Locker
from postroom.controlroom.vault.rights import list_credentials, list_lockers
from postroom.values import Secret

router = Router(tags=["Credential Vault"], auth=api_auth)


class LockerAnswer(Schema):
    """A locker, and who is in it."""

    name: str
    description: str
    members: dict[str, str]
    consumers: list[str]


class AttributeAnswer(Schema):
    """An attribute, and whether it has a value."""

    name: str
    kind: str
    masked: bool
    password_only: bool
    has_value: bool


class CredentialAnswer(Schema):
    """A credential without its values."""

    name: str
    description: str
    locker: str | None
    owner: str | None
    attributes: list[AttributeAnswer]


class ValueAnswer(Schema):
    """A value as a bot gets it; one that is password-only belongs in secret fields alone."""

    value: str
    masked: bool
    password_only: bool


class NewValue(Schema):
    """A value to save."""

    value: SecretStr


@router.get("/lockers", response=list[LockerAnswer], summary="The lockers that you may see")
def get_lockers(request: HttpRequest) -> list[dict[str, Any]]:
    """List the lockers in which you have a part; all of them where you administer them."""
    user = require(request, Permission.MANAGE_MY_CREDENTIALS, Permission.ADMINISTER_ALL_LOCKERS)
    lockers = list_lockers(user).prefetch_related("members__user", "consumers")
    return [_describe_locker(locker) for locker in lockers]


@router.get("/credentials", response=list[CredentialAnswer], summary="The credentials that you may see")
def get_credentials(request: HttpRequest) -> list[dict[str, Any]]:
    """List your credentials and those of your lockers, never with a value."""
    user = require(request, Permission.MANAGE_MY_CREDENTIALS, Permission.ADMINISTER_ALL_LOCKERS)
    found = list_credentials(user).select_related("locker", "owner").prefetch_related("attributes")
    return [_describe_credential(credential) for credential in found]


@router.get("/credentials/{name}/{attribute}", response=ValueAnswer, summary="Use a value")
def get_value(request: HttpRequest, response: HttpResponse, name: str, attribute: str) -> dict[str, Any]:
    """Get a value for a bot; who got which is written into the audit trail."""
    user = require(request)
    used = use_value(user, name, attribute)
    response["Cache-Control"] = "no-store"
    return {
        "value": used.value.reveal(),
        "masked": used.masked,
        "password_only": used.password_only,
    }


@router.put("/credentials/{name}/{attribute}", response={204: None}, summary="Save a value")
def put_value(request: HttpRequest, name: str, attribute: str, new: NewValue) -> Status[None]:
    """Save a value, which nobody is shown again; where each person gives their own, yours."""
    user = require(request, Permission.MANAGE_MY_CREDENTIALS)
    save_value(user, name, attribute, Secret(new.value.get_secret_value()))
    return Status(204, None)


def _describe_locker(locker: Locker) -> dict[str, Any]:
    return {
        "name": locker.name,
        "description": locker.description,
        "members": {member.user.username: member.part for member in locker.members.all()},
        "consumers": [role.name for role in locker.consumers.all()],
    }


def _describe_credential(credential: Credential) -> dict[str, Any]:
    return {
        "name": credential.name,
        "description": credential.description,
        "locker": credential.locker.name if credential.locker else None,
        "owner": credential.owner.username if credential.owner else None,
        "attributes": [_describe_attribute(attribute) for attribute in credential.attributes.all()],
    }


def _describe_attribute(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "kind": attribute.kind,
        "masked": attribute.masked,
        "password_only": attribute.password_only,
        "has_value": attribute.encrypted is not None,
    }
