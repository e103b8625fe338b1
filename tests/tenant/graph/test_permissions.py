"""Permissions are those of Graph's own table, and mailboxes are reached as Exchange lets them be."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest

from postroom.tenant.directory import App, User
from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.permissions import Need, check_permission, check_reach, sees_bodies
from postroom.tenant.graph.refusals import GraphRefusalError
from support.entra import Signer
from support.tenant import RunningTenant

TABLE = Path(__file__).parents[4] / "shared" / "graph" / "mail-permissions.json"
KINDS = ("Application", "DelegatedWork")
REFUSED = (403, "ErrorAccessDenied")
OWNER = "ap@contoso.com"
APP = App("bot", "client", "object")
ADELE = User("1", "adele@contoso.com", "Adele Vance", "")
BOARD = User("2", "board@contoso.com", "Board", "", shared=True, members=("adele@contoso.com",))
INVOICES = User("3", "invoices@contoso.com", "Invoices", "", shared=True, members=("ap@contoso.com",))

# Where the tenant lets more in than Graph's table lists: {permission: reason}.
IMPLIED = {
    "Mail.ReadWrite": "reads whatever Mail.Read reads",
    "Mail.ReadBasic": "is an application permission too, beside Mail.ReadBasic.All",
    "Mail.Read.Shared": "is for all mail that the user can access, the own included",
    "MailboxSettings.ReadWrite": "reads whatever MailboxSettings.Read reads",
    "User.Read.All": "reads whatever User.ReadBasic.All reads",
    "User.ReadWrite": "reads whatever User.Read reads",
    "User.ReadWrite.All": "reads whatever User.Read.All reads",
}
# Where the tenant lets fewer in: {permission: reason}.
FOR_OTHER_THINGS = {
    "Calendars.ReadWrite": "is for the attachments of events, which the table has in the same row"
}


def app(*permissions: str) -> Caller:
    return Caller(APP, None, frozenset(permissions), application=True)


def adele(*permissions: str) -> Caller:
    return Caller(APP, ADELE, frozenset(permissions), application=False)


def is_allowed(caller: Caller, need: Need, owner: User) -> bool:
    try:
        check_permission(caller, need, owner)
        check_reach(caller, need, owner)
    except GraphRefusalError as error:
        assert error.status == 403
        return False
    return True


class Bench:
    """Ask the tenant with tokens of exactly these permissions."""

    def __init__(self, tenant: RunningTenant, client: httpx2.Client) -> None:
        self._tenant = tenant
        self._client = client
        tenant.consent("Desktop bot", "Mail.Read", "offline_access")
        self._signer = Signer(tenant)
        self._refresh_token = self._signer.tokens()["refresh_token"]
        message = {"subject": "x", "toRecipients": []}
        headers = {"Authorization": f"Bearer {self.token('Application', frozenset({'Mail.ReadWrite'}))}"}
        made = client.post(f"/v1.0/users/{OWNER}/messages", json=message, headers=headers).json()
        self.message_id = made["id"]

    @cache  # noqa: B019 - a bench lives as long as its test
    def token(self, kind: str, permissions: frozenset[str]) -> str:
        if kind == "Application":
            self._tenant.change_app("Reader bot", application_permissions=sorted(permissions))
            return str(self._tenant.token("Reader bot"))
        self._tenant.withdraw_consent("Desktop bot")
        self._tenant.consent("Desktop bot", *(permissions or {"Application.Read.All"}))
        graph = "https://graph.microsoft.com/.default"
        answer = self._signer.refresh(self._refresh_token, scope=graph)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def ask(self, operation: str, kind: str, permissions: set[str]) -> tuple[int, str]:
        """Give status and code of the answer to an operation."""
        method, path = operation.split(" ", 1)
        headers = {"Authorization": f"Bearer {self.token(kind, frozenset(permissions))}"}
        body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
        answer = self._client.request(method, f"/v1.0{self._address(path)}", headers=headers, json=body)
        failed = answer.content and answer.status_code >= 400
        return answer.status_code, answer.json()["error"]["code"] if failed else ""

    def list_basic(self, path: str, query: dict[str, str]) -> int:
        """Give the status of a listing that Mail.ReadBasic is asked for."""
        headers = {"Authorization": f"Bearer {self.token('DelegatedWork', frozenset({'Mail.ReadBasic'}))}"}
        return self._client.get(f"/v1.0/me/{path}", params=query, headers=headers).status_code

    def _address(self, path: str) -> str:
        named = path.replace("/users/{id}", f"/users/{OWNER}").replace(
            "mailfolders/{id}", "mailfolders/inbox"
        )
        named = named.replace("childfolders/{id}", "childfolders/sentitems").replace("/...", "")
        # What is deleted or moved must be there for the next request.
        return re.sub(r"\{\w+\}", lambda _: "A" * len(self.message_id), named)


@pytest.fixture
def bench(tenant: RunningTenant) -> Iterator[Bench]:
    """Give a bench at the seeded tenant."""
    with tenant.client() as client:
        yield Bench(tenant, client)


@pytest.mark.skipif(
    not TABLE.exists(), reason="Graph's table of permissions is not beside this checkout (../shared/graph)."
)
def test_every_operation_needs_what_graph_lists(bench: Bench) -> None:
    """Each permission in Graph's table opens its operation alone; all others of the table together do not."""
    table: dict[str, Any] = json.loads(TABLE.read_text())
    tried, wrong = 0, []
    for operation, kinds in table["operations"].items():
        if bench.ask(operation, "DelegatedWork", set())[0] in (405, 501):
            continue  # not emulated, or an operation that only the table has
        tried += 1
        for kind in KINDS:
            if kind == "Application" and " /me" in operation:
                continue  # an app on its own is nobody
            known = {name for name, described in table["permissions"].items() if kind in described["schemes"]}
            listed = {entry["permission"] for entry in kinds.get(kind, [])}
            denied = [
                one
                for one in listed - FOR_OTHER_THINGS.keys()
                if bench.ask(operation, kind, {one}) == REFUSED
            ]
            answer = bench.ask(operation, kind, known - listed - IMPLIED.keys())
            if denied or answer != REFUSED:
                wrong.append((operation, kind, denied, answer))
    assert wrong == []
    assert tried > 40


@pytest.mark.parametrize("path", ["messages", "mailFolders/inbox/messages"])
@pytest.mark.parametrize(
    "query",
    [
        {"$search": '"x"'},
        {"$filter": "contains(body/content, 'x')"},
        {"$expand": "attachments"},
        {"$expand": "singleValueExtendedProperties($filter=id eq 'String 0x0070')"},
        {"$expand": "extensions"},
    ],
)
def test_basic_reading_asks_for_nothing_else(bench: Bench, path: str, query: dict[str, str]) -> None:
    """Mail.ReadBasic neither searches nor filters or expands by what it does not see."""
    assert bench.list_basic(path, query) == 403
    assert bench.list_basic(path, {"$filter": "subject eq 'body'"}) == 200


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
