"""What is written into the audit trail, in words: every event that there is."""

from enum import StrEnum


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Event(StrEnum):
    """What somebody did, or tried; the value is what people read."""

    SIGNED_IN = "Signed in to the Control Room"
    SIGNED_OUT = "Signed out of the Control Room"
    SIGN_IN_FAILED = "Failed to sign in to the Control Room"
    PASSWORD_CHANGED = "Password changed"  # noqa: S105 - an event
    ACCESS_REFUSED = "Page or endpoint refused"

    USER_CREATED = "User created"
    USER_CHANGED = "User changed"
    USER_DELETED = "User deleted"
    ROLE_CREATED = "Role created"
    ROLE_CHANGED = "Role changed"
    ROLE_DELETED = "Role deleted"
    DEVICE_ADDED = "Device added"
    DEVICE_REVOKED = "Device revoked"

    LOCKER_CREATED = "Locker created"
    LOCKER_CHANGED = "Locker changed"
    LOCKER_DELETED = "Locker deleted"
    CREDENTIAL_CREATED = "Credential created"
    CREDENTIAL_CHANGED = "Credential changed"
    CREDENTIAL_DELETED = "Credential deleted"
    CREDENTIAL_USED = "Credential used"
    VAULT_UNLOCKED = "Credential Vault unlocked"
    VAULT_KEY_ROTATED = "Credential Vault key rotated"

    CONNECTION_CREATED = "Connection created"
    CONNECTION_CHANGED = "Connection changed"
    CONNECTION_DELETED = "Connection deleted"
    CONNECTION_TESTED = "Connection tested"
    ROLES_INVITED = "Roles invited to a connection"
    SIGN_IN_STARTED = "Sign-in to a provider started"
    SIGN_IN_LINK_CREATED = "Sign-in link created"
    CONNECTED = "Signed in to a provider"
    DISCONNECTED = "Disconnected from a provider"
    TOKEN_GIVEN = "Access token given"  # noqa: S105 - an event
    TOKEN_REFRESHED = "Token refreshed"  # noqa: S105
    AUDIT_EXPORTED = "Audit log exported"
