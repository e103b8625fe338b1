"""Composed mail says what the message says, and reads back the same."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.compose import completed, compose, has_header, is_address, without_bcc
from postroom.tenant.mail.mime import MimeAttachment, parse
from postroom.tenant.mail.records import recipients_json

ONE_LINE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=60
)


@given(ONE_LINE, ONE_LINE, st.binary(max_size=200))
def test_what_goes_in_comes_out(subject: str, name: str, content: bytes) -> None:
    """Subject, file name and content survive being written and read."""
    raw = compose({"subject": subject}, [MimeAttachment("file", name, "application/x-thing", content)])
    message = parse(raw)
    assert message.subject == subject
    assert message.attachments[0].content == content


@given(st.text(max_size=60))
def test_no_text_breaks_into_the_headers(text: str) -> None:
    """A line end in a subject or name never becomes a header of its own."""
    people = recipients_json([(text + "\r\nBcc: x@contoso.com", "a@contoso.com")])
    raw = compose(
        {"subject": "a\r\nBcc: x@contoso.com", "to_people": people.encode("utf-8", "replace").decode()}, []
    )
    assert not has_header(raw, "Bcc")


def test_all_kinds_of_attachment_survive() -> None:
    """A file, a message and a link are written so that they read as a file, a message and a link."""
    inner = b"Subject: inner\nX:  odd\r\n\nbody"
    attachments = [
        MimeAttachment("file", "a.txt", "text/plain", b"a\n\x00"),
        MimeAttachment("item", "Inner", "message/rfc822", inner),
        MimeAttachment("reference", "Budget", None, b"", source_url="https://contoso.example/" + "x" * 200),
        MimeAttachment("file", "one.png", "image/png", b"png", content_id="one", is_inline=True),
    ]
    message = parse(compose({"body_type": "html", "body": "<img src='cid:one'>"}, attachments))
    found = {part.name: part for part in message.attachments}
    assert found["a.txt"].content == b"a\n\x00"
    assert found["Inner"].content == inner
    assert found["Budget"].source_url == attachments[2].source_url
    assert found["one.png"].is_inline


def test_bcc_is_taken_out_of_the_head_only() -> None:
    """The Bcc header goes, folded lines too; the word in the body stays."""
    raw = b"To: a@x\r\nBCC: b@x,\r\n c@x\r\nSubject: s\r\n\r\nBcc: stays\r\n"
    assert without_bcc(raw) == b"To: a@x\r\nSubject: s\r\n\r\nBcc: stays\r\n"


def test_missing_headers_are_put_first() -> None:
    """What a client's MIME lacks is put before it, and its own bytes stay."""
    raw = completed(b"Subject: s\n\nx", {"From": "A <a@contoso.com>", "Date": "2024-01-02T03:04:05"})
    assert raw.endswith(b"\r\nSubject: s\n\nx")
    assert parse(raw).people("From") == [("A", "a@contoso.com")]


@given(st.text(max_size=40))
def test_anything_can_be_asked_to_be_an_address(text: str) -> None:
    """Whether text is an address is answered, never refused."""
    assert is_address(text) in (True, False)
