"""Mail about meetings: how its iCalendar part decides its message class, and what Graph calls such mail.

[?] By which part Exchange knows meeting mail: here it is the first text/calendar of the message. An answer that does
not say which it is counts as tentative.
"""

import re

NOTE = "IPM.Note"
REQUEST = "IPM.Schedule.Meeting.Request"
CANCELED = "IPM.Schedule.Meeting.Canceled"
ACCEPTED = "IPM.Schedule.Meeting.Resp.Pos"
TENTATIVE = "IPM.Schedule.Meeting.Resp.Tent"
DECLINED = "IPM.Schedule.Meeting.Resp.Neg"
RESPONSES = frozenset({ACCEPTED, TENTATIVE, DECLINED})
MESSAGE_TYPES = {
    REQUEST: "meetingRequest",
    CANCELED: "meetingCancelled",
    ACCEPTED: "meetingAccepted",
    TENTATIVE: "meetingTenativelyAccepted",
    DECLINED: "meetingDeclined",
}
"""Graph's meetingMessageType for each message class; one is misspelt, as in Graph's schema."""

_METHODS = {"REQUEST": REQUEST, "CANCEL": CANCELED, "COUNTER": TENTATIVE}
_ANSWERS = {"ACCEPTED": ACCEPTED, "TENTATIVE": TENTATIVE, "DECLINED": DECLINED}
_FOLD = re.compile(r"\r?\n[ \t]")
_METHOD = re.compile(r"^METHOD:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(
    r"^ATTENDEE(?:\"[^\"\r\n]*\"|[^:\"\r\n])*?;PARTSTAT=\"?(\w+)", re.IGNORECASE | re.MULTILINE
)


def message_class(calendar: str) -> str:
    """Give MAPI's class of a message with this iCalendar text in it; mail without one is an ordinary note."""
    text = _FOLD.sub("", calendar)
    method = _METHOD.search(text)
    if method and method[1].upper() == "REPLY":
        answer = _ANSWER.search(text)
        return _ANSWERS.get(answer[1].upper(), TENTATIVE) if answer else TENTATIVE
    return _METHODS.get(method[1].upper(), NOTE) if method else NOTE
