"""Failures of the rooms below, in the reader's language."""

import re

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from postroom.auth.advice import ADVICE, find_advice
from postroom.clouds import AZURE_GLOBAL
from postroom.controlroom.words import EXAMINED, say, translate
from postroom.errors import ClientRefusedError, HostUnreachableError, SettingError, SignInError

TENANT, CLIENT = "contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("aadsts", sorted(ADVICE))
def test_what_is_filled_in_is_filled_into_the_translation(aadsts: int) -> None:
    """Each piece of advice is said in Japanese with the same tenant, app and addresses, and in English unchanged."""
    message = find_advice(aadsts, AZURE_GLOBAL, TENANT, CLIENT) or ""
    error = SignInError(f"{message} The clock of this machine is wrong.", aadsts=aadsts)
    with translation.override("en"):
        assert say(error) == error.message
    with translation.override("ja"):
        said = say(error)
    assert (
        said.endswith("。 The clock of this machine is wrong.")
        or AZURE_GLOBAL.portal_host in said
        or "http" in said
    )
    assert "{" not in said
    assert not said.startswith("Microsoft refused")
    for filled in (TENANT, CLIENT):
        assert (filled in said) == (filled in message)


@given(st.text(min_size=1).filter(lambda text: not set(text) & set("{}\n")))
def test_any_tenant_may_be_filled_in(tenant: str) -> None:
    """Whatever somebody typed as a tenant, what is said holds it, or is the message as it was."""
    message = find_advice(90002, AZURE_GLOBAL, tenant, CLIENT) or ""
    with translation.override("ja"):
        assert tenant in say(SignInError(message, aadsts=90002))


def test_what_cannot_be_translated_stands_behind_what_can() -> None:
    """A failure of the network, or a number without advice, has its kind in Japanese before its own words."""
    unknown = ClientRefusedError("Microsoft refused the sign-in: AADSTS1: no.", aadsts=1)
    unreachable = HostUnreachableError("login.contoso.com cannot be reached.")
    with translation.override("ja"):
        assert (
            say(unknown)
            == f"Microsoft がクライアント シークレットまたは証明書を拒否しました。 ({unknown.message})"
        )
        assert say(unreachable) == f"ホストに到達できません。 ({unreachable.message})"


@pytest.mark.parametrize("words", EXAMINED)
def test_what_an_examination_says_is_translated(words: str) -> None:
    """What was found is filled into the translation; a word that a sentence merely begins with is none."""
    places = set(re.findall(r"{(\w+)}", words))
    text = words.format(**{place: f"filled-{place}.contoso.com" for place in places})
    with translation.override("ja"):
        said = translate(text)
    assert said != text
    assert all(f"filled-{place}.contoso.com" in said for place in places)


def test_sentences_that_are_not_known_stay() -> None:
    """A title, and whatever else we do not know, is left as it is."""
    with translation.override("ja"):
        assert translate("App 1 did something.") == "App 1 did something."


def test_what_the_control_room_says_of_itself_is_left() -> None:
    """Its messages are translated where they are made."""
    with translation.override("ja"):
        assert say(SettingError("保存しませんでした。")) == "保存しませんでした。"
