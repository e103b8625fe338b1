"""Mailboxes that answer by themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller

AP = "ap@contoso.com"
CENTURY_SECONDS = 100 * 365 * 24 * 3600


def answer(caller: Caller, **replies: Any) -> None:
    wanted = {"status": "alwaysEnabled", "internalReplyMessage": "Back on <b>Monday</b>."} | replies
    body = {"automaticRepliesSetting": wanted}
    assert caller.request("PATCH", "mailboxSettings", json=body).status_code == 200


def mime(sender: str = "adele@contoso.com", headers: str = "") -> bytes:
    written = f"From: Adele <{sender}>\r\nTo: {AP}\r\nMessage-ID: <q@x>\r\nSubject: Question\r\n{headers}\r\nWhen?\r\n"
    return written.encode()


def inbox(caller: Caller, **options: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = caller.get("mailFolders/inbox/messages", **options)["value"]
    return listed


def test_a_sender_is_answered_once(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller]
) -> None:
    """The answer is HTML, names what it answers and says that nobody wrote it; new settings answer anew."""
    answer(settings)
    for _ in range(2):
        tenant.deliver(AP, mime())
    adele = call("adele")
    (reply,) = inbox(adele, **{"$select": "subject,from,body,internetMessageHeaders"})
    assert reply["subject"] == "Automatic reply: Question"
    assert reply["from"]["emailAddress"] == {"name": "Accounts Payable", "address": AP}
    assert "<b>Monday</b>" in reply["body"]["content"]
    headers = {each["name"]: each["value"] for each in reply["internetMessageHeaders"]}
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["In-Reply-To"] == "<q@x>"
    answer(settings)
    tenant.deliver(AP, mime())
    assert len(inbox(adele)) == 2


def test_two_that_are_away_do_not_go_on_for_ever(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller]
) -> None:
    """An automatic reply is not answered."""
    adele = call("adele")
    answer(settings)
    answer(adele)
    tenant.deliver(AP, mime())
    assert (len(inbox(settings)), len(inbox(adele))) == (1, 1)


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-generated\r\n",
        "Precedence: bulk\r\n",
        "List-Id: <news.contoso.com>\r\n",
        "X-Auto-Response-Suppress: DR, OOF\r\n",
        "Return-Path: <>\r\n",
    ],
)
def test_machines_are_not_answered(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller], headers: str
) -> None:
    """Mail for which no person waits is not answered, and a person who writes later still is."""
    answer(settings)
    tenant.deliver(AP, mime(headers=headers))
    assert inbox(call("adele")) == []
    tenant.deliver(AP, mime(headers="Auto-Submitted: no\r\n"))
    assert len(inbox(call("adele"))) == 1


def test_a_mailbox_does_not_answer_itself(tenant: RunningTenant, settings: Caller) -> None:
    """Mail from its own address stays without an answer."""
    answer(settings)
    tenant.deliver(AP, mime(AP))
    assert len(inbox(settings)) == 1


def test_replies_keep_to_their_schedule(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller]
) -> None:
    """By the tenant's clock, not before and not after."""
    before, after = ({"dateTime": f"{year}-01-01T00:00:00", "timeZone": "UTC"} for year in (2020, 2099))
    answer(settings, status="scheduled", scheduledStartDateTime=before, scheduledEndDateTime=after)
    tenant.deliver(AP, mime())
    assert len(inbox(call("adele"))) == 1
    tenant.advance_clock(CENTURY_SECONDS)
    try:
        tenant.deliver(AP, mime("megan@contoso.com"))
    finally:
        tenant.advance_clock(-CENTURY_SECONDS)
    assert inbox(call("megan")) == []


def test_those_outside_get_another_answer_or_none(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller]
) -> None:
    """The text for outside is only sent with the audience "all"; people outside have no mailbox to look into."""
    answer(settings, externalReplyMessage="Outside", externalAudience="none", internalReplyMessage="")
    tenant.deliver(AP, mime("someone@fabrikam.example"))
    tenant.deliver(AP, mime())
    assert inbox(call("adele")) == []
