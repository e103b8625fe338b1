"""The bots of this folder in Python: one that opens the sessions for each authentication mode, and two child bots.

Each is a function with typed inputs, and is called, tested and run like any function. Run one with
`postroom run invoice_intake.py:invoice_intake`.
"""

from typing import Literal

from postroom import Credential, Global, Variable, bot, outlook

Authentication = outlook.ClientCredentials | outlook.AuthorizationCode | outlook.ControlRoomManaged


@bot
def file_invoices(folder: str = "Inbox/Processed", save_to: str = "invoices") -> int:
    """Save, answer and file every unread invoice of the global session “invoices”."""
    invoices = outlook.session("invoices")
    invoices.create_folder(folder)
    filed = 0
    for message in invoices.messages("Inbox", status="unread", subject="invoice"):
        invoices.save_attachments(message, to=save_to)
        invoices.reply(message, "Received, thank you.")
        invoices.move(message, to=folder)
        filed += 1
    return filed


@bot
def report_reminders(own: outlook.Mailbox, manager: str, folder: str = "Inbox/Processed") -> None:
    """Tell a manager of each reminder among the filed invoices, from the mailbox that it is passed."""
    invoices = outlook.session("invoices")
    for message in invoices.messages(folder, status="unread"):
        if "reminder" in message.subject.lower():
            overdue = f"Overdue: {message.subject}"
            own.send(to=manager, subject=overdue, body=f"{message.sender} reminds us. Please look into it.")
        invoices.change_status(message, to="read")


@bot
def invoice_intake(
    username: str, shared_mailbox: str, manager: str, save_to: str = "invoices", cloud: str = "Azure Global"
) -> int:
    """Work through the invoices of a shared mailbox; the app signs in as itself, so nobody need be there."""
    authentication = outlook.ClientCredentials(
        client_id=Credential("azure", "client_id"),
        tenant_id=Credential("azure", "tenant_id"),
        client_secret=Credential("azure", "client_secret"),
        username=Variable("username"),
    )
    return take_in(authentication, {"username": username}, shared_mailbox, manager, save_to, cloud)


@bot
def invoice_intake_attended(
    username: str, shared_mailbox: str, manager: str, save_to: str = "invoices", cloud: str = "Azure Global"
) -> int:
    """Work through the invoices of a shared mailbox for a person, who signs in the first time."""
    authentication = outlook.AuthorizationCode(
        client_id=Credential("azure", "client_id"),
        tenant_id=Credential("azure", "tenant_id"),
        redirect_url="http://localhost",
        username=Variable("username"),
    )
    return take_in(authentication, {"username": username}, shared_mailbox, manager, save_to, cloud)


@bot
def invoice_intake_managed(
    shared_mailbox: str,
    manager: str,
    username: Credential = Credential("mailboxes", "ap"),  # noqa: B008 - data, which nothing changes
    token: Literal["shared", "user-specific"] = "shared",
    save_to: str = "invoices",
    cloud: str = "Azure Global",
) -> int:
    """Work through the invoices of a shared mailbox with an OAuth connection of the Control Room."""
    authentication = outlook.ControlRoomManaged(
        connection="Outlook365-Production", token=token, username=username
    )
    return take_in(authentication, {}, shared_mailbox, manager, save_to, cloud)


def take_in(
    authentication: Authentication,
    variables: dict[str, str],
    shared_mailbox: str,
    manager: str,
    save_to: str,
    cloud: str,
) -> int:
    """Open both sessions and let the child bots work with them; afterwards they are closed."""
    with (
        outlook.connect(
            cloud=cloud,
            authentication=authentication,
            variables=variables,
            mailbox=shared_mailbox,
            session=Global("invoices"),
        ),
        outlook.connect(cloud=cloud, authentication=authentication, variables=variables) as own,
    ):
        filed = file_invoices(save_to=save_to)
        report_reminders(own, manager)
    return filed
