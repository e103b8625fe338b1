"""Which mail is about a meeting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.meetings import (
    ACCEPTED,
    CANCELED,
    DECLINED,
    NOTE,
    REQUEST,
    TENTATIVE,
    message_class,
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), NOTE),
        (("METHOD:PUBLISH",), NOTE),
        (("METHOD:REQUEST", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ap@contoso.com"), REQUEST),
        (("method:cancel",), CANCELED),
        (("METHOD:REPLY", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ap@contoso.com"), ACCEPTED),
        (("METHOD:REPLY", 'ATTENDEE;CN="AP: bills";PARTSTAT=DECLINED:mailto:ap@contoso.com'), DECLINED),
        (("METHOD:REPLY", "ATTENDEE;CN=ap;PART", " STAT=TENTATIVE:mailto:ap@contoso.com"), TENTATIVE),
        (("METHOD:REPLY", "ATTENDEE:mailto:PARTSTAT=ACCEPTED"), TENTATIVE),
        (("METHOD:COUNTER",), TENTATIVE),
    ],
)
def test_the_class_of_a_meeting_message(lines: tuple[str, ...], expected: str) -> None:
    """The method decides, and in an answer what the attendee says; lines may be folded."""
    calendar = "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""))
    assert message_class(calendar) == expected


@given(st.text())
def test_any_text_has_a_class(text: str) -> None:
    """No text makes the reader fail."""
    assert message_class("METHOD:REPLY\r\nATTENDEE" + text).startswith("IPM.")
