"""Who may do what: the permissions of Graph's mail operations, and the mailboxes a caller may reach.

[?] A permission that implies another is enough although Graph's documents do not list it: Mail.ReadWrite and the
.Shared permissions read, Mail.ReadBasic is an application permission too, User.ReadWrite.All and Directory.Read.All
read users.
[?] Settings, categories and rules of a shared mailbox need no permission of their own beside Full Access.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from postroom.tenant.directory import User
from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.refusals import access_denied, insufficient_privileges, odata_disabled

_NONE: frozenset[str] = frozenset()
_READ = frozenset({"Mail.Read", "Mail.ReadWrite"})
_READ_SHARED = frozenset({"Mail.Read.Shared", "Mail.ReadWrite.Shared"})
_BASIC = _READ | {"Mail.ReadBasic"}
_BASIC_SHARED = _READ_SHARED | {"Mail.ReadBasic.Shared"}
_READ_SETTINGS = frozenset({"MailboxSettings.Read", "MailboxSettings.ReadWrite"})
_WRITE_SETTINGS = frozenset({"MailboxSettings.ReadWrite"})
_READ_USERS = frozenset({"User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All", "Directory.Read.All"})
_OWN_USER = frozenset({"User.Read", "User.ReadWrite"})
_AGENTS = frozenset({"AgentIdUser.ReadWrite.All", "AgentIdUser.ReadWrite.IdentityParentedBy"})
_CHANGE_USERS = frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All"}) | _AGENTS
_READ_APPS = frozenset({"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"})


@dataclass(frozen=True)
class Permissions:
    """Name the permissions any one of which is enough, for each kind of caller."""

    description: str
    application: frozenset[str]
    """For an app on its own, in any mailbox of its tenant."""
    shared: frozenset[str]
    """For an app and a signed-in user, in a mailbox of somebody else that the user has access to."""
    own: frozenset[str] = _NONE
    """What is enough beside `shared` where the user's own mailbox is meant."""
    of_directory: bool = False
    """Whether no mailbox is touched: then none needs to be within reach, and Entra ID is who refuses."""

    def enough_for(self, caller: Caller, owner: User | None) -> frozenset[str]:
        """Give the permissions of which this caller needs one, in the mailbox of this owner."""
        if caller.application:
            return self.application
        return self.shared | self.own if owner is None or is_own(caller, owner) else self.shared


class Need(Enum):
    """What an operation needs."""

    READ_BASIC = Permissions(
        "read messages and folders, without bodies",
        application=_BASIC | {"Mail.ReadBasic.All"},
        shared=_BASIC_SHARED,
        own=_BASIC,
    )
    READ = Permissions("read everything of a message", _READ, _READ_SHARED, _READ)
    WRITE = Permissions(
        "change mail",
        application=frozenset({"Mail.ReadWrite"}),
        shared=frozenset({"Mail.ReadWrite.Shared"}),
        own=frozenset({"Mail.ReadWrite"}),
    )
    SEND = Permissions(
        "send mail",
        application=frozenset({"Mail.Send"}),
        shared=frozenset({"Mail.Send.Shared"}),
        own=frozenset({"Mail.Send"}),
    )
    READ_USER = Permissions(
        "read a user of the directory", _READ_USERS, _READ_USERS, _OWN_USER, of_directory=True
    )
    READ_APPLICATION = Permissions("read an app registration", _READ_APPS, _READ_APPS, of_directory=True)
    READ_SETTINGS = Permissions(
        "read the settings of a mailbox, its categories and its rules", _READ_SETTINGS, _READ_SETTINGS
    )
    WRITE_SETTINGS = Permissions(
        "change the settings of a mailbox, its categories and its rules", _WRITE_SETTINGS, _WRITE_SETTINGS
    )
    READ_TIPS = Permissions(
        "read mail tips",
        application=_READ | {"MailTips.ReadBasic.All"},
        shared=_READ_SHARED | {"MailTips.ReadBasic.Shared"},
        own=_READ,
    )
    READ_LOCALES = Permissions(
        "read the languages and time zones of a mailbox", _READ_USERS, _READ_USERS | {"User.Read"}, _OWN_USER
    )
    TRANSLATE_IDS = Permissions(
        "translate ids of a mailbox", _CHANGE_USERS, _CHANGE_USERS | _OWN_USER | {"User.ReadBasic.All"}
    )
    SUBSCRIBE = Permissions(
        "be told of changes, as far as the caller may read what changes",
        application=_BASIC | {"Mail.ReadBasic.All"},
        shared=_BASIC_SHARED,
        own=_BASIC,
    )


