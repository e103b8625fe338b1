"""Delta of messages over HTTPS: whoever follows the links always ends with what is in the folder."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.tenant import RunningTenant

from .conftest import IMMUTABLE, Caller

PAGE_OF_TWO = "odata.maxpagesize=2"
OPERATIONS = ("create", "update", "leave", "return", "delete", "erase", "page")


class Follower:
    """A client that keeps a folder's messages by delta alone, page by page."""

    def __init__(self, caller: Caller, folder: str, prefer: str = PAGE_OF_TWO, options: str = "") -> None:
        self.caller = caller
        self.prefer = {"Prefer": prefer}
        self.link = f"mailFolders/{folder}/messages/delta{options}"
        self.kept: dict[str, Any] = {}
        self.pages = 0

    def follow(self) -> bool:
        """Take one page, and tell whether the round is over."""
        answer = self.caller.request("GET", self.link, headers=self.prefer)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["value"]) <= 2
        for item in page["value"]:
            if "@removed" in item:
                self.kept.pop(item["id"], None)
            else:
                self.kept[item["id"]] = item
        self.pages += 1
        self.link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
        return "@odata.deltaLink" in page

    def finish(self) -> None:
        """Take the pages that are left of a round."""
        while not self.follow():
            pass


def new_folder(caller: Caller, name: str) -> str:
    return str(caller.post("mailFolders", {"displayName": name})["id"])


def create(caller: Caller, folder: str, subject: str = "x") -> str:
    return str(caller.post(f"mailFolders/{folder}/messages", {"subject": subject})["id"])


def subjects(listed: dict[str, Any]) -> set[str]:
    return {item["subject"] for item in listed["value"]}


class Mailbox:
    """Two folders, and everything that can happen to the messages in them."""

    def __init__(self, caller: Caller, number: int) -> None:
        self.caller = caller
        self.here = new_folder(caller, f"here {number}")
        self.there = new_folder(caller, f"there {number}")
        self.made = 0

    def listed(self, folder: str, prefer: str = 'IdType="ImmutableId"') -> dict[str, Any]:
        path = f"mailFolders/{folder}/messages?$top=100"
        answer = self.caller.request("GET", path, headers={"Prefer": prefer})
        return {item["id"]: item for item in answer.json()["value"]}

    def change(self, operation: str, which: int) -> None:
        """Do one thing, to one of the messages that are there."""
        source = self.there if operation == "return" else self.here
        ids = sorted(self.listed(source))
        if operation == "create":
            self.made += 1
            create(self.caller, self.here, f"message {self.made}")
        elif ids:
            self._change(operation, f"messages/{ids[which % len(ids)]}")

    def _change(self, operation: str, path: str) -> None:
        if operation == "update":
            self.made += 1
            self.caller.request("PATCH", path, json={"subject": f"changed {self.made}"})
        elif operation == "delete":
            self.caller.request("DELETE", path)
        elif operation == "erase":
            self.caller.post(f"{path}/permanentDelete", status=204)
        else:
            target = self.here if operation == "return" else self.there
            self.caller.post(f"{path}/move", {"destinationId": target})


@pytest.mark.parametrize("ids", ['IdType="ImmutableId"', ""])
def test_a_follower_ends_with_what_is_there(ap: Caller, ids: str) -> None:
    """Whatever happens between pages, and whichever ids are wanted: nothing is lost, nothing stays too long."""
    numbers = iter(range(1000))

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 7)), max_size=25))
    def follow(operations: list[tuple[str, int]]) -> None:
        mailbox = Mailbox(ap, next(numbers))
        prefer = f"{PAGE_OF_TWO}, {ids}" if ids else PAGE_OF_TWO
        for number in range(5):
            create(ap, mailbox.here, f"first {number}")
        follower = Follower(ap, mailbox.here, prefer)
        for operation, which in operations:
            if operation == "page":
                follower.follow()
            else:
                mailbox.change(operation, which)
        follower.finish()  # the round that is under way
        follower.finish()  # and one that began after the last change
        there = mailbox.listed(mailbox.here, ids)
        assert {key: item["subject"] for key, item in follower.kept.items()} == {
            key: item["subject"] for key, item in there.items()
        }

    follow()


