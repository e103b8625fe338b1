"""The authorization endpoint answers an application only where it is registered, and gives codes as Entra ID does."""

import base64
import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.authorization import (
    REDIRECT_URI,
    SCOPE,
    ask,
    authorize_uri,
    change,
    endpoint,
    new_verifier,
    redeem,
    user_at,
)
from support.entra import GUID, assert_refused, claims_of
from support.sign_in import Page, Person, open_browser, sign_in, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
TROUBLE = "Sorry, but we’re having trouble signing you in."


def open_page(tenant: RunningTenant, address: str) -> httpx2.Response:
    """Ask for an address without following where it leads."""
    with open_browser(tenant) as browser:
        return browser.get(address)


def sent_back(answer: httpx2.Response) -> dict[str, str]:
    """Give what the application is told by a redirect."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith(f"{REDIRECT_URI}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def assert_error_page(answer: httpx2.Response, number: int, text: str) -> None:
    """Check that a person, and no application, is told what is wrong."""
    shown = " ".join(Page(answer).text.split())
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert TROUBLE in shown
    assert f"AADSTS{number}: " in shown
    assert text in shown
    details = rf"Request Id {GUID} Correlation Id {GUID} Timestamp \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.search(details, shown)


def assert_sent_back(answer: httpx2.Response, error: str, number: int) -> None:
    """Check that the application is told what is wrong, with its state."""
    told = sent_back(answer)
    assert (told["error"], told["state"]) == (error, "the-state")
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert [line.partition(":")[0] for line in told["error_description"].split("\r\n")[1:]] == [
        "Trace ID",
        "Correlation ID",
        "Timestamp",
    ]


@BOTH_CLOUDS
def test_a_person_signs_in_and_the_application_gets_tokens(tenant: RunningTenant, cloud: str) -> None:
    """Account, password, consent, code: the code is redeemed for tokens of this person in this cloud."""
    verifier, challenge = new_verifier()
    uri = authorize_uri(
        tenant, cloud=cloud, code_challenge=challenge, code_challenge_method="S256", nonce="n1"
    )
    told = sign_in(tenant, uri, user_at("ap", cloud))
    assert told["state"] == "the-state"
    assert re.fullmatch(GUID, told["session_state"])
    answer = redeem(tenant, told["code"], cloud=cloud, code_verifier=verifier)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    access, identity = claims_of(tokens["access_token"]), claims_of(tokens["id_token"])
    assert access["upn"] == identity["preferred_username"] == user_at("ap", cloud)
    assert set(access["scp"].split()) >= {"Mail.ReadWrite", "Mail.Send"}
    assert identity["nonce"] == "n1"
    assert tokens["refresh_token"]
    with tenant.client(cloud, headers={"Authorization": f"Bearer {tokens['access_token']}"}) as graph:
        assert graph.get("/v1.0/me/messages").status_code == 200


def test_a_confidential_client_gets_tokens_too(tenant: RunningTenant) -> None:
    """A web app's code is redeemed with its secret."""
    redirect = tenant.app("Portal bot")["redirect_uris"][0]
    told = sign_in(tenant, authorize_uri(tenant, app="Portal bot", redirect_uri=redirect), user_at("ap"))
    answer = redeem(tenant, told["code"], app="Portal bot", redirect_uri=redirect)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("method", ["S256", "plain", None])
def test_every_challenge_method_works(tenant: RunningTenant, method: str | None) -> None:
    """S256, plain, and plain where no method is named (RFC 7636 §4.3)."""
    verifier, challenge = new_verifier()
    sent = challenge if method == "S256" else verifier
    uri = authorize_uri(tenant, code_challenge=sent, code_challenge_method=method)
    told = sign_in(tenant, uri, user_at("ap"))
    assert_refused(
        redeem(tenant, told["code"], code_verifier=new_verifier()[0]),
        400,
        "invalid_grant",
        501481,
        "does not match",
    )
    assert redeem(tenant, told["code"], code_verifier=verifier).status_code == 200


