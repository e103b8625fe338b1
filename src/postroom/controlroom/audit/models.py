"""The entries of the audit trail, and the head that hands out their numbers."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SYSTEM = "system"
ANONYMOUS = "anonymous"

_FINAL = "An entry of the audit trail is final: it is neither changed nor deleted."


class FinalQuerySet(models.QuerySet):
    """Entries, which can be read and nothing else; `trail.record` seals one after the other."""

    def _refuse(self, *_args: Any, **_options: Any) -> NoReturn:
        raise TypeError(_FINAL)

    update = delete = bulk_create = bulk_update = _refuse


class AuditEntry(models.Model):
    """One thing that somebody did or tried; `trail.record` makes it, a trigger in the database keeps it."""

    sequence = models.PositiveBigIntegerField(_("Number"), primary_key=True)
    time = models.DateTimeField(_("Time"), db_index=True)
    actor_id = models.CharField(max_length=64, blank=True)
    """The user's key, which a name does not replace; empty for devices and the system."""
    actor = models.CharField(_("Who"), max_length=200, db_index=True)
    address = models.CharField(_("Address"), max_length=64, blank=True)
    request_id = models.CharField(_("Request id"), max_length=64, blank=True, db_index=True)
    event = models.CharField(_("Event"), max_length=50, db_index=True)
    """The name of an `Event`."""
    target = models.CharField(_("Target"), max_length=300, blank=True, db_index=True)
    outcome = models.CharField(_("Outcome"), max_length=20)
    details = models.JSONField(_("Details"), default=dict)
    key_id = models.CharField(max_length=16)
    """Which key sealed it."""
    previous_hash = models.CharField(_("Hash of the entry before"), max_length=64, blank=True)
    hash = models.CharField(_("Hash"), max_length=64)

    objects = FinalQuerySet.as_manager()

    class Meta:
        """The newest first, as people read it."""

        default_permissions = ()
        ordering = ("-sequence",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.sequence}"

    def name_actor(self) -> str:
        """Who it was, as people read it: the name, and in words who has none."""
        nobody = {SYSTEM: gettext("The Control Room"), ANONYMOUS: gettext("Not signed in")}
        return self.actor if self.actor_id else nobody.get(self.actor, self.actor)

    def save(self, *args: Any, **options: Any) -> None:
        """Insert a new entry; refuse to write one that is there."""
        if not self._state.adding:
            raise TypeError(_FINAL)
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(_FINAL)


class AuditHead(models.Model):
    """The newest entry's number and hash: the one row that is locked to append."""

    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        """Nobody sees it."""

        default_permissions = ()
