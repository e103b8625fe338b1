"""The API's part of connections: which there are for whoever asks; `token_api` gives their tokens."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import override
from ninja import Field, Router, Schema

from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import GrantType, Provider
from postroom.controlroom.connections.status import Status, get_status
from postroom.controlroom.connections.use import get_usable, list_usable

STATUSES = "Active, Expires soon, Expired, Not connected or Needs sign-in."

router = Router(tags=["Connections"], auth=api_auth)


class TokenChoice(Schema):
    """A token type that can be asked for."""

    type: str = Field(description="“shared”, or “user-specific”: that of whoever asks.")
    status: str = Field(description=STATUSES)
    signed_in_as: str = Field(description="The account at the provider; empty where nobody is signed in.")


class ConnectionChoice(Schema):
    """A connection that whoever asks may use."""

    name: str
    description: str
    provider: str = Field(description="The provider type: “Microsoft Entra (Azure Global)” and the like.")
    status: str = Field(description=f"How it stands for bots that use its Shared token. {STATUSES}")
    tokens: list[TokenChoice]


@router.get("/connections", response=list[ConnectionChoice], summary="List the connections that you may use")
def list_connections(request: HttpRequest) -> list[dict[str, Any]]:
    """Provider type, name and token types: what a bot picks a connection by."""
    user = require(request)
    usable = (
        list_usable(user).prefetch_related("tokens__user", "tokens__connection", "secrets").order_by("name")
    )
    return [_describe(connection, user) for connection in usable]


@router.get("/connections/{name}", response=ConnectionChoice, summary="Get one connection")
def get_connection(request: HttpRequest, name: str) -> dict[str, Any]:
    """The connection of this name, where one of your roles is invited to it."""
    user = require(request)
    return _describe(get_usable(user, name), user)


def _describe(connection: OAuthConnection, user: User) -> dict[str, Any]:
    of_user = {"user-specific": user} if connection.grant_type != GrantType.CLIENT_CREDENTIALS else {}
    return {
        "name": connection.name,
        "description": connection.description,
        "provider": _name(Provider(connection.provider)),
        "status": _name(get_status(connection)),
        "tokens": [
            _describe_token(connection, kind, whose) for kind, whose in {"shared": None, **of_user}.items()
        ],
    }


def _describe_token(connection: OAuthConnection, kind: str, user: User | None) -> dict[str, Any]:
    wanted = user.pk if user is not None else None
    token: ConnectionToken | None = next(
        (one for one in connection.tokens.all() if one.user_id == wanted), None
    )
    return {
        "type": kind,
        "status": _name(get_status(token) if token is not None else Status.NOT_CONNECTED),
        "signed_in_as": token.signed_in_as if token is not None else "",
    }


def _name(choice: Provider | Status) -> str:
    """Its English name: programs compare it, whatever language people read."""
    with override("en"):
        return str(choice.label)
