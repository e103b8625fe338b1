"""The pages of a sign-in show what a person needs, ask what they must, and stay with what is wrong."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from postroom.tenant.entra.pages import TEMPLATES
from support.authorization import REDIRECT_URI, authorize_uri, change, endpoint, redeem, user_at
from support.entra import claims_of
from support.sign_in import Page, Person, open_browser, password_of, sign_in, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
AP = user_at("ap")
COOKIE = "ESTSAUTHPERSISTENT"


@pytest.fixture
def browser(tenant: RunningTenant) -> Iterator[httpx2.Client]:
    """Give a browser in which nobody is signed in."""
    with open_browser(tenant) as opened:
        yield opened


@pytest.fixture
def person(tenant: RunningTenant, browser: httpx2.Client) -> Person:
    """Give somebody with that browser."""
    return Person(tenant, browser)


def text_of(person: Person) -> str:
    """Give what the person reads, on one line."""
    return " ".join(person.page.text.split())


def enter_password(person: Person, username: str) -> Person:
    """Type the right password."""
    return person.press("idSIButton9", passwd=password_of(person.tenant, username))


def value_of(person: Person, identity: str) -> str:
    """Give what a field holds."""
    form = person.page.find_form(identity)
    control = form.find(identity) if form else None
    assert control is not None
    return control.attributes.get("value", "")


@BOTH_CLOUDS
def test_every_page_says_which_cloud_it_is_and_keeps_to_itself(
    tenant: RunningTenant, person: Person, cloud: str
) -> None:
    """Nobody mistakes a page for Microsoft's, no cache keeps it, and nothing of it comes from elsewhere."""
    username = user_at("ap", cloud)
    steps = [
        lambda: person.visit(authorize_uri(tenant, cloud=cloud)),
        lambda: person.press("idSIButton9", loginfmt=username),
        lambda: enter_password(person, username),
        lambda: person.visit(authorize_uri(tenant, cloud=cloud, scope="User.Read.All")),
        lambda: person.visit(authorize_uri(tenant, cloud=cloud, prompt="select_account")),
        lambda: person.visit(authorize_uri(tenant, cloud=cloud, client_id="unknown")),
    ]
    for step in steps:
        answer = step().answer
        assert answer is not None
        assert f"Local tenant — {cloud}" in text_of(person)
        assert answer.headers["cache-control"] == "no-store, no-cache"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", answer.text)
        assert '<html lang="en">' in answer.text


def test_an_account_that_nobody_has_stays_on_the_page(tenant: RunningTenant, person: Person) -> None:
    """An unknown, empty or foreign account is told so, and what was typed stays."""
    person.visit(authorize_uri(tenant))
    for typed in ("nobody@contoso.com", user_at("ap", GCC_HIGH), '"><script>alert(1)</script>'):
        person.press("idSIButton9", loginfmt=typed)
        assert "We couldn't find an account with that username." in text_of(person)
        assert value_of(person, "i0116") == typed
        assert person.answer is not None
        assert "<script>alert" not in person.answer.text
    person.press("idSIButton9", loginfmt="  ")
    assert "Enter a valid email address." in text_of(person)


def test_a_wrong_password_stays_on_the_page(tenant: RunningTenant, person: Person) -> None:
    """A wrong password is told so without being shown again; the right one goes on afterwards."""
    person.visit(authorize_uri(tenant)).press("idSIButton9", loginfmt=AP)
    for typed in ("the-wrong-one", password_of(tenant, user_at("megan")), "Ünïcode"):
        person.press("idSIButton9", passwd=typed)
        assert person.answer is not None
        assert "Your account or password is incorrect." in text_of(person)
        assert 'data-error-code="50126"' in person.answer.text
        assert typed not in person.answer.text
    assert "Please enter your password." in text_of(person.press("idSIButton9", passwd=""))
    assert COOKIE not in str(person.answer.headers)
    assert "Permissions requested" in text_of(enter_password(person, AP))


def test_accounts_are_found_however_they_are_written(tenant: RunningTenant, person: Person) -> None:
    """Case and spaces around do not count."""
    person.visit(authorize_uri(tenant)).press("idSIButton9", loginfmt=f"  {AP.upper()} ")
    assert "Enter password" in text_of(person)
    assert AP in text_of(person)


