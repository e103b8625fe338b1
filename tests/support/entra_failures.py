"""How each failure that is known of Entra ID comes about: one row a case, for the tenant and for who meets it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx2

from support.entra import SCOPES, Signer, ask_token
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

DAY_SECONDS = 86400
UNKNOWN_ID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Stage:
    """Where a failure is brought about."""

    tenant: RunningTenant
    cloud: str

    @property
    def other(self) -> str:
        """The other cloud."""
        return GLOBAL if self.cloud == GCC_HIGH else GCC_HIGH

    @property
    def desktop(self) -> Signer:
        """A user at the public app."""
        return Signer(self.tenant, self.cloud)

    @property
    def portal(self) -> Signer:
        """A user at the web app with a secret."""
        return Signer(self.tenant, self.cloud, "Portal bot")

    def ask(self, **fields: Any) -> httpx2.Response:
        """Ask by client credentials."""
        return ask_token(self.tenant, cloud=self.cloud, **fields)

    def refresh_token(self) -> str:
        """Sign in, and give the refresh token."""
        return str(self.desktop.tokens()["refresh_token"])

    def refresh_changed(self, **changes: Any) -> httpx2.Response:
        """Sign in, change the user, and use the refresh token."""
        token = self.refresh_token()
        self.tenant.change_user(self.desktop.username, **changes)
        return self.desktop.refresh(token)

    def get(self, path: str) -> httpx2.Response:
        """Get a document of the cloud."""
        with self.tenant.client(self.cloud) as client:
            return client.get(path)

    def fail(self, number: int) -> httpx2.Response:
        """Ask for a token while a fault strikes."""
        self.tenant.add_fault(path="*/oauth2/v2.0/token", aadsts=number)
        return self.ask()


class Row(NamedTuple):
    """One failure: how it comes about, and what is answered."""

    name: str
    bring_about: Callable[[Stage], httpx2.Response]
    status: int
    error: str
    number: int
    text: str
    suberror: str | None = None


def redeem_again(stage: Stage) -> httpx2.Response:
    """Redeem a code twice."""
    code = stage.desktop.code()
    assert stage.desktop.redeem(code).status_code == 200
    return stage.desktop.redeem(code)


def redeem_late(stage: Stage) -> httpx2.Response:
    """Redeem a code after its ten minutes."""
    code = stage.desktop.code()
    stage.tenant.advance_clock(601)
    return stage.desktop.redeem(code)


def redeem_elsewhere(stage: Stage) -> httpx2.Response:
    """Redeem a code of the other cloud's tenant."""
    return stage.desktop.redeem(Signer(stage.tenant, stage.other).code())


def redeem_with_another_redirect(stage: Stage) -> httpx2.Response:
    """Redeem a code under another redirect URI of the app."""
    return stage.desktop.redeem(stage.desktop.code(), redirect_uri="http://localhost")


def redeem_as_another_client(stage: Stage) -> httpx2.Response:
    """Redeem a code as another app."""
    code = stage.desktop.code()
    return stage.portal.redeem(code)


def use_app_without_redirect(stage: Stage) -> httpx2.Response:
    """Redeem a code as an app that has no redirect URI any more."""
    code = stage.desktop.code()
    stage.tenant.change_app("Desktop bot", stage.cloud, redirect_uris=[])
    return stage.desktop.redeem(code)


def use_disabled_app(stage: Stage) -> httpx2.Response:
    """Ask as an app that was disabled."""
    stage.tenant.change_app("Invoice bot", stage.cloud, enabled=False)
    return stage.ask()


def refresh_revoked(stage: Stage) -> httpx2.Response:
    """Use a refresh token from before the user's tokens were revoked."""
    token = stage.refresh_token()
    stage.tenant.revoke(user=stage.desktop.username)
    return stage.desktop.refresh(token)


def refresh_inactive(stage: Stage) -> httpx2.Response:
    """Use a refresh token that nobody used for 90 days."""
    token = stage.refresh_token()
    stage.tenant.advance_clock(90 * DAY_SECONDS)
    return stage.desktop.refresh(token)


def refresh_after_sign_in_frequency(stage: Stage) -> httpx2.Response:
    """Use a refresh token after the user should have signed in again."""
    token = stage.refresh_token()
    stage.tenant.change_user(stage.desktop.username, sign_in_frequency_seconds=3600)
    assert stage.desktop.refresh(token).status_code == 200
    stage.tenant.advance_clock(3600)
    return stage.desktop.refresh(token)


