"""The vault's records: its keys, each wrapped; lockers, credentials, attributes; what was changed and when.

Records that hold something encrypted have a UUID, because their identity goes into the encryption.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.vault.names import check_name, fold_name

MOST_ATTRIBUTES = 50
"""How many attributes a credential can have."""


class Mode(models.TextChoices):
    """Where the master key lies."""

    EXPRESS = "express", _("Express: the master key lies with the server")
    MANUAL = "manual", _("Manual: an administrator unlocks the vault at each start")


class VaultState(models.Model):
    """The one row that says how this vault is opened; `check_value` tells its master key from another's."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.EXPRESS)
    master_key_id = models.CharField(max_length=32)
    check_value = models.BinaryField()
    lock_count = models.PositiveIntegerField(default=0)
    """How often it was locked: a process that unlocked before must forget its keys."""
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """There is one vault."""

        default_permissions = ()
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_vault"),)


class DataKey(models.Model):
    """A key that values are encrypted with, itself encrypted with the master key."""

    class State(models.TextChoices):
        """Whether new values take it."""

        ACTIVE = "active", _("Active")
        RETIRING = "retiring", _("Retiring")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    wrapped = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    created = models.DateTimeField(auto_now_add=True)
    retired = models.DateTimeField(null=True)

    class Meta:
        """New values take one key."""

        default_permissions = ()
        constraints = (
            models.UniqueConstraint("state", condition=models.Q(state="active"), name="one_active_data_key"),
        )


class VaultProcess(models.Model):
    """A process that uses the vault, and how the master key can be handed to it alone; `handing` says more."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    public_key = models.BinaryField()
    proof = models.CharField(max_length=64)
    handed = models.BinaryField(null=True)
    since = models.DateTimeField()
    """When it last said that it is there, about once a day."""

    class Meta:
        """Nobody edits these."""

        default_permissions = ()


class NamedModel(models.Model):
    """A record with a name; two names that differ only in case, or in how letters are composed, are one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100, validators=[check_name])
    folded_name = models.CharField(max_length=400, editable=False)

    class Meta:
        """Each model says within what its names are unique."""

        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        """Save it, with the name by which it is found."""
        self.name = self.name.strip()
        self.folded_name = fold_name(self.name)
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return str(self.name)


class Locker(NamedModel):
    """Credentials that belong together, and who may do what with them."""

    description = models.TextField(_("description"), blank=True)
    consumers = models.ManyToManyField(
        Role,
        blank=True,
        related_name="lockers",
        verbose_name=_("consumer roles"),
        help_text=_("Bots of people with one of these roles can use the credentials in this locker."),
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        """A name is one locker's in the whole Control Room."""

        default_permissions = ()
        ordering = ("folded_name",)
        verbose_name = _("locker")
        verbose_name_plural = _("lockers")
        constraints = (models.UniqueConstraint("folded_name", name="locker_name_is_unique"),)


class Part(models.TextChoices):
    """What a person is in a locker."""

    OWNER = "owner", _("Owner: may do everything")
    MANAGER = "manager", _("Manager: invites people, changes the locker")
    PARTICIPANT = "participant", _("Participant: adds credentials of their own")


class LockerMember(models.Model):
    """A person with a part in a locker."""

    locker = models.ForeignKey(Locker, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="locker_parts",
        verbose_name=_("person"),
    )
    part = models.CharField(_("part"), max_length=20, choices=Part.choices, default=Part.PARTICIPANT)

    class Meta:
        """A person has one part in a locker."""

        default_permissions = ()
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = (models.UniqueConstraint("locker", "user", name="one_part_in_a_locker"),)

    def __str__(self) -> str:
        return str(self.user)


class Credential(NamedModel):
    """A name for secrets that belong together, in a locker or private to its owner."""

    description = models.TextField(_("description"), blank=True)
    locker = models.ForeignKey(
        Locker,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credentials",
        verbose_name=_("locker"),
        help_text=_("Without a locker only you and your bots can use it."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="credentials",
        verbose_name=_("owner"),
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        """A bot names a credential alone, so that a name is one credential's in the whole Control Room."""

        default_permissions = ()
        ordering = ("folded_name",)
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        constraints = (models.UniqueConstraint("folded_name", name="credential_name_is_unique"),)


class Attribute(NamedModel):
    """One value of a credential, or of each who uses it."""

    class Kind(models.TextChoices):
        """Whose value it is."""

        STANDARD = "standard", _("Standard")
        USER_PROVIDED = "user-provided", _("User-provided")

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="attributes")
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind.choices,
        default=Kind.STANDARD,
        help_text=_("Standard: one value for everybody. User-provided: each person gives their own."),
    )
    masked = models.BooleanField(
        _("masked"), default=True, help_text=_("The value is not shown while it is typed.")
    )
    password_only = models.BooleanField(
        _("password only"), default=False, help_text=_("Bots can use it in secret fields alone.")
    )
    encrypted = models.BinaryField(null=True)

    class Meta:
        """Names are unique within a credential."""

        default_permissions = ()
        ordering = ("folded_name",)
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        constraints = (models.UniqueConstraint("credential", "folded_name", name="attribute_name_is_unique"),)

    @property
    def is_standard(self) -> bool:
        """Whether one value is everybody's."""
        return str(self.kind) == str(Attribute.Kind.STANDARD)


class PersonalValue(models.Model):
    """The value that one person gave for a user-provided attribute."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attribute = models.ForeignKey(Attribute, on_delete=models.CASCADE, related_name="personal_values")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    encrypted = models.BinaryField(null=True)

    class Meta:
        """A person gives one value."""

        default_permissions = ()
        constraints = (models.UniqueConstraint("attribute", "user", name="one_value_a_person"),)

    def __str__(self) -> str:
        return f"{self.attribute} ({self.user})"


class CredentialChange(models.Model):
    """What was done to a credential, by whom and when, without any value."""

    class What(models.TextChoices):
        """What was done."""

        CREATED = "created", _("Credential created")
        CHANGED = "changed", _("Name, description or locker changed")
        ATTRIBUTE_ADDED = "attribute added", _("Attribute added")
        ATTRIBUTE_CHANGED = "attribute changed", _("Attribute changed")
        ATTRIBUTE_DELETED = "attribute deleted", _("Attribute deleted")
        VALUE_SET = "value set", _("Value set")
        PERSONAL_VALUE_SET = "personal value set", _("Own value given")

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=30, choices=What.choices)
    attribute = models.CharField(max_length=100, blank=True)

    class Meta:
        """The newest first."""

        default_permissions = ()
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.What(self.what).label} {self.attribute}".rstrip()
