"""The story of the example bots: invoices in a shared mailbox, and what is there when they were worked through."""

from dataclasses import dataclass
from pathlib import Path

from support.mail import make_mail
from support.tenant import GLOBAL, RunningTenant

BOTS = Path(__file__).resolve().parents[2] / "examples" / "bots"
DOMAINS = {"Azure Global": "contoso.com", "Azure US GCC High": "contoso.us"}
SUBJECTS = ("Invoice 4711", "Invoice 4712, second reminder", "Your invoice 4713")


@dataclass(frozen=True)
class InvoiceStory:
    """Three invoices and another mail in the shared mailbox of a cloud of the tenant."""

    tenant: RunningTenant
    cloud: str = GLOBAL

    @property
    def domain(self) -> str:
        """The domain of the cloud."""
        return DOMAINS[self.cloud]

    @property
    def username(self) -> str:
        """Who has access to the shared mailbox."""
        return f"ap@{self.domain}"

    @property
    def inputs(self) -> dict[str, str]:
        """What the bots that open sessions are given, but for who signs in and where files go."""
        return {
            "shared_mailbox": f"invoices@{self.domain}",
            "manager": f"megan@{self.domain}",
            "cloud": self.cloud,
        }

    def deliver(self) -> "InvoiceStory":
        """Deliver the mail."""
        for subject in (*SUBJECTS, "Lunch on Thursday?"):
            self.tenant.deliver(
                f"invoices@{self.domain}",
                make_mail(
                    subject,
                    f"adele@{self.domain}",
                    f"invoices@{self.domain}",
                    attachments={f"{subject}.pdf": b"%PDF-1.7"} if subject in SUBJECTS else {},
                ),
            )
        return self

    def check(self, saved: Path) -> None:
        """Look: each attachment saved, each sender answered, the reminder reported, all once; other mail left alone."""
        assert sorted(file.name for file in saved.iterdir()) == sorted(
            f"{subject}.pdf" for subject in SUBJECTS
        )
        invoices = self.tenant.mailbox(f"invoices@{self.domain}")
        assert sorted(message.subject for message in invoices.list("Inbox/Processed")) == sorted(SUBJECTS)
        assert [message.subject for message in invoices.inbox] == ["Lunch on Thursday?"]
        answers = self.tenant.mailbox(f"adele@{self.domain}").inbox
        assert sorted(message.subject for message in answers) == sorted(
            f"RE: {subject}" for subject in SUBJECTS
        )
        reports = self.tenant.mailbox(f"megan@{self.domain}").inbox
        assert [(message.subject, message.sender) for message in reports] == [
            ("Overdue: Invoice 4712, second reminder", self.username)
        ]
