"""The Microsoft 365 Outlook package: connect to a mailbox, and work in it.

Owns `connect`, the authentication modes as settings, the `Mailbox` with its actions, one module a family
(reading, saving, filing, folders, sending), and the doctor, who says why a connection does not come about.
Depends on actions, auth, graph, remote and what lies below; exists so that a bot reads like what a person would do in
Outlook.
"""

from postroom.actions import Package
from postroom.graph.models import EmailAddress, MailFolder, Message
from postroom.outlook.authentication import (
    MODES,
    AuthorizationCode,
    ClientCredentials,
    ControlRoomManaged,
    DeviceCode,
)
from postroom.outlook.connecting import connect
from postroom.outlook.control_room import use_connection_tokens
from postroom.outlook.mailbox import Mailbox
from postroom.outlook.sessions import session
from postroom.outlook.signing_out import sign_out

__all__ = [
    "AuthorizationCode",
    "ClientCredentials",
    "ControlRoomManaged",
    "DeviceCode",
    "EmailAddress",
    "MailFolder",
    "Mailbox",
    "Message",
    "connect",
    "package",
    "session",
    "sign_out",
    "use_connection_tokens",
]

package = Package(
    name="outlook",
    title="Microsoft 365 Outlook",
    opener=connect,
    session=Mailbox,
    values=(Message, MailFolder, EmailAddress, *MODES.values()),
)
