"""MSAL for Python signs people in on the tenant's pages, unmodified and through the proxy."""

from typing import Any

import msal
import pytest

from support.authorization import change, user_at
from support.entra import claims_of
from support.sign_in import Person, open_browser, sign_in, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize(("cloud", "domain"), [(GLOBAL, "com"), (GCC_HIGH, "us")])
REDIRECT_URI = "http://localhost:9999/Callback"


@pytest.fixture(autouse=True)
def client_environment(tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what `postroom tenant env` prints."""
    for name, value in tenant.environment.items():
        monkeypatch.setenv(name, value)


def public_client(tenant: RunningTenant, cloud: str, domain: str) -> Any:
    """Make MSAL's application for the Desktop bot."""
    return msal.PublicClientApplication(
        tenant.app("Desktop bot", cloud)["client_id"], authority=authority(tenant, cloud, domain)
    )


def authority(tenant: RunningTenant, cloud: str, domain: str) -> str:
    """Give the authority under Microsoft's own host name."""
    return f"https://login.microsoftonline.{domain}/{tenant.cloud(cloud)['tenant_id']}"


def scopes(domain: str) -> list[str]:
    """Give the scopes that a mail client asks for."""
    return [f"https://graph.microsoft.{domain}/Mail.ReadWrite", f"https://graph.microsoft.{domain}/Mail.Send"]


# MSAL recommends form_post, by a warning.
@pytest.mark.filterwarnings("ignore:response_mode=")
@BOTH_CLOUDS
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_code_with_pkce_and_refresh(tenant: RunningTenant, cloud: str, domain: str, mode: str) -> None:
    """Code with PKCE, state and nonce in every response mode; then tokens come silently, also new ones."""
    app, username = public_client(tenant, cloud, domain), user_at("ap", cloud)
    flow = app.initiate_auth_code_flow(
        scopes(domain), redirect_uri=REDIRECT_URI, login_hint=username, response_mode=mode
    )
    assert "code_challenge_method=S256" in flow["auth_uri"]
    told = sign_in(tenant, flow["auth_uri"], username)
    first = app.acquire_token_by_auth_code_flow(flow, told)
    assert "access_token" in first, first
    assert first["id_token_claims"]["preferred_username"] == username
    assert claims_of(first["access_token"])["aud"] == f"https://graph.microsoft.{domain}"
    (account,) = app.get_accounts(username)
    kept = app.acquire_token_silent_with_error(scopes(domain), account)
    assert kept["access_token"] == first["access_token"]
    renewed = app.acquire_token_silent_with_error(scopes(domain), account, force_refresh=True)
    assert renewed["access_token"] != first["access_token"]
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


@BOTH_CLOUDS
def test_a_web_app_with_a_secret(tenant: RunningTenant, cloud: str, domain: str) -> None:
    """A confidential client redeems its code with its secret."""
    portal, username = tenant.app("Portal bot", cloud), user_at("megan", cloud)
    app = msal.ConfidentialClientApplication(
        portal["client_id"],
        authority=authority(tenant, cloud, domain),
        client_credential=portal["client_secret"],
    )
    flow = app.initiate_auth_code_flow(
        scopes(domain), redirect_uri=portal["redirect_uris"][0], response_mode="form_post"
    )
    answer = app.acquire_token_by_auth_code_flow(flow, sign_in(tenant, flow["auth_uri"], username))
    assert claims_of(answer["access_token"])["upn"] == username


def test_a_mixed_up_state_is_refused(tenant: RunningTenant) -> None:
    """MSAL takes no answer that belongs to another request, and the tenant no code of another verifier."""
    app = public_client(tenant, GLOBAL, "com")
    flows = [
        app.initiate_auth_code_flow(scopes("com"), redirect_uri=REDIRECT_URI, response_mode="form_post")
        for _ in range(2)
    ]
    with open_browser(tenant) as browser:
        told = [sign_in(tenant, flow["auth_uri"], user_at("ap"), client=browser) for flow in flows]
    with pytest.raises(ValueError, match="state"):
        app.acquire_token_by_auth_code_flow(flows[0], told[1])
    answer = app.acquire_token_by_auth_code_flow(flows[0], told[1] | {"state": flows[0]["state"]})
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [501481])


def test_what_the_person_declines_reaches_the_application(tenant: RunningTenant) -> None:
    """An error in the answer is MSAL's answer."""
    app = public_client(tenant, GLOBAL, "com")
    flow = app.initiate_auth_code_flow(scopes("com"), redirect_uri=REDIRECT_URI, response_mode="form_post")
    told = sign_in(tenant, flow["auth_uri"], user_at("ap"), accept=False)
    answer = app.acquire_token_by_auth_code_flow(flow, told)
    assert answer["error"] == "access_denied"
    assert "AADSTS65004" in answer["error_description"]


def test_a_revoked_sign_in_needs_a_new_one(tenant: RunningTenant) -> None:
    """After a revocation nothing comes silently; after a new sign-in it does again."""
    app = public_client(tenant, GLOBAL, "com")
    for _ in range(2):
        flow = app.initiate_auth_code_flow(
            scopes("com"), redirect_uri=REDIRECT_URI, response_mode="form_post"
        )
        app.acquire_token_by_auth_code_flow(flow, sign_in(tenant, flow["auth_uri"], user_at("ap")))
        (account,) = app.get_accounts(user_at("ap"))
        renewed = app.acquire_token_silent_with_error(scopes("com"), account, force_refresh=True)
        assert "access_token" in renewed, renewed
        assert tenant.control.post("/revoke", json={"user": user_at("ap")}).is_success
        refused = app.acquire_token_silent_with_error(scopes("com"), account, force_refresh=True)
        assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [50173])


@BOTH_CLOUDS
def test_device_code(tenant: RunningTenant, cloud: str, domain: str) -> None:
    """MSAL's device code flow ends with tokens once the person has typed the code in."""
    app, username = public_client(tenant, cloud, domain), user_at("adele", cloud)
    flow = app.initiate_device_flow(scopes(domain))
    assert flow["user_code"] in flow["message"]
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(flow["verification_uri"])
        person.press("idSIButton9", otc=flow["user_code"])
        with pytest.raises(AssertionError, match="You have signed in to Desktop bot"):
            walk(person, username)
    answer = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert claims_of(answer["access_token"])["upn"] == username


def test_a_user_who_was_disabled_is_told_silently(tenant: RunningTenant) -> None:
    """What bars a user afterwards is told at the next refresh."""
    app = public_client(tenant, GLOBAL, "com")
    flow = app.initiate_auth_code_flow(scopes("com"), redirect_uri=REDIRECT_URI, response_mode="form_post")
    app.acquire_token_by_auth_code_flow(flow, sign_in(tenant, flow["auth_uri"], user_at("ap")))
    (account,) = app.get_accounts(user_at("ap"))
    change(tenant, f"users/{user_at('ap')}", enabled=False)
    refused = app.acquire_token_silent_with_error(scopes("com"), account, force_refresh=True)
    assert refused["error_codes"] == [50057]
