"""What the bench of the local tenant is made of: its mail, its verdicts, and the place of its tables."""

from email import message_from_bytes, policy
from itertools import pairwise
from pathlib import Path

import pytest

from bench import tenant, tenant_mail


def test_mail_is_the_same_every_time(tmp_path: Path) -> None:
    """Two layings-out give the same bytes, with a minute between the messages and lines that end as mail does."""
    for name in ("one", "another"):
        tenant_mail.lay_out(tmp_path / name, 3)
    files = sorted((tmp_path / "one").iterdir())
    raw = [file.read_bytes() for file in files]
    assert raw == [(tmp_path / "another" / file.name).read_bytes() for file in files]
    assert all(line.endswith(b"\r\n") for content in raw for line in content.splitlines(keepends=True))
    dates = [message_from_bytes(content, policy=policy.default)["Date"].datetime for content in raw]
    assert [(earlier - later).total_seconds() for earlier, later in pairwise(dates)] == [
        60,
        60,
    ]


def test_attachments_are_as_large_as_is_said(tmp_path: Path) -> None:
    """Each message has one file of the size that the bench expects to read."""
    tenant_mail.lay_out_attachments(tmp_path / "inbox", 1)
    (file,) = (tmp_path / "inbox").iterdir()
    (attached,) = message_from_bytes(file.read_bytes(), policy=policy.default).iter_attachments()
    assert len(attached.get_payload(decode=True)) == tenant_mail.BIG_ATTACHMENT_BYTES


def test_a_long_page_is_judged_by_the_slower_mailbox() -> None:
    """A row with a target says reached only where both mailboxes are within it; others say nothing."""
    text = tenant.QUESTIONS[0].text
    assert "in one page" in text
    assert tenant.row_of(text, [{text: 0.010}, {text: 0.049}]).endswith("under 50 ms: reached |")
    assert tenant.row_of(text, [{text: 0.010}, {text: 0.051}]).endswith("under 50 ms: **missed** |")
    assert tenant.row_of("the folders", [{"the folders": 0.01}, {"the folders": 9.0}]).endswith("|  |")


def test_the_tables_take_the_place_of_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands between the marks is replaced, and nothing else; without marks nothing is written."""
    document = tmp_path / "performance.md"
    monkeypatch.setattr(tenant, "DOCUMENT", document)
    monkeypatch.setattr(tenant, "PROJECT", tmp_path)
    document.write_text(f"before\n{tenant.BEGIN}\nold\n{tenant.END}\nafter\n")
    tenant.keep("new")
    assert document.read_text() == f"before\n{tenant.BEGIN}\n\nnew\n\n{tenant.END}\nafter\n"
    document.write_text("nothing\n")
    with pytest.raises(ValueError, match="lacks the marks"):
        tenant.keep("new")
    assert document.read_text() == "nothing\n"
