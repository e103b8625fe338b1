"""A code is redeemed once, by the app and under the address it was made for."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.tenant.directory import App, User
from postroom.tenant.entra.authorization_codes import Authorization, issue_code, redeem_code
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.state import CloudState
from support.entra import CHALLENGE, VERIFIER

REDIRECT = "http://localhost:9999/Callback"


@pytest.fixture
def authorization(cloud: CloudState, desktop: App, adele: User) -> Authorization:
    """Give what a user has just allowed."""
    now = int(cloud.now().timestamp())
    return Authorization(
        client_id=desktop.client_id,
        user_id=adele.id,
        scopes=frozenset({"Mail.Read", "Mail.Send"}),
        openid=frozenset({"openid"}),
        redirect_uri=REDIRECT,
        issued=now,
        auth_time=now,
        amr=("pwd", "mfa"),
        code_challenge=CHALLENGE,
        code_challenge_method="S256",
        nonce="n",
        prefix="https://graph.microsoft.com/",
    )


def refuse(code: str, app: App, cloud: CloudState, redirect_uri: str = REDIRECT) -> int:
    """Expect a refusal, and give its number."""
    with pytest.raises(EntraRefusedError) as refused:
        redeem_code(code, app, redirect_uri, VERIFIER, cloud)
    return refused.value.number


def test_a_code_says_all_that_was_allowed(
    cloud: CloudState, desktop: App, authorization: Authorization
) -> None:
    """What comes out is what went in."""
    assert redeem_code(issue_code(authorization, cloud), desktop, REDIRECT, VERIFIER, cloud) == authorization


@pytest.mark.parametrize("disguise", ["", "=", "!", "\n", " "])
def test_a_redeemed_code_is_known_in_any_disguise(
    cloud: CloudState, desktop: App, authorization: Authorization, disguise: str
) -> None:
    """What some decoders pass over makes no new code of an old one."""
    code = issue_code(authorization, cloud)
    redeem_code(code, desktop, REDIRECT, VERIFIER, cloud)
    assert refuse(code + disguise, desktop, cloud) in (54005, 9002313)


def test_two_codes_of_one_sign_in_are_two(
    cloud: CloudState, desktop: App, authorization: Authorization
) -> None:
    """Redeeming one leaves the other good."""
    for code in [issue_code(authorization, cloud) for _ in range(2)]:
        redeem_code(code, desktop, REDIRECT, VERIFIER, cloud)


def test_a_code_lives_ten_minutes(cloud: CloudState, desktop: App, authorization: Authorization) -> None:
    """By the tenant's clock; one that was redeemed is known as redeemed as long as it would have been good."""
    spent, late = (issue_code(authorization, cloud) for _ in range(2))
    cloud.clock.advance(590)
    redeem_code(spent, desktop, REDIRECT, VERIFIER, cloud)
    assert refuse(spent, desktop, cloud) == 54005
    cloud.clock.advance(11)
    assert refuse(late, desktop, cloud) == 70008


def test_a_refused_request_leaves_the_code_good(
    cloud: CloudState, desktop: App, authorization: Authorization
) -> None:
    """Another app and another address are refused; the right ones then still get on."""
    code = issue_code(authorization, cloud)
    assert refuse(code, replace(desktop, client_id="another"), cloud) == 70000
    assert refuse(code, desktop, cloud, "http://localhost") == 50011
    redeem_code(code, desktop, REDIRECT, VERIFIER, cloud)


@given(code=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_else_is_no_code(cloud: CloudState, desktop: App, code: str) -> None:
    """Whatever is sent as a code, the answer is a refusal."""
    assert refuse(code, desktop, cloud) == 9002313
