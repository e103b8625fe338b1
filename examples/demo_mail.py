"""Write made-up mail for the local tenant: python examples/demo_mail.py FOLDER, then `postroom tenant start --mail`."""

import csv
import io
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

DOMAINS = {"contoso.com": 4711, "contoso.us": 8200}
"""The domain of each cloud of the local tenant, and the number of its first invoice."""

PEOPLE = {"adele": "Adele Vance", "megan": "Megan Bowen"}

# Sender, subject ({0} is the number), names of the attachments.
INVOICES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("adele", "Invoice {0}", ("invoice-{0}.pdf",)),
    ("megan", "Invoice {0}", ("invoice-{0}.pdf", "lines-{0}.csv")),
    ("adele", "Your invoice {0}", ("scan.pdf", "scan.pdf")),
    ("megan", "INVOICE {0}, second reminder", ("invoice-{0}.pdf",)),
    ("adele", "Invoice {0} (corrected)", ("../../bank-details.csv",)),
    ("megan", "Re: invoice {0}", ("invoice-{0}.pdf", "lines-{0}.csv")),
)
OTHERS = (
    ("adele", "Lunch on Thursday?", ()),
    ("megan", "Minutes of the supplier meeting", ("minutes.pdf",)),
    ("adele", "Office closed on Monday", ()),
)


def write_mail(folder: Path) -> None:
    """Write the mail of both clouds, as FOLDER/<address>/Inbox/*.eml."""
    for domain, first_number in DOMAINS.items():
        inbox = folder / f"ap@{domain}" / "Inbox"
        inbox.mkdir(parents=True)
        for place, (sender, subject, names) in enumerate(INVOICES + OTHERS):
            message = make_message(sender, domain, subject.format(first_number + place), place)
            for name in names:
                attach(message, name.format(first_number + place), first_number + place)
            (inbox / f"{place:02}.eml").write_bytes(bytes(message))


def make_message(sender: str, domain: str, subject: str, place: int) -> EmailMessage:
    """Make a message to Accounts Payable, some hours old."""
    message = EmailMessage()
    message["From"] = f"{PEOPLE[sender]} <{sender}@{domain}>"
    message["To"] = f"Accounts Payable <ap@{domain}>"
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now().astimezone() - timedelta(hours=place + 1))
    message["Message-ID"] = f"<demo-{place}@{domain}>"
    message.set_content(f"Hello,\n\n{subject}.\n\nKind regards\n{PEOPLE[sender]}\n")
    return message


def attach(message: EmailMessage, name: str, number: int) -> None:
    """Attach a file of this name, made up by its ending."""
    content, kind = ATTACHMENTS[Path(name).suffix]
    maintype, subtype = kind.split("/")
    message.add_attachment(content(number), maintype=maintype, subtype=subtype, filename=name)


def make_pdf(number: int) -> bytes:
    """Make a page with the number of the invoice on it."""
    text = f"BT /F1 24 Tf 72 720 Td (Invoice {number}) Tj ET"
    fonts = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << {fonts} >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    )
    body = "%PDF-1.4\n"
    places = []
    for position, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{position} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 5\n0000000000 65535 f \n{table}{end}".encode()


def make_csv(number: int) -> bytes:
    """Make the lines of an invoice."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["invoice", "line", "article", "amount"])
    writer.writerows([number, line, f"A-{number + 7 * line}", f"{19 * line}.90"] for line in range(1, 25))
    return text.getvalue().encode()


ATTACHMENTS: dict[str, tuple[Callable[[int], bytes], str]] = {
    ".pdf": (make_pdf, "application/pdf"),
    ".csv": (make_csv, "text/csv"),
}


if __name__ == "__main__":
    write_mail(Path(sys.argv[1]))
