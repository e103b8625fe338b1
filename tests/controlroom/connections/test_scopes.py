"""Scopes: read as people write them, checked against the cloud, kept in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH
from postroom.controlroom.connections.providers import GrantType, Provider
from postroom.controlroom.connections.scopes import (
    RESERVED,
    check_scopes,
    list_requested_scopes,
    parse_scopes,
    shorten_scopes,
)
from postroom.errors import SettingError

CODE = GrantType.AUTHORIZATION_CODE
ITSELF = GrantType.CLIENT_CREDENTIALS
SCOPE = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x5B, exclude_characters=","), min_size=1)


@given(st.lists(SCOPE, unique=True), st.sampled_from([" ", ",", ", ", "\n", " ,\t"]))
def test_commas_spaces_and_lines_separate_scopes(scopes: list[str], separator: str) -> None:
    """However they are separated, the same scopes are read, each once and in order."""
    assert parse_scopes(separator.join([*scopes, *scopes])) == tuple(scopes)


def test_graph_permissions_get_the_host_of_the_cloud() -> None:
    """The same short names become scopes of either cloud, and short again for people."""
    for provider, cloud in (
        (Provider.ENTRA_GLOBAL, AZURE_GLOBAL),
        (Provider.ENTRA_GCC_HIGH, AZURE_US_GCC_HIGH),
    ):
        kept = check_scopes("Mail.Read,Mail.Send", provider, CODE)
        assert kept == f"{cloud.delegated_scope('Mail.Read')} {cloud.delegated_scope('Mail.Send')}"
        assert shorten_scopes(kept, provider) == "Mail.Read Mail.Send"


def test_reserved_scopes_are_added_and_not_kept() -> None:
    """Whoever types openid, profile or offline_access gets them once: they are asked for anyway."""
    kept = check_scopes("openid offline_access Mail.Read", Provider.ENTRA_GLOBAL, CODE)
    assert kept == AZURE_GLOBAL.delegated_scope("Mail.Read")
    assert list_requested_scopes(kept, Provider.ENTRA_GLOBAL, CODE) == (kept, *RESERVED)


def test_custom_scopes_stay_as_they_are() -> None:
    """Another provider may know none of the reserved scopes, so that nothing is added or taken away."""
    kept = check_scopes("openid, mail:read", Provider.CUSTOM, CODE)
    assert kept == "openid mail:read"
    assert list_requested_scopes(kept, Provider.CUSTOM, CODE) == ("openid", "mail:read")


@pytest.mark.parametrize("typed", ["", ".default", AZURE_GLOBAL.scope])
def test_client_credentials_ask_for_all_that_was_granted(typed: str) -> None:
    """An app that signs in as itself asks for .default, which need not be typed."""
    assert check_scopes(typed, Provider.ENTRA_GLOBAL, ITSELF) == AZURE_GLOBAL.scope


@pytest.mark.parametrize(
    ("typed", "provider", "grant_type", "says"),
    [
        ('Mail.Read "Mail.Send"', Provider.CUSTOM, CODE, "character"),
        ("Mäil.Read", Provider.ENTRA_GLOBAL, CODE, "character"),
        ("Mail/Read", Provider.ENTRA_GLOBAL, CODE, "not a permission"),
        ("", Provider.ENTRA_GLOBAL, CODE, "at least one"),
        ("openid", Provider.ENTRA_GLOBAL, CODE, "at least one"),
        (AZURE_US_GCC_HIGH.delegated_scope("Mail.Read"), Provider.ENTRA_GLOBAL, CODE, "Azure US GCC High"),
        (AZURE_GLOBAL.scope, Provider.ENTRA_GCC_HIGH, ITSELF, "Azure Global"),
        ("Mail.Read", Provider.ENTRA_GLOBAL, ITSELF, "Leave the scopes empty"),
        ("Mail.Read api://contoso.example/Read", Provider.ENTRA_GLOBAL, CODE, "one service"),
        (".default Mail.Read", Provider.ENTRA_GLOBAL, CODE, ".default"),
    ],
    ids=[
        "quotes",
        "letters",
        "slash",
        "none",
        "only reserved",
        "other cloud",
        "other cloud app",
        "app",
        "two",
        "mix",
    ],
)
def test_what_cannot_be_asked_for_is_refused(typed: str, provider: str, grant_type: str, says: str) -> None:
    """What Microsoft would refuse later is told at the form, with what to do."""
    with pytest.raises(SettingError, match=says):
        check_scopes(typed, provider, grant_type)
