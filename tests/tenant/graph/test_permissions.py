"""Permissions are those of Graph's own table, and mailboxes are reached as Exchange lets them be."""

import json
from pathlib import Path
from typing import Any

import pytest

from postroom.tenant.directory import App, User
from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.dispatch import ROUTES
from postroom.tenant.graph.permissions import (
    APPLICATION,
    DELEGATED,
    SHARED,
    Need,
    check_permission,
    check_reach,
    sees_bodies,
)
from postroom.tenant.graph.refusals import GraphRefusalError

TABLE = Path(__file__).parents[4] / "shared" / "graph" / "mail-permissions.json"
APP = App("bot", "client", "object")
ADELE = User("1", "adele@contoso.com", "Adele Vance", "")
BOARD = User("2", "board@contoso.com", "Board", "", shared=True, members=("adele@contoso.com",))
INVOICES = User("3", "invoices@contoso.com", "Invoices", "", shared=True, members=("ap@contoso.com",))


def app(*permissions: str) -> Caller:
    return Caller(APP, None, frozenset(permissions), application=True)


def adele(*permissions: str) -> Caller:
    return Caller(APP, ADELE, frozenset(permissions), application=False)


def is_allowed(caller: Caller, need: Need, owner: User) -> bool:
    try:
        check_permission(caller, need, owner)
        check_reach(caller, owner)
    except GraphRefusalError as error:
        assert error.status == 403
        return False
    return True


@pytest.mark.skipif(
    not TABLE.exists(), reason="Graph's table of permissions is not beside this checkout (../shared/graph)."
)
def test_every_route_needs_what_graph_lists() -> None:
    """For every operation in Graph's table, each permission it lists is enough here, and none is made up."""
    operations = {name.lower(): kinds for name, kinds in json.loads(TABLE.read_text())["operations"].items()}
    compared = 0
    for route in ROUTES:
        path = "/".join("{id}" if part.startswith("{") else part for part in route.path.split("/"))
        listed: dict[str, Any] | None = operations.get(f"{route.method} /users/{{id}}/{path}".lower())
        if listed is None:
            continue
        compared += 1
        for kind, table in (("Application", APPLICATION), ("DelegatedWork", DELEGATED)):
            named = {entry["permission"] for entry in listed.get(kind, [])}
            assert named <= table[route.need], (route.method, route.path)
    assert compared > 20


def test_writing_implies_reading_and_not_sending() -> None:
    """Mail.ReadWrite reads, Mail.Read does not write, and only Mail.Send sends."""
    assert is_allowed(app("Mail.ReadWrite"), Need.READ, ADELE)
    assert not is_allowed(app("Mail.Read"), Need.WRITE, ADELE)
    assert not is_allowed(app("Mail.ReadWrite"), Need.SEND, ADELE)


def test_a_user_reaches_the_own_mailbox_and_shared_ones() -> None:
    """A signed-in user needs the .Shared permission and membership for a mailbox that is not their own."""
    assert is_allowed(adele("Mail.Read"), Need.READ, ADELE)
    assert not is_allowed(adele("Mail.Read"), Need.READ, BOARD)
    assert is_allowed(adele("Mail.Read.Shared"), Need.READ, BOARD)
    assert not is_allowed(adele("Mail.Read.Shared"), Need.READ, INVOICES)
    assert is_allowed(app("Mail.Read"), Need.READ, INVOICES)


def test_permissions_for_shared_mail_include_the_own_mailbox() -> None:
    """The .Shared permissions are for all mail that the user can access, the user's own included."""
    assert is_allowed(adele("Mail.ReadWrite.Shared"), Need.WRITE, ADELE)
    assert is_allowed(adele("Mail.Send.Shared"), Need.SEND, ADELE)
    assert not is_allowed(adele("Mail.Read.Shared"), Need.WRITE, ADELE)


def test_basic_reading_sees_no_bodies() -> None:
    """Mail.ReadBasic lists messages without their bodies."""
    assert is_allowed(app("Mail.ReadBasic.All"), Need.READ_BASIC, ADELE)
    assert not sees_bodies(app("Mail.ReadBasic.All"), ADELE)
    assert sees_bodies(adele("Mail.Read.Shared"), BOARD)


def test_every_need_is_in_every_table() -> None:
    """Each table says something of each need."""
    assert APPLICATION.keys() == DELEGATED.keys() == SHARED.keys() == set(Need)