def test_the_first_round_is_paged(ap: Caller) -> None:
    """Pages have the preferred size; the last one of a round has a deltaLink, with which nothing new comes."""
    folder = new_folder(ap, "Followed")
    for number in range(5):
        create(ap, folder, str(number))
    follower = Follower(ap, folder)
    follower.finish()
    assert (len(follower.kept), follower.pages) == (5, 3)
    answer = ap.get(follower.link)
    assert answer["value"] == []
    assert answer["@odata.context"].endswith("$metadata#Collection(message)")
    assert parse_qs(urlsplit(answer["@odata.deltaLink"]).query).keys() == {"$deltatoken"}


def test_options_of_the_first_request_are_in_the_token(ap: Caller) -> None:
    """$select and $top hold for all rounds, though only the first request names them."""
    folder = new_folder(ap, "Followed")
    for number in range(3):
        create(ap, folder, str(number))
    page = ap.get(f"mailFolders/{folder}/messages/delta()?$select=subject&$top=2")
    shape = {"@odata.type", "@odata.etag", "id", "subject"}
    assert [set(item) for item in page["value"]] == [shape, shape]
    page = ap.get(page["@odata.nextLink"])
    create(ap, folder, "new")
    (item,) = ap.get(page["@odata.deltaLink"])["value"]
    assert (set(item), item["subject"]) == (shape, "new")


def test_what_left_is_removed(ap: Caller) -> None:
    """A message that was moved, deleted or erased is told of by its id, in the folder it left."""
    folder = new_folder(ap, "Followed")
    moved, deleted, erased = (create(ap, folder) for _ in range(3))
    follower = Follower(ap, folder, 'IdType="ImmutableId"')
    link = ap.get(follower.link)["@odata.deltaLink"]
    ap.post(f"messages/{moved}/move", {"destinationId": "archive"})
    ap.request("DELETE", f"messages/{deleted}")
    ap.post(f"messages/{erased}/permanentDelete", status=204)
    removed = ap.get(link)["value"]
    assert [item["id"] for item in removed] == [moved, deleted, erased]
    assert all(item["@removed"] == {"reason": "deleted"} for item in removed)
    archived = ap.get("mailFolders/archive/messages/delta")["value"]
    assert moved in {item["id"] for item in archived}


def test_only_changes_of_a_type(ap: Caller) -> None:
    """changeType leaves only what was created, updated or deleted after the first round, which is whole."""
    folder = new_folder(ap, "Followed")
    old, lost = create(ap, folder, "old"), create(ap, folder, "lost")
    links = {}
    for kind in ("created", "updated", "deleted"):
        page = ap.get(f"mailFolders/{folder}/messages/microsoft.graph.delta()?changeType={kind}")
        assert subjects(page) == {"old", "lost"}
        links[kind] = page["@odata.deltaLink"]
    new = create(ap, folder, "new")
    ap.request("PATCH", f"messages/{old}", json={"subject": "older"})
    ap.request("DELETE", f"messages/{lost}")
    told = {kind: [item["id"] for item in ap.get(link)["value"]] for kind, link in links.items()}
    assert told == {"created": [new], "updated": [old], "deleted": [lost]}


def test_messages_received_since(tenant: RunningTenant, ap: Caller) -> None:
    """$filter takes receivedDateTime with ge and gt, and $orderby its descent."""
    tenant.advance_clock(-86400)
    tenant.deliver(ap.address, b"Subject: yesterday\r\n\r\n")
    tenant.advance_clock(86400)
    tenant.deliver(ap.address, b"Subject: today\r\n\r\n")
    day = ap.get("mailFolders/inbox/messages?$filter=subject eq 'today'")["value"][0]["receivedDateTime"]
    for operator in ("ge 2", "gt 1"):
        moment = day if operator == "ge 2" else f"{day[:10]}T00:00:00Z"
        query = f"$filter=receivedDateTime {operator[:2]} {moment}&$orderby=receivedDateTime desc"
        assert subjects(ap.get(f"mailFolders/inbox/messages/delta?{query}")) == {"today"}


