"""The endpoint of the API that gives bots their access tokens, and never more than that."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from postroom.auth.managed import LEAST_VALIDITY_SECONDS, TokenType
from postroom.controlroom.accounts.access import api_auth, require
from postroom.controlroom.connections.direct import SHARED, DirectTokens

LONGEST_VALIDITY_SECONDS = 24 * 3600

router = Router(tags=["Connections"])


class TokenRequest(Schema):
    """Which token of a connection, and how long it must be good."""

    token: TokenType = Field(SHARED, description="The Shared token, or that of your own sign-in.")
    least_validity_seconds: int = Field(LEAST_VALIDITY_SECONDS, ge=0, le=LONGEST_VALIDITY_SECONDS)
    username: str = Field("", description="Who must have signed in for it; empty where that does not matter.")
    refused: str = Field(
        "",
        pattern="^([0-9a-f]{64})?$",
        description="The SHA-256, in hex, of a token that the service did not accept: another is wanted.",
    )


class TokenAnswer(Schema):
    """An access token, and for whom and what it is good."""

    access_token: str
    expires_at: datetime
    signed_in_as: str = Field(description="Whose rights it has; empty where the app acts as itself.")
    cloud: str | None = Field(description="The Azure cloud that it is good for; null for a Custom provider.")
    delegated: bool = Field(description="Whether the app acts for a person, with that person's rights.")


@router.post("/connections/{name}/token", auth=api_auth, response=TokenAnswer, summary="Get an access token")
def give_token(request: HttpRequest, response: HttpResponse, name: str, wanted: TokenRequest) -> TokenAnswer:
    """Give an access token of a connection to which a role of yours is invited.

    The Shared token, or the user-specific one of your own sign-in. It is good for at least the seconds that you ask,
    as far as the provider's tokens live that long. Case does not matter in the name.
    """
    user = require(request)
    response["Cache-Control"] = "no-store"
    device = getattr(request, "device", None)
    given = DirectTokens(user, "" if device is None else device.name).get_token(
        name,
        wanted.token,
        least_validity_seconds=wanted.least_validity_seconds,
        username=wanted.username,
        refused=wanted.refused,
    )
    return TokenAnswer(
        access_token=given.access_token.reveal(),
        expires_at=given.expires,
        signed_in_as=given.signed_in_as,
        cloud=given.cloud,
        delegated=given.delegated,
    )
