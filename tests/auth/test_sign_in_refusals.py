"""From a refusal of Entra ID to an error: its class by `error` and `suberror`, its words by the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom import errors
from postroom.auth.refusals import SignInPlace, create_sign_in_error
from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH, CLOUDS, Cloud

CLIENT_ID = "11111111-2222-3333-4444-555555555555"
ROWS = [
    ("invalid_client", 7000215, errors.ClientRefusedError, "the secret's value (not its ID)"),
    ("invalid_client", 7000222, errors.ClientRefusedError, "it has expired. Add a new one"),
    ("invalid_client", 7000218, errors.ClientRefusedError, "allow public client flows"),
    ("invalid_client", 700025, errors.ClientRefusedError, "may not send a client secret"),
    ("invalid_request", 90002, errors.SignInError, "does not know the tenant"),
    ("invalid_tenant", 90002, errors.TenantNotFoundError, "does not know the tenant"),
    ("invalid_request", 90038, errors.SignInError, "Choose the other Azure cloud"),
    ("invalid_request", 900382, errors.SignInError, "Choose the other Azure cloud"),
    ("unauthorized_client", 700016, errors.ClientUnknownError, "has no app"),
    ("unauthorized_client", 7000112, errors.ClientUnknownError, "switched off"),
    ("invalid_grant", 50011, errors.SignInNeededError, "does not have this redirect URL"),
    ("invalid_client", 900971, errors.ClientRefusedError, "no redirect URL at all"),
    ("invalid_grant", 501481, errors.SignInNeededError, "code verifier does not fit"),
    ("invalid_request", 50147, errors.SignInError, "code challenge"),
    ("invalid_request", 501491, errors.SignInError, "code challenge"),
    ("invalid_grant", 70008, errors.SignInNeededError, "has expired. Sign in again"),
    ("invalid_grant", 54005, errors.SignInNeededError, "was used already"),
    ("invalid_grant", 70000, errors.SignInNeededError, "Sign in again"),
    ("invalid_grant", 9002313, errors.SignInNeededError, "came back damaged"),
    ("invalid_grant", 700005, errors.SignInNeededError, "another tenant"),
    ("invalid_grant", 50173, errors.SignInNeededError, "the password was changed"),
    ("invalid_grant", 700082, errors.SignInNeededError, "not used for so long"),
    ("invalid_grant", 70043, errors.SignInNeededError, "sign-in frequency"),
    ("access_denied", 65004, errors.SignInDeniedError, "were declined"),
    ("access_denied", 90094, errors.SignInDeniedError, "Only an administrator"),
    ("invalid_grant", 50057, errors.SignInNeededError, "account is disabled"),
    ("invalid_grant", 50126, errors.SignInNeededError, "password is wrong"),
    ("interaction_required", 50076, errors.SignInNeededError, "multi-factor authentication"),
    ("invalid_grant", 50079, errors.SignInNeededError, "has not set up yet"),
    ("access_denied", 53003, errors.SignInDeniedError, "Conditional Access"),
    ("invalid_scope", 70011, errors.SignInError, "does not know one of the permissions"),
    ("invalid_scope", 700022, errors.SignInError, "two services"),
    ("invalid_resource", 500011, errors.SignInError, "does not know Microsoft Graph"),
    ("invalid_request", 900144, errors.SignInError, "A part of the sign-in request is missing"),
    ("unsupported_grant_type", 70003, errors.SignInError, "another authentication mode"),
    ("invalid_request", 50194, errors.SignInError, "belongs to one tenant only"),
    ("invalid_request", 9001023, errors.SignInError, "one tenant of its own"),
    ("temporarily_unavailable", 90055, errors.SignInUnavailableError, "Wait some minutes"),
    ("temporarily_unavailable", 50196, errors.SignInUnavailableError, "over and over"),
    ("login_required", 50058, errors.SignInNeededError, "Nobody is signed in"),
]


def place(cloud: Cloud = AZURE_GLOBAL) -> SignInPlace:
    """Where the refused sign-in was."""
    return SignInPlace(cloud, "contoso.com", CLIENT_ID)


@pytest.mark.parametrize("cloud", CLOUDS, ids=str)
@pytest.mark.parametrize(("error", "number", "kind", "phrase"), ROWS)
def test_a_refusal_becomes_advice(
    error: str, number: int, kind: type[errors.SignInError], phrase: str, cloud: Cloud
) -> None:
    """The error is of the class that `error` decides, and says what to do in its own cloud."""
    refusal = {"error": error, "error_description": f"AADSTS{number}: No.\r\nTrace ID: 1"}
    made = create_sign_in_error(refusal, place(cloud))
    assert type(made) is kind
    assert (made.code, made.aadsts) == (error, number)
    assert phrase in made.message
    other = next(known for known in CLOUDS if known is not cloud)
    assert other.portal_host not in made.message.replace(cloud.portal_host, "")


def test_the_suberror_goes_before_the_error() -> None:
    """A grant without consent is told as missing consent, with the link for an administrator of that cloud."""
    refusal = {"error": "invalid_grant", "suberror": "consent_required", "error_codes": [65001]}
    made = create_sign_in_error(refusal, place(AZURE_US_GCC_HIGH))
    assert type(made) is errors.ConsentMissingError
    assert f"https://login.microsoftonline.us/contoso.com/adminconsent?client_id={CLIENT_ID}" in made.message


def test_the_number_decides_no_class() -> None:
    """An unknown number changes the words only, and Microsoft's own are shown."""
    refusal = {"error": "invalid_grant", "error_description": "AADSTS999999: Something new.\r\nTrace ID: 1"}
    made = create_sign_in_error(refusal, place())
    assert type(made) is errors.SignInNeededError
    assert "Something new." in made.message


def test_a_cancelled_sign_in_comes_without_a_number() -> None:
    """What a person cancelled is told so, whatever words came with it."""
    refusal = {"error": "access_denied", "error_description": "the user canceled the authentication"}
    made = create_sign_in_error(refusal, place())
    assert type(made) is errors.SignInDeniedError
    assert "was cancelled" in made.message


@given(
    st.dictionaries(
        st.sampled_from(["error", "suberror", "error_description", "error_codes", "trace_id"]),
        st.none() | st.text() | st.integers() | st.lists(st.integers() | st.text()),
    )
)
def test_any_refusal_becomes_an_error(refusal: dict[str, object]) -> None:
    """Nonsense in a refusal is still a sign-in error with words in it."""
    assert create_sign_in_error(refusal, place()).message
