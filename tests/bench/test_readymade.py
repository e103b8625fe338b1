"""The ready-made answers are those that Graph would give."""

import base64
import json
from typing import Any
from urllib.parse import quote, urlsplit

from bench.readymade import MESSAGE_BYTES, ReadyMailbox, Workload, attachment_content, build_message

WORKLOAD = Workload(messages=25, attachments_per_message=2, attachment_bytes=100)
MESSAGES = "/v1.0/users/ap%40contoso.com/mailFolders/inbox/messages"


def ask(target: str) -> Any:
    """Return the JSON that the mailbox answers to a GET."""
    answer = ReadyMailbox(WORKLOAD).find_answer("GET", target)
    assert answer is not None
    return json.loads(b"".join(answer.pieces))


def ids(page: Any) -> list[str]:
    """Return the ids of a page's messages."""
    return [message["id"] for message in page["value"]]


def test_every_message_has_the_same_length() -> None:
    """Pages are slices, so each message is exactly as long as the next."""
    assert {len(build_message(index, WORKLOAD)) for index in range(25)} == {MESSAGE_BYTES}


def test_following_next_links_reads_every_message_once() -> None:
    """A client that follows `@odata.nextLink` sees all messages, newest first."""
    seen, target = [], f"{MESSAGES}?$top=10"
    while target:
        page = ask(target)
        seen += page["value"]
        link = urlsplit(page.get("@odata.nextLink", ""))
        target = f"{link.path}?{link.query}" if link.path else ""
    received = [message["receivedDateTime"] for message in seen]
    assert len({message["id"] for message in seen}) == 25
    assert received == sorted(received, reverse=True)


def test_a_page_by_key_begins_at_the_time_asked_for() -> None:
    """`receivedDateTime le T` gives the message of that time again and those before it."""
    first = ask(f"{MESSAGES}?$top=10")
    last = first["value"][-1]
    key = f"receivedDateTime ge 1900-01-01T00:00:00Z and receivedDateTime le {last['receivedDateTime']}"
    second = ask(f"{MESSAGES}?$top=10&$filter={quote(key)}")
    assert ids(second)[0] == last["id"]
    assert set(ids(first)) & set(ids(second)) == {last["id"]}


def test_the_next_link_of_a_page_by_key_continues_it() -> None:
    """Filter and skip work together, as they do in Graph."""
    stamp = ask(f"{MESSAGES}?$top=10")["value"][9]["receivedDateTime"]
    page = ask(f"{MESSAGES}?$top=5&$filter={quote(f'receivedDateTime le {stamp}')}")
    link = urlsplit(page["@odata.nextLink"])
    assert ids(ask(f"{link.path}?{link.query}")) == ids(ask(f"{MESSAGES}?$top=5&$skip=14"))


def test_attachments_come_with_content_unless_select_leaves_it_out() -> None:
    """A list of attachments holds `contentBytes`, and `$select` spares them."""
    message = quote(ask(f"{MESSAGES}?$top=1")["value"][0]["id"])
    target = f"/v1.0/users/ap%40contoso.com/messages/{message}/attachments"
    full, short = ask(target)["value"], ask(f"{target}?$select=id,name")["value"]
    wanted = [attachment_content(index, WORKLOAD) for index in range(2)]
    assert [base64.b64decode(attachment["contentBytes"]) for attachment in full] == wanted
    assert [attachment["name"] for attachment in short] == [attachment["name"] for attachment in full]
    assert not any("contentBytes" in attachment for attachment in short)


def test_value_of_an_attachment_is_its_content() -> None:
    """`$value` gives the bytes themselves."""
    message = quote(ask(f"{MESSAGES}?$top=1")["value"][0]["id"])
    target = f"/v1.0/users/ap%40contoso.com/messages/{message}/attachments"
    attachment = quote(ask(f"{target}?$select=id")["value"][1]["id"])
    answer = ReadyMailbox(WORKLOAD).find_answer("GET", f"{target}/{attachment}/$value")
    assert answer is not None
    assert b"".join(answer.pieces) == attachment_content(1, WORKLOAD)


def test_what_does_not_lie_ready_has_no_answer() -> None:
    """A request that no client is known to make is told apart."""
    assert ReadyMailbox(WORKLOAD).find_answer("GET", "/v1.0/me/events") is None
