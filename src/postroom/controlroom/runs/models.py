"""Deployed bots with their versions, runs with their steps and lines, and what begins runs or carries them out.

Records that hold something encrypted have a UUID, because their identity goes into the encryption.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def _user(related_name: str = "+", **options: Any) -> Any:
    """Somebody of the Control Room; what they did outlives their account."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name=related_name,
        **options,
    )


class Bot(models.Model):
    """A bot that was deployed; what it does stands in its versions."""

    name = models.CharField(_("name"), max_length=200)
    path = models.CharField(_("file"), max_length=300, unique=True)
    """What finds it: `intake.bot.yaml`, or `intake.py:take_in`; folders are part of it."""
    description = models.TextField(_("description"), blank=True)
    run_limit = models.PositiveIntegerField(_("most runs at once"), null=True, blank=True)
    """None where there is no limit."""
    time_limit_seconds = models.PositiveIntegerField(_("longest run, in seconds"), null=True, blank=True)
    """None where a run may last as long as it takes."""
    withdrawn = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    """Since when nobody begins it any more; its runs stay."""
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By name, as people look for them."""

        verbose_name = _("bot")
        verbose_name_plural = _("bots")
        default_permissions = ()
        ordering = ("name", "path")

    def __str__(self) -> str:
        return str(self.name)


class BotVersion(models.Model):
    """What a bot was from one deployment to the next; a run goes on with the one that it began with."""

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    """The whole file. Of a Python bot it is shown and compared, and never run from here."""
    sha256 = models.CharField(max_length=64)
    commit = models.CharField(max_length=64, blank=True)
    """The commit of the folder that it came from; empty where there is none."""
    from_folder = models.BooleanField(default=False)
    """Whether it was read from the folder of bots, and not deployed by hand."""
    inputs = models.JSONField(default=list)
    """What the bot is given, as the form needs it: names, types, defaults and help."""
    deployed = models.DateTimeField(default=timezone.now)
    deployed_by = _user()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        """The newest first."""

        default_permissions = ()
        ordering = ("-number",)
        constraints = (models.UniqueConstraint("bot", "number", name="version_number_is_unique"),)

    def __str__(self) -> str:
        return f"{self.bot} {self.number}"


class Worker(models.Model):
    """A process that carries out runs; each start of one is another worker."""

    id = models.CharField(primary_key=True, max_length=100)
    host = models.CharField(max_length=255)
    started = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now, db_index=True)
    stopped = models.DateTimeField(null=True)

    class Meta:
        """The newest first."""

        default_permissions = ()
        ordering = ("-started",)

    def __str__(self) -> str:
        return str(self.id)


class MailboxLimit(models.Model):
    """How many runs may work in a mailbox at once."""

    address = models.CharField(_("mailbox"), max_length=320, unique=True)
    """In small letters."""
    runs = models.PositiveIntegerField(_("most runs at once"))

    class Meta:
        """By address."""

        default_permissions = ()
        ordering = ("address",)

    def __str__(self) -> str:
        return str(self.address)


class Missed(models.TextChoices):
    """What becomes of the times of a schedule at which nothing ran."""

    ONCE: Any = "once", _("Run once as soon as possible, within a day")
    SKIP: Any = "skip", _("Wait for the next time")


class Schedule(models.Model):
    """When a bot is run by itself."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="schedules")
    encrypted_inputs = models.BinaryField(null=True)
    run_as = _user(verbose_name=_("runs as"))
    cron = models.CharField(_("when"), max_length=100)
    """Five fields, as cron(5) has them."""
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    missed = models.CharField(max_length=10, choices=Missed.choices, default=Missed.ONCE)
    enabled = models.BooleanField(_("enabled"), default=True)
    next_run = models.DateTimeField(null=True, db_index=True)
    last_run = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    changed_by = _user()

    class Meta:
        """By name."""

        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        default_permissions = ()
        ordering = ("name",)

    def __str__(self) -> str:
        return str(self.name)