def refresh_without_consent(stage: Stage) -> httpx2.Response:
    """Use a refresh token after the user's consent was taken away."""
    token = stage.refresh_token()
    stage.tenant.withdraw_consent("Desktop bot", stage.desktop.username)
    return stage.desktop.refresh(token)


def refresh_for_more(stage: Stage) -> httpx2.Response:
    """Use a refresh token for a permission that nobody consented to."""
    return stage.desktop.refresh(stage.refresh_token(), scope="Mail.Send")


def ask_with_password(stage: Stage) -> httpx2.Response:
    """Send a wrong password."""
    return stage.desktop.ask("password", username=stage.desktop.username, password="wrong")


ROWS = [
    Row(
        "bad secret",
        lambda at: at.ask(client_secret="wrong"),
        *(401, "invalid_client", 7000215, "Invalid client secret provided."),
    ),
    Row(
        "expired secret",
        lambda at: at.ask(app="Old bot"),
        *(401, "invalid_client", 7000222, "The provided client secret keys for app"),
    ),
    Row(
        "secret missing",
        lambda at: at.ask(client_secret=None),
        *(401, "invalid_client", 7000218, "'client_assertion' or 'client_secret'."),
    ),
    Row(
        "secret missing for a code",
        lambda at: at.portal.redeem(at.portal.code(), client_secret=None),
        *(401, "invalid_client", 7000218, "'client_assertion' or 'client_secret'."),
    ),
    Row(
        "secret of a public client",
        lambda at: at.desktop.redeem("any", client_secret="any"),
        *(401, "invalid_client", 700025, "Client is public"),
    ),
    Row(
        "unknown tenant",
        lambda at: at.ask(realm=UNKNOWN_ID),
        *(400, "invalid_request", 90002, f"Tenant '{UNKNOWN_ID}' not found."),
    ),
    Row(
        "unknown tenant in discovery",
        lambda at: at.get(f"/{UNKNOWN_ID}/v2.0/.well-known/openid-configuration"),
        *(400, "invalid_tenant", 90002, f"Tenant '{UNKNOWN_ID}' not found."),
    ),
    Row(
        "tenant of the other cloud",
        lambda at: at.ask(realm=at.tenant.cloud(at.other)["tenant_id"]),
        *(400, "invalid_request", 900382, "Confidential Client isn't supported in Cross Cloud request."),
    ),
    Row(
        "tenant of the other cloud for a public client",
        lambda at: at.desktop.redeem("any", realm=at.tenant.cloud(at.other)["tenant_id"]),
        *(400, "invalid_request", 90038, "belongs to the National Cloud"),
    ),
    Row(
        "unknown client",
        lambda at: at.ask(client_id=UNKNOWN_ID),
        *(400, "unauthorized_client", 700016, f"Application with identifier '{UNKNOWN_ID}' was not found"),
    ),
    Row("app disabled", use_disabled_app, 400, "unauthorized_client", 7000112, "is disabled."),
    Row(
        "redirect mismatch",
        redeem_with_another_redirect,
        *(400, "invalid_grant", 50011, "The redirect URI 'http://localhost' specified in the request"),
    ),
    Row(
        "no reply address",
        use_app_without_redirect,
        *(400, "invalid_client", 900971, "No reply address provided."),
    ),
    Row(
        "verifier wrong",
        lambda at: at.desktop.redeem(at.desktop.code(), code_verifier="w" * 43),
        *(400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied"),
    ),
    Row(
        "verifier wrong of a confidential client",
        lambda at: at.portal.redeem(at.portal.code(), code_verifier="w" * 43),
        *(400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied"),
    ),
    Row(
        "verifier missing",
        lambda at: at.desktop.redeem(at.desktop.code(), code_verifier=None),
        *(400, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied"),
    ),
    Row("code expired", redeem_late, 400, "invalid_grant", 70008, "has expired due to inactivity."),
    Row("code redeemed", redeem_again, 400, "invalid_grant", 54005, "was already redeemed"),
    Row(
        "code garbage",
        lambda at: at.desktop.redeem("0.garbage"),
        *(400, "invalid_grant", 9002313, "Request is malformed or invalid."),
    ),
    Row("code of another client", redeem_as_another_client, 400, "invalid_grant", 70000, "is invalid"),
    Row("code of another tenant", redeem_elsewhere, 400, "invalid_grant", 700005, "other tenant"),
    Row(
        "refresh token revoked",
        refresh_revoked,
        *(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked"),
    ),
    Row(
        "refresh token inactive",
        refresh_inactive,
        *(400, "invalid_grant", 700082, "was inactive for 90.00:00:00."),
    ),
    Row(
        "sign-in frequency",
        refresh_after_sign_in_frequency,
        *(400, "invalid_grant", 70043, "maximum allowed lifetime for this request is 3600.", "token_expired"),
    ),
    Row(
        "consent withdrawn",
        refresh_without_consent,
        *(400, "invalid_grant", 65001, "named 'Desktop bot'. Send an interactive", "consent_required"),
    ),
    Row(
        "consent missing",
        refresh_for_more,
        *(400, "invalid_grant", 65001, "has not consented to use the application", "consent_required"),
    ),
    Row(
        "user disabled",
        lambda at: at.refresh_changed(enabled=False),
        *(400, "invalid_grant", 50057, "The user account is disabled."),
    ),
    Row(
        "bad password",
        ask_with_password,
        *(400, "invalid_grant", 50126, "Error validating credentials due to invalid username or password."),
    ),
    Row(
        "second factor needed",
        lambda at: at.refresh_changed(mfa_required=True),
        *(400, "invalid_grant", 50076, "you must use multi-factor authentication", "basic_action"),
    ),
    Row(
        "second factor to be enrolled",
        lambda at: at.fail(50079),
        *(400, "invalid_grant", 50079, "you must enroll in multi-factor authentication", "basic_action"),
    ),
    Row(
        "blocked by Conditional Access",
        lambda at: at.refresh_changed(blocked=True),
        *(400, "invalid_grant", 53003, "blocked by Conditional Access policies.", "message_only"),
    ),
    Row(
        "bad scope",
        lambda at: at.desktop.refresh(at.refresh_token(), scope="Mail.Everything"),
        *(400, "invalid_scope", 70011, "The scope Mail.Everything is not valid."),
    ),
    Row(
        "scopes of two resources",
        lambda at: at.ask(scope=f"{SCOPES[GLOBAL]} {SCOPES[GCC_HIGH]}"),
        *(400, "invalid_scope", 700022, "more than one resource"),
    ),
    Row(
        "scopes of two resources for a user",
        lambda at: at.desktop.refresh(at.refresh_token(), scope=" ".join(SCOPES.values())),
        *(400, "invalid_scope", 700022, "more than one resource"),
    ),
    Row(
        "unknown resource",
        lambda at: at.ask(scope="https://nothing.example/.default"),
        *(400, "invalid_resource", 500011, "The resource principal named https://nothing.example"),
    ),
    Row(
        "Graph of the other cloud",
        lambda at: at.desktop.refresh(at.refresh_token(), scope=SCOPES[at.other]),
        *(400, "invalid_resource", 500011, "The resource principal named https://graph.microsoft."),
    ),
    Row(
        "missing parameter",
        lambda at: at.desktop.ask("authorization_code"),
        *(400, "invalid_request", 900144, "parameter: 'code'."),
    ),
    Row(
        "unsupported grant",
        lambda at: at.ask(grant_type="implicit"),
        *(400, "unsupported_grant_type", 70003, "'implicit'"),
    ),
    Row(
        "single-tenant app over /common",
        lambda at: at.desktop.redeem("any", realm="common"),
        *(400, "invalid_request", 50194, "is not configured as a multi-tenant application."),
    ),
    Row(
        "client credentials over /common",
        lambda at: at.ask(realm="common"),
        *(400, "invalid_request", 9001023, "isn't supported over the /common or /consumers endpoints."),
    ),
    Row(
        "only POST",
        lambda at: at.get("/contoso.com/oauth2/v2.0/token"),
        *(400, "invalid_request", 900561, "Received a GET request."),
    ),
    Row(
        "throttled",
        lambda at: at.fail(90055),
        *(429, "temporarily_unavailable", 90055, "too many incoming requests"),
    ),
    Row(
        "loop detected",
        lambda at: at.fail(50196),
        *(400, "temporarily_unavailable", 50196, "client request loop"),
    ),
]
