"""Sessions of this package, found again by name."""

from typing import cast

from postroom.actions.running import find_run
from postroom.actions.sessions import sessions
from postroom.errors import SettingError
from postroom.outlook.mailbox import Mailbox


def session(name: str) -> Mailbox:
    """Find the mailbox that `connect` opened under this session name, in this process; in a bot that runs, in its run.

    Case and surrounding spaces of the name make no difference.

    Errors: SessionNotFoundError, which names the sessions that are open.
    """
    run = find_run()
    if run is not None:
        return cast("Mailbox", run.get_session(name))
    found = sessions.get(name)
    if not isinstance(found.session, Mailbox):
        raise SettingError(
            f"The session “{found.name}” is open for {found.title}, and not for a Microsoft 365 Outlook mailbox. "
            "Name a session that outlook.connect opened."
        )
    return found.session
