"""What is written into the audit trail, in words: every event that there is."""

from enum import StrEnum
from typing import Self

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class _Words(StrEnum):
    """A key that is kept and, beside it, the words that people read."""

    words: str

    def __new__(cls, key: str, words: str = "") -> Self:
        """Take the words beside the key."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.words = words
        return member

    @property
    def label(self) -> str:
        """The words in the language of the reader."""
        return str(gettext(self.words))


class Outcome(_Words):
    """How it ended."""

    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class Event(_Words):
    """What somebody did, or tried; the label is what people read."""

    SIGNED_IN = "SIGNED_IN", _("Signed in to the Control Room")
    SIGNED_OUT = "SIGNED_OUT", _("Signed out of the Control Room")
    SIGN_IN_FAILED = "SIGN_IN_FAILED", _("Failed to sign in to the Control Room")
    PASSWORD_CHANGED = "PASSWORD_CHANGED", _("Password changed")
    ACCESS_REFUSED = "ACCESS_REFUSED", _("Page or endpoint refused")

    USER_CREATED = "USER_CREATED", _("User created")
    USER_CHANGED = "USER_CHANGED", _("User changed")
    USER_DELETED = "USER_DELETED", _("User deleted")
    ROLE_CREATED = "ROLE_CREATED", _("Role created")
    ROLE_CHANGED = "ROLE_CHANGED", _("Role changed")
    ROLE_DELETED = "ROLE_DELETED", _("Role deleted")
    DEVICE_ADDED = "DEVICE_ADDED", _("Device added")
    DEVICE_REVOKED = "DEVICE_REVOKED", _("Device revoked")

    LOCKER_CREATED = "LOCKER_CREATED", _("Locker created")
    LOCKER_CHANGED = "LOCKER_CHANGED", _("Locker changed")
    LOCKER_DELETED = "LOCKER_DELETED", _("Locker deleted")
    CREDENTIAL_CREATED = "CREDENTIAL_CREATED", _("Credential created")
    CREDENTIAL_CHANGED = "CREDENTIAL_CHANGED", _("Credential changed")
    CREDENTIAL_DELETED = "CREDENTIAL_DELETED", _("Credential deleted")
    CREDENTIAL_USED = "CREDENTIAL_USED", _("Credential used")
    VAULT_UNLOCKED = "VAULT_UNLOCKED", _("Credential Vault unlocked")
    VAULT_KEY_ROTATED = "VAULT_KEY_ROTATED", _("Credential Vault key rotated")
    VAULT_LOCKED = "VAULT_LOCKED", _("Credential Vault locked")
    VAULT_MODE_CHANGED = "VAULT_MODE_CHANGED", _("Credential Vault mode changed")
    VAULT_MASTER_KEY_CHANGED = "VAULT_MASTER_KEY_CHANGED", _("Credential Vault master key changed")

    CONNECTION_CREATED = "CONNECTION_CREATED", _("Connection created")
    CONNECTION_CHANGED = "CONNECTION_CHANGED", _("Connection changed")
    CONNECTION_DELETED = "CONNECTION_DELETED", _("Connection deleted")
    CONNECTION_TESTED = "CONNECTION_TESTED", _("Connection tested")
    ROLES_INVITED = "ROLES_INVITED", _("Roles invited to a connection")
    SIGN_IN_STARTED = "SIGN_IN_STARTED", _("Sign-in to a provider started")
    SIGN_IN_LINK_CREATED = "SIGN_IN_LINK_CREATED", _("Sign-in link created")
    CONNECTED = "CONNECTED", _("Signed in to a provider")
    DISCONNECTED = "DISCONNECTED", _("Disconnected from a provider")
    TOKEN_GIVEN = "TOKEN_GIVEN", _("Access token given")
    TOKEN_REFRESHED = "TOKEN_REFRESHED", _("Token refreshed")

    BOT_DEPLOYED = "BOT_DEPLOYED", _("Bot deployed")
    BOT_CHANGED = "BOT_CHANGED", _("Bot changed")
    BOT_WITHDRAWN = "BOT_WITHDRAWN", _("Bot withdrawn")
    MAILBOX_LIMIT_SET = "MAILBOX_LIMIT_SET", _("Limit of a mailbox set")
    MAILBOX_LIMIT_REMOVED = "MAILBOX_LIMIT_REMOVED", _("Limit of a mailbox removed")
    RUN_BEGUN = "RUN_BEGUN", _("Run begun")
    RUN_CANCELLED = "RUN_CANCELLED", _("Run cancelled")
    RUN_PAUSED = "RUN_PAUSED", _("Run paused")
    RUN_RESUMED = "RUN_RESUMED", _("Run resumed")
    RUN_RETRIED = "RUN_RETRIED", _("Run retried")
    SCHEDULE_CREATED = "SCHEDULE_CREATED", _("Schedule created")
    SCHEDULE_CHANGED = "SCHEDULE_CHANGED", _("Schedule changed")
    SCHEDULE_DELETED = "SCHEDULE_DELETED", _("Schedule deleted")
    TRIGGER_CREATED = "TRIGGER_CREATED", _("Trigger created")
    TRIGGER_CHANGED = "TRIGGER_CHANGED", _("Trigger changed")
    TRIGGER_DELETED = "TRIGGER_DELETED", _("Trigger deleted")

    AUDIT_EXPORTED = "AUDIT_EXPORTED", _("Audit log exported")
