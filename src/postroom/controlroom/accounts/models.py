"""Users and roles."""

from django.contrib.auth.models import AbstractUser, Group
from django.db import models

from postroom.controlroom.accounts.permissions import Permission


class User(AbstractUser):
    """A person with an account; what they may do comes from their roles alone."""

    language = models.CharField(max_length=10, blank=True, default="")
    """The language of the pages; empty where the browser chooses."""

    class Meta:
        """Permissions are the Control Room's own words, and not Django's four for each model."""

        default_permissions = ()
        permissions = tuple((permission.codename, permission.value) for permission in Permission)

    def may(self, permission: Permission) -> bool:
        """Say whether a role of the user gives this permission."""
        return self.is_active and self.has_perm(permission.django_name)


class Role(Group):
    """A name for a set of permissions, given to users and invited to connections and lockers."""

    class Meta:
        """A role is one of Django's groups, under our name."""

        proxy = True
        default_permissions = ()
