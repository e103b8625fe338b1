"""Real mail, much of it broken, is delivered into the tenant, and Graph gives what other readers find in it."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.tenant import RunningTenant, start_tenant

pytestmark = pytest.mark.xdist_group("real messages")  # they are loaded once

MAIL = Path(__file__).parents[4] / "shared" / "mail"
ADDRESS = "real-mail@contoso.com"
SELECTED = "subject,from,toRecipients,ccRecipients,body,bodyPreview,hasAttachments,internetMessageHeaders"
AS_TEXT = {"Prefer": 'outlook.body-content-type="text"'}
ADDRESSES = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
BRACKETED = re.compile(r"<([^\s<>\"@:]+@[^\s<>\"]+)>")
INVENTED_NAME = re.compile(r"ATT\d{5}\..+")
REPLACED = "\N{REPLACEMENT CHARACTER}"
UNQUOTED_WORDS = (
    "words before an address without brackets are its name here; the index takes them for a part of it"
)

KNOWN_DIFFERENCES = {
    ("from", "corpus/enmime/utf8-to.raw.golden.eml"): UNQUOTED_WORDS,
    ("from", "corpus/ruby-mail/mix_caps_content_type.eml"): UNQUOTED_WORDS,
    ("from", "corpus/webklex-php-imap/issue-462.eml"): UNQUOTED_WORDS,
    ("from", "corpus/mimekit/issue358.eml"): (
        "an address stands for the name without quotes: here it is the name; the index ends with it"
    ),
    ("to", "corpus/ruby-mail/example10.eml"): (
        "a comment stands within the address (RFC 5322 appendix A.5), which is read without it"
    ),
    ("headers", "corpus/mime4j/obsolete.eml"): (
        "a space before the colon (RFC 5322 §4.5) ends the header fields for Python's parser, which the index was made "
        "with too; all is body"
    ),
    ("body", "corpus/enmime/extra-base64-character.eml"): (
        "Base64 with a character too many is decoded without it; Python leaves it as it is"
    ),
}
"""What differs, by the fact and the file of the corpus, each with the reason."""


@pytest.fixture(scope="module")
def index() -> list[dict[str, Any]]:
    """Read what others found in each message."""
    if not MAIL.is_dir():
        pytest.skip("There is no real mail in ../shared/mail, so there is nothing to compare with.")
    return [json.loads(line) for line in (MAIL / "index.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def messages(
    index: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, Any]]]:
    """Give every message as Graph does, with its MIME and attachments, by its file in the corpus."""
    folder = tmp_path_factory.mktemp("real mail")
    inbox = folder / "mail" / ADDRESS / "Inbox"
    inbox.mkdir(parents=True)
    for number, record in enumerate(index):
        (inbox / f"{number:04}.eml").write_bytes((MAIL / record["file"]).read_bytes())
    files = {record["sha256"]: record["file"] for record in index}
    with start_tenant(folder / "data", folder / "mail") as tenant:
        yield {files[message["sha256"]]: message for message in read_all(tenant)}


def read_all(tenant: RunningTenant) -> Iterator[dict[str, Any]]:
    """Read the inbox."""
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    path = f"/v1.0/users/{ADDRESS}/mailFolders/inbox/messages"
    with tenant.client(headers=headers) as client:
        texts = {one["id"]: one["body"]["content"] for one in listed(client, f"{path}?$select=body", AS_TEXT)}
        for message in listed(client, f"{path}?$select={SELECTED}"):
            mime = client.get(f"{path}/{message['id']}/$value").content
            attachments = client.get(f"{path}/{message['id']}/attachments").json()["value"]
            yield {
                **message,
                "mime": mime,
                "sha256": hashlib.sha256(mime).hexdigest(),
                "text": texts[message["id"]],
                "attachments": attachments,
            }


def listed(
    client: httpx2.Client, path: str, headers: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """List messages, page by page."""
    url: str | None = f"{path}&$top=200"
    while url:
        page = client.get(url, headers=headers).json()
        yield from page["value"]
        url = page.get("@odata.nextLink")


def check(fact: str, found: dict[str, str]) -> None:
    """Compare the files that differ in a fact with those known to."""
    known = {file for kind, file in KNOWN_DIFFERENCES if kind == fact}
    unexplained = [f"{file}: {text}" for file, text in found.items() if file not in known]
    assert not unexplained, "\n".join([f"{fact} differs:", *unexplained])
    assert known == found.keys(), "A known difference is none any more."


def squeeze(text: str | None) -> str:
    """Give a text with one space wherever there is white space."""
    return " ".join((text or "").split())


def looks_like(text: str, pattern: str) -> bool:
    """Tell whether a text is another one, in which a replacement character stands for bytes that could not be read."""
    return re.fullmatch(re.escape(pattern).replace(REPLACED, ".+?"), text, re.DOTALL) is not None


def head_of(mime: bytes) -> list[tuple[str, str]]:
    """Read the header fields by the letter of RFC 5322, unfolded; a line of spaces before them is passed over."""
    fields: list[list[bytes]] = []
    for line in re.split(rb"\r\n|\r|\n", mime):
        field = re.fullmatch(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:(.*)", line, re.DOTALL)
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1] += line
        elif field:
            fields.append([*field.groups()])
        elif fields or not (line.startswith(b"From ") or line.isspace()):
            break
    return [(decode(name), squeeze(decode(value))) for name, value in fields]


def decode(raw: bytes) -> str:
    """Decode raw 8-bit text."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def test_every_message_comes_back_byte_for_byte(
    index: list[dict[str, Any]], messages: dict[str, dict[str, Any]]
) -> None:
    """`$value` of every message is the file it came from."""
    assert messages.keys() == {record["file"] for record in index}


