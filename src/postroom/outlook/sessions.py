"""Sessions of this package, found again by name."""

from postroom.actions.sessions import sessions
from postroom.errors import SettingError
from postroom.outlook.mailbox import Mailbox


def session(name: str) -> Mailbox:
    """Find the mailbox that `connect` opened under this session name, in this process.

    Case and surrounding spaces of the name make no difference.

    Errors: SessionNotFoundError, which names the sessions that are open.
    """
    found = sessions.get(name)
    if not isinstance(found.session, Mailbox):
        raise SettingError(
            f"The session “{found.name}” is open for {found.title}, and not for a Microsoft 365 Outlook mailbox. "
            "Name a session that outlook.connect opened."
        )
    return found.session
