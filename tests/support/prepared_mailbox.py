"""A mailbox in which whatever an example of Microsoft's documentation names is there: made when it is asked for."""

import base64
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import httpx2

from support.entra import Signer
from support.mail import make_mail
from support.tenant import RunningTenant

PERMISSIONS = (
    *("openid", "profile", "offline_access", "User.Read", "User.ReadBasic.All"),
    *(
        "Mail.ReadWrite",
        "Mail.Send",
        "Mail.ReadWrite.Shared",
        "Mail.Send.Shared",
        "MailboxSettings.ReadWrite",
    ),
)
RECEIVED = 6
FILE = {
    "@odata.type": "#microsoft.graph.fileAttachment",
    "name": "hello.txt",
    "contentBytes": base64.b64encode(b"Hello!").decode(),
}
REFERENCE = {
    "@odata.type": "#microsoft.graph.referenceAttachment",
    "name": "Shared.docx",
    "sourceUrl": "https://contoso.sharepoint.com/Shared.docx",
}


def sign_in_for_all(tenant: RunningTenant) -> str:
    """Sign in as a user whose app may do whatever there is to do in a mailbox, and give the access token."""
    tenant.change_app("Desktop bot", delegated_permissions=PERMISSIONS)
    tenant.consent("Desktop bot", *PERMISSIONS)
    return str(Signer(tenant).tokens(scope="https://graph.microsoft.com/.default")["access_token"])


