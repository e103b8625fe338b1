"""The rules of the Inbox, and what they do with mail that comes in."""

from collections.abc import Callable
from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller

PATH = "mailFolders/inbox/messageRules"
AP = "ap@contoso.com"
PEOPLE = [{"emailAddress": {"name": "Adele", "address": "adele@contoso.com"}}]


def mime(subject: str = "Invoice 7", headers: str = "", body: str = "Please pay.") -> bytes:
    written = (
        f"From: Megan Bowen <megan@contoso.com>\r\nTo: {AP}\r\nMessage-ID: <one@contoso.com>\r\n"
        f"Subject: {subject}\r\n{headers}\r\n{body}\r\n"
    )
    return written.encode()


def rule(actions: dict[str, Any], conditions: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"displayName": "A rule", "conditions": conditions or {}, "actions": actions} | more


def inbox(caller: Caller) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = caller.get("mailFolders/inbox/messages")["value"]
    return listed


def test_a_rule_is_made_changed_and_deleted(settings: Caller) -> None:
    """201 with everything of the rule, 200 with the change, 204; in between it is listed in its sequence."""
    made = settings.post(PATH, rule({"markAsRead": True}, {"subjectContains": ["x"]}, sequence=2))
    assert made["isEnabled"] is True
    assert (made["hasError"], made["isReadOnly"]) == (False, False)
    settings.post(PATH, rule({"stopProcessingRules": True}, displayName="First", sequence=1))
    assert [each["displayName"] for each in settings.get(PATH)["value"]] == ["First", "A rule"]
    assert settings.request("GET", f"{PATH}/$count").text == "2"
    path = f"{PATH}/{made['id']}"
    changed = settings.request("PATCH", path, json={"displayName": "Mine", "isEnabled": False})
    assert changed.json()["actions"] == {"markAsRead": True}
    assert settings.get(path, **{"$select": "displayName,isEnabled"})["displayName"] == "Mine"
    assert settings.request("DELETE", path).status_code == 204
    assert settings.refused("GET", path) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": "x"},
        {"actions": {"delete": True}},
        rule({}),
        rule({"delete": False, "assignCategories": []}),
        rule({"moveToFolder": "nowhere"}),
        rule({"delete": True}, sequence=0),
        rule({"delete": True}, sequence="1"),
        rule({"delete": True}, sequence=True),
        rule({"forwardTo": [{"emailAddress": {"address": "nobody"}}]}),
        rule({"explode": True}),
        rule({"delete": True}, {"subjectContains": "x"}),
        rule({"delete": True}, {"importance": "great"}),
        rule({"delete": True}, {"moonIsFull": True}),
        rule({"delete": True}, shoeSize=1),
    ],
)
def test_what_is_no_rule(settings: Caller, body: dict[str, Any]) -> None:
    """Names, folders, recipients, words and numbers are checked; a rule needs an action."""
    assert settings.refused("POST", PATH, json=body)[0] == 400
    assert settings.get(PATH)["value"] == []


def test_only_the_inbox_has_rules(settings: Caller) -> None:
    """The Inbox may be named by its id; another folder is refused."""
    inbox_id = settings.get("mailFolders/inbox")["id"]
    assert settings.get(f"mailFolders/{inbox_id}/messageRules")["value"] == []
    assert settings.refused("GET", "mailFolders/drafts/messageRules")[0] == 400
    assert settings.refused("POST", "mailFolders/drafts/messageRules", json=rule({"delete": True}))[0] == 400


def test_a_message_is_moved_marked_and_copied(tenant: RunningTenant, settings: Caller) -> None:
    """What the rules say happens before anybody sees the message."""
    folder = settings.post("mailFolders", {"displayName": "Invoices"})
    copies = settings.post("mailFolders", {"displayName": "Copies"})
    actions = {
        "moveToFolder": folder["id"],
        "copyToFolder": copies["id"],
        "markAsRead": True,
        "markImportance": "high",
        "assignCategories": ["Red category"],
    }
    settings.post(PATH, rule(actions, {"subjectContains": ["INVOICE"]}))
    tenant.deliver(AP, mime())
    tenant.deliver(AP, mime("Lunch"))
    assert [each["subject"] for each in inbox(settings)] == ["Lunch"]
    for name in (folder["id"], copies["id"]):
        (message,) = settings.get(f"mailFolders/{name}/messages")["value"]
        assert (message["isRead"], message["importance"]) == (True, "high")
        assert message["categories"] == ["Red category"]


