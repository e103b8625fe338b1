"""Graph takes an access token only from the app, cloud and time it was made for."""

import base64
import json
import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.tenant.entra.access import AccessRefusedError, Caller, authenticate
from postroom.tenant.entra.access_tokens import issue_application_token
from postroom.tenant.entra.client_authentication import Proof
from postroom.tenant.entra.keys import SigningKey
from postroom.tenant.state import CloudState
from postroom.tenant.tenancy import LocalTenant


def token_of(cloud: CloudState, app: str = "Invoice bot") -> str:
    """Issue a token for an app."""
    found = cloud.directory.find_app_named(app)
    assert found is not None
    return issue_application_token(found, Proof.SECRET, cloud)


def refuse(authorization: str | None, cloud: CloudState) -> AccessRefusedError:
    """Expect a refusal, and give it."""
    with pytest.raises(AccessRefusedError) as refused:
        authenticate(authorization, cloud)
    assert refused.value.code == "InvalidAuthenticationToken"
    assert refused.value.www_authenticate.startswith("Bearer ")
    return refused.value


def test_a_fresh_token_names_its_app_and_permissions(cloud: CloudState) -> None:
    """An app's own token is accepted with the app's permissions, whatever the case of the scheme."""
    for scheme in ("Bearer", "bearer"):
        caller = authenticate(f"{scheme} {token_of(cloud, 'Reader bot')}", cloud)
        assert isinstance(caller, Caller)
        assert (caller.app.name, caller.user, caller.application) == ("Reader bot", None, True)
        assert caller.permissions == {"Mail.Read"}


def test_a_users_token_names_the_user_and_its_scopes(cloud: CloudState) -> None:
    """A token with scopes belongs to a user, and its permissions are the scopes."""
    user = cloud.directory.find_user("adele@contoso.com")
    app = cloud.directory.find_app_named("Desktop bot")
    assert user is not None
    assert app is not None
    claims = claims_of(cloud) | {
        "idtyp": "user",
        "oid": user.id,
        "scp": "Mail.Read User.Read",
        "appid": app.client_id,
    }
    caller = authenticate(f"Bearer {cloud.signing_key.sign(claims)}", cloud)
    assert (caller.app, caller.user, caller.application) == (app, user, False)
    assert caller.permissions == {"Mail.Read", "User.Read"}


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer  ", "Basic eDp5", "Token x"])
def test_no_token(cloud: CloudState, authorization: str | None) -> None:
    """A request without a Bearer token is told that the token is empty."""
    assert refuse(authorization, cloud).message == "Access token is empty."


def test_a_token_of_the_other_cloud(cloud: CloudState, local_tenant: LocalTenant) -> None:
    """A token of the other cloud is for another audience."""
    foreign = token_of(local_tenant.clouds[1])
    assert refuse(f"Bearer {foreign}", cloud).message == "Access token validation failure. Invalid audience."


def test_a_forged_token(cloud: CloudState) -> None:
    """A token that another key signed is refused, and so is one without a signature."""
    forged = replace(cloud, signing_key=SigningKey.generate())
    assert refuse(f"Bearer {token_of(forged)}", cloud).message == "Signing key is invalid."
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    unsigned = f"{header}.{token_of(cloud).split('.')[1]}."
    assert refuse(f"Bearer {unsigned}", cloud).message == "Signing key is invalid."


def test_a_token_of_another_tenant(cloud: CloudState) -> None:
    """The issuer has to be this tenant."""
    claims = claims_of(cloud) | {"iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"}
    assert "Invalid issuer" in refuse(f"Bearer {cloud.signing_key.sign(claims)}", cloud).message


def test_a_token_expires_by_the_tenants_clock(cloud: CloudState) -> None:
    """A token is good for an hour of the tenant's time."""
    token = token_of(cloud)
    cloud.clock.advance(3000)
    authenticate(f"Bearer {token}", cloud)
    cloud.clock.advance(700)
    assert refuse(f"Bearer {token}", cloud).message == "Lifetime validation failed, the token is expired."


def test_a_token_from_the_future(cloud: CloudState) -> None:
    """A token that is not valid yet is refused, but for five minutes of difference between clocks."""
    token = token_of(cloud)
    cloud.clock.advance(-200)
    authenticate(f"Bearer {token}", cloud)
    cloud.clock.advance(-200)
    assert refuse(f"Bearer {token}", cloud).message == "Access token has expired or is not yet valid."


def test_a_revoked_token_is_answered_with_a_claims_challenge(cloud: CloudState) -> None:
    """After a revocation older tokens are refused with what to ask for; newer ones are good at once."""
    app = cloud.directory.find_app_named("Invoice bot")
    assert app is not None
    old, other = token_of(cloud), token_of(cloud, "Reader bot")
    cloud.revoke(app)
    refused = refuse(f"Bearer {old}", cloud)
    assert "TokenIssuedBeforeRevocationTimestamp" in refused.message
    assert 'error="insufficient_claims"' in refused.www_authenticate
    assert f'claims="{refused.claims_challenge}"' in refused.www_authenticate
    assert refused.claims_challenge is not None
    asked = json.loads(base64.b64decode(refused.claims_challenge))
    assert asked["access_token"]["nbf"]["essential"] is True
    assert int(asked["access_token"]["nbf"]["value"]) >= int(time.time())
    authenticate(f"Bearer {token_of(cloud)}", cloud)
    authenticate(f"Bearer {other}", cloud)


@given(token=st.text() | st.text(alphabet="abc.-_=é{", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_else_is_refused_and_nothing_breaks(cloud: CloudState, token: str) -> None:
    """Whatever is sent as a token, the answer is a refusal."""
    refuse(f"Bearer {token}", cloud)
    refuse(f"Bearer x.{base64.urlsafe_b64encode(token.encode('utf-8', 'replace')).decode()}.y", cloud)


def claims_of(cloud: CloudState) -> dict[str, object]:
    """Give the claims of a good token."""
    return dict(cloud.signing_key.read(token_of(cloud)))


def test_a_signing_key_does_not_print_itself(tmp_path: Path) -> None:
    """Neither keys nor secrets are in the repr of what holds them."""
    tenant = LocalTenant.open(tmp_path / secrets.token_hex(2), 8443, None)
    app = tenant.clouds[0].directory.find_app_named("Invoice bot")
    assert app is not None
    assert app.client_secret is not None
    printed = (
        f"{tenant.clouds[0]!r} {app!r} {tenant.clouds[0].signing_key!r} {tenant.clouds[0].directory.users!r}"
    )
    assert app.client_secret not in printed
    assert "PRIVATE KEY" not in printed
    assert tenant.clouds[0].directory.users[0].password not in printed
    tenant.close()
