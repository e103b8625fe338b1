"""What is worth knowing before one writes to somebody."""

from typing import Any

from .conftest import Caller


def tips(caller: Caller, options: str, *addresses: str) -> list[dict[str, Any]]:
    body = {"EmailAddresses": addresses, "MailTipsOptions": options}
    found: list[dict[str, Any]] = caller.post("getMailTips", body, status=200)["value"]
    return found


def test_automatic_replies_and_full_mailboxes(settings: Caller) -> None:
    """Who is away says so; who is not has an empty text."""
    replies = {"status": "alwaysEnabled", "internalReplyMessage": "Away"}
    settings.request("PATCH", "mailboxSettings", json={"automaticRepliesSetting": replies})
    away, there = tips(settings, "automaticReplies, mailboxFullStatus", "ap@contoso.com", "Adele@contoso.com")
    assert away["automaticReplies"]["message"] == "Away"
    assert away["automaticReplies"]["messageLanguage"]["locale"] == "en-US"
    assert there == {
        "emailAddress": {"name": "", "address": "Adele@contoso.com"},
        "automaticReplies": {"message": ""},
        "mailboxFull": False,
    }


def test_every_tip(settings: Caller) -> None:
    """Each option has its property."""
    options = (
        "customMailTip,externalMemberCount,totalMemberCount,maxMessageSize,deliveryRestriction,moderationStatus,"
        "recipientScope,recipientSuggestions"
    )
    (found,) = tips(settings, options, "ap@contoso.com")
    assert found.keys() == {
        "emailAddress", "customMailTip", "externalMemberCount", "totalMemberCount", "maxMessageSize",
        "deliveryRestricted", "isModerated", "recipientScope", "recipientSuggestions",
    }  # fmt: skip


def test_nobody_and_somebody_outside(settings: Caller) -> None:
    """An address of the organization that is nobody's has an error; one outside is external."""
    nobody, outside = tips(settings, "recipientScope", "nobody@contoso.com", "x@fabrikam.example")
    assert nobody["error"]["code"]
    assert outside["recipientScope"] == "external"


def test_what_cannot_be_asked(settings: Caller) -> None:
    """Addresses and known options are needed."""
    assert settings.refused("POST", "getMailTips", json={"EmailAddresses": ["ap@contoso.com"]})[0] == 400
    body = {"EmailAddresses": ["ap@contoso.com"], "MailTipsOptions": "shoeSize"}
    assert settings.refused("POST", "getMailTips", json=body)[0] == 400
