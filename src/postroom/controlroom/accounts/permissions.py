"""What people may do, in words: all permissions that there are.

Nobody has any by themselves; a role gives them. Pages, the API and the audit trail use these words and no others.
"""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role may allow; the value is what people read."""

    VIEW_CONNECTIONS = "View connections"
    MANAGE_CONNECTIONS = "Manage connections"
    MANAGE_MY_CREDENTIALS = "Manage my credentials and lockers"
    ADMINISTER_ALL_LOCKERS = "Administer all lockers"
    MANAGE_USERS = "Manage users and roles"
    MANAGE_DEVICES = "Manage my devices"
    VIEW_AUDIT_LOG = "View audit log"
    RUN_BOTS = "Run bots"

    @property
    def codename(self) -> str:
        """The name under which Django keeps it."""
        return self.name.lower()

    @property
    def django_name(self) -> str:
        """The name with its app, as `User.has_perm` takes it."""
        return f"accounts.{self.codename}"
