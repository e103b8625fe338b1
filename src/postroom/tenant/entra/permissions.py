"""What each delegated permission is called on a consent page, in Microsoft's words."""

from collections.abc import Iterable
from typing import NamedTuple


class Permission(NamedTuple):
    """Say what one permission is called, and what it lets an app do."""

    name: str
    title: str
    description: str


MAIL = (
    Permission(
        "Mail.ReadBasic",
        "Read your basic mail",
        "Allows the app to read email in your mailbox, except body, preview, attachments and any extended "
        "properties.",
    ),
    Permission("Mail.Read", "Read your mail", "Allows the app to read email in your mailbox."),
    Permission(
        "Mail.ReadWrite",
        "Read and write access to your mail",
        "Allows the app to create, read, update, and delete email in your mailbox. Does not include permission to "
        "send mail.",
    ),
    Permission("Mail.Send", "Send mail as you", "Allows the app to send mail as you."),
    Permission(
        "Mail.Read.Shared",
        "Read mail you can access",
        "Allows the app to read mail you can access, including shared mail.",
    ),
    Permission(
        "Mail.ReadWrite.Shared",
        "Read and write mail you can access",
        "Allows the app to create, read, update, and delete mail you have permission to access, including your own "
        "and shared mail. Does not include permission to send mail.",
    ),
    Permission(
        "Mail.Send.Shared",
        "Send mail on behalf of others or yourself",
        "Allows the app to send mail as you or on behalf of someone else.",
    ),
)
PROFILE = (
    Permission(
        "User.Read",
        "Sign you in and read your profile",
        "Allows you to sign in to the app with your organizational account and lets the app read your profile. It "
        "also allows the app to read basic company information.",
    ),
    Permission(
        "User.Read.All",
        "Read all users' full profiles",
        "Allows the app to read the full set of profile properties, reports, and managers of other users in your "
        "organization, on your behalf.",
    ),
    Permission(
        "offline_access",
        "Maintain access to data you have given it access to",
        "Allows the app to see and update the data you gave it access to, even when you are not currently using "
        "the app. This does not give the app any additional permissions.",
    ),
    Permission(
        "openid",
        "Sign you in",
        "Allows you to sign in to the app with your work or school account and allows the app to read your basic "
        "profile information.",
    ),
    Permission(
        "profile",
        "View your basic profile",
        "Allows the app to see your basic profile (e.g., name, picture, user name, email address).",
    ),
    Permission("email", "View your email address", "Allows the app to read your primary email address."),
)
ORDER = {permission.name: number for number, permission in enumerate((*MAIL, *PROFILE))}
KNOWN = {permission.name: permission for permission in (*MAIL, *PROFILE)}


def describe_permissions(scopes: Iterable[str]) -> list[Permission]:
    """Describe these permissions, in the order in which a consent page lists them; other ones by name alone."""
    described = [KNOWN.get(scope) or Permission(scope, scope, scope) for scope in scopes]
    return sorted(described, key=lambda one: (ORDER.get(one.name, len(ORDER)), one.name))
