"""Every failure that is known of Entra ID is produced as it is known: one case a row, in both clouds."""

import pytest

from support.entra import Signer, assert_refused
from support.entra_failures import ROWS, Row, Stage
from support.sign_in import Person, open_browser, password_of, sign_in
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


@BOTH_CLOUDS
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_failure_is_answered_as_it_is_known(tenant: RunningTenant, cloud: str, row: Row) -> None:
    """Status, OAuth error, number, text and suberror are those of the table."""
    answer = row.bring_about(Stage(tenant, cloud))
    assert_refused(answer, row.status, row.error, row.number, row.text)
    assert answer.json().get("suberror") == row.suberror


@BOTH_CLOUDS
def test_a_failed_verifier_does_not_use_up_the_code(tenant: RunningTenant, cloud: str) -> None:
    """After a wrong verifier and after a missing one, the right one still redeems the code."""
    signer = Signer(tenant, cloud)
    code = signer.code()
    for wrong in ("w" * 43, None):
        assert signer.redeem(code, code_verifier=wrong).status_code == 400
    assert signer.redeem(code).status_code == 200


@BOTH_CLOUDS
def test_a_demand_of_conditional_access_carries_claims(tenant: RunningTenant, cloud: str) -> None:
    """Who has to show a second factor is told which policy wants it, for the next interactive request."""
    body = Stage(tenant, cloud).refresh_changed(mfa_required=True).json()
    assert '"capolids"' in body["claims"]


@BOTH_CLOUDS
@pytest.mark.parametrize("uri", ["http://localhost:9999/Elsewhere", "https://evil.example/Callback"])
def test_a_redirect_mismatch_leads_nowhere(tenant: RunningTenant, cloud: str, uri: str) -> None:
    """An address that the app did not register is never redirected to: a page says so, with the number."""
    with open_browser(tenant) as client:
        person = Person(tenant, client).visit(Signer(tenant, cloud).address(redirect_uri=uri))
        assert person.result is None
        assert "AADSTS50011" in person.page.text


@BOTH_CLOUDS
def test_no_reply_address_leads_nowhere(tenant: RunningTenant, cloud: str) -> None:
    """An app without any redirect URI cannot sign anybody in."""
    tenant.change_app("Desktop bot", redirect_uris=[])
    with open_browser(tenant) as client:
        person = Person(tenant, client).visit(Signer(tenant, cloud).address())
        assert person.result is None
        assert "AADSTS900971" in person.page.text


@BOTH_CLOUDS
@pytest.mark.parametrize(
    ("challenge", "number"), [("short", "AADSTS501491"), ("!" * 43, "AADSTS501491"), (None, "AADSTS50147")]
)
def test_a_malformed_challenge_is_told_to_the_app(
    tenant: RunningTenant, cloud: str, challenge: str | None, number: str
) -> None:
    """A code challenge that cannot be one, or a method without one, is answered to the app."""
    result = sign_in(tenant, Signer(tenant, cloud).address(code_challenge=challenge), "nobody")
    assert result["error"] == "invalid_request"
    assert number in result["error_description"]


@BOTH_CLOUDS
def test_who_declines_consent(tenant: RunningTenant, cloud: str) -> None:
    """The app is told that the user declined."""
    signer = Signer(tenant, cloud)
    result = sign_in(tenant, signer.address(), signer.username, accept=False)
    assert result["error"] in ("access_denied", "consent_required")
    assert "AADSTS65004" in result["error_description"]
    assert result["state"] == "a-state"


@BOTH_CLOUDS
@pytest.mark.parametrize("why", ["policy", "permission"])
def test_who_needs_an_admin(tenant: RunningTenant, cloud: str, why: str) -> None:
    """Where users may not consent, or not to this permission, a page says that an admin has to."""
    signer = Signer(tenant, cloud)
    if why == "policy":
        tenant.change_policies(user_consent=False)
    with open_browser(tenant) as client:
        scope = signer.scope if why == "policy" else "openid User.Read.All"
        person = Person(tenant, client).visit(signer.address(scope=scope))
        person.press("idSIButton9", loginfmt=signer.username)
        person.press("idSIButton9", passwd=password_of(tenant, signer.username))
        assert person.result is None
        assert "90094" in person.page.text or "approval" in person.page.text