class PreparedMailbox:
    """The mailbox of the user who signed in; each thing in it is made once, and only if it is asked for."""

    def __init__(self, tenant: RunningTenant, client: httpx2.Client, token: str, webhook: str) -> None:
        self.tenant = tenant
        self.address = "ap@contoso.com"
        self.webhook = webhook
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, **content: Any) -> httpx2.Response:
        """Send a request as the user; a path is one below /v1.0, an address goes as it is."""
        url = path if path.startswith("https:") else f"/v1.0{path}"
        is_anonymous = content.pop("is_anonymous", False)
        headers = content.pop("headers", {}) | ({} if is_anonymous else self._headers)
        return self._client.request(method, url, headers=headers, **content)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a request that has to succeed, and give its JSON."""
        answer = self.send(method, path, json=body, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def make(self, path: str, body: Any) -> str:
        """Create something, and give its id."""
        return str(self.call("POST", path, body)["id"])

    @cached_property
    def folder(self) -> str:
        """A folder of the user's own, with messages and a folder in it."""
        made = self.make("/me/mailFolders", {"displayName": "Projects"})
        self.make(f"/me/mailFolders/{made}/childFolders", {"displayName": "Postroom"})
        for number in range(RECEIVED):
            message = self.receive(make_mail(f"Report {number}"))
            self.call("POST", f"/me/messages/{message}/move", {"destinationId": made})
        return made

    @cached_property
    def other_folder(self) -> str:
        """A folder to move things to."""
        return self.make("/me/mailFolders", {"displayName": "Elsewhere"})

    @cached_property
    def search_folder(self) -> str:
        """A folder that shows what a filter finds."""
        return self.make(
            "/me/mailFolders/msgfolderroot/childFolders",
            {
                "@odata.type": "microsoft.graph.mailSearchFolder",
                "displayName": "Weekly digests",
                "includeNestedFolders": True,
                "sourceFolderIds": [self.folder],
                "filterQuery": "contains(subject, 'weekly digest')",
            },
        )

    @cached_property
    def message(self) -> str:
        """A message that came, with a file and a message attached, to the user and others."""
        inner = EmailMessage()
        inner.set_content("Bring your laptop.")
        inner["Subject"], inner["From"], inner["To"] = "Reminder", "megan@contoso.com", "ap@contoso.com"
        inner.add_attachment(b"Agenda", maintype="text", subtype="plain", filename="agenda.txt")
        mail = EmailMessage()
        mail["Subject"], mail["From"] = "Invoice 17", "Adele Vance <adele@contoso.com>"
        mail["To"], mail["Cc"] = "ap@contoso.com", "Megan Bowen <megan@contoso.com>"
        mail["Reply-To"] = "adele@contoso.com"
        mail.set_content("Please find it attached.")
        mail.add_attachment(b"12.50", maintype="application", subtype="octet-stream", filename="invoice.bin")
        mail.add_attachment(inner)
        return self.receive(mail.as_bytes())

    @cached_property
    def draft(self) -> str:
        """A draft with a file and a link attached."""
        body = {"contentType": "html", "content": "<p>Hello</p>"}
        people = [{"emailAddress": {"address": "adele@contoso.com"}}]
        made = self.make("/me/messages", {"subject": "Draft", "body": body, "toRecipients": people})
        for attachment in (FILE, REFERENCE):
            self.call("POST", f"/me/messages/{made}/attachments", attachment)
        return made

    @cached_property
    def messages(self) -> list[str]:
        """Messages in the Inbox."""
        return [self.receive(make_mail(f"News {number}")) for number in range(RECEIVED)]

    @cached_property
    def replying_address(self) -> str:
        """The address of somebody who is away, and says so for some days: the user's own."""
        times = {"scheduledStartDateTime": -24.0, "scheduledEndDateTime": 24.0}
        zoned = {
            name: {"dateTime": self.tell_time(hours).removesuffix("Z"), "timeZone": "UTC"}
            for name, hours in times.items()
        }
        replies = {"status": "scheduled", "externalAudience": "all", "internalReplyMessage": "I am away."}
        self.call("PATCH", "/me/mailboxSettings", {"automaticRepliesSetting": replies | zoned})
        return self.address

    def receive(self, mime: bytes) -> str:
        """Let a message come, and give its id."""
        return self.tenant.deliver(self.address, mime)

    def find_attachment(self, message: str, kind: str) -> str:
        """Give the id of the attachment of this type."""
        listed = self.call("GET", f"/me/messages/{message}/attachments")["value"]
        return str(next(one["id"] for one in listed if one["@odata.type"].endswith(kind)))

    @cached_property
    def rule(self) -> str:
        """A rule of the Inbox."""
        return self.make(
            "/me/mailFolders/inbox/messageRules",
            {
                "displayName": "From partner",
                "sequence": 2,
                "isEnabled": True,
                "conditions": {"senderContains": ["adele"]},
                "actions": {"stopProcessingRules": True, "markImportance": "high"},
            },
        )

    @cached_property
    def category(self) -> str:
        """A category of the user's own."""
        return self.make(
            "/me/outlook/masterCategories", {"displayName": "Project expenses", "color": "preset9"}
        )

    @cached_property
    def override(self) -> str:
        """A sender whose mail goes to the other inbox."""
        sender = {"name": "Randi Welch", "address": "randiw@adatum.onmicrosoft.com"}
        return self.make(
            "/me/inferenceClassification/overrides", {"classifyAs": "other", "senderEmailAddress": sender}
        )

    @cached_property
    def subscription(self) -> str:
        """A subscription to the user's messages."""
        return self.make(
            "/subscriptions",
            {
                "changeType": "created,updated",
                "notificationUrl": self.webhook,
                "lifecycleNotificationUrl": self.webhook,
                "resource": "me/messages",
                "expirationDateTime": self.tell_time(hours=1),
                "clientState": "subscription-identifier",
            },
        )

    def extend(self, message: str, name: str) -> str:
        """Give a message an open extension, and give its name."""
        extension = {
            "@odata.type": "microsoft.graph.openTypeExtension",
            "extensionName": name,
            "companyName": "Wingtip Toys",
            "dealValue": 500050,
            "expirationDate": "2015-12-03T10:00:00Z",
        }
        self.send("POST", f"/me/messages/{message}/extensions", json=extension)
        return name

    def note(self, message: str, property_id: str) -> None:
        """Give a message an extended property of one value."""
        values = [{"id": property_id, "value": "Green"}]
        self.call("PATCH", f"/me/messages/{message}", {"singleValueExtendedProperties": values})

    def tell_time(self, hours: float) -> str:
        """Give a time in some hours, by the tenant's clock."""
        now = parsedate_to_datetime(self.send("GET", "/me").headers["date"])
        return (now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")

    def find_maker(self, collection: str) -> Callable[[], str] | None:
        """Say how to make something of a collection that holds no mail, by the collection's name in small letters."""
        makers: dict[str, Callable[[], str]] = {
            "messagerules": lambda: self.rule,
            "mastercategories": lambda: self.category,
            "overrides": lambda: self.override,
            "subscriptions": lambda: self.subscription,
        }
        return makers.get(collection)
