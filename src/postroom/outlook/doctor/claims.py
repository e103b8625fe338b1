"""What an access token says of itself.

Microsoft means access tokens for Graph alone, so that Postroom relies on nothing in them; an examination reads
them all the same, as an administrator would to see what was granted.
Source: Access tokens in the Microsoft identity platform (roles, scp); RFC 7519 §3.
"""

import base64
import json
from typing import Any

from postroom.errors import UnexpectedAnswerError
from postroom.values import Secret


def read_permissions(token: Secret) -> frozenset[str]:
    """The permissions in a token: an app's own (`roles`), or those granted for a user (`scp`).

    Errors: UnexpectedAnswerError where the token cannot be read.
    """
    claims = _read_claims(token)
    return frozenset([*claims.get("roles", ()), *str(claims.get("scp", "")).split()])


def _read_claims(token: Secret) -> dict[str, Any]:
    try:
        encoded = token.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (IndexError, ValueError):
        claims = None
    if not isinstance(claims, dict):
        raise UnexpectedAnswerError(
            "The access token does not tell which permissions it carries, so they cannot be examined. Please "
            "report this as a defect of Postroom."
        )
    return claims
