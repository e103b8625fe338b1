"""Client Credentials: the app signs in as itself.

Source: Microsoft identity platform and the OAuth 2.0 client credentials flow; RFC 6749 §4.4.
"""

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx2

from postroom.auth.entra import EntraWire
from postroom.auth.refusals import SignInPlace
from postroom.values import Secret

if TYPE_CHECKING:
    import msal

    from postroom.auth.certificate import Certificate


class _Kept:
    """What all token sources of one app share in this process: the tokens, and one request at a time."""

    def __init__(self) -> None:
        import msal  # noqa: PLC0415 - costs more than HTTP and JSON together

        self.tokens = msal.TokenCache()
        self.lock = Lock()


@lru_cache(maxsize=256)
def _keep(_place: SignInPlace, _fingerprint: str) -> _Kept:
    return _Kept()


class ClientCredentialsTokens:
    """Access tokens for an app that signs in as itself, with its client secret or certificate.

    Tokens are kept for as long as the process lives; threads that need one at once wait for one request.
    """

    def __init__(
        self, place: SignInPlace, client_credential: "Secret | Certificate", http: httpx2.Client
    ) -> None:
        self._place = place
        self._client_credential = client_credential
        self._wire = EntraWire(http, place)
        self._kept = _keep(place, client_credential.fingerprint())
        self._application: msal.ConfidentialClientApplication | None = None

    def get_token(self) -> Secret:
        """An access token that is good for at least five minutes.

        Errors: SignInError where Entra ID refuses; NetworkError where it is not reached.
        """
        with self._kept.lock:
            return self._acquire()

    def renew_token(self, refused: Secret, claims: str | None = None) -> Secret:
        """A token in place of one that Graph refused, meeting the claims challenge if there was one.

        Threads that were refused with the same token share one request. Errors: as `get_token`.
        """
        with self._kept.lock:
            kept = self._acquire()
            if kept != refused:
                return kept
            self._get_application().remove_tokens_for_client()
            return self._acquire(claims)

    def _acquire(self, claims: str | None = None) -> Secret:
        result = self._get_application().acquire_token_for_client(
            [self._place.cloud.scope], claims_challenge=claims
        )
        if "access_token" not in result:
            raise self._wire.create_error(None, result)
        return Secret(result["access_token"])

    def _get_application(self) -> "msal.ConfidentialClientApplication":
        import msal  # noqa: PLC0415

        if self._application is None:
            self._application = msal.ConfidentialClientApplication(
                self._place.client_id,
                client_credential=self._describe_credential(),
                authority=self._place.cloud.authority(self._place.tenant_id),
                token_cache=self._kept.tokens,
                http_client=self._wire,
            )
        return self._application

    def _describe_credential(self) -> "str | dict[str, Any]":
        if isinstance(self._client_credential, Secret):
            return self._client_credential.reveal()
        return {
            "private_key": self._client_credential.private_key.reveal(),
            "public_certificate": self._client_credential.public_pem,
        }
