"""Refresh tokens rotate, stay good while they are used, and are for one app and user."""

from support.entra import Signer, claims_of
from support.tenant import GCC_HIGH, RunningTenant

DAY_SECONDS = 86400


def test_each_use_gives_a_new_one_and_leaves_the_old_one_good(tenant: RunningTenant) -> None:
    """A refresh token is not used up; what it gives is as good as what it was given with."""
    signer = Signer(tenant)
    first = signer.tokens()
    second = signer.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second.keys() == first.keys()
    assert claims_of(second["access_token"])["oid"] == claims_of(first["access_token"])["oid"]
    assert "nonce" not in claims_of(second["id_token"])
    for token in (first, second):
        assert signer.refresh(token["refresh_token"]).status_code == 200


def test_use_keeps_them_good(tenant: RunningTenant) -> None:
    """Each new one is good for 90 days more; the one from the beginning is not."""
    signer = Signer(tenant)
    first = latest = signer.tokens()["refresh_token"]
    for _ in range(3):
        tenant.advance_clock(60 * DAY_SECONDS)
        latest = signer.refresh(latest).json()["refresh_token"]
    assert signer.refresh(first).json()["error_codes"] == [700082]


def test_it_is_for_its_client(tenant: RunningTenant) -> None:
    """Another app, and the other cloud, cannot use it."""
    token = Signer(tenant).tokens()["refresh_token"]
    assert Signer(tenant, app="Portal bot").refresh(token).json()["error_codes"] == [70000]
    assert Signer(tenant, GCC_HIGH).refresh(token).json()["error_codes"] == [9002313]


def test_a_confidential_client_proves_itself(tenant: RunningTenant) -> None:
    """A web app has to send its secret, a public client must not."""
    portal, desktop = Signer(tenant, app="Portal bot"), Signer(tenant)
    token = portal.tokens()["refresh_token"]
    assert portal.refresh(token, client_secret=None).json()["error_codes"] == [7000218]
    assert portal.refresh(token, client_secret="wrong").json()["error_codes"] == [7000215]
    assert portal.refresh(token).status_code == 200
    token = desktop.tokens()["refresh_token"]
    assert desktop.refresh(token, client_secret="any").json()["error_codes"] == [700025]


def test_a_code_is_no_refresh_token(tenant: RunningTenant) -> None:
    """What was sealed for one purpose is garbage for another."""
    signer = Signer(tenant)
    code, token = signer.code(), signer.tokens()["refresh_token"]
    assert signer.refresh(code).json()["error_codes"] == [9002313]
    assert signer.redeem(token).json()["error_codes"] == [9002313]


def test_a_revoked_user_signs_in_again(tenant: RunningTenant) -> None:
    """After a revocation, tokens of a new sign-in are good at once."""
    signer = Signer(tenant)
    signer.tokens()
    tenant.revoke(user=signer.username)
    token = signer.tokens()["refresh_token"]
    assert signer.refresh(token).status_code == 200


def test_the_revocation_of_an_app_leaves_refresh_tokens(tenant: RunningTenant) -> None:
    """An app's access tokens can be revoked alone; its refresh tokens give new ones that count."""
    signer = Signer(tenant)
    body = signer.tokens(scope="User.Read offline_access")
    tenant.revoke("Desktop bot")
    new = signer.refresh(body["refresh_token"]).json()["access_token"]
    with tenant.client() as client:
        statuses = [
            client.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"}).status_code
            for token in (body["access_token"], new)
        ]
    assert statuses == [401, 200]


def test_a_user_signs_in_again_as_often_as_demanded(tenant: RunningTenant) -> None:
    """With a sign-in frequency, a refresh token is good for that long, and a new sign-in gives a new one."""
    signer = Signer(tenant)
    tenant.change_user(signer.username, sign_in_frequency_seconds=3600)
    token = signer.tokens()["refresh_token"]
    assert signer.refresh(token).status_code == 200
    tenant.advance_clock(3700)
    assert signer.refresh(token).json()["error_codes"] == [70043]
    assert signer.refresh(signer.tokens(prompt="login")["refresh_token"]).status_code == 200


def test_a_code_of_the_other_cloud_is_refused(tenant: RunningTenant) -> None:
    """A code is good at the tenant that gave it only."""
    code = Signer(tenant).code()
    assert Signer(tenant, GCC_HIGH).redeem(code).json()["error_codes"] == [700005]
