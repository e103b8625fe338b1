"""The mailboxes that triggers look into, kept open from one look to the next.

So a look is one request, and the audit trail tells of a token when one is given, and not each minute.
"""

from datetime import datetime
from threading import Lock
from uuid import UUID

from django.utils.translation import gettext as _

from postroom import outlook
from postroom.controlroom.connections.direct import DirectTokens
from postroom.controlroom.connections.providers import find_cloud
from postroom.controlroom.runs.models import Trigger
from postroom.errors import SettingError


class OpenMailboxes:
    """The open mailboxes of triggers; of a trigger that was changed, it is opened anew."""

    def __init__(self) -> None:
        self._open: dict[UUID, tuple[datetime, outlook.Mailbox]] = {}
        self._lock = Lock()

    def get(self, trigger: Trigger) -> outlook.Mailbox:
        """The mailbox of a trigger. Errors: all of `outlook.connect`."""
        with self._lock:
            known = self._open.get(trigger.pk)
        if known is not None and known[0] == trigger.changed:
            return known[1]
        self.close(trigger.pk)
        mailbox = open_mailbox(trigger)
        with self._lock:
            self._open[trigger.pk] = (trigger.changed, mailbox)
        return mailbox

    def close(self, trigger_id: UUID) -> None:
        """Close the mailbox of a trigger, if it is open."""
        with self._lock:
            known = self._open.pop(trigger_id, None)
        if known is not None:
            known[1].disconnect()

    def close_all(self) -> None:
        """Close all mailboxes."""
        for trigger_id in list(self._open):
            self.close(trigger_id)


open_mailboxes = OpenMailboxes()
"""Those of this process."""


def open_mailbox(trigger: Trigger) -> outlook.Mailbox:
    """Connect to the mailbox of a trigger as the person as whom it runs bots. Errors: all of `outlook.connect`."""
    connection = trigger.connection
    cloud = find_cloud(connection.provider) if connection is not None else None
    if connection is None or cloud is None:
        raise SettingError(
            _(
                "The OAuth connection of this trigger is gone, or opens no Outlook mailbox. Choose another one."
            )
        )
    tokens = DirectTokens(trigger.run_as, _("Trigger “%(name)s”") % {"name": trigger.name})
    managed = outlook.ControlRoomManaged(
        connection=connection.name,
        token=trigger.settings.get("token", "shared"),
        username=trigger.settings.get("username") or None,
        tokens=tokens,
    )
    return outlook.connect(
        cloud=cloud.name, authentication=managed, mailbox=trigger.mailbox or None, credentials=()
    )
