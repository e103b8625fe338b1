"""`postroom connect`: try a connection, and say step by step what holds."""

from postroom.actions import show_progress
from postroom.cli.connection import Connection, with_connection
from postroom.cli.output import (
    OutputFormat,
    OutputOption,
    describe_folder,
    print_json,
    print_line,
    write_folder,
)
from postroom.cli.progress import StepList

INBOX = "Inbox"
EPILOG = (
    'Example: postroom connect --cloud "Azure Global" --username ap@contoso.com\n\n'
    "Needs the permission Mail.Read (of the app, or of the app for the person who signs in), and what the bot's own "
    "work needs."
)


@with_connection
def command(connection: Connection, *, output: OutputOption = OutputFormat.TABLE) -> None:
    """Try a connection, and say step by step what holds: the settings, the token, the mailbox."""
    as_json = output is OutputFormat.JSON
    steps = StepList(silent=as_json)
    described = None
    try:
        with show_progress(steps), connection.open() as mailbox:
            inbox = mailbox.folder(INBOX)
            described = {"mailbox": mailbox.address, "inbox": describe_folder(inbox)}
        if not as_json:
            print_line(f"  {write_folder(inbox)}")
    finally:
        steps.close()
        if as_json:
            listed = [{"step": label, "holds": holds} for label, holds in steps.steps.items()]
            print_json({"steps": listed, **(described or {})})
