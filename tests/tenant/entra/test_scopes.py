"""Scopes are read as Entra ID reads them: for one resource, by known names, in any case."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.tenant.directory import App
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.entra.scopes import GRAPH_SCOPES, AskedScopes, needs_admin, read_scopes
from postroom.tenant.state import CloudState
from postroom.tenant.tenancy import LocalTenant

GRAPH = "https://graph.microsoft.com/"
GRAPH_APP = "00000003-0000-0000-c000-000000000000/"


@pytest.mark.parametrize("prefix", ["", GRAPH, GRAPH_APP])
def test_graph_is_named_in_three_ways(cloud: CloudState, desktop: App, prefix: str) -> None:
    """Graph's permissions may stand alone, behind Graph's address, or behind its application id."""
    asked = read_scopes(f"openid {prefix}Mail.Read offline_access {prefix}mail.SEND", cloud, desktop)
    openid = frozenset({"openid", "offline_access"})
    assert asked == AskedScopes(frozenset({"Mail.Read", "Mail.Send"}), openid, prefix=prefix)


def test_default_stands_for_what_the_app_registered(cloud: CloudState, desktop: App) -> None:
    """`.default` is all delegated permissions of the app."""
    asked = read_scopes(f"{GRAPH}.default openid", cloud, desktop)
    assert asked.default
    assert asked.resource == {
        *("Mail.ReadWrite", "Mail.Send", "Mail.ReadWrite.Shared", "Mail.Send.Shared", "User.Read"),
        *("MailboxSettings.ReadWrite", "User.ReadBasic.All"),
    }
    assert asked.openid == {"openid"}


def test_a_slash_too_many_is_graph_too(cloud: CloudState, desktop: App) -> None:
    """A doubled slash before the name is what some clients write."""
    assert read_scopes(f"{GRAPH}/Mail.Read", cloud, desktop).resource == {"Mail.Read"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 900144),
        ("  ", 900144),
        ("Mail.Everything", 70011),
        ("Mail.Read,Mail.Send", 70011),
        (f"{GRAPH}Mail.Read {GRAPH}.default", 70011),
        ("https://graph.microsoft.us/Mail.Read", 500011),
        ("https://nothing.example/Mail.Read", 500011),
        (f"{GRAPH}Mail.Read https://graph.microsoft.us/Mail.Read", 700022),
        ("https://one.example/a https://two.example/b", 700022),
    ],
)
def test_what_cannot_be_asked_for(cloud: CloudState, desktop: App, text: str, number: int) -> None:
    """Nothing, unknown names, other resources and two resources at once are refused by their numbers."""
    with pytest.raises(EntraRefusedError) as refused:
        read_scopes(text, cloud, desktop)
    assert refused.value.number == number


def test_each_cloud_has_its_own_graph(local_tenant: LocalTenant, desktop: App) -> None:
    """Graph of GCC High is the resource there."""
    asked = read_scopes("https://graph.microsoft.us/Mail.Read", local_tenant.clouds[1], desktop)
    assert asked.resource == {"Mail.Read"}


@given(text=st.text() | st.text(alphabet="a./: ", max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_breaks(cloud: CloudState, desktop: App, text: str) -> None:
    """Whatever is asked for, it is read or refused."""
    try:
        assert read_scopes(text, cloud, desktop).resource <= GRAPH_SCOPES.keys()
    except EntraRefusedError:
        return


def test_who_has_to_consent() -> None:
    """Permissions over all users' data need an administrator, those over the own data do not."""
    assert needs_admin("User.Read.All")
    assert not needs_admin("Mail.ReadWrite.Shared")
    assert not needs_admin("openid")
