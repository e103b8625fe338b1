"""The mail that the tenant is measured with: as much of it as is wanted, the same every time."""

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

SMALL = 1_000
LARGE = 100_000
WITH_ATTACHMENTS = 1_000
BIG_ATTACHMENT_BYTES = 1_000_000
NEWEST = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
LINES = 20

_HEAD = """\
From: {name} <{sender}@example.com>
To: Accounts Payable <ap@contoso.com>
Subject: Invoice {number}
Date: {date}
Message-ID: <{number}@bench.invalid>
MIME-Version: 1.0
"""
_TEXT = "Content-Type: text/html; charset=utf-8\n\n<html><body><p>Invoice {number}</p>{lines}</body></html>\n"
_MIXED = """\
Content-Type: multipart/mixed; boundary=part

--part
Content-Type: text/plain; charset=utf-8

Please find invoice {number} attached.
--part
Content-Type: application/pdf
Content-Disposition: attachment; filename="invoice-{number}.pdf"
Content-Transfer-Encoding: base64

"""
_PEOPLE = ("Adele Vance", "Megan Bowen", "Alex Wilber", "Lynne Robbins", "Pradeep Gupta")


def lay_out(inbox: Path, count: int) -> None:
    """Write messages of about 2 KB, one a minute, newest first."""
    inbox.mkdir(parents=True)
    lines = "<p>Dear Sir or Madam, kindly settle the amount that is due within thirty days.</p>\r\n" * LINES
    for number in range(count):
        text = _head(number) + _TEXT.format(number=number, lines=lines)
        (inbox / f"{number:06}.eml").write_bytes(text.replace("\r\n", "\n").replace("\n", "\r\n").encode())


def lay_out_attachments(inbox: Path, count: int) -> None:
    """Write messages with an attachment of 1 MB each, all different."""
    inbox.mkdir(parents=True)
    random = Random(0)
    for number in range(count):
        content = base64.encodebytes(random.randbytes(BIG_ATTACHMENT_BYTES))
        head = (_head(number) + _MIXED.format(number=number)).encode()
        (inbox / f"{number:06}.eml").write_bytes((head + content + b"--part--\n").replace(b"\n", b"\r\n"))


def _head(number: int) -> str:
    name = _PEOPLE[number % len(_PEOPLE)]
    date = format_datetime(NEWEST - timedelta(minutes=number))
    return _HEAD.format(name=name, sender=name.split()[0].lower(), number=number, date=date)
