"""Where pages of messages begin, and what tokens are good for."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

FEW = {"$top": "4", "$select": "subject"}


@pytest.fixture
def full(tenant: RunningTenant, ap: Caller) -> Caller:
    """Give the mailbox with eleven messages, all but the last two of one second."""
    for number in range(9):
        tenant.deliver("ap@contoso.com", make_mail(f"{number:02}"))
    tenant.advance_clock(60)
    for number in (9, 10):
        tenant.deliver("ap@contoso.com", make_mail(f"{number:02}"))
    return ap


def all_pages(caller: Caller, path: str, **options: str) -> list[str]:
    page = caller.get(path, **options)
    subjects = [message["subject"] for message in page["value"]]
    while "@odata.nextLink" in page:
        page = caller.get(page["@odata.nextLink"])
        subjects += [message["subject"] for message in page["value"]]
    return subjects


@pytest.mark.parametrize("order", ["", "receivedDateTime desc", "receivedDateTime asc", "subject desc"])
@pytest.mark.parametrize("path", ["messages", "mailFolders/inbox/messages"])
def test_pages_are_the_list(full: Caller, path: str, order: str) -> None:
    """Page by page comes what comes at once, in whatever order."""
    options = {"$orderby": order} if order else {}
    whole = [message["subject"] for message in full.get(path, **options, **{"$top": "50"})["value"]]
    assert len(whole) == 11
    assert all_pages(full, path, **options, **FEW) == whole


def test_pages_go_by_what_was_seen(tenant: RunningTenant, full: Caller) -> None:
    """A message that arrives in between moves everything on by one, as with Outlook."""
    page = full.get("messages", **FEW)
    tenant.deliver("ap@contoso.com", make_mail("new"))
    assert full.get(page["@odata.nextLink"])["value"][0]["subject"] == page["value"][-1]["subject"]


def test_a_client_may_say_where_to_begin(full: Caller) -> None:
    """$skip of a client's own works with and without a token."""
    link = full.get("messages", **FEW)["@odata.nextLink"]
    listed = full.get(link.replace("$skip=4", "$skip=9"))["value"]
    assert len(listed) == 2
    assert listed == full.get("messages", **FEW, **{"$skip": "9"})["value"]
    token = parse_qs(urlsplit(link).query)["$skiptoken"][0]
    assert full.get("messages", **FEW, **{"$skiptoken": token})["value"] == full.get(link)["value"]


def test_a_token_is_of_its_list(full: Caller) -> None:
    """A token of one list is refused by another."""
    token = parse_qs(urlsplit(full.get("messages", **FEW)["@odata.nextLink"]).query)["$skiptoken"][0]
    assert full.refused("GET", f"mailFolders/inbox/messages?$skiptoken={token}") == (400, "BadRequest")
    assert full.refused("GET", f"messages?$filter=isRead eq true&$skiptoken={token}") == (400, "BadRequest")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_garbled_tokens_are_refused(full: Caller, data: st.DataObject) -> None:
    """Whatever is changed of a token, and any text that never was one, is refused."""
    token = parse_qs(urlsplit(full.get("messages", **FEW)["@odata.nextLink"]).query)["$skiptoken"][0]
    at = data.draw(st.integers(0, len(token) - 2))  # the last character has bits that mean nothing
    changed = (
        token[:at]
        + data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))
        + token[at + 1 :]
    )
    garbled = data.draw(st.one_of(st.just(changed), st.text(max_size=40), st.just(token[:at])))
    assert full.refused("GET", f"messages?$skiptoken={quote(garbled, safe='')}") == (400, "BadRequest")