# What Mail.ReadBasic is not for, wherever a query names it.
_UNSEEN = re.compile(
    r"\b(body|bodyPreview|uniqueBody|attachments|extensions|(single|multi)ValueExtendedProperties)\b",
    re.IGNORECASE,
)
_TEXT = re.compile(r"'(?:[^']|'')*'")


def check_permission(caller: Caller, need: Need, owner: User | None) -> None:
    """Refuse a caller whose token lacks the permission for this operation in this mailbox.

    An `owner` that is not known (None) is checked as if the mailbox were the caller's own.
    """
    if caller.permissions & need.value.enough_for(caller, owner):
        return
    raise insufficient_privileges() if need.value.of_directory else access_denied()


def check_reach(caller: Caller, need: Need, owner: User) -> None:
    """Refuse a mailbox that is not shared with the signed-in user, or that an access policy keeps an app out of."""
    if need.value.of_directory:
        return
    if caller.application:
        limit = caller.app.mailboxes
        if limit is not None and not is_among(owner, limit):
            raise odata_disabled()
    # [?] A signed-in user is denied (403) somebody else's mailbox; Exchange sometimes says 404 ErrorItemNotFound.
    elif not (is_own(caller, owner) or is_member(caller, owner)):
        raise access_denied()


def check_sight(caller: Caller, owner: User, query: Mapping[str, str]) -> None:
    """Refuse a search, filter, order or expansion by what the caller may not see of messages.

    Mail.ReadBasic includes neither searching nor bodies, attachments, extended properties and extensions.
    """
    if sees_bodies(caller, owner):
        return
    # [?] Queries by what Mail.ReadBasic may not see are refused with ErrorAccessDenied; no code is documented.
    asked = (_TEXT.sub("", query.get(option, "")) for option in ("$filter", "$orderby", "$expand"))
    if "$search" in query or any(_UNSEEN.search(text) for text in asked):
        raise access_denied()


def is_own(caller: Caller, owner: User) -> bool:
    """Tell whether this is the signed-in user's own mailbox."""
    return caller.user is not None and caller.user.id == owner.id


def is_member(caller: Caller, owner: User) -> bool:
    """Tell whether the signed-in user has Full Access to this mailbox."""
    return caller.user is not None and is_among(caller.user, owner.members)


def may_send_as(sender: User, owner: User) -> bool:
    """Tell whether one user may send in the name of the mailbox of another, as if that one had sent it."""
    return is_among(sender, owner.members if owner.send_as is None else owner.send_as)


def may_send_on_behalf(sender: User, owner: User) -> bool:
    """Tell whether one user may send for the mailbox of another, named as who sent it."""
    return is_among(sender, owner.send_on_behalf)


def is_among(user: User, named: tuple[str, ...]) -> bool:
    """Tell whether a user is one of those who are named by id, by address or by what precedes its @."""
    username = user.username.lower()
    names = {user.id.lower(), username, username.partition("@")[0]}
    return any(name.lower() in names for name in named)


def sees_bodies(caller: Caller, owner: User) -> bool:
    """Tell whether the caller may see more than the basic properties of messages."""
    return bool(caller.permissions & Need.READ.value.enough_for(caller, owner))