@BOTH_CLOUDS
def test_a_code_is_of_one_client_one_cloud_and_one_use(tenant: RunningTenant, cloud: str) -> None:
    """A replayed code, a code of another client or cloud, another redirect URI, no verifier: all are refused."""
    verifier, challenge = new_verifier()
    uri = authorize_uri(tenant, cloud=cloud, code_challenge=challenge, code_challenge_method="S256")
    code = sign_in(tenant, uri, user_at("ap", cloud))["code"]
    other = GLOBAL if cloud == GCC_HIGH else GCC_HIGH
    refused = [
        redeem(tenant, code, cloud=cloud),
        redeem(
            tenant, code, cloud=cloud, code_verifier=verifier, redirect_uri="http://localhost:9998/Callback"
        ),
        redeem(
            tenant,
            code,
            cloud=cloud,
            app="Portal bot",
            code_verifier=verifier,
            redirect_uri="http://localhost:9998/callback",
        ),
        redeem(tenant, code, cloud=other, code_verifier=verifier),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in refused] == [
        (400, "invalid_grant")
    ] * 4
    assert redeem(tenant, code, cloud=cloud, code_verifier=verifier).status_code == 200
    assert_refused(
        redeem(tenant, code, cloud=cloud, code_verifier=verifier),
        400,
        "invalid_grant",
        54005,
        "already redeemed",
    )


def test_two_sign_ins_at_once_keep_their_states_apart(tenant: RunningTenant) -> None:
    """Two flows in one browser each end with their own state and their own account."""
    with open_browser(tenant) as browser:
        one = Person(tenant, browser).visit(authorize_uri(tenant, state="one"))
        other = Person(tenant, browser).visit(authorize_uri(tenant, state="other", prompt="login"))
        one.press("idSIButton9", loginfmt=user_at("ap"))
        other.press("idSIButton9", loginfmt=user_at("megan"))
        told = walk(other, user_at("megan")), walk(one, user_at("ap"))
    assert [one["state"] for one in told] == ["other", "one"]
    names = [claims_of(redeem(tenant, one["code"]).json()["access_token"])["upn"] for one in told]
    assert names == [user_at("megan"), user_at("ap")]


def test_an_unknown_or_missing_client_is_told_to_the_person(tenant: RunningTenant) -> None:
    """Nobody is redirected for a client that is not registered."""
    unknown = "00000000-0000-4000-8000-000000000001"
    assert_error_page(open_page(tenant, authorize_uri(tenant, client_id=unknown)), 700016, unknown)
    assert_error_page(open_page(tenant, authorize_uri(tenant, client_id=None)), 900144, "'client_id'")
    elsewhere = tenant.app("Desktop bot", GCC_HIGH)["client_id"]
    assert_error_page(open_page(tenant, authorize_uri(tenant, client_id=elsewhere)), 700016, elsewhere)


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:9999/callback",
        "http://localhost:9999/Callback/more",
        "https://localhost:9999/Callback",
        "http://localhost.evil.example/Callback",
        "http://localhost:9999@evil.example/Callback",
        "http://evil.example/Callback",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_an_address_that_is_not_registered_gets_no_redirect(tenant: RunningTenant, address: str) -> None:
    """An address that the app did not register is named on a page, whatever else is wrong."""
    for wrong in ({}, {"response_type": "token"}, {"prompt": "none"}):
        answer = open_page(tenant, authorize_uri(tenant, redirect_uri=address, **wrong))
        assert_error_page(answer, 50011, address)


def test_an_app_without_address_gets_none(tenant: RunningTenant) -> None:
    """An app that registered no address cannot sign people in."""
    assert_error_page(open_page(tenant, authorize_uri(tenant, app="Reader bot")), 900971, "No reply address")


def test_the_only_registered_address_need_not_be_named(tenant: RunningTenant) -> None:
    """Without redirect_uri the only registered one is taken; with several, one has to be named."""
    answer = open_page(tenant, authorize_uri(tenant, redirect_uri=None))
    assert_error_page(answer, 900144, "'redirect_uri'")
    change(tenant, "apps/Desktop bot", redirect_uris=[REDIRECT_URI])
    assert "code" in sign_in(tenant, authorize_uri(tenant, redirect_uri=None), user_at("ap"))


def test_a_loopback_address_may_have_any_port(tenant: RunningTenant) -> None:
    """The port of a loopback address is the client's choice (RFC 8252 §7.3), and the answer goes there."""
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(authorize_uri(tenant, redirect_uri="http://localhost:54321"))
        walk(person, user_at("ap"))
    assert person.target == "http://localhost:54321"


