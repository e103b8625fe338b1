"""Delegated access: the app acts for a person who has signed in once, and silently ever after.

Source: Microsoft identity platform and OAuth 2.0 authorization code flow; RFC 6749 §4.1 and §6, RFC 7636.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import httpx2

from postroom.auth.entra import EntraWire
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in import SignIn, SignInRequest
from postroom.auth.token_store import get_token_store
from postroom.errors import ConsentMissingError, SignInError, SignInNeededError, WrongUserError
from postroom.values import Secret

if TYPE_CHECKING:
    import msal

LEAST_VALIDITY_SECONDS = 300
"""A token in hand is given out for as long as it is good for this long."""

USER_NAME_CLAIMS = ("preferred_username", "upn", "email")


class DelegatedTokens:
    """Access tokens for an app that acts for a person, with the delegated permissions that are named.

    The person is asked only when what is kept of an earlier sign-in does not do; where several threads or
    processes need a token at once, one of them gets it for all.
    """

    def __init__(
        self,
        place: SignInPlace,
        username: str,
        permissions: Sequence[str],
        sign_in: SignIn,
        http: httpx2.Client,
    ) -> None:
        self._place = place
        self._username = username
        self._scopes = tuple(place.cloud.delegated_scope(permission) for permission in permissions)
        self._sign_in = sign_in
        self._wire = EntraWire(http, place)
        self._store = get_token_store(place, username)
        self._lock = Lock()
        self._token = Secret("")
        self._good_until = 0.0

    def get_token(self) -> Secret:
        """An access token that is good for at least five minutes.

        Errors: SignInNeededError where a person must sign in and none can be asked; SignInDeniedError,
        SignInTimeoutError, SignInAnswerError, WrongUserError, ConsentMissingError where one was; else
        SignInError where Entra ID refuses, NetworkError where it is not reached.
        """
        with self._lock:
            if time.monotonic() < self._good_until:
                return self._token
            with self._store.open() as cache:
                return self._keep(self._acquire(self._create_application(cache)))

    def renew_token(self, refused: Secret, claims: str | None = None) -> Secret:
        """A token in place of one that Graph refused, meeting the claims challenge if there was one.

        Threads and processes that were refused with the same token share one refresh. Errors: as `get_token`.
        """
        with self._lock, self._store.open() as cache:
            application = self._create_application(cache)
            kept = self._acquire(application)
            if kept["access_token"] == refused.reveal():
                kept = self._acquire(application, claims, renew=True)
            return self._keep(kept)

    def forget(self) -> None:
        """Forget the sign-in, so that a person is asked the next time. Errors: TargetNotWritableError."""
        with self._lock:
            self._good_until = 0.0
            self._store.forget()

    def _acquire(
        self, application: "msal.PublicClientApplication", claims: str | None = None, *, renew: bool = False
    ) -> Mapping[str, Any]:
        try:
            silent = self._acquire_silently(application, claims, renew=renew)
        except (SignInNeededError, ConsentMissingError) as ended:
            return self._ask(application, claims, ended)
        return silent or self._ask(application, claims)

    def _acquire_silently(
        self, application: "msal.PublicClientApplication", claims: str | None, *, renew: bool
    ) -> Mapping[str, Any] | None:
        for account in application.get_accounts():
            result: Mapping[str, Any] | None = application.acquire_token_silent_with_error(
                list(self._scopes), account, force_refresh=renew, claims_challenge=claims
            )
            if result is not None:
                self._check_refusal(result)
                return result
        return None

    def _ask(
        self,
        application: "msal.PublicClientApplication",
        claims: str | None,
        ended: SignInError | None = None,
    ) -> Mapping[str, Any]:
        request = SignInRequest(self._place, self._username, self._scopes, claims)
        try:
            return self._sign_in.sign_in(application, request, self._accept)
        except SignInNeededError as nobody:
            # Why the earlier sign-in does not do any more tells more than that nobody can be asked.
            raise (ended or nobody) from None
        except WrongUserError:
            _forget_others(application, self._username)
            raise

    def _accept(self, result: Mapping[str, Any]) -> None:
        self._check_refusal(result)
        claims = result.get("id_token_claims") or {}
        names = [str(claims[name]) for name in USER_NAME_CLAIMS if claims.get(name)]
        if self._username.casefold() not in (name.casefold() for name in names):
            signed_in = names[0] if names else "somebody without a name"
            raise WrongUserError(
                f"The person who signed in is {signed_in}, but this connection is for {self._username}. Nothing was "
                f"kept. Sign in as {self._username}, or correct Username (it is the name with which the person "
                "signs in)."
            )

    def _check_refusal(self, result: Mapping[str, Any]) -> None:
        if "access_token" not in result:
            raise self._wire.create_error(None, result)

    def _keep(self, result: Mapping[str, Any]) -> Secret:
        self._token = Secret(result["access_token"])
        self._good_until = time.monotonic() + float(result["expires_in"]) - LEAST_VALIDITY_SECONDS
        return self._token

    def _create_application(self, cache: "msal.SerializableTokenCache") -> "msal.PublicClientApplication":
        import msal  # noqa: PLC0415 - costs more than HTTP and JSON together

        return msal.PublicClientApplication(
            self._place.client_id,
            authority=self._place.cloud.authority(self._place.tenant_id),
            token_cache=cache,
            http_client=self._wire,
            # MSAL would ask Azure Global for the other names of a login host, whatever the cloud; none is needed.
            instance_discovery=False,
        )


def _forget_others(application: "msal.PublicClientApplication", username: str) -> None:
    for account in application.get_accounts():
        if account["username"].casefold() != username.casefold():
            application.remove_account(account)
