"""The sidebar as data: which pages there are, and who may see the way to them.

A page that a person may not open is not offered to them; that it refuses them all the same is the page's own work.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.accounts.permissions import Permission


@dataclass(frozen=True)
class Page:
    """One line of the sidebar; the icon is a name of Material Symbols, which come with the pages."""

    title: Any
    icon: str
    url_name: str
    permissions: tuple[Permission, ...] = ()
    """Who sees it: whoever has one of them; without any, everybody who is signed in."""


@dataclass(frozen=True)
class Group:
    """Pages that belong together; without a title, the first of all."""

    title: Any
    pages: tuple[Page, ...]


SINGLE = {"admin:index", "my-settings"}
"""Pages whose address is the beginning of other pages' addresses."""

CONNECTIONS = (Permission.VIEW_CONNECTIONS, Permission.MANAGE_CONNECTIONS)
"""Who sees the list of connections, or changes it."""

VAULT = (Permission.MANAGE_MY_CREDENTIALS, Permission.ADMINISTER_ALL_LOCKERS)
"""Who has or administers credentials."""

BOTS = (Permission.RUN_BOTS, Permission.MANAGE_BOTS, Permission.VIEW_RUNS, Permission.MANAGE_SCHEDULES)
"""Who sees which bots are deployed."""

RUNS = (Permission.VIEW_RUNS, Permission.RUN_BOTS)
"""Who sees runs: all of them, or their own."""

SCHEDULES = (Permission.MANAGE_SCHEDULES, Permission.VIEW_RUNS)
"""Who sees what begins runs by itself."""

WORKERS = (Permission.VIEW_RUNS, Permission.MANAGE_BOTS)
"""Who sees the processes that carry out runs."""

GROUPS = (
    Group(None, (Page(_("Overview"), "home", "admin:index"),)),
    Group(
        _("Bots"),
        (
            Page(_("Bots"), "smart_toy", "bots", BOTS),
            Page(_("Runs"), "play_circle", "runs", RUNS),
            Page(_("Schedules"), "schedule", "schedules", SCHEDULES),
            Page(_("Triggers"), "mark_email_unread", "triggers", SCHEDULES),
            Page(_("Figures"), "bar_chart", "figures", RUNS),
            Page(_("Alerts"), "notifications", "alerts", RUNS),
            Page(_("Workers"), "dns", "workers", WORKERS),
        ),
    ),
    Group(
        _("Automation"),
        (
            Page(_("OAuth connections"), "link", "connections", CONNECTIONS),
            Page(_("Credentials"), "key", "admin:vault_credential_changelist", VAULT),
            Page(_("Lockers"), "inventory_2", "admin:vault_locker_changelist", VAULT),
        ),
    ),
    Group(
        _("Administration"),
        (
            Page(_("Users"), "group", "admin:accounts_user_changelist", (Permission.MANAGE_USERS,)),
            Page(_("Roles"), "badge", "admin:accounts_role_changelist", (Permission.MANAGE_USERS,)),
            Page(_("Devices"), "devices", "admin:accounts_device_changelist", (Permission.MANAGE_USERS,)),
            Page(_("Credential Vault"), "lock", "vault_vault", (Permission.ADMINISTER_ALL_LOCKERS,)),
            Page(
                _("Audit log"), "history", "admin:audit_auditentry_changelist", (Permission.VIEW_AUDIT_LOG,)
            ),
        ),
    ),
    Group(
        _("My settings"),
        (
            Page(_("Profile"), "person", "my-settings"),
            Page(_("My connections"), "link", "my-connections"),
            Page(_("My devices"), "laptop_mac", "my-devices", (Permission.MANAGE_DEVICES,)),
            Page(
                _("My credentials"), "password", "vault_my_credentials", (Permission.MANAGE_MY_CREDENTIALS,)
            ),
        ),
    ),
)


def get_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for the person of this request, as Unfold takes it."""
    groups = ((group, [page for page in group.pages if _shows(page, request)]) for group in GROUPS)
    return [
        {"title": group.title, "items": [_describe(page, request) for page in pages]}
        for group, pages in groups
        if pages
    ]


def _shows(page: Page, request: HttpRequest) -> bool:
    return not page.permissions or any(request.user.may(permission) for permission in page.permissions)


def _describe(page: Page, request: HttpRequest) -> dict[str, Any]:
    link = reverse(page.url_name)
    return {
        "title": page.title,
        "icon": page.icon,
        "link": link,
        "active": request.path == link or (page.url_name not in SINGLE and request.path.startswith(link)),
    }
