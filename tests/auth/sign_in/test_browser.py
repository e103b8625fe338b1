"""Sign-in in the browser of this machine, against the local tenant."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msal
import pytest

from postroom.auth.sign_in import BrowserSignIn, SignInRequest, can_open_browser
from postroom.errors import (
    PortInUseError,
    SettingError,
    SignInAnswerError,
    SignInDeniedError,
    SignInNeededError,
    SignInTimeoutError,
    WrongUserError,
)
from sign_in.browsers import (
    CODE,
    TIMEOUT_SECONDS,
    USERNAME,
    Answer,
    Query,
    beside,
    get,
    post,
    read_link,
    read_query,
)
from sign_in.conftest import set_browser
from support.sign_in import free_url, sign_in
from support.tenant import RunningTenant

Accept = Callable[[Mapping[str, Any]], None]


@contextmanager
def answering(link: Path, create_answer: Callable[[str], Query]) -> Iterator[list[Answer]]:
    """Answer the link beside the block, with these fields posted to its redirect URL."""

    def bring() -> Answer:
        opened = read_link(link)
        return post(read_query(opened)["redirect_uri"], create_answer(opened))

    with beside(bring) as answered:
        yield answered


def refuse(link: str) -> Query:
    """Cancel, as Entra ID tells it."""
    return {"state": read_query(link)["state"], "error": "access_denied", "error_description": "cancelled"}


def test_a_person_signs_in(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    opened_links: Path,
    tenant: RunningTenant,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The browser opens, the person signs in, the tokens are there, and the browser says so."""
    with answering(opened_links, lambda link: sign_in(tenant, link, USERNAME)) as answered:
        result = BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in(application, asked, accept)
    assert result["access_token"]
    assert result["id_token_claims"]["preferred_username"] == USERNAME
    assert "You are connected" in answered[0].text
    printed = capsys.readouterr()
    assert f"Sign in as {USERNAME} in the browser window that opens." in printed.err
    assert opened_links.read_text() in printed.err
    assert printed.out == ""


def test_each_attempt_has_its_own_secrets(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """State, nonce and code challenge differ each time; the challenge is S256, the answer a form."""
    queries = []
    for _ in range(2):
        opened_links.unlink(missing_ok=True)
        with pytest.raises(SignInDeniedError), answering(opened_links, refuse):
            BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in(application, asked, accept)
        queries.append(read_query(opened_links.read_text()))
    for name in ("state", "nonce", "code_challenge"):
        assert queries[0][name] != queries[1][name]
    assert queries[0]["code_challenge_method"] == "S256"
    assert queries[0]["response_mode"] == "form_post"
    assert queries[0]["login_hint"] == USERNAME


def test_a_cancelled_sign_in_says_so(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """A refusal comes as Entra ID's error, and the page shows the sentence."""
    with pytest.raises(SignInDeniedError) as caught, answering(opened_links, refuse) as answered:
        BrowserSignIn(free_url(), TIMEOUT_SECONDS).sign_in(application, asked, accept)
    assert caught.value.code == "access_denied"
    assert "The sign-in was refused (access_denied)." in answered[0].text


def test_a_refused_code_says_so(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """The page does not say that the connection is there before the tokens are."""

    def make_up(link: str) -> Query:
        return {"state": read_query(link)["state"], "code": CODE}

    with pytest.raises(SignInDeniedError), answering(opened_links, make_up) as answered:
        BrowserSignIn(free_url(), TIMEOUT_SECONDS).sign_in(application, asked, accept)
    assert "The sign-in did not succeed" in answered[0].text


def test_a_result_that_is_not_accepted_says_so(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    opened_links: Path,
    tenant: RunningTenant,
) -> None:
    """Who signs in as somebody else is told in the browser too."""

    def refuse_all(_: Mapping[str, Any]) -> None:
        raise WrongUserError("Another person signed in.")

    signs_in = answering(opened_links, lambda link: sign_in(tenant, link, USERNAME))
    with pytest.raises(WrongUserError), signs_in as answered:
        BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in(application, asked, refuse_all)
    assert "Another person signed in." in answered[0].text


def test_an_answer_of_another_sign_in_does_not_disturb(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    opened_links: Path,
    tenant: RunningTenant,
) -> None:
    """A foreign page that brings a code of its own is turned away, and the person can go on."""

    def disturb_first(link: str) -> Query:
        url = read_query(link)["redirect_uri"]
        assert post(url, {"state": "other", "code": CODE}).status == 400
        assert get(url, {"code": CODE}).status == 400
        return sign_in(tenant, link, USERNAME)

    with answering(opened_links, disturb_first) as answered:
        assert BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in(application, asked, accept)[
            "access_token"
        ]
    assert answered[0].status == 200


def test_nobody_signs_in(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """The wait has an end."""
    with pytest.raises(SignInTimeoutError) as caught:
        BrowserSignIn(free_url(), timeout_seconds=0.01).sign_in(application, asked, accept)
    assert USERNAME in caught.value.message


def test_the_port_is_in_use(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """No browser opens where its answer could not be received."""
    with ExitStack() as stack:
        busy = stack.enter_context(listening())
        with pytest.raises(PortInUseError) as caught:
            BrowserSignIn(f"http://localhost:{busy}/").sign_in(application, asked, accept)
    assert str(busy) in caught.value.message
    assert not opened_links.exists()


@contextmanager
def listening() -> Iterator[int]:
    """Listen on a port, as another program does."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_redirect_url_elsewhere_needs_no_browser_here(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """What cannot be listened on is a matter of the setting, and the error names the way around it."""
    with pytest.raises(SettingError, match="--no-browser"):
        BrowserSignIn("https://portal.contoso.com/callback").sign_in(application, asked, accept)
    assert not opened_links.exists()


@pytest.mark.usefixtures("no_display")
def test_without_a_display_nothing_is_tried(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error says what to do instead."""
    if can_open_browser():
        pytest.skip("This machine always has a display.")
    with pytest.raises(SignInNeededError) as caught:
        BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in(application, asked, accept)
    for way in ("--no-browser", "device code", "at a desk", "Control Room"):
        assert way in caught.value.message
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("no_display")
@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"])
def test_a_display_or_a_browser_will_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the variables says that a person can see something."""
    monkeypatch.setenv(name, "something")
    assert can_open_browser()


def test_the_link_can_be_opened_by_hand(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where the browser fails to open, the person is told so and the wait goes on."""
    set_browser(monkeypatch, "no-such-browser-anywhere %s")
    with ThreadPoolExecutor() as pool:
        signing: Future[Any] = pool.submit(
            BrowserSignIn("http://localhost", TIMEOUT_SECONDS).sign_in, application, asked, accept
        )
        printed = ""
        while "No browser could be opened" not in printed:
            printed += capsys.readouterr().err
            time.sleep(0.01)
        link = printed.partition("open this link:")[2].split()[0]
        assert get(read_query(link)["redirect_uri"], refuse(link)).status == 400
        with pytest.raises(SignInDeniedError):
            signing.result(TIMEOUT_SECONDS)


def test_state_and_code_are_in_no_error(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, opened_links: Path
) -> None:
    """An answer that MSAL refuses ends in a sentence of ours, without MSAL's, which quotes the state."""

    def cut_off(link: str) -> Query:
        return {"state": read_query(link)["state"], "code": ""}

    with pytest.raises(SignInAnswerError) as caught, answering(opened_links, cut_off):
        BrowserSignIn(free_url(), TIMEOUT_SECONDS).sign_in(application, asked, accept)
    assert caught.value.__context__ is None
    assert read_query(opened_links.read_text())["state"] not in str(caught.value)
