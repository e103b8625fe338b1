"""Sign-in with a link and a pasted address, against the local tenant."""

import io
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msal
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.auth.sign_in import LinkSignIn, SignInRequest
from postroom.auth.sign_in.link import ATTEMPTS, find_mistake
from postroom.errors import SettingError, SignInAnswerError, SignInDeniedError, SignInNeededError
from sign_in.browsers import CODE, USERNAME
from support.sign_in import sign_in
from support.tenant import RunningTenant

Accept = Callable[[Mapping[str, Any]], None]
REDIRECT_URL = "http://localhost:9999/Callback"
LINK = "https://login.contoso.example/tenant/oauth2/v2.0/authorize?state=s"


class Person(io.StringIO):
    """Stdin, with a person at it who reads what is printed and types a line made from the link."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *lines: Callable[[str], str]) -> None:
        super().__init__()
        self._capsys = capsys
        self._lines = list(lines)
        self.read: list[str] = []
        self.link = ""

    def readline(self, *_: Any) -> str:
        """Read, and type the next line; nothing more once there are none."""
        printed = self._capsys.readouterr()
        assert printed.out == ""
        self.read.append(printed.err)
        self.link = next(word for word in self.read[0].split() if word.startswith("https://login"))
        return self._lines.pop(0)(self.link) + "\n" if self._lines else ""


def end_at(fields: Mapping[str, str], url: str = REDIRECT_URL) -> str:
    return f"{url}?{urlencode(fields)}"


def find_state(link: str) -> str:
    return parse_qs(urlsplit(link).query)["state"][0]


def refused(link: str) -> str:
    """The final address of a cancelled sign-in."""
    return end_at({"state": find_state(link), "error": "access_denied"})


def seat(monkeypatch: pytest.MonkeyPatch, person: Person) -> Person:
    monkeypatch.setattr(sys, "stdin", person)
    return person


def test_a_person_signs_in_elsewhere(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The link goes to stderr, the final address is pasted, and the tokens are there."""
    person = seat(
        monkeypatch, Person(capsys, lambda link: f"  <{end_at(sign_in(tenant, link, USERNAME))}> \t")
    )
    result = LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)
    assert result["id_token_claims"]["preferred_username"] == USERNAME
    assert f"Sign in as {USERNAME}" in person.read[0]
    assert f"begins with {REDIRECT_URL}" in person.read[0]
    assert parse_qs(urlsplit(person.link).query)["response_mode"] == ["query"]


def test_any_redirect_url_will_do(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It need not be this machine's: nobody listens there."""
    url = "https://portal.contoso.com/callback"
    seat(
        monkeypatch,
        Person(capsys, lambda link: end_at({"state": find_state(link), "error": "access_denied"}, url)),
    )
    with pytest.raises(SignInDeniedError):
        LinkSignIn(url).sign_in(application, asked, accept)


def test_a_cancelled_sign_in_says_so(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The final address of a refusal is an answer as well."""
    seat(monkeypatch, Person(capsys, refused))
    with pytest.raises(SignInDeniedError) as caught:
        LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)
    assert caught.value.code == "access_denied"


def test_mistakes_may_be_mended(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each is named in a sentence, and the person may paste again."""
    person = seat(
        monkeypatch, Person(capsys, lambda _: "", lambda link: link, lambda _: REDIRECT_URL, refused)
    )
    with pytest.raises(SignInDeniedError):
        LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)
    assert "Nothing was pasted." in person.read[1]
    assert "That is the link to sign in with" in person.read[2]
    assert "missing or cut off" in person.read[3]


def test_too_many_mistakes_end_it(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last mistake is in the error, and nothing of what was pasted."""
    seat(monkeypatch, Person(capsys, *[lambda _: f"https://contoso.com/?code={CODE}"] * ATTEMPTS))
    with pytest.raises(SignInAnswerError) as caught:
        LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)
    assert f"does not begin with {REDIRECT_URL}" in caught.value.message


def test_an_answer_to_another_link_is_refused_at_once(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A code under another state is not redeemed, and neither is quoted."""
    person = seat(monkeypatch, Person(capsys, lambda _: end_at({"state": "other-state", "code": CODE})))
    with pytest.raises(SignInAnswerError) as caught:
        LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)
    assert len(person.read) == 1
    assert "other-state" not in str(caught.value)
    assert find_state(person.link) not in str(caught.value)


def test_nobody_is_there_to_paste(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where the input has ended, the error says so."""
    seat(monkeypatch, Person(capsys))
    with pytest.raises(SignInNeededError, match="the input ended"):
        LinkSignIn(REDIRECT_URL).sign_in(application, asked, accept)


def test_the_redirect_url_is_an_address(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept
) -> None:
    """Nothing is printed or asked for one that is none."""
    with pytest.raises(SettingError):
        LinkSignIn("localhost:9999").sign_in(application, asked, accept)


@given(st.text())
def test_any_text_may_be_pasted(pasted: str) -> None:
    """Whatever is pasted that is no answer gets one sentence, without the text in it."""
    mistake = find_mistake(pasted, REDIRECT_URL, LINK)
    assert mistake.endswith(".")
    assert mistake.count(". ") == 0


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from(["code", "error"]), st.text())
def test_every_answer_is_taken(state: str, value: str, name: str, more: str) -> None:
    """Any state, code or error that a server may send is one, in any order and with anything more."""
    fields = [(name, value), ("session_state", more), ("state", state)]
    query = "&".join(f"{key}={quote(text, safe='', errors='replace')}" for key, text in fields)
    assert find_mistake(f"{REDIRECT_URL}?{query}", REDIRECT_URL, LINK) == ""


@given(st.integers(0, len(REDIRECT_URL) + len("?code=c&state=") - 1))
def test_a_piece_of_an_answer_is_a_mistake(length: int) -> None:
    """What was not copied whole is noticed, wherever it was cut."""
    assert find_mistake(f"{REDIRECT_URL}?code=c&state=s"[:length], REDIRECT_URL, LINK)