class Trigger(models.Model):
    """What makes a bot run when mail comes."""

    class Kind(models.TextChoices):
        """How it learns of new mail."""

        DELTA: Any = "delta", _("Asks the mailbox now and then")
        NOTIFICATIONS: Any = "notifications", _("Is told by Microsoft 365")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="triggers")
    encrypted_inputs = models.BinaryField(null=True)
    run_as = _user(verbose_name=_("runs as"))
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.DELTA)
    connection = models.ForeignKey(
        "connections.OAuthConnection", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    mailbox = models.CharField(_("mailbox"), max_length=320)
    folder = models.CharField(_("folder"), max_length=300, default="Inbox")
    settings = models.JSONField(default=dict)
    """What is not secret and of its kind alone."""
    every_seconds = models.PositiveIntegerField(default=60)
    enabled = models.BooleanField(_("enabled"), default=True)
    encrypted_state = models.BinaryField(null=True)
    """Where it has come to: the checkpoint of the delta query, the client state of a subscription."""
    next_check = models.DateTimeField(null=True, db_index=True)
    last_checked = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    """How many times in a row it could not ask."""
    generation = models.PositiveBigIntegerField(default=0)
    """Grows with each write of the state, so that a late writer cannot bring an older one back."""
    subscription_id = models.CharField(max_length=200, blank=True, db_index=True)
    subscription_expires = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    changed_by = _user()

    class Meta:
        """By name."""

        verbose_name = _("trigger")
        verbose_name_plural = _("triggers")
        default_permissions = ()
        ordering = ("name",)

    def __str__(self) -> str:
        return str(self.name)


class RunStatus(models.TextChoices):
    """How it stands with a run."""

    QUEUED: Any = "queued", _("Queued")
    RUNNING: Any = "running", _("Running")
    PAUSED: Any = "paused", _("Paused")
    DONE: Any = "done", _("Done")
    FAILED: Any = "failed", _("Failed")
    CANCELLED: Any = "cancelled", _("Cancelled")
    TIMED_OUT: Any = "timed out", _("Timed out")


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED)
"""How it stands with runs that are not over."""