def test_the_tenant_must_be_the_apps(tenant: RunningTenant) -> None:
    """An unknown tenant, the other cloud's, and a realm for apps of many tenants are refused on a page."""
    other = tenant.cloud(GCC_HIGH)["tenant_id"]
    for realm, number in (("fabrikam.com", 90002), ("nonsense", 900023), (other, 90038), ("common", 50194)):
        assert_error_page(open_page(tenant, authorize_uri(tenant, realm=realm)), number, "")
    assert open_page(tenant, authorize_uri(tenant, realm="contoso.com")).status_code == 200


def test_a_disabled_app_signs_nobody_in(tenant: RunningTenant) -> None:
    """A disabled app is refused before anybody types a password."""
    change(tenant, "apps/Desktop bot", enabled=False)
    assert_error_page(open_page(tenant, authorize_uri(tenant)), 7000112, "disabled")


@pytest.mark.parametrize(
    ("parameters", "error", "number"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "token"}, "unsupported_response_type", 700054),
        ({"response_type": "code id_token"}, "unsupported_response_type", 700054),
        ({"response_type": "nonsense"}, "unsupported_response_type", 70005),
        ({"response_mode": "carrier_pigeon"}, "invalid_request", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "  "}, "invalid_request", 900144),
        ({"scope": "Mail.Everything"}, "invalid_scope", 70011),
        ({"scope": "https://graph.microsoft.us/Mail.Read"}, "invalid_resource", 500011),
        ({"scope": "https://graph.microsoft.com/Mail.Read https://other.example/x"}, "invalid_scope", 700022),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge": "a" * 129}, "invalid_request", 501491),
        ({"code_challenge": "a" * 42 + "!"}, "invalid_request", 501491),
        ({"code_challenge": "a" * 43, "code_challenge_method": "S512"}, "invalid_request", 50149),
        ({"code_challenge_method": "S256"}, "invalid_request", 50147),
        ({"prompt": "nonsense"}, "invalid_request", 90023),
        ({"prompt": "consent select_account"}, "invalid_request", 90023),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_what_is_wrong_besides_goes_to_the_application(
    tenant: RunningTenant, parameters: dict[str, str | None], error: str, number: int
) -> None:
    """Once it is known where to, errors are told to the application (RFC 6749 §4.1.2.1)."""
    assert_sent_back(open_page(tenant, authorize_uri(tenant, **parameters)), error, number)


def test_a_parameter_that_comes_twice(tenant: RunningTenant) -> None:
    """A parameter may come once (RFC 6749 §3.1)."""
    answer = open_page(tenant, authorize_uri(tenant) + "&state=other")
    assert_error_page(answer, 9000411, "The parameter 'state' is duplicated.")


def test_a_form_is_as_good_as_an_address(tenant: RunningTenant) -> None:
    """The request may be posted (OpenID Connect Core 1.0 §3.1.2.1)."""
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(endpoint(tenant, "authorize"), ask(tenant))
        assert "code" in walk(person, user_at("ap"))


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
@pytest.mark.parametrize("fails", [False, True])
def test_the_answer_comes_in_the_mode_that_was_asked_for(
    tenant: RunningTenant, mode: str, *, fails: bool
) -> None:
    """Codes and errors alike come in query, fragment or a form that sends itself."""
    uri = authorize_uri(tenant, response_mode=mode, state='a&b="<c>')
    with open_browser(tenant) as browser:
        told = sign_in(tenant, uri, user_at("ap"), client=browser)
        answer = browser.get(uri + "&prompt=nonsense" if fails else uri)
    assert told["state"] == 'a&b="<c>'
    if mode == "form_post":
        page = Page(answer)
        assert (answer.status_code, page.title, page.forms[0].action) == (200, "Working...", REDIRECT_URI)
        assert page.has("Continue")
        sent = page.forms[0].fill({}, None)
        assert "form-action 'self' https: http:;" in answer.headers["content-security-policy"]
    else:
        mark = "?" if mode == "query" else "#"
        assert answer.status_code == 302
        target, _, parameters = answer.headers["location"].partition(mark)
        assert target == REDIRECT_URI
        sent = {name: values[0] for name, values in parse_qs(parameters).items()}
    assert ("error" if fails else "code") in sent
    assert sent["state"] == 'a&b="<c>'
    assert answer.headers["cache-control"] == "no-store, no-cache"


