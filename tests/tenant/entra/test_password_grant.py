"""A password never gets a token from the token endpoint."""

import pytest

from support.entra import Signer, assert_refused
from support.sign_in import password_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
@pytest.mark.parametrize("app", ["Desktop bot", "Portal bot"])
def test_the_right_password_is_refused(tenant: RunningTenant, cloud: str, app: str) -> None:
    """The right password changes nothing but the number of the refusal."""
    signer = Signer(tenant, cloud, app)
    answer = signer.ask("password", username=signer.username, password=password_of(tenant, signer.username))
    assert_refused(answer, 400, "unsupported_grant_type", 70003, "'password'")


def test_an_unknown_user(tenant: RunningTenant) -> None:
    """A user whom the directory does not have is told apart from a wrong password."""
    answer = Signer(tenant).ask("password", username="nobody@contoso.com", password="any")
    assert_refused(answer, 400, "invalid_grant", 50034, "nobody@contoso.com does not exist in the Contoso")


@pytest.mark.parametrize("missing", ["username", "password"])
def test_a_missing_parameter(tenant: RunningTenant, missing: str) -> None:
    """Both are asked for by name."""
    form: dict[str, str | None] = {"username": "ap@contoso.com", "password": "any"}
    answer = Signer(tenant).ask("password", **(form | {missing: None}))
    assert_refused(answer, 400, "invalid_request", 900144, f"'{missing}'.")
