"""What people may do, in words: all permissions that there are, and the roles that a new Control Room has.

Nobody has any by themselves; a role gives them. Pages, the API and the audit trail use these words and no others.
"""

from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class Permission(StrEnum):
    """One thing that a role may allow; the value is what people read."""

    VIEW_CONNECTIONS = _("View connections")
    MANAGE_CONNECTIONS = _("Manage connections")
    MANAGE_MY_CREDENTIALS = _("Manage my credentials and lockers")
    ADMINISTER_ALL_LOCKERS = _("Administer all lockers")
    MANAGE_USERS = _("Manage users and roles")
    MANAGE_DEVICES = _("Manage my devices")
    VIEW_AUDIT_LOG = _("View audit log")
    VIEW_RUNS = _("View runs")
    RUN_BOTS = _("Run bots")
    MANAGE_BOTS = _("Manage bots")
    MANAGE_SCHEDULES = _("Manage schedules and triggers")

    @property
    def label(self) -> str:
        """The words in the language of the reader."""
        return str(gettext(self.value))

    @property
    def codename(self) -> str:
        """The name under which Django keeps it."""
        return self.name.lower()

    @property
    def django_name(self) -> str:
        """The name with its app, as `User.has_perm` takes it."""
        return f"accounts.{self.codename}"


EXPLANATIONS: dict[Permission, str] = {
    Permission.VIEW_CONNECTIONS: _("See the OAuth connections and their status."),
    Permission.MANAGE_CONNECTIONS: _(
        "Create, change, test and delete OAuth connections, and sign in for them."
    ),
    Permission.MANAGE_MY_CREDENTIALS: _("Make lockers and credentials, and give values of one's own."),
    Permission.ADMINISTER_ALL_LOCKERS: _("See every locker, and change who may use it. Values stay hidden."),
    Permission.MANAGE_USERS: _("Create and disable users, give roles, and revoke anybody's devices."),
    Permission.MANAGE_DEVICES: _("Let devices of one's own in, with an API key each."),
    Permission.VIEW_AUDIT_LOG: _("Read and export who did what."),
    Permission.VIEW_RUNS: _("See everybody's runs: their inputs, their steps and what they touched."),
    Permission.RUN_BOTS: _(
        "Run bots, which use one's own connections and credentials, and see one's own runs."
    ),
    Permission.MANAGE_BOTS: _(
        "Deploy bots and go back to earlier versions, and cancel, pause and retry anybody's runs."
    ),
    Permission.MANAGE_SCHEDULES: _("Have bots run by themselves, at set times or when mail comes."),
}
"""What each permission means, for the page where a role is made."""

ADMINISTRATOR = "Administrator"
"""The role that always has every permission; it can neither be changed nor deleted."""

FIRST_ROLES: dict[str, tuple[Permission, ...]] = {
    ADMINISTRATOR: tuple(Permission),
    "Bot creator": (
        Permission.VIEW_CONNECTIONS,
        Permission.MANAGE_MY_CREDENTIALS,
        Permission.MANAGE_DEVICES,
        Permission.VIEW_RUNS,
        Permission.RUN_BOTS,
        Permission.MANAGE_BOTS,
        Permission.MANAGE_SCHEDULES,
    ),
    "Auditor": (Permission.VIEW_AUDIT_LOG, Permission.VIEW_CONNECTIONS, Permission.VIEW_RUNS),
}
"""The roles of a new Control Room."""
