"""An administrator consents to an app for everybody; nobody else can."""

from urllib.parse import urlencode

import pytest

from support.authorization import REDIRECT_URI, authorize_uri, user_at
from support.sign_in import Person, open_browser, sign_in, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


def consent_uri(
    tenant: RunningTenant, cloud: str = GLOBAL, path: str = "adminconsent", **parameters: str
) -> str:
    """Give the address that an administrator is sent to."""
    described = tenant.cloud(cloud)
    asked = {
        "client_id": tenant.app("Desktop bot", cloud)["client_id"],
        "redirect_uri": REDIRECT_URI,
        "state": "<the state>",
    }
    return f"{described['login']}/{described['tenant_id']}/{path}?{urlencode(asked | parameters)}"


@BOTH_CLOUDS
@pytest.mark.parametrize("path", ["adminconsent", "v2.0/adminconsent"])
def test_an_admin_consents_for_everybody(tenant: RunningTenant, cloud: str, path: str) -> None:
    """After the administrator's consent nobody is asked any more."""
    told = sign_in(tenant, consent_uri(tenant, cloud, path), user_at("adele", cloud))
    tenant_id = tenant.cloud(cloud)["tenant_id"]
    assert told == {"tenant": tenant_id, "admin_consent": "True", "state": "<the state>"}
    told = sign_in(tenant, authorize_uri(tenant, cloud=cloud), user_at("ap", cloud), accept=False)
    assert "code" in told
    other = GLOBAL if cloud == GCC_HIGH else GCC_HIGH
    told = sign_in(tenant, authorize_uri(tenant, cloud=other), user_at("ap", other), accept=False)
    assert "error" in told


def test_an_admin_who_cancels(tenant: RunningTenant) -> None:
    """Cancel consents to nothing, and is told to the application."""
    canceled = {
        "error": "permission_denied",
        "error_description": "The admin canceled the request",
        "state": "<the state>",
    }
    assert sign_in(tenant, consent_uri(tenant), user_at("adele"), accept=False) == canceled
    with open_browser(tenant) as browser:
        assert Person(tenant, browser).visit(consent_uri(tenant)).press("Cancel").result == canceled
    assert "error" in sign_in(tenant, authorize_uri(tenant), user_at("ap"), accept=False)


def test_who_is_no_admin_learns_it(tenant: RunningTenant) -> None:
    """Somebody else is told that an administrator is needed, and can sign in as one."""
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(consent_uri(tenant))
        with pytest.raises(AssertionError, match="Need admin approval"):
            walk(person, user_at("ap"))
        told = walk(person.press("adminLink"), user_at("adele"))
        assert told["admin_consent"] == "True"
        # As nobody is meant in particular, who consents is picked from those who are signed in.
        person.visit(consent_uri(tenant)).press("idBtn_Back")
        assert (person.result or {})["error"] == "permission_denied"


def test_the_page_says_that_it_is_for_everybody(tenant: RunningTenant) -> None:
    """The administrator reads what is allowed, and to whom."""
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(consent_uri(tenant))
        person.press("idSIButton9", loginfmt=user_at("adele"))
        users = tenant.cloud()["users"]
        password = next(user["password"] for user in users if user["username"] == user_at("adele"))
        shown = " ".join(person.press("idSIButton9", passwd=password).page.text.split())
    assert "for all users in your organization" in shown
    assert "Read and write access to your mail" in shown


def test_an_address_that_is_not_registered_gets_nothing(tenant: RunningTenant) -> None:
    """The redirect URI is the app's here, too."""
    with open_browser(tenant) as browser:
        answer = browser.get(consent_uri(tenant, redirect_uri="https://evil.example/"))
    assert answer.status_code == 400
    assert "AADSTS50011" in answer.text
