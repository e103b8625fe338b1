"""The permissions and the roles of a new Control Room, made after the tables."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions

from postroom.controlroom.accounts.permissions import ADMINISTRATOR, FIRST_ROLES, Permission


def make_first_roles(
    sender: AppConfig, using: str = "default", apps: Any = installed_apps, **_signal: Any
) -> None:
    """Make the first roles where there is none, and give the administrators what is new (a `post_migrate` receiver).

    It runs after each migration and not as one, so that a permission that a later version brings reaches the
    administrators too.
    """
    create_permissions(sender, verbosity=0, using=using, apps=apps)
    try:
        roles = apps.get_model("auth", "Group").objects.using(using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        apps.get_model("accounts", "User")
    except LookupError:
        return  # The migration went no further than to a state without these tables.
    ours = permissions.filter(content_type__app_label="accounts")
    if not roles.exists():
        for name, allowed in FIRST_ROLES.items():
            _give(roles.create(name=name), ours, allowed)
    elif (administrator := roles.filter(name=ADMINISTRATOR).first()) is not None:
        _give(administrator, ours, tuple(Permission))


def _give(role: Any, permissions: Any, allowed: tuple[Permission, ...]) -> None:
    role.permissions.set(permissions.filter(codename__in=[permission.codename for permission in allowed]))
