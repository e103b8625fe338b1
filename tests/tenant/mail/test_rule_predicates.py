"""What conditions of rules say of a message."""

from typing import Any

import pytest

from postroom.tenant.mail.mime import parse
from postroom.tenant.mail.rule_predicates import Incoming, any_holds, holds

MAIL = (
    "From: Megan Bowen <megan@contoso.com>\r\nTo: AP <ap@contoso.com>\r\nCc: adele@contoso.com\r\n"
    "Subject: Invoice for May\r\nImportance: High\r\nSensitivity: Company-Confidential\r\n"
    "X-Message-Flag: Follow up\r\nX-Project: Blue\r\n\r\nThe sum is due.\r\n"
)
SIGNED = "Content-Type: multipart/signed; boundary=b\r\nTo: ap@contoso.com\r\n\r\n--b\r\n\r\nHi\r\n--b--\r\n"
RECEIPT = "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b--\r\n"
BOUNCE = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b--\r\n"
MEETING = "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
REPLY = "Auto-Submitted: auto-replied\r\nSubject: Away\r\nBcc: ap@contoso.com\r\n\r\nAway\r\n"
MEGAN = [{"emailAddress": {"name": "", "address": "Megan@contoso.com"}}]
ADELE = [{"emailAddress": {"name": "", "address": "adele@contoso.com"}}]


def incoming(text: str) -> Incoming:
    mime = parse(text.encode())
    return Incoming("ap@contoso.com", mime, len(text), mime.importance, ["Blue category"])


@pytest.mark.parametrize(
    ("text", "name", "met", "unmet"),
    [
        (MAIL, "bodyContains", ["nothing", "SUM"], ["invoice"]),
        (MAIL, "bodyOrSubjectContains", ["invoice"], ["nothing"]),
        (MAIL, "categories", ["blue"], ["red"]),
        (MAIL, "fromAddresses", MEGAN, ADELE),
        (MAIL, "headerContains", ["x-project: blue"], ["x-project: red"]),
        (MAIL, "importance", "high", "low"),
        (MAIL, "messageActionFlag", "followUp", "fyi"),
        (MAIL, "messageActionFlag", "any", "reply"),
        (MAIL, "recipientContains", ["adele"], ["megan"]),
        (MAIL, "senderContains", ["bowen"], ["adele"]),
        (MAIL, "sensitivity", "confidential", "private"),
        (MAIL, "sentToAddresses", ADELE, MEGAN),
        (MAIL, "subjectContains", ["MAY"], ["June"]),
        (MAIL, "withinSizeRange", {"maximumSize": 1}, {"minimumSize": 1}),
    ],
)
def test_words_addresses_and_sizes(text: str, name: str, met: Any, unmet: Any) -> None:
    """One word of a list is enough, in whatever case."""
    assert holds({name: met}, incoming(text))
    assert not holds({name: unmet}, incoming(text))


@pytest.mark.parametrize(
    ("name", "met", "unmet"),
    [
        ("isSigned", SIGNED, MAIL),
        ("isReadReceipt", RECEIPT, BOUNCE),
        ("isNonDeliveryReport", BOUNCE, RECEIPT),
        ("isMeetingRequest", MEETING, MAIL),
        ("isMeetingResponse", MEETING.replace("REQUEST", "REPLY"), MEETING),
        ("isAutomaticReply", REPLY, MAIL),
        ("isAutomaticForward", "X-MS-Exchange-Inbox-Rules-Loop: adele@contoso.com\r\n" + MAIL, MAIL),
        ("isEncrypted", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", SIGNED),
        ("isVoicemail", "Content-Class: MS-OLK-MS-Voice\r\n\r\nx", MAIL),
        ("isApprovalRequest", "Content-Class: IPM.Note.Microsoft.Approval.Request\r\n\r\nx", MAIL),
        (
            "isPermissionControlled",
            'Content-Disposition: attachment; filename="message.rpmsg"\r\n\r\nx',
            MAIL,
        ),
        ("hasAttachments", 'Content-Disposition: attachment; filename="a.txt"\r\n\r\nx', MAIL),
        ("sentToMe", MAIL, REPLY),
        ("notSentToMe", REPLY, MAIL),
        ("sentOnlyToMe", SIGNED, MAIL),
        ("sentCcMe", "Cc: ap@contoso.com\r\n\r\n", MAIL),
        ("sentToOrCcMe", "Cc: ap@contoso.com\r\n\r\n", REPLY),
    ],
)
def test_what_kind_of_mail_it_is(name: str, met: str, unmet: str) -> None:
    """True asks for the kind; false asks for nothing."""
    assert holds({name: True}, incoming(met))
    assert not holds({name: True}, incoming(unmet))
    assert holds({name: False}, incoming(unmet))


def test_all_conditions_and_any_exception() -> None:
    """Conditions hold together; exceptions each by itself, and those that say nothing never."""
    both = {"subjectContains": ["May"], "importance": "low"}
    assert not holds(both, incoming(MAIL))
    assert any_holds(both, incoming(MAIL))
    assert holds({}, incoming(MAIL))
    assert not any_holds({"hasAttachments": False}, incoming(MAIL))