def test_the_arrow_leads_back_to_the_account(tenant: RunningTenant, person: Person) -> None:
    """Back from the password, another account can be named."""
    person.visit(authorize_uri(tenant)).press("idSIButton9", loginfmt=AP).press("idBtn_Back")
    assert value_of(person, "i0116") == AP
    told = walk(person.press("idSIButton9", loginfmt=user_at("megan")), user_at("megan"))
    assert claims_of(redeem(tenant, told["code"]).json()["access_token"])["upn"] == user_at("megan")


def test_who_cancels_the_sign_in_denies_access(tenant: RunningTenant, person: Person) -> None:
    """Cancel on the account, password and picking pages tells the application access_denied."""
    canceled = {
        "error": "access_denied",
        "error_description": "the user canceled the authentication",
        "state": "the-state",
    }
    assert person.visit(authorize_uri(tenant)).press("Cancel").result == canceled
    assert person.visit(authorize_uri(tenant, login_hint=AP)).press("Cancel").result == canceled
    walk(person.visit(authorize_uri(tenant)), AP)
    assert person.visit(authorize_uri(tenant, prompt="select_account")).press("Cancel").result == canceled


def test_the_consent_page_names_what_the_app_may_do(tenant: RunningTenant, person: Person) -> None:
    """App and permissions stand there in Microsoft's words; Cancel is told to the application."""
    scope = (
        "offline_access User.Read Mail.Read.Shared Mail.ReadWrite.Shared Mail.Send.Shared Mail.Read Mail.Send"
    )
    person.visit(authorize_uri(tenant, scope=scope)).press("idSIButton9", loginfmt=AP)
    shown = text_of(enter_password(person, AP))
    for words in (
        "Permissions requested",
        "Desktop bot",
        "Unverified",
        "Read your mail",
        "Send mail as you",
        "Read mail you can access",
        "Read and write mail you can access",
        "Send mail on behalf of others or yourself",
        "Sign you in and read your profile",
        "Maintain access to data you have given it access to",
    ):
        assert words in shown
    assert person.page.find_form("consentForAll") is None
    told = person.press("Cancel").result
    assert told is not None
    assert (told["error"], told["state"]) == ("access_denied", "the-state")
    assert told["error_description"].startswith("AADSTS65004: User declined to consent to access the app.")


