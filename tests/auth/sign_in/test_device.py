"""Sign-in with a device code, against the local tenant."""

import io
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import msal
import pytest

from postroom.auth.sign_in import DeviceSignIn, SignInRequest
from postroom.errors import SignInDeniedError, SignInTimeoutError
from sign_in.browsers import USERNAME
from support.sign_in import Person, open_browser, password_of
from support.tenant import RunningTenant

Accept = Callable[[Mapping[str, Any]], None]
Reader = Callable[[str, str], None]
LATER_SECONDS = 24 * 3600


class Stderr(io.StringIO):
    """Somebody who does something as soon as address and code are printed."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def write(self, text: str) -> int:
        """Read what is printed."""
        if found := re.search(r"the page (\S+) and enter the code (\S+) ", text):
            self._reader(found[1], found[2])
        return super().write(text)


def enter_code(tenant: RunningTenant, address: str, code: str, last_button: str) -> None:
    """Enter the code on the tenant's pages, sign in, and press the last button where consent is asked for."""
    with open_browser(tenant) as browser:
        person = Person(tenant, browser).visit(address)
        person.press("idSIButton9", otc=code)
        person.press("idSIButton9", loginfmt=USERNAME)
        person.press("idSIButton9", passwd=password_of(tenant, USERNAME))
        person.press("Continue")
        person.press(last_button)


def read_as(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> Stderr:
    stderr = Stderr(reader)
    monkeypatch.setattr(sys, "stderr", stderr)
    return stderr


def test_a_person_enters_the_code(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Address and code go to stderr, with who shall sign in; then the tokens are there."""
    printed = read_as(monkeypatch, lambda address, code: enter_code(tenant, address, code, "Accept"))
    result = DeviceSignIn().sign_in(application, asked, accept)
    assert result["id_token_claims"]["preferred_username"] == USERNAME
    assert printed.getvalue().startswith(f"Sign in as {USERNAME}. To sign in, use a web browser")
    assert capsys.readouterr().out == ""


def test_a_declined_sign_in_says_so(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who cancels on the page ends the wait."""
    read_as(monkeypatch, lambda address, code: enter_code(tenant, address, code, "Cancel"))
    with pytest.raises(SignInDeniedError) as caught:
        DeviceSignIn().sign_in(application, asked, accept)
    assert caught.value.code == "authorization_declined"


def test_the_code_expires(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody enters it while Entra ID knows it."""
    read_as(monkeypatch, lambda _address, _code: tenant.advance_clock(LATER_SECONDS))
    with pytest.raises(SignInTimeoutError, match=f"Nobody signed in as {USERNAME}"):
        DeviceSignIn().sign_in(application, asked, accept)


def test_the_wait_has_an_end_of_its_own(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does not depend on Entra ID to say that the code has expired."""
    now = time.time

    def let_time_pass(_address: str, _code: str) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + LATER_SECONDS)

    read_as(monkeypatch, let_time_pass)
    with pytest.raises(SignInTimeoutError, match=f"Nobody signed in as {USERNAME}"):
        DeviceSignIn().sign_in(application, asked, accept)


def test_a_refusal_instead_of_a_code_says_so(
    application: "msal.PublicClientApplication", asked: SignInRequest, accept: Accept, tenant: RunningTenant
) -> None:
    """What Entra ID says in place of a code is judged like any other refusal."""
    wrong = SignInRequest(asked.place, asked.username, ("https://graph.microsoft.com/No.Such.Permission",))
    with pytest.raises(SignInDeniedError) as caught:
        DeviceSignIn().sign_in(application, wrong, accept)
    assert caught.value.code