def test_client_info_is_given_to_whom_asks_for_it(tenant: RunningTenant) -> None:
    """client_info=1 is answered with the ids of the user and the tenant."""
    assert "client_info" not in sign_in(tenant, authorize_uri(tenant), user_at("ap"))
    told = sign_in(tenant, authorize_uri(tenant, client_info="1"), user_at("ap"))
    known = json.loads(base64.urlsafe_b64decode(told["client_info"] + "=="))
    assert known["utid"] == tenant.cloud()["tenant_id"]
    assert re.fullmatch(GUID, known["uid"])


def test_no_state_is_made_up(tenant: RunningTenant) -> None:
    """An application that sends no state gets none."""
    assert "state" not in sign_in(tenant, authorize_uri(tenant, state=None), user_at("ap"))


def test_without_pages_a_session_and_consent_are_needed(tenant: RunningTenant) -> None:
    """prompt=none answers at once, or says what a page would be needed for."""
    silent = authorize_uri(tenant, prompt="none")
    with open_browser(tenant) as browser:
        sign_in(tenant, authorize_uri(tenant, scope="User.Read"), user_at("ap"), client=browser)
        assert_sent_back(browser.get(silent), "interaction_required", 65001)
        sign_in(tenant, authorize_uri(tenant), user_at("ap"), client=browser)
        assert "code" in sent_back(browser.get(silent))
        assert "code" in sent_back(browser.get(f"{silent}&login_hint={user_at('ap')}"))
        assert_sent_back(browser.get(f"{silent}&login_hint={user_at('megan')}"), "login_required", 50058)
        sign_in(tenant, authorize_uri(tenant, prompt="login"), user_at("megan"), client=browser)
        assert_sent_back(browser.get(silent), "interaction_required", 16000)
        change(tenant, f"users/{user_at('ap')}", mfa_required=True)
        assert_sent_back(browser.get(f"{silent}&login_hint={user_at('ap')}"), "interaction_required", 50076)


@given(
    values=st.dictionaries(
        st.sampled_from(
            ["state", "login_hint", "nonce", "domain_hint", "claims", "scope", "client_id", "prompt"]
        ),
        st.text(st.characters(codec="utf-8"), max_size=40).map(
            lambda text: text + "\"'><script>alert(1)</script>"
        ),
        min_size=1,
    )
)
@settings(max_examples=40, deadline=None)
def test_nothing_that_is_sent_becomes_part_of_a_page(
    running_tenant: RunningTenant, values: dict[str, str]
) -> None:
    """Whatever an application sends, pages show it as text and stay pages."""
    answer = open_page(running_tenant, authorize_uri(running_tenant, **values))
    assert answer.status_code in (200, 302, 400)
    assert "<script>alert" not in answer.text
    assert "default-src 'none'" in answer.headers.get("content-security-policy", "default-src 'none'")


def test_default_stands_for_what_is_registered(tenant: RunningTenant) -> None:
    """`.default` asks for everything that the app registered."""
    scope = "https://graph.microsoft.com/.default offline_access openid profile"
    told = sign_in(tenant, authorize_uri(tenant, scope=scope), user_at("ap"))
    granted = claims_of(redeem(tenant, told["code"]).json()["access_token"])["scp"].split()
    assert set(granted) >= {"Mail.ReadWrite", "Mail.Send", "Mail.ReadWrite.Shared", "User.Read"}


def test_the_request_log_names_app_and_person(tenant: RunningTenant) -> None:
    """The log tells which app a person signed in to, and who it was."""
    sign_in(tenant, authorize_uri(tenant, scope=SCOPE), user_at("ap"))
    logged = [
        (entry["path"].rpartition("/")[2], entry["app"], entry["mailbox"]) for entry in tenant.requests()
    ]
    assert logged[0] == ("authorize", "Desktop bot", None)
    assert logged[-1] == ("login", "Desktop bot", user_at("ap"))
