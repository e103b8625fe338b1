"""The body of a token request, and the client id that it or its Authorization header names."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from postroom.tenant.entra.refusals import refusal

FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class TokenRequest:
    """What a client sent to the token endpoint."""

    tenant: str
    host: str
    form: Mapping[str, str] = field(repr=False)

    def get(self, parameter: str) -> str:
        """Give a parameter, or refuse a request that lacks it."""
        value = self.form.get(parameter, "")
        if not value:
            raise refusal(900144, parameter=parameter)
        return value

    def find(self, parameter: str) -> str | None:
        """Give a parameter, or None when it is missing or empty."""
        return self.form.get(parameter) or None

    @property
    def is_confidential(self) -> bool:
        """Tell whether the client tries to prove itself."""
        return bool(self.find("client_secret") or self.find("client_assertion"))


async def read_token_request(request: Request) -> TokenRequest:
    """Read a token request; client id and secret may also come by HTTP Basic (RFC 6749 §2.3.1)."""
    form: dict[str, str] = {}
    # Anything but a form reads as empty, and is then refused for its missing parameters, as Entra ID does.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM_TYPE:
        body = (await request.body()).decode("utf-8", "replace")
        form = dict(parse_qsl(body, keep_blank_values=True))
    form |= _basic_credentials(request.headers.get("authorization"))
    return TokenRequest(request.path_params["tenant"], request.headers.get("host", ""), form)


def _basic_credentials(authorization: str | None) -> dict[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return {}
    client_id, _, secret = decoded.partition(":")
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}