@pytest.mark.parametrize(
    "query",
    [
        "$search=x",
        "$skip=1",
        "$count=true",
        "$filter=isRead eq false",
        "$filter=receivedDateTime lt 2024-01-01T00:00:00Z",
        "$filter=receivedDateTime ge 2024-01-01T00:00:00Z and isRead eq true",
        "$orderby=subject",
        "$orderby=receivedDateTime",
        "changeType=moved",
    ],
)
def test_options_that_delta_does_not_take(ap: Caller, query: str) -> None:
    """What Microsoft's page does not list is refused, with the option named."""
    assert ap.refused("GET", f"mailFolders/inbox/messages/delta?{query}") == (400, "ErrorInvalidUrlQuery")


def test_the_whole_mailbox_has_no_delta(ap: Caller) -> None:
    """Messages are followed folder by folder: without one, change tracking is refused as Graph refuses it."""
    assert ap.refused("GET", "messages/delta") == (400, "BadRequest")
    assert "Change tracking is not supported" in ap.request("GET", "messages/delta()").text


def begun(ap: Caller, folder: str = "inbox", query: str = "?$select=subject") -> str:
    return str(ap.get(f"mailFolders/{folder}/messages/delta{query}")["@odata.deltaLink"])


def assert_begins_anew(ap: Caller, answer: httpx2.Response, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, code)
    assert "token" not in answer.headers["Location"]
    assert "@odata.deltaLink" in ap.get(answer.headers["Location"])


def test_forgotten_changes_are_gone(tenant: RunningTenant, ap: Caller) -> None:
    """When the mailbox has forgotten its past, the token is gone and Location begins anew with the same options."""
    link = begun(ap)
    assert tenant.control.post(f"/mailboxes/{ap.address}/forget-changes").status_code == 204
    answer = ap.request("GET", link)
    assert_begins_anew(ap, answer, "SyncStateNotFound")
    assert "$select=subject" in answer.headers["Location"]
    assert ap.get(begun(ap))["value"] == []


def test_a_reset_is_the_end_of_tokens(tenant: RunningTenant, ap: Caller) -> None:
    """After a reset, a token of before is answered 410."""
    link = begun(ap)
    tenant.reset()
    assert ap.request("GET", link).status_code == 410


@pytest.mark.parametrize("token", ["garbled", "", "é" * 40, "gAAAAAB" + "A" * 100])
def test_garbled_tokens(ap: Caller, token: str) -> None:
    """A token that nobody was given is answered 410, and Location begins anew."""
    path = f"mailFolders/inbox/messages/delta?$deltatoken={quote(token)}"
    assert_begins_anew(ap, ap.request("GET", path), "SyncStateInvalid")


def test_tokens_of_elsewhere(ap: Caller, call: Callable[..., Caller]) -> None:
    """A token is good for its folder, its mailbox and its kind of thing only."""
    token = begun(ap).partition("?")[2]
    adele = call("adele")
    assert ap.refused("GET", f"mailFolders/archive/messages/delta?{token}") == (410, "SyncStateInvalid")
    assert ap.refused("GET", f"mailFolders/delta?{token}") == (410, "SyncStateInvalid")
    assert adele.refused("GET", f"mailFolders/inbox/messages/delta?{token}") == (410, "SyncStateInvalid")
    assert ap.get(f"mailFolders/Inbox/messages/delta?{token}")["value"] == []


def test_a_reader_without_bodies_follows_without_bodies(
    tenant: RunningTenant, call: Callable[..., Caller]
) -> None:
    """Mail.Read is enough, and ids are as the Prefer header of each request wants them."""
    reader = call(app="Reader bot")
    tenant.deliver(reader.address, b"Subject: hello\r\n\r\n")
    path = "mailFolders/inbox/messages/delta"
    changing = reader.request("GET", path, headers={"Prefer": ""}).json()["value"][0]["id"]
    staying = reader.request("GET", path, headers=IMMUTABLE).json()["value"][0]["id"]
    assert changing != staying
