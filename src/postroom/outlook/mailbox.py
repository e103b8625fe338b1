"""The mailbox that a connection opens."""

from postroom.outlook.filing import Filing
from postroom.outlook.folders import Folders
from postroom.outlook.reading import Reading
from postroom.outlook.saving import Saving
from postroom.outlook.sending import Sending


class Mailbox(Reading, Saving, Filing, Folders, Sending):
    """A mailbox, connected: everything a bot does to messages is done by it.

    Made by `connect`. Each method is an action; one that takes messages takes one or many, or their ids.
    """
