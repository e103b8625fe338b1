"""Whatever JSON a client writes as a message, it is read or refused."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.message_input import read_attachment, read_message
from postroom.tenant.graph.refusals import GraphRefusalError
from postroom.tenant.mail.compose import compose
from postroom.tenant.mail.mime import parse

NAMES = st.sampled_from(
    ["subject", "body", "contentType", "content", "toRecipients", "emailAddress", "address", "name", "from", "sender",
     "importance", "isRead", "categories", "flag", "flagStatus", "internetMessageHeaders", "value", "attachments",
     "item", "@odata.type", "contentBytes", "sourceUrl", "contentId", "isInline", "internetMessageId", "shoeSize"]
)  # fmt: skip
TEXT = st.one_of(
    st.text(st.characters(), max_size=20),
    st.sampled_from(["html", "\ud800", "a@b", "x-a", "aGVsbG8=", "#microsoft.graph.fileAttachment", "é@é", "\r\nBcc: x",
                     "#microsoft.graph.itemAttachment", "#microsoft.graph.message", "flagged", "high", "<a@b>, c"]),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXT, inner, max_size=4),
    max_leaves=12,
)
PEOPLE = st.lists(
    st.fixed_dictionaries({"emailAddress": st.fixed_dictionaries({"address": TEXT, "name": TEXT})}),
    max_size=3,
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "subject": TEXT,
        "body": st.fixed_dictionaries({"contentType": st.sampled_from(["html", "text"]), "content": TEXT}),
        "toRecipients": PEOPLE,
        "replyTo": PEOPLE,
        "categories": st.lists(TEXT, max_size=3),
        "internetMessageId": TEXT,
        "internetMessageHeaders": st.lists(
            st.fixed_dictionaries({"name": st.just("x-a") | TEXT, "value": TEXT}), max_size=2
        ),
        "attachments": st.lists(
            st.fixed_dictionaries(
                {"@odata.type": TEXT, "name": TEXT, "contentBytes": st.just("aGVsbG8=")},
                optional={
                    "contentType": TEXT,
                    "contentId": TEXT,
                    "isInline": st.booleans(),
                    "sourceUrl": TEXT,
                },
            ),
            max_size=2,
        ),
    },
)


@given(JSON)
def test_any_json_is_read_or_refused(content: object) -> None:
    """No JSON makes the reading fail in any way but a refusal of Graph's."""
    for read in (lambda: read_message(content, is_new=True), lambda: read_attachment(content)):
        try:
            read()
        except GraphRefusalError as error:
            assert error.status in (400, 501)


@given(MESSAGES)
def test_any_message_can_be_kept_and_written_as_mime(content: object) -> None:
    """A message that is accepted can be stored and composed, and reads back."""
    try:
        message = read_message(content, is_new=True)
    except GraphRefusalError:
        return
    sqlite3.connect(":memory:").execute(
        "SELECT " + ", ".join("?" * (len(message.columns) or 1)), [*message.columns.values()] or [0]
    ).fetchall()
    parse(compose(message.columns, message.attachments))
