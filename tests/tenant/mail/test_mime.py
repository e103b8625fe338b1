"""MIME is read into clean facts, whatever the bytes."""

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.mime import MimeMessage, parse

SHARED_MAIL = Path(__file__).parents[4] / "shared" / "mail"

needs_corpus = pytest.mark.skipif(
    not (SHARED_MAIL / "index.jsonl").exists(),
    reason="The mail corpus is not beside this checkout (../shared/mail).",
)


def make(body: str, **headers: str) -> MimeMessage:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return parse(f"{lines}\r\n{body}".encode())


def facts(message: MimeMessage) -> dict[str, Any]:
    names = ("From", "Sender", "To", "Cc", "Bcc", "Reply-To")
    return {
        "subject": message.subject,
        "people": [message.people(name) for name in names],
        "times": [str(message.sent), str(message.received)],
        "importance": message.importance,
        "thread": message.thread,
        "headers": message.headers,
        "body": [message.body_type, message.body],
        "attachments": [
            [part.kind, part.name, part.content_type, part.content_id, part.content_location, part.source_url]
            for part in message.attachments
        ],
    }


@given(st.binary(max_size=2000))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    """Any bytes at all give a message whose every text is valid in JSON."""
    json.dumps(facts(parse(raw)), ensure_ascii=False).encode()


HEADER_NAMES = st.sampled_from(
    ["From", "To", "Subject", "Date", "Received", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding",
     "Message-ID", "References", "Importance", "Content-ID", "Content-Location", "X-Priority"]
)  # fmt: skip
HEADER_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"multipart/mixed; boundary=b", b"multipart/related; boundary=\"b\"", b"message/rfc822", b"base64",
         b"text/html; charset=rot13", b"text/plain; charset=utf-16", b"attachment; filename*=x''%ff%fe",
         b"=?utf-8?b?gICA?= =?idna?q?xn--?=", b"=?utf-16?b?2AA=?=", b"Mon, 99 Foo 20200 99:99:99 +9999",
         b"message/external-body; access-type=URL; url=\"x\"", b"\xed\xa0\x80", b"inline; filename=\"\x00\"",
         b"\"a\" <<b>>, (c, <d@e", b"undisclosed-recipients:;", b"quoted-printable", b"x-uuencode"]
    ),
)  # fmt: skip
BODIES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\r\n", b"--b\r\n", b"--b--\r\n", b"Content-Type: text/html\n"]),
    ),
    max_size=12,
).map(b"".join)


@given(st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=8), BODIES)
def test_broken_mail_never_raises(headers: list[tuple[str, bytes]], body: bytes) -> None:
    """Mail that looks like mail but breaks its rules gives a message whose every text is valid in JSON."""
    raw = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in headers) + b"\r\n" + body
    json.dumps(facts(parse(raw)), ensure_ascii=False).encode()


def test_subject_and_names_are_decoded() -> None:
    """Encoded words come out as the text they stand for, and unknown charsets as something readable."""
    message = make("", Subject="=?utf-8?b?UmVjaG51bmcg4oKs?=", From="=?x-no?q?J=FCrgen?= <j@contoso.com>")
    assert message.subject == "Rechnung €"
    assert message.people("From") == [("Jürgen", "j@contoso.com")]


def test_raw_eight_bit_headers_are_read() -> None:
    """A subject in raw UTF-8 or Latin-1 reads as text."""
    assert parse("Subject: Grüße\n\n".encode()).subject == "Grüße"
    assert parse("Subject: Grüße\n\n".encode("latin-1")).subject == "Grüße"


def test_received_time_falls_back_to_the_top_received_header() -> None:
    """Without a Date that can be read, the newest Received header says when mail came."""
    received = make("", Date="yesterday", Received="from a by b; Tue, 2 Jan 2024 10:00:00 +0200").received
    assert received == datetime(2024, 1, 2, 8, tzinfo=UTC)
    assert make("", Date="yesterday").received is None


def test_html_is_preferred_and_text_alone_is_text() -> None:
    """A body with HTML is HTML; without, it is text."""
    both = make(
        "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n--b--",
        Content_Type='multipart/alternative; boundary="b"',
    )
    assert (both.body_type, both.body) == ("html", "<p>rich</p>")
    assert (make("hello").body_type, make("hello").body) == ("text", "hello")


def test_attachment_names_are_given_as_they_are() -> None:
    """A dangerous file name is not made safe: that is for the client to do."""
    message = make(
        "x", Content_Type="application/pdf", Content_Disposition='attachment; filename="../../etc/pass:wd"'
    )
    assert message.attachments[0].name == "../../etc/pass:wd"


def test_a_nameless_part_gets_a_name() -> None:
    """A part without a file name is shown under one that says its type."""
    assert make("x", Content_Type="image/png").attachments[0].name == "ATT00001.png"


def test_inline_images_are_inline() -> None:
    """A picture that the body shows is inline; the same picture as an attachment is not."""

    def picture(disposition: str) -> str:
        return f"--b\r\nContent-Type: image/png\r\nContent-ID: <one>\r\nContent-Disposition: {disposition}\r\n\r\nx\r\n"

    page = "--b\r\nContent-Type: text/html\r\n\r\n<img src='cid:one'>\r\n"
    message = make(
        page + picture("inline") + picture("attachment") + "--b--",
        Content_Type="multipart/related; boundary=b",
    )
    assert [part.is_inline for part in message.attachments] == [True, False]


def test_an_attached_message_keeps_its_bytes() -> None:
    """The MIME of a message inside a message is cut from the original, odd line ends and all."""
    inner = "Subject: inner\nX:  odd   spaces\r\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n tail"
    message = make(
        f"preamble\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n",
        Content_Type="multipart/mixed; boundary=b",
    )
    (item,) = message.attachments
    assert (item.kind, item.name, item.content) == ("item", "inner", inner.encode())


def test_a_link_attachment_is_a_reference() -> None:
    """A link as RFC 2017 writes it is a reference attachment."""
    part = '--b\r\nContent-Type: message/external-body; access-type=URL; url="https://x.example/f"; name=f\r\n\r\n\r\n'
    (link,) = make(part + "--b--", Content_Type="multipart/mixed; boundary=b").attachments
    assert (link.kind, link.name, link.source_url) == ("reference", "f", "https://x.example/f")


def test_importance_and_thread() -> None:
    """Importance comes from either header, and the thread from References before In-Reply-To."""
    message = make("", X_Priority="1 (Highest)", References="<a@x> <b@x>", In_Reply_To="<b@x>")
    assert message.importance == "high"
    assert message.thread[:2] == ["<a@x>", "<b@x>"]


@needs_corpus
def test_attachments_of_the_corpus_are_those_of_the_index() -> None:
    """Every top-level attachment of the corpus has the content that the index gives, and its name where it has one."""
    wrong = [record["file"] for record in corpus_records() if not _agrees(record)]
    assert wrong == []


def corpus_records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHARED_MAIL / "index.jsonl").read_text().splitlines()]


def _agrees(record: dict[str, Any]) -> bool:
    message = parse((SHARED_MAIL / record["file"]).read_bytes())
    json.dumps(facts(message), ensure_ascii=False).encode()
    wanted = [part for part in record["attachments"] if not part["nested"] and not part.get("container")]
    found = [part for part in message.attachments if part.kind == "file"]
    hashes = Counter(hashlib.sha256(part.content).hexdigest() for part in found)
    names = {part.name for part in found}
    if Counter(part["sha256"] for part in wanted) - hashes:
        return False
    return all(part["name"] in names or not part["name"].isprintable() for part in wanted if part["name"])