class Run(models.Model):
    """One run of a bot; its id is also the one of its journal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(BotVersion, on_delete=models.PROTECT, related_name="runs")
    encrypted_inputs = models.BinaryField(null=True)
    run_as = _user(related_name="runs", db_index=False)
    """Whose credentials and connections it uses."""
    begun_by = models.CharField(max_length=200)
    """Who or what began it, in words."""
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.SET_NULL, related_name="runs")
    trigger = models.ForeignKey(Trigger, null=True, on_delete=models.SET_NULL, related_name="runs")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    root = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    """The run that began it all; None for that run itself."""
    status = models.CharField(max_length=20, choices=RunStatus.choices, default=RunStatus.QUEUED)
    created = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    worker = models.ForeignKey(Worker, null=True, on_delete=models.SET_NULL, related_name="runs")
    asked = models.CharField(max_length=10, blank=True)
    """What somebody has asked of it, which its worker does at the next step: “cancel” or “pause”."""
    waits_for = models.CharField(max_length=320, blank=True)
    """The mailbox in which as many runs work as may; in the queue again until one of them is over."""
    deadline = models.DateTimeField(null=True)
    """When it has taken as long as it may; set when it starts."""
    retry_step = models.PositiveIntegerField(null=True)
    """The step of the journal from which it is done anew."""
    losses = models.PositiveIntegerField(default=0)
    """How many workers in a row have died while they ran it, without a step being done."""
    kept = models.BooleanField(_("kept"), default=False)
    """Whether it stays when it is older than runs are kept."""
    error_class = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)
    messages_handled = models.PositiveIntegerField(default=0)
    alerted = models.BooleanField(default=False)
    """Whether those were told who want to know that it failed."""

    class Meta:
        """The newest first; an index for each way in which people look for some among many."""

        default_permissions = ()
        ordering = ("-created", "-id")
        indexes = (
            models.Index("created", "id", name="runs_by_time"),
            models.Index("status", "created", "id", name="runs_by_status"),
            models.Index("bot", "created", "id", name="runs_by_bot"),
            models.Index("run_as", "created", "id", name="runs_by_person"),
            models.Index("finished", name="runs_by_end"),
            models.Index(
                "finished",
                name="runs_to_alert_of",
                condition=models.Q(alerted=False, status__in=("failed", "timed out")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.bot} {self.id}"

    @property
    def is_active(self) -> bool:
        """Whether it is not over."""
        return self.status in ACTIVE


class RunStep(models.Model):
    """A step of a run: what it did, where in the bot, and how it went."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    """The journal's own, from which a run can be retried."""
    title = models.CharField(max_length=200)
    place = models.CharField(max_length=400, blank=True)
    """Where in the bot: `intake.bot.yaml:14`."""
    touched = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=20, default="running")
    """“running”, “done” or “failed”."""
    began = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0)
    error_class = models.CharField(max_length=100, blank=True)
    error = models.TextField(blank=True)
    child = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="+")
    """The run of the child bot that this step is."""

    class Meta:
        """In the order of the journal."""

        default_permissions = ()
        ordering = ("number",)
        constraints = (models.UniqueConstraint("run", "number", name="step_number_is_unique"),)

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class RunLine(models.Model):
    """A line of a run's log."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lines")
    time = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=10, default="info")
    """“info”, “warning” or “error”."""
    text = models.TextField()

    class Meta:
        """As they were written."""

        default_permissions = ()
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.text)


class MailboxUse(models.Model):
    """A run, with its children, that works in a mailbox whose runs are limited."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=320, db_index=True)
    """In small letters."""

    class Meta:
        """Once for each run and mailbox."""

        default_permissions = ()
        constraints = (models.UniqueConstraint("run", "address", name="one_use_a_mailbox"),)

    def __str__(self) -> str:
        return f"{self.run_id}: {self.address}"


class JournalKey(models.Model):
    """A key with which journals are encrypted; it is itself encrypted by the vault."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    encrypted = models.BinaryField()
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        """The newest first."""

        default_permissions = ()
        ordering = ("-made",)

    def __str__(self) -> str:
        return str(self.id)


class Lease(models.Model):
    """Who alone does something at the moment, of all processes and hosts."""

    name = models.CharField(primary_key=True, max_length=50)
    holder = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        """Nobody edits these."""

        default_permissions = ()

    def __str__(self) -> str:
        return str(self.name)


class AlertRule(models.Model):
    """Who wants to be told when runs fail: all, or those of a bot, a schedule or a trigger."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_rules")
    bot = models.ForeignKey(Bot, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    trigger = models.ForeignKey(Trigger, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    by_mail = models.BooleanField(_("by mail"), default=False)
    by_webhook = models.BooleanField(_("to the webhook"), default=False)
    every_minutes = models.PositiveIntegerField(_("at most once in so many minutes"), default=30)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        """As they were made."""

        default_permissions = ()
        ordering = ("created",)

    def __str__(self) -> str:
        return f"{self.user}: {self.bot or self.schedule or self.trigger or '*'}"


class Alert(models.Model):
    """A bot that fails, as one rule tells of it; gone when the bot has run well again."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    """The one that failed last."""
    since = models.DateTimeField()
    last_failed = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    """How many there were in all."""
    untold = models.PositiveIntegerField(default=0)
    """How many of these nobody was told of yet."""
    number = models.PositiveIntegerField(default=1)
    """Of the notice that comes next."""
    told = models.DateTimeField(null=True)

    class Meta:
        """The newest first."""

        default_permissions = ()
        ordering = ("-last_failed",)
        constraints = (models.UniqueConstraint("rule", "bot", name="one_alert_a_bot"),)

    def __str__(self) -> str:
        return f"{self.bot}: {self.failures}"