def test_consent_is_asked_for_once_and_for_what_is_new(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """Who has consented is not asked again; more scopes are asked for, and only those."""
    sign_in(tenant, authorize_uri(tenant, scope="Mail.Read"), AP, client=browser)
    person = Person(tenant, browser).visit(authorize_uri(tenant, scope="Mail.Read"))
    assert person.result is not None
    person.visit(authorize_uri(tenant, scope="Mail.Read Mail.Send"))
    assert "Send mail as you" in text_of(person)
    assert "Read your mail" not in text_of(person)
    assert "code" in (person.press("Accept").result or {})
    person.visit(authorize_uri(tenant, scope="Mail.Read", prompt="consent"))
    assert "Read your mail" in text_of(person)


def test_a_declined_consent_is_asked_for_again(tenant: RunningTenant) -> None:
    """No is no consent."""
    assert sign_in(tenant, authorize_uri(tenant), AP, accept=False)["error"] == "access_denied"
    assert sign_in(tenant, authorize_uri(tenant), AP, accept=False)["error"] == "access_denied"


def test_who_is_signed_in_is_not_asked_again(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """A session with consent answers at once, in a secure cookie that no script reads."""
    first = sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    person = Person(tenant, browser).visit(authorize_uri(tenant))
    assert person.result is not None
    assert person.result["session_state"] == first["session_state"]
    assert person.answer is not None
    cookie = person.answer.headers["set-cookie"].lower()
    assert {"secure", "httponly", "samesite=none", "path=/"} <= set(cookie.split("; "))


def test_login_hint_leads_to_the_password(tenant: RunningTenant, person: Person) -> None:
    """The account that is hinted at is taken; one that nobody has is shown on the account page."""
    assert "Enter password" in text_of(person.visit(authorize_uri(tenant, login_hint=AP.upper())))
    assert "code" in walk(person, AP)
    assert person.visit(authorize_uri(tenant, login_hint=AP)).result is not None
    assert "Enter password" in text_of(person.visit(authorize_uri(tenant, login_hint=user_at("megan"))))
    person.visit(authorize_uri(tenant, login_hint="nobody@contoso.com"))
    assert value_of(person, "i0116") == "nobody@contoso.com"


def test_prompt_says_which_pages_are_shown(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """login asks for the password again, select_account for the account, whoever is signed in."""
    sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    person = Person(tenant, browser)
    assert person.visit(authorize_uri(tenant, prompt="login")).page.has("i0116")
    person.visit(authorize_uri(tenant, prompt="login", login_hint=AP))
    assert "Enter password" in text_of(person)
    assert enter_password(person, AP).result is not None
    person.visit(authorize_uri(tenant, prompt="select_account"))
    assert "Pick an account" in text_of(person)
    assert AP in text_of(person)
    assert person.press("otherTile").page.has("i0116")
    assert person.visit(authorize_uri(tenant, prompt="create")).result is not None


def test_several_accounts_are_picked_from(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """With two people signed in, one is picked, and gets the code without a password."""
    sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    sign_in(tenant, authorize_uri(tenant, prompt="login"), user_at("megan"), client=browser)
    person = Person(tenant, browser).visit(authorize_uri(tenant))
    assert "Pick an account" in text_of(person)
    told = walk(person, AP)
    assert claims_of(redeem(tenant, told["code"]).json()["access_token"])["upn"] == AP


def test_only_who_is_signed_in_can_be_picked(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """Somebody else's id in the form picks nobody."""
    sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    person = Person(tenant, browser).visit(authorize_uri(tenant, prompt="select_account"))
    assert person.press("otherTile", user=user_at("megan"), action="pick").page.has("i0116")


def test_a_revocation_ends_the_session(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """Who was revoked, or disabled, has to sign in again; a new sign-in counts at once."""
    sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    tenant.control.post("/revoke", json={"user": AP})
    person = Person(tenant, browser).visit(authorize_uri(tenant))
    assert person.page.has("i0116")
    walk(person, AP)
    assert person.visit(authorize_uri(tenant)).result is not None
    change(tenant, f"users/{AP}", enabled=False)
    assert person.visit(authorize_uri(tenant)).page.has("i0116")


def test_a_session_ends_by_the_tenants_clock(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """After ninety days the password is asked for again."""
    sign_in(tenant, authorize_uri(tenant), AP, client=browser)
    tenant.advance_clock(91 * 86400)
    assert Person(tenant, browser).visit(authorize_uri(tenant)).page.has("i0116")


@BOTH_CLOUDS
@pytest.mark.parametrize(
    ("standing", "number", "words"),
    [
        ({"enabled": False}, 50057, "The user account is disabled."),
        ({"mfa_required": True}, 50076, "you must use multi-factor authentication"),
        ({"blocked": True}, 53003, "blocked"),
    ],
)
def test_who_may_not_sign_in_is_told_why(
    tenant: RunningTenant, cloud: str, standing: dict[str, bool], number: int, words: str
) -> None:
    """A right password is not enough for an account that is disabled, or from which more is asked."""
    username = user_at("ap", cloud)
    change(tenant, f"users/{username}", **standing)
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(authorize_uri(tenant, cloud=cloud, login_hint=username))
        shown = text_of(enter_password(person, username))
        assert f"AADSTS{number}: " in shown
        assert words in shown
        assert person.result is None
        assert COOKIE not in browser.cookies


@pytest.mark.parametrize("reason", ["policy", "permission"])
def test_what_only_an_admin_can_allow(tenant: RunningTenant, person: Person, reason: str) -> None:
    """Where users may not consent they learn it, and go back without or sign in as an admin."""
    scope = "Mail.Read"
    if reason == "policy":
        change(tenant, "policies", user_consent=False)
    else:
        scope = "Mail.Read User.Read.All"
    uri = authorize_uri(tenant, scope=scope)
    person.visit(uri).press("idSIButton9", loginfmt=AP)
    enter_password(person, AP)
    assert "Need admin approval" in text_of(person)
    assert "Have an admin account?" in text_of(person)
    told = person.press("Return to the application without granting consent").result
    assert told is not None
    assert told["error"] == "access_denied"
    assert told["error_description"].startswith("AADSTS90094: ")
    person.visit(uri).press("adminLink").press("idSIButton9", loginfmt=user_at("adele"))
    assert "Consent on behalf of your organization" in text_of(enter_password(person, user_at("adele")))
    assert "code" in (person.press("Accept", for_all="true").result or {})
    assert "code" in sign_in(tenant, authorize_uri(tenant, scope=scope), AP, accept=False)


def test_an_admins_own_consent_is_nobody_elses(tenant: RunningTenant) -> None:
    """Without the box ticked the admin consents for herself alone."""
    assert "code" in sign_in(tenant, authorize_uri(tenant), user_at("adele"))
    assert "error" in sign_in(tenant, authorize_uri(tenant), AP, accept=False)


def test_what_another_page_sealed_is_refused(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """A code, a cookie, another cloud's or a damaged ctx goes nowhere."""
    code = sign_in(tenant, authorize_uri(tenant), AP, client=browser)["code"]
    cookie = browser.cookies[COOKIE]
    with open_browser(tenant) as other:
        elsewhere = Person(tenant, other).visit(authorize_uri(tenant, cloud=GCC_HIGH))
        foreign = value_of(elsewhere, "ctx")
    person = Person(tenant, browser).visit(authorize_uri(tenant, prompt="login"))
    own = value_of(person, "ctx")
    for ctx in (code, cookie, foreign, own[:-4] + "AAAA", own[:20], "", "é"):
        person.visit(login_address(tenant), {"ctx": ctx, "action": "accept"})
        assert "AADSTS165000: " in text_of(person)
    person.visit(login_address(tenant), {"ctx": own, "action": "accept", "passwd": "x"})
    assert person.page.has("i0116")


def test_a_consent_page_is_of_no_use_to_another_browser(tenant: RunningTenant) -> None:
    """Who has the form but not the session of its user cannot accept."""
    with open_browser(tenant) as own, open_browser(tenant) as stolen:
        person = Person(tenant, own).visit(authorize_uri(tenant, login_hint=AP))
        ctx = value_of(enter_password(person, AP), "ctx")
        thief = Person(tenant, stolen).visit(login_address(tenant), {"ctx": ctx, "action": "accept"})
    assert "AADSTS165000: " in text_of(thief)
    assert thief.result is None


def test_a_page_that_is_too_old_is_refused(tenant: RunningTenant, person: Person) -> None:
    """A page can be left open for an hour, not for a day."""
    person.visit(authorize_uri(tenant))
    tenant.advance_clock(86400)
    assert "AADSTS50089: " in text_of(person.press("idSIButton9", loginfmt=AP))


def test_what_an_app_is_called_is_text() -> None:
    """The name of an app is shown as it is, and never becomes part of the page."""
    name = '<script>alert("x")</script>'
    shared = {
        "nonce": "n",
        "cloud_name": "c",
        "organization": name,
        "ctx": "",
        "action": "/",
        "username": name,
    }
    for template in ("account.html", "approval.html", "device_confirmation.html", "pick_account.html"):
        made = TEMPLATES.get_template(template).render(
            **shared,
            app_name=name,
            error=name,
            number=0,
            users=[dict.fromkeys(("id", "display_name", "username"), name)],
        )
        assert "<script>alert" not in made
        assert "&lt;script&gt;alert" in made


def test_signing_out_ends_the_session(tenant: RunningTenant, browser: httpx2.Client) -> None:
    """After signing out the account is asked for; only a registered address is gone on to."""
    logout = endpoint(tenant, "logout")
    for target, leads in ((REDIRECT_URI, True), ("https://evil.example/", False), ("", False)):
        sign_in(tenant, authorize_uri(tenant), AP, client=browser)
        answer = browser.get(logout, params={"post_logout_redirect_uri": target, "state": "s"})
        assert answer.is_redirect is leads
        if leads:
            parts = urlsplit(answer.headers["location"])
            assert (answer.headers["location"].partition("?")[0], parse_qs(parts.query)) == (
                REDIRECT_URI,
                {"state": ["s"]},
            )
        else:
            assert "You signed out of your account" in Page(answer).text
        assert Person(tenant, browser).visit(authorize_uri(tenant)).page.has("i0116")


def login_address(tenant: RunningTenant) -> str:
    """Give where the forms of the pages lead."""
    described = tenant.cloud()
    return f"{described['login']}/{described['tenant_id']}/login"
