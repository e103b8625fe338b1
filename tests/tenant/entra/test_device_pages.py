"""A person lets a device in by the code that it shows, or keeps it out."""

from typing import Any

import pytest

from support.authorization import change, endpoint, user_at
from support.entra import claims_of
from support.sign_in import Person, open_browser, password_of, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


def ask_code(
    tenant: RunningTenant, cloud: str = GLOBAL, scope: str = "Mail.Read offline_access"
) -> dict[str, Any]:
    """Ask for a device code as a device does."""
    with tenant.client(cloud) as client:
        form = {"client_id": tenant.app("Desktop bot", cloud)["client_id"], "scope": scope}
        answer = client.post(endpoint(tenant, "devicecode", cloud), data=form)
    assert answer.status_code == 200, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def poll(tenant: RunningTenant, asked: dict[str, Any], cloud: str = GLOBAL) -> dict[str, Any]:
    """Ask whether the person has signed in, as the device does."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": tenant.app("Desktop bot", cloud)["client_id"],
        "device_code": asked["device_code"],
    }
    with tenant.client(cloud) as client:
        answer: dict[str, Any] = client.post(endpoint(tenant, "token", cloud), data=form).json()
    return answer


def sign_in_until(person: Person, button: str, username: str) -> None:
    """Sign in and go on to the page with this button."""
    person.press("idSIButton9", loginfmt=username)
    person.press("idSIButton9", passwd=password_of(person.tenant, username))
    assert person.page.has(button), person.page.text


def text_of(person: Person) -> str:
    """Give what the person reads, on one line."""
    return " ".join(person.page.text.split())


@BOTH_CLOUDS
def test_a_device_is_let_in(tenant: RunningTenant, cloud: str) -> None:
    """Code, account, password, the question whether it is they, consent: then the device has its tokens."""
    asked, username = ask_code(tenant, cloud), user_at("ap", cloud)
    assert poll(tenant, asked, cloud)["error"] == "authorization_pending"
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"].lower())
        sign_in_until(person, "Continue", username)
        assert "Are you trying to sign in to Desktop bot?" in text_of(person)
        assert "Permissions requested" in text_of(person.press("Continue"))
        assert "You have signed in to Desktop bot on your device." in text_of(person.press("Accept"))
    tokens = poll(tenant, asked, cloud)
    assert claims_of(tokens["access_token"])["upn"] == username


@pytest.mark.parametrize("step", ["account", "question", "consent"])
def test_a_device_is_kept_out(tenant: RunningTenant, step: str) -> None:
    """Cancel, wherever, is told to the device."""
    asked = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"])
        if step != "account":
            sign_in_until(person, "Continue", user_at("ap"))
        if step == "consent":
            person.press("Continue")
        assert "was canceled" in text_of(person.press("Cancel"))
    assert poll(tenant, asked)["error"] == "authorization_declined"


def test_a_code_that_nobody_waits_for(tenant: RunningTenant) -> None:
    """A wrong, used, or late code is told so, and can be typed anew."""
    late = ask_code(tenant)
    tenant.advance_clock(3600)
    used = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser)
        person.visit(used["verification_uri"]).press("idSIButton9", otc=used["user_code"]).press("Cancel")
        person.visit(used["verification_uri"])
        for code in (late["user_code"], used["user_code"], "NONSENSE", "", '"><script>alert(1)</script>'):
            person.press("idSIButton9", otc=code)
            assert "That code didn't work" in text_of(person)
            assert person.answer is not None
            assert "<script>alert" not in person.answer.text


def test_a_code_that_ends_while_the_person_signs_in(tenant: RunningTenant) -> None:
    """Who takes too long is told that the code is no longer good."""
    asked = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"])
        tenant.advance_clock(1800)
        person.press("idSIButton9", loginfmt=user_at("ap"))
        assert "AADSTS70018: " in text_of(person)


def test_who_is_signed_in_is_still_asked(tenant: RunningTenant) -> None:
    """A session spares the password, never the question, as the code may come from somebody else."""
    with open_browser(tenant) as browser:
        for number in range(2):
            asked = ask_code(tenant)
            person = Person(tenant, browser).visit(asked["verification_uri"])
            person.press("idSIButton9", otc=asked["user_code"])
            if number == 0:
                sign_in_until(person, "Continue", user_at("ap"))
            assert "Are you trying to sign in to Desktop bot?" in text_of(person)
            person.press("Continue")
            if number == 0:
                person.press("Accept")
            assert "access_token" in poll(tenant, asked)


def test_a_user_who_may_not_sign_in_lets_no_device_in(tenant: RunningTenant) -> None:
    """What bars a person bars the device, too."""
    change(tenant, f"users/{user_at('ap')}", blocked=True)
    asked = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"])
        sign_in_until(person, "Continue", user_at("ap"))
        assert "AADSTS53003: " in text_of(person.press("Continue"))
    assert poll(tenant, asked)["error"] == "authorization_pending"


def test_a_device_may_need_an_admin(tenant: RunningTenant) -> None:
    """Where users may not consent, going back keeps the device out."""
    change(tenant, "policies", user_consent=False)
    asked = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"])
        sign_in_until(person, "Continue", user_at("ap"))
        assert "Need admin approval" in text_of(person.press("Continue"))
        person.press("returnLink")
    assert poll(tenant, asked)["error"] == "authorization_declined"


def test_walking_the_pages_is_enough(tenant: RunningTenant) -> None:
    """The browserless person of the tests gets through, too."""
    asked = ask_code(tenant)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(asked["verification_uri"])
        person.press("idSIButton9", otc=asked["user_code"])
        with pytest.raises(AssertionError, match="You have signed in"):
            walk(person, user_at("ap"))
    assert "access_token" in poll(tenant, asked)