def test_subjects(index: list[dict[str, Any]], messages: dict[str, dict[str, Any]]) -> None:
    """The subject is decoded; white space is as the sender folded it."""
    # The index has no more than 500 characters of a subject.
    pairs = [(record, squeeze(messages[record["file"]]["subject"][:500])) for record in index]
    check(
        "subject",
        {
            record["file"]: f"{subject!r} for {record['subject']!r}"
            for record, subject in pairs
            if not looks_like(subject, squeeze(record["subject"]))
        },
    )


def test_senders(index: list[dict[str, Any]], messages: dict[str, dict[str, Any]]) -> None:
    """The sender is an address that the From header has."""
    found = {}
    for record in index:
        sender = messages[record["file"]].get("from")
        address = sender["emailAddress"]["address"] if sender else ""
        if address not in (record["from"] or "") or ("@" in (record["from"] or "") and "@" not in address):
            found[record["file"]] = f"{address!r} for {record['from']!r}"
    check("from", found)


@pytest.mark.parametrize(("name", "header"), [("toRecipients", "to"), ("ccRecipients", "cc")])
def test_recipients(messages: dict[str, dict[str, Any]], name: str, header: str) -> None:
    """Recipients are addresses of their header, and whoever stands there in angle brackets is one."""
    found = {}
    for file, message in messages.items():
        values = ", ".join(value for key, value in head_of(message["mime"]) if key.lower() == header)
        addresses = {one["emailAddress"]["address"] for one in message[name]}
        missing = set(BRACKETED.findall(values)) - addresses
        invented = {
            address for address in addresses if address.replace('"', "") not in values.replace('"', "")
        }
        if missing or invented:
            found[file] = f"missing {missing}, invented {invented} of {values!r}"
    check(header, found)


def test_headers(messages: dict[str, dict[str, Any]]) -> None:
    """`internetMessageHeaders` has every header field, in order, unfolded."""
    found = {}
    for file, message in messages.items():
        given = [(one["name"], squeeze(one["value"])) for one in message["internetMessageHeaders"] or []]
        if given != head_of(message["mime"]):
            found[file] = f"{len(given)} for {len(head_of(message['mime']))}"
    check("headers", found)


