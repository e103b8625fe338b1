"""Providers: a person's sign-in, a refresh, a token for the app itself."""

import datetime
import json
from pathlib import Path

import pytest

from postroom import errors
from postroom.controlroom.connections import grants
from postroom.controlroom.vault.master_keys import ensure_key
from support.canary import canary
from support.entra import claims_of
from support.provider_connections import add_secret, count_token_requests, create_connection, sign_in_for
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _vault(db: None) -> None:
    ensure_key()


@pytest.mark.parametrize(("cloud", "username"), [(GLOBAL, "ap@contoso.com"), (GCC_HIGH, "ap@contoso.us")])
def test_a_person_signs_in_and_the_token_is_refreshed(
    reachable_tenant: RunningTenant, cloud: str, username: str
) -> None:
    """In both clouds: the sign-in gives a token of the person, and what is kept gives another without them."""
    connection = create_connection(reachable_tenant, cloud=cloud)
    grant = sign_in_for(connection, reachable_tenant, username)
    assert (grant.signed_in_as, grant.refreshable) == (username, True)
    again = grants.refresh(connection, grant.kept)
    assert claims_of(again.access_token.reveal())["upn"] == username
    assert again.signed_in_as == username
    assert again.access_token != grant.access_token
    assert again.expires > datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=30)


def test_what_is_kept_goes_on_after_each_refresh(reachable_tenant: RunningTenant) -> None:
    """Refreshes follow each other, each with what the last one kept."""
    connection = create_connection(reachable_tenant)
    grant = sign_in_for(connection, reachable_tenant)
    for _ in range(3):
        grant = grants.refresh(connection, grant.kept)
    assert {"Mail.ReadWrite", "Mail.Send"} <= set(claims_of(grant.access_token.reveal())["scp"].split())


def test_a_public_client_signs_in_with_pkce(reachable_tenant: RunningTenant) -> None:
    """Without a secret the code verifier alone proves the client."""
    connection = create_connection(
        reachable_tenant,
        app="Desktop bot",
        grant_type="authorization_code_pkce",
        client_authentication="none",
    )
    grant = sign_in_for(connection, reachable_tenant, redirect_uri="http://localhost:9999/Callback")
    assert grants.refresh(connection, grant.kept).signed_in_as == "ap@contoso.com"


def test_the_app_signs_in_as_itself(reachable_tenant: RunningTenant) -> None:
    """Client credentials give a token of the app, of nobody."""
    connection = create_connection(reachable_tenant, app="Invoice bot", grant_type="client_credentials")
    grant = grants.ask_for_itself(connection)
    assert "Mail.Send" in claims_of(grant.access_token.reveal())["roles"]
    assert grant.signed_in_as == ""


def test_the_app_proves_itself_by_its_certificate(reachable_tenant: RunningTenant) -> None:
    """A certificate with its key takes the place of the secret."""
    connection = create_connection(
        reachable_tenant,
        app="Invoice bot",
        grant_type="client_credentials",
        client_authentication="private_key_jwt",
    )
    add_secret(connection, Path(reachable_tenant.app("Invoice bot")["certificate"]).read_text())
    assert grants.ask_for_itself(connection).access_token


def test_of_two_secrets_the_one_that_is_good_is_used(reachable_tenant: RunningTenant) -> None:
    """During a change the newest secret is tried first, and the older one where Microsoft refuses it."""
    connection = create_connection(reachable_tenant)
    grant = sign_in_for(connection, reachable_tenant)
    add_secret(connection, "a-secret-that-is-not-registered-yet")
    reachable_tenant.clear_requests()
    assert grants.refresh(connection, grant.kept).signed_in_as == "ap@contoso.com"
    assert sign_in_for(connection, reachable_tenant).signed_in_as == "ap@contoso.com"
    assert count_token_requests(reachable_tenant) == 4


def test_a_secret_that_is_refused_is_told(reachable_tenant: RunningTenant) -> None:
    """Where no secret is good, the error is the newest one's."""
    connection = create_connection(
        reachable_tenant, with_secret=False, app="Old bot", grant_type="client_credentials"
    )
    with pytest.raises(errors.SettingError, match="has no client secret"):
        grants.ask_for_itself(connection)
    add_secret(connection, reachable_tenant.app("Old bot")["client_secret"])
    with pytest.raises(errors.ClientRefusedError, match="has expired"):
        grants.ask_for_itself(connection)


def test_an_answer_to_another_sign_in_is_refused(reachable_tenant: RunningTenant) -> None:
    """The state must be the one that was sent; what was declined is told as such."""
    connection = create_connection(reachable_tenant)
    url, flow = grants.start_sign_in(connection, "https://portal.contoso.com/callback", "the-state")
    assert url.startswith("https://login.microsoftonline.com/")
    assert json.loads(json.dumps(flow)) == flow
    with pytest.raises(errors.SignInAnswerError, match="not the answer to this sign-in"):
        grants.finish_sign_in(connection, flow, {"code": "a-code", "state": "another-state"})
    declined = {"error": "access_denied", "error_description": "AADSTS65004: declined", "state": "the-state"}
    with pytest.raises(errors.SignInDeniedError):
        grants.finish_sign_in(connection, flow, declined)


def test_a_dead_sign_in_needs_a_person(reachable_tenant: RunningTenant) -> None:
    """A refresh token that was revoked asks for a new sign-in."""
    connection = create_connection(reachable_tenant)
    grant = sign_in_for(connection, reachable_tenant)
    reachable_tenant.revoke(user="ap@contoso.com")
    with pytest.raises(errors.SignInNeededError, match="Sign in again"):
        grants.refresh(connection, grant.kept)


def test_a_grant_does_not_print_itself(reachable_tenant: RunningTenant) -> None:
    """Neither the token nor what is kept shows in the repr."""
    connection = create_connection(reachable_tenant)
    assert not canary.is_in(repr(sign_in_for(connection, reachable_tenant)))
