"""Users, roles, and the devices that act for users."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser, BaseUserManager, Group
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.accounts.permissions import ADMINISTRATOR, Permission


class UserManager(BaseUserManager):
    """How users come to be."""

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> "User":
        """Make a user without any role; without a password nobody can sign in."""
        user = self.model(
            username=User.normalize_username(username), email=self.normalize_email(email), **fields
        )
        user.password = make_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """A person with an account; what they may do comes from their roles alone."""

    # Django's other ways to permissions are taken away, so that roles are the only one.
    is_superuser = False
    user_permissions = None
    # Whoever has an account may enter; the pages ask for permissions.
    is_staff = True
    # One name, written as its owner writes it.
    first_name = None
    last_name = None
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    """The language of the pages; empty where the browser chooses."""
    must_change_password = models.BooleanField(default=False)
    """Whether the password is one that somebody else knows."""

    REQUIRED_FIELDS = ()
    objects = UserManager()

    class Meta:
        """Permissions are the Control Room's own words, and not Django's four for each model."""

        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("username",)
        default_permissions = ()
        permissions = tuple((permission.codename, permission.value) for permission in Permission)

    def may(self, permission: Permission) -> bool:
        """Say whether a role of the user gives this permission."""
        return self.has_perm(permission.django_name)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Say whether a role gives this permission, by Django's name of it."""
        return bool(self.is_active and obj is None and perm in self.get_group_permissions())

    def get_full_name(self) -> str:
        """The person's name, or what they sign in with."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The same: a name is not cut."""
        return self.get_full_name()


class Role(Group):
    """A name for a set of permissions, given to users and invited to connections and lockers."""

    class Meta:
        """A role is one of Django's groups, under our name."""

        proxy = True
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("name",)
        default_permissions = ()

    @property
    def is_fixed(self) -> bool:
        """Whether this is the role that always has every permission."""
        return bool(self.name == ADMINISTRATOR)


class Device(models.Model):
    """A machine of a user that calls the API with a key; the key itself is kept on the machine alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    key_prefix = models.CharField(_("key begins with"), max_length=20, unique=True)
    key_hash = models.CharField(max_length=64)
    created = models.DateTimeField(_("added"), auto_now_add=True)
    last_used = models.DateTimeField(_("last used"), null=True)
    last_address = models.GenericIPAddressField(_("last address"), null=True)
    revoked = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        """The newest first."""

        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ("-created",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class DeviceLogin(models.Model):
    """A machine that asks to be let in, until its user has confirmed it or it expires (RFC 8628)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device_code_hash = models.CharField(max_length=64, unique=True)
    user_code = models.CharField(max_length=20, unique=True)
    device_name = models.CharField(max_length=100)
    address = models.GenericIPAddressField(null=True)
    expires = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    """Who let it in; None while nobody has answered."""
    refused = models.BooleanField(default=False)

    class Meta:
        """Nobody edits these."""

        default_permissions = ()

    def has_expired(self, now: datetime | None = None) -> bool:
        """Say whether it is too late."""
        return self.expires <= (now or timezone.now())
