"""Large files, range by range: resumed where an answer is lost, refused in a sentence, their address kept secret."""

import logging
from pathlib import Path

import pytest

from postroom.errors import AttachmentTooLargeError
from postroom.graph import retries, uploads
from support.connections import Connect
from support.tenant import RunningTenant

AP, ADELE = "ap@contoso.com", "adele@contoso.com"
MEBIBYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client not wait between attempts."""
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Give a file of three ranges."""
    path = tmp_path / "scan.tif"
    path.write_bytes(b"".join(bytes([number]) * MEBIBYTE for number in range(9)) + b"end")
    return path


def list_ranges(tenant: RunningTenant) -> list[str]:
    return [
        request["method"] for request in tenant.requests() if "attachmentsessions" in request["path"].lower()
    ]


def test_a_large_file_arrives_byte_for_byte(connect: Connect, tenant: RunningTenant, scan: Path) -> None:
    """Nine megabytes go in three ranges, without a question in between."""
    connect().send(to=ADELE, subject="Scan", attachments=scan)
    (received,) = tenant.mailbox(ADELE).inbox
    assert [file.content for file in received.attachments] == [scan.read_bytes()]
    assert list_ranges(tenant) == ["PUT", "PUT", "PUT"]


@pytest.mark.parametrize(
    "fault", [{"drop_response": True}, {"status": 503}, {"status": 429, "retry_after": 0}]
)
def test_a_range_without_an_answer_is_asked_after(
    connect: Connect, tenant: RunningTenant, scan: Path, fault: dict[str, object]
) -> None:
    """Whether a range arrived or not when its answer was lost, the file goes on from where the service has it."""
    mailbox = connect()
    tenant.add_fault(method="PUT", path="/api/gv1.0/*", every=2, count=3, **fault)
    mailbox.send(to=ADELE, subject="Scan", attachments=scan)
    (received,) = tenant.mailbox(ADELE).inbox
    assert [file.content for file in received.attachments] == [scan.read_bytes()]


def test_a_session_that_ended_begins_anew(connect: Connect, tenant: RunningTenant, scan: Path) -> None:
    """Where the address is no longer known, the draft is looked at, and the file goes by another session."""
    mailbox = connect()
    tenant.add_fault(method="PUT", path="/api/gv1.0/*", status=404, count=1)
    mailbox.send(to=ADELE, subject="Scan", attachments=scan)
    (received,) = tenant.mailbox(ADELE).inbox
    assert len(received.attachments) == 1


def test_more_than_the_mailbox_takes_is_refused(connect: Connect, tenant: RunningTenant, scan: Path) -> None:
    """A file beyond the mailbox's limit: a sentence, nothing sent, no draft."""
    mailbox = connect()
    tenant.set_limits(message_bytes=8 * MEBIBYTE)
    with pytest.raises(AttachmentTooLargeError, match=r"scan\.tif .* larger than this mailbox takes"):
        mailbox.send(to=ADELE, subject="Scan", attachments=scan)
    assert tenant.folders(AP)["Drafts"]["total"] == tenant.folders(ADELE)["Inbox"]["total"] == 0


def test_the_address_of_an_upload_is_in_no_log(
    connect: Connect, tenant: RunningTenant, scan: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log of requests shows that ranges were sent, but not the key that their address is."""
    caplog.set_level(logging.INFO)
    connect().send(to=ADELE, subject="Scan", attachments=scan)
    lines = [record.getMessage() for record in caplog.records]
    assert any("AttachmentSessions" in line for line in lines)
    assert not any("authtoken" in line for line in lines)


def test_only_a_range_is_held_in_memory(
    connect: Connect, tenant: RunningTenant, scan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request carries more than one range, whatever the size of the file."""
    monkeypatch.setattr(uploads, "LARGEST_RANGE_BYTES", MEBIBYTE)
    connect().send(to=ADELE, subject="Scan", attachments=scan)
    assert list_ranges(tenant) == ["PUT"] * 10
