"""Who may do what: the permissions of Graph's mail operations, and the mailboxes a caller may reach."""

from enum import Enum

from postroom.tenant.directory import User
from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.refusals import access_denied, insufficient_privileges


class Need(Enum):
    """What an operation needs; any one of its permissions will do."""

    READ_BASIC = "read messages and folders, without bodies"
    READ = "read everything of a message"
    WRITE = "change mail"
    SEND = "send mail"
    READ_USER = "read a user of the directory"
    READ_SETTINGS = "read the settings of a mailbox, its categories and its rules"
    WRITE_SETTINGS = "change the settings of a mailbox, its categories and its rules"
    READ_TIPS = "read mail tips"
    SUBSCRIBE = "be told of changes, as far as the caller may read what changes"


_READERS = {"Mail.Read", "Mail.ReadWrite"}  # Mail.ReadWrite reads too, which the documents seldom list
_USER_READERS = {"User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All", "Directory.Read.All"}

_SETTINGS = {
    Need.READ_SETTINGS: {"MailboxSettings.Read", "MailboxSettings.ReadWrite"},
    Need.WRITE_SETTINGS: {"MailboxSettings.ReadWrite"},
}

# An app on its own reaches every mailbox of its tenant.
APPLICATION: dict[Need, set[str]] = {
    Need.READ_BASIC: _READERS | {"Mail.ReadBasic", "Mail.ReadBasic.All"},
    Need.READ: _READERS,
    Need.WRITE: {"Mail.ReadWrite"},
    Need.SEND: {"Mail.Send"},
    Need.READ_USER: _USER_READERS,
    Need.READ_TIPS: {"Mail.Read", "Mail.ReadWrite", "MailTips.ReadBasic.All"},
    Need.SUBSCRIBE: _READERS | {"Mail.ReadBasic", "Mail.ReadBasic.All"},
} | _SETTINGS
# An app for a signed-in user, in a mailbox of somebody else that the user has access to.
SHARED: dict[Need, set[str]] = {
    Need.READ_BASIC: {"Mail.ReadBasic.Shared", "Mail.Read.Shared", "Mail.ReadWrite.Shared"},
    Need.READ: {"Mail.Read.Shared", "Mail.ReadWrite.Shared"},
    Need.WRITE: {"Mail.ReadWrite.Shared"},
    Need.SEND: {"Mail.Send.Shared"},
    Need.READ_USER: _USER_READERS,
    Need.READ_TIPS: {"Mail.Read.Shared", "Mail.ReadWrite.Shared", "MailTips.ReadBasic.Shared"},
    Need.SUBSCRIBE: {"Mail.ReadBasic.Shared", "Mail.Read.Shared", "Mail.ReadWrite.Shared"},
} | _SETTINGS
# The same in the user's own mailbox, which the permissions for shared mail include.
DELEGATED: dict[Need, set[str]] = {
    Need.READ_BASIC: SHARED[Need.READ_BASIC] | _READERS | {"Mail.ReadBasic"},
    Need.READ: SHARED[Need.READ] | _READERS,
    Need.WRITE: SHARED[Need.WRITE] | {"Mail.ReadWrite"},
    Need.SEND: SHARED[Need.SEND] | {"Mail.Send"},
    Need.READ_USER: _USER_READERS | {"User.Read", "User.ReadWrite"},
    Need.READ_TIPS: SHARED[Need.READ_TIPS] | _READERS,
    Need.SUBSCRIBE: SHARED[Need.SUBSCRIBE] | _READERS | {"Mail.ReadBasic"},
} | _SETTINGS


def check_permission(caller: Caller, need: Need, owner: User | None) -> None:
    """Refuse a caller whose token lacks the permission for this operation in this mailbox.

    An `owner` that is not known (None) is checked as if the mailbox were the caller's own.
    """
    if caller.permissions & _table(caller, owner)[need]:
        return
    raise insufficient_privileges() if need is Need.READ_USER else access_denied()


def check_reach(caller: Caller, owner: User) -> None:
    """Refuse a signed-in user the mailbox of somebody else, unless it is shared with them."""
    # [?] Exchange answers 404 ErrorItemNotFound in some such cases.
    if not (caller.application or is_own(caller, owner) or is_member(caller, owner)):
        raise access_denied()


def is_own(caller: Caller, owner: User) -> bool:
    """Tell whether this is the signed-in user's own mailbox."""
    return caller.user is not None and caller.user.id == owner.id


def is_member(caller: Caller, owner: User) -> bool:
    """Tell whether the signed-in user has Full Access to this mailbox."""
    return _is_among(caller, owner.members)


def may_send_as(caller: Caller, owner: User) -> bool:
    """Tell whether the signed-in user may send in the name of this mailbox of somebody else."""
    return _is_among(caller, owner.members if owner.send_as is None else owner.send_as)


def _is_among(caller: Caller, named: tuple[str, ...]) -> bool:
    if caller.user is None:
        return False
    names = {
        caller.user.id.lower(),
        caller.user.username.lower(),
        caller.user.username.partition("@")[0].lower(),
    }
    return any(name.lower() in names for name in named)


def sees_bodies(caller: Caller, owner: User) -> bool:
    """Tell whether the caller may see more than the basic properties of messages."""
    return bool(caller.permissions & _table(caller, owner)[Need.READ])


def _table(caller: Caller, owner: User | None) -> dict[Need, set[str]]:
    if caller.application:
        return APPLICATION
    return DELEGATED if owner is None or is_own(caller, owner) else SHARED