def test_attachments(index: list[dict[str, Any]], messages: dict[str, dict[str, Any]]) -> None:
    """Files have the names, types, sizes and contents that other readers agree on; messages are as many."""
    found = {}
    for record in index:
        attachments = messages[record["file"]]["attachments"]
        expected = [one for one in record["attachments"] if not one["nested"]]
        is_agreed = record["oracle"] == "agree"
        files = Counter(facts_of(one, is_agreed=is_agreed) for one in attachments if is_plain_file(one))
        wanted = Counter(
            (
                told_name(one["name"]),
                one["content_type"],
                *((one["bytes"], one["sha256"]) if is_agreed else ()),
            )
            for one in expected
            if not one.get("container")
        )
        items = len(attachments) - files.total()
        if files != wanted or items != sum(one.get("container", False) for one in expected):
            found[record["file"]] = f"{files - wanted} for {wanted - files}, and {items} messages"
    check("attachments", found)


def is_plain_file(attachment: dict[str, Any]) -> bool:
    """Tell whether an attachment is no message of any kind: the index counts those, but has not their bytes."""
    if attachment["@odata.type"] != "#microsoft.graph.fileAttachment":
        return False
    return not (attachment["contentType"] or "").startswith("message/")


def facts_of(attachment: dict[str, Any], *, is_agreed: bool) -> tuple[Any, ...]:
    """Give what the index has of a file; a name that Outlook invents is none there."""
    name = told_name(attachment["name"])
    content = base64.b64decode(attachment["contentBytes"])
    facts = (attachment["size"], hashlib.sha256(content).hexdigest()) if is_agreed else ()
    return name, attachment["contentType"], *facts


def told_name(name: str | None) -> str:
    """Give the name of a file, or nothing for one that Outlook makes up where there is none."""
    return "" if name is None or INVENTED_NAME.fullmatch(name) else name


def test_has_attachments(index: list[dict[str, Any]], messages: dict[str, dict[str, Any]]) -> None:
    """`hasAttachments` is true where something is attached that is not part of the body."""
    found = {}
    for record in index:
        message = messages[record["file"]]
        expected = any(
            not is_inline(one, message["body"]["content"])
            for one in record["attachments"]
            if not one["nested"]
        )
        if message["hasAttachments"] != expected:
            found[record["file"]] = f"{message['hasAttachments']} for {expected}"
    check("hasAttachments", found)


def is_inline(attachment: dict[str, Any], body: str) -> bool:
    """Tell whether a part of the index has a Content-ID and says that it is inline, or is shown by the body."""
    content_id = (attachment.get("content_id") or "").strip("<> ")
    if not content_id or attachment["disposition"] == "attachment":
        return False
    return attachment["disposition"] == "inline" or f"cid:{content_id}" in body


def test_bodies(messages: dict[str, dict[str, Any]]) -> None:
    """The body has what Python takes for the body, HTML before text."""
    found = {}
    for file, message in messages.items():
        expected = python_body(message["mime"])
        if expected is None:
            continue
        kind, content = expected
        body = message["body"]
        if body["contentType"] != kind or squeeze(content) not in squeeze(body["content"]):
            found[file] = f"{body['contentType']} {body['content'][:60]!r} for {kind} {content[:60]!r}"
    check("body", found)


def python_body(mime: bytes) -> tuple[str, str] | None:
    """Give kind and content of the body as Python's email package finds it, or None where it cannot tell."""
    try:
        part = message_from_bytes(mime, policy=policy.default).get_body(("html", "plain"))
        content = part.get_content() if part is not None else None
    except (LookupError, ValueError, AttributeError, TypeError, AssertionError, KeyError):
        return None
    if part is None or part.get_filename() or not isinstance(content, str) or REPLACED in content:
        return None
    return ("html" if part.get_content_subtype() == "html" else "text"), content


def test_previews(messages: dict[str, dict[str, Any]]) -> None:
    """The preview is the beginning of the body as text, at most 255 characters of it."""
    found = {
        file: f"{message['bodyPreview'][:60]!r} for {message['text'][:60]!r}"
        for file, message in messages.items()
        if not squeeze(message["text"]).startswith(squeeze(message["bodyPreview"]))
        or len(message["bodyPreview"]) > 255
        or bool(message["bodyPreview"]) != bool(message["text"].strip())
    }
    check("bodyPreview", found)
