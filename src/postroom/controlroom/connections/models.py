"""OAuth connections, the secrets of their clients, and the tokens that are kept for them.

Records that hold something encrypted have a UUID, because their identity goes into the encryption.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, Provider


class OAuthConnection(models.Model):
    """How to get tokens from a provider, and which roles may."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("connection name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    provider = models.CharField(_("provider type"), max_length=20, choices=Provider.choices)
    grant_type = models.CharField(_("grant type"), max_length=30, choices=GrantType.choices)
    client_authentication = models.CharField(max_length=20, choices=ClientAuthentication.choices)
    client_id = models.CharField(max_length=200)
    tenant_id = models.CharField(max_length=253, blank=True)
    """The Entra tenant: its GUID or a domain; empty for other providers."""
    authorization_url = models.URLField(max_length=500, blank=True)
    token_url = models.URLField(max_length=500, blank=True)
    scopes = models.TextField(blank=True)
    """Separated by spaces, without the reserved ones; those of Microsoft Graph with their host."""
    roles = models.ManyToManyField(Role, blank=True, related_name="connections")
    tested = models.DateTimeField(null=True)
    test_report = models.JSONField(null=True)
    """What the last test found, leg by leg (`testing.Step`)."""
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        """Names differ by more than case."""

        verbose_name = _("OAuth connection")
        verbose_name_plural = _("OAuth connections")
        default_permissions = ()
        ordering = ("name",)
        constraints = (models.UniqueConstraint(Lower("name"), name="connection_name_is_unique"),)

    def __str__(self) -> str:
        return self.name


class ClientSecret(models.Model):
    """A secret or certificate of a connection's client; two during a change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(OAuthConnection, on_delete=models.CASCADE, related_name="secrets")
    encrypted = models.BinaryField()
    expires = models.DateField(null=True, blank=True)
    """As the portal shows it for a secret; as the certificate says. None where nobody knows."""
    thumbprint = models.CharField(max_length=64, blank=True)
    """The certificate's, as the portal shows it; empty for a secret."""
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        """The newest is tried first."""

        default_permissions = ()
        ordering = ("-added",)

    def __str__(self) -> str:
        return f"{self.connection} ({self.added:%Y-%m-%d})"


class ConnectionToken(models.Model):
    """The tokens of one connection: Shared where there is no user, else of that user.

    `generation` grows with each write, so that a late writer cannot overwrite a newer token; a lease says which
    process refreshes at the moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(OAuthConnection, on_delete=models.CASCADE, related_name="tokens")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="tokens"
    )
    signed_in_as = models.CharField(max_length=320, blank=True)
    encrypted = models.BinaryField(null=True)
    """What the provider gave, as its module keeps it; None before the first sign-in and after it ended."""
    expires = models.DateTimeField(null=True)
    """When the access token ends."""
    refreshed = models.DateTimeField(null=True)
    signed_in = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)
    last_used_by = models.CharField(max_length=200, blank=True)
    needs_sign_in = models.BooleanField(default=False)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)
    cool_down_until = models.DateTimeField(null=True)
    generation = models.PositiveBigIntegerField(default=0)
    lease_holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        """One token for each user of a connection, and one Shared."""

        default_permissions = ()
        constraints = (
            models.UniqueConstraint("connection", "user", name="one_token_a_user"),
            models.UniqueConstraint(
                "connection", condition=models.Q(user__isnull=True), name="one_shared_token"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection} ({self.signed_in_as or self.user or '-'})"


class SignInAttempt(models.Model):
    """A sign-in on its way: the browser was sent to the provider and must come back with this state.

    `link` is for a link that another person opens: good once, and until `expires`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(OAuthConnection, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    """Whose User-specific token it becomes; None for the Shared one."""
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    state_hash = models.CharField(max_length=64, unique=True, null=True)
    link_hash = models.CharField(max_length=64, unique=True, null=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    """Of the cookie of the one browser in which this sign-in may come back."""
    encrypted_flow = models.BinaryField(null=True)
    return_to = models.CharField(max_length=200, blank=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta:
        """Nobody edits these."""

        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.connection} ({self.expires:%Y-%m-%d %H:%M})"


class SentWarning(models.Model):
    """A warning that went out, so that it does not go out again."""

    key = models.CharField(max_length=200, unique=True)
    """What dies, when, and how many days before that it was said."""
    sent = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Nobody edits these."""

        default_permissions = ()