def test_a_message_is_deleted_or_dropped(tenant: RunningTenant, settings: Caller) -> None:
    """Deleted mail lies in Deleted Items, and mail deleted for good nowhere."""
    settings.post(PATH, rule({"delete": True}, {"subjectContains": ["one"]}))
    settings.post(PATH, rule({"permanentDelete": True}, {"subjectContains": ["two"]}))
    for subject in ("one", "two", "three"):
        tenant.deliver(AP, mime(subject))
    assert [each["subject"] for each in inbox(settings)] == ["three"]
    deleted = settings.get("mailFolders/deleteditems/messages")["value"]
    assert [each["subject"] for each in deleted] == ["one"]


def test_sequence_and_the_end_of_it(tenant: RunningTenant, settings: Caller) -> None:
    """Rules go in sequence; one that stops the others keeps them from looking; a disabled one does nothing."""
    settings.post(PATH, rule({"assignCategories": ["last"]}, sequence=9))
    settings.post(PATH, rule({"assignCategories": ["off"]}, sequence=1, isEnabled=False))
    stop = {"assignCategories": ["stopped"], "stopProcessingRules": True}
    settings.post(PATH, rule(stop, {"importance": "high"}, sequence=3))
    settings.post(PATH, rule({"markImportance": "high"}, {"subjectContains": ["urgent"]}, sequence=2))
    tenant.deliver(AP, mime("urgent"))
    tenant.deliver(AP, mime("later"))
    assert {each["subject"]: each["categories"] for each in inbox(settings)} == {
        "urgent": ["stopped"],
        "later": ["last"],
    }


def test_exceptions(tenant: RunningTenant, settings: Caller) -> None:
    """One exception that applies is enough."""
    exceptions = {"subjectContains": ["final"], "importance": "high"}
    settings.post(PATH, rule({"delete": True}, {"senderContains": ["megan"]}, exceptions=exceptions))
    tenant.deliver(AP, mime("first"))
    tenant.deliver(AP, mime("final"))
    assert [each["subject"] for each in inbox(settings)] == ["final"]


def test_a_rule_whose_folder_is_gone(tenant: RunningTenant, settings: Caller) -> None:
    """It says that it is in error, and does nothing."""
    folder = settings.post("mailFolders", {"displayName": "Gone"})
    settings.post(PATH, rule({"moveToFolder": folder["id"], "markAsRead": True}))
    for _ in range(2):
        settings.request("DELETE", f"mailFolders/{folder['id']}")
    assert [each["hasError"] for each in settings.get(PATH)["value"]] == [True]
    tenant.deliver(AP, mime())
    assert [each["isRead"] for each in inbox(settings)] == [False]


@pytest.mark.parametrize("kind", ["forwardTo", "forwardAsAttachmentTo", "redirectTo"])
def test_mail_is_passed_on_once(
    tenant: RunningTenant, settings: Caller, call: Callable[..., Caller], kind: str
) -> None:
    """Forwarded mail is from the mailbox, redirected mail from its sender; two mailboxes do not play ball."""
    back = [{"emailAddress": {"address": AP}}]
    settings.post(PATH, rule({kind: PEOPLE}))
    adele = call("adele")
    adele.post(PATH, rule({"redirectTo": back}))
    tenant.deliver(AP, mime())
    (message,) = inbox(adele)
    assert len(inbox(settings)) == 1
    sender = message["from"]["emailAddress"]["address"]
    expected = ("megan@contoso.com", "Invoice 7") if kind == "redirectTo" else (AP, "FW: Invoice 7")
    assert (sender, message["subject"]) == expected
    assert message["hasAttachments"] == (kind == "forwardAsAttachmentTo")
    if kind == "forwardTo":
        assert "Please pay." in message["body"]["content"]


def test_rules_look_at_mail_that_is_sent(settings: Caller, call: Callable[..., Caller]) -> None:
    """What arrives from another mailbox is judged as what comes from outside."""
    settings.post(PATH, rule({"markAsRead": True}, {"fromAddresses": PEOPLE}))
    to = [{"emailAddress": {"address": AP}}]
    message = {"subject": "Hello", "body": {"content": "x"}, "toRecipients": to}
    call("adele").post("sendMail", {"message": message}, status=202)
    assert [each["isRead"] for each in inbox(settings)] == [True]


def test_a_reset_takes_rules_away(tenant: RunningTenant, settings: Caller) -> None:
    """After a reset a mailbox has no rules, and its first categories."""
    settings.post(PATH, rule({"delete": True}))
    tenant.reset()
    tenant.deliver(AP, mime())
    assert len(inbox(settings)) == 1
