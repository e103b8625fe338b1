"""The forms of a connection: what it is, its client, a new secret, the roles that are invited."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections.client_secrets import NewSecret, read_certificate
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import (
    ClientAuthentication,
    GrantType,
    Provider,
    find_cloud,
)
from postroom.controlroom.connections.scopes import check_scopes
from postroom.errors import PostroomError, SettingError
from postroom.values import Secret

MANY_TENANTS = frozenset({"common", "organizations", "consumers"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class PemTextarea(UnfoldAdminTextareaWidget):
    """A field for PEM text, which is never sent back to the page: it holds a private key."""

    def format_value(self, value: Any) -> str:  # noqa: ARG002
        """Show nothing."""
        return ""


def _short_text(**attributes: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false", **attributes})


class IdentityForm(forms.Form):
    """The first screen: the provider, the name, what it is for."""

    provider = forms.ChoiceField(
        label=_("Provider type"), choices=Provider.choices, widget=UnfoldAdminRadioSelectWidget()
    )
    name = forms.CharField(
        label=_("Connection name"),
        max_length=100,
        widget=_short_text(placeholder="Outlook365-Production"),
        help_text=_("Bots name the connection so. It must be unique; upper and lower case do not count."),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, existing: OAuthConnection | None = None, **named: Any) -> None:
        super().__init__(*args, **named)
        self._existing = existing
        if existing is not None:
            del self.fields["provider"]

    def clean_name(self) -> str:
        """Take a name that no other connection has."""
        name: str = self.cleaned_data["name"]
        if "/" in name:
            raise ValidationError(gettext("A name cannot have a “/”, because it is part of addresses."))
        others = OAuthConnection.objects.filter(name__iexact=name)
        if self._existing is not None:
            others = others.exclude(pk=self._existing.pk)
        if others.exists():
            raise ValidationError(gettext("There is a connection of this name already. Choose another name."))
        return name


class SecretFields(forms.Form):
    """What a client proves itself with; each is write-only."""

    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("The secret's value, not its ID. It is encrypted, and never shown again."),
    )
    secret_expires = forms.DateField(
        label=_("Secret expires on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": " ".join(INPUT_CLASSES)}),
        help_text=_("As the provider's portal shows it, so that we can warn you ahead."),
    )
    certificate = forms.CharField(
        label=_("Certificate with private key (PEM)"),
        required=False,
        max_length=100_000,
        widget=PemTextarea(
            attrs={"rows": 6, "spellcheck": "false", "placeholder": "-----BEGIN CERTIFICATE-----"}
        ),
        help_text=_(
            "Both in one text, the key without a passphrase. It is encrypted, and never shown again."
        ),
    )

    def clean_client_secret(self) -> Secret:
        """Let the secret not print itself from here on."""
        return Secret(self.cleaned_data["client_secret"])

    def clean_certificate(self) -> NewSecret | None:
        """Read the certificate."""
        text: str = self.cleaned_data["certificate"]
        try:
            return read_certificate(text) if text else None
        except PostroomError as error:
            raise ValidationError(error.message) from error

    def find_new_secret(self, authentication: str) -> NewSecret | None:
        """What was entered for this kind of proof; None where nothing was."""
        if authentication == ClientAuthentication.CERTIFICATE:
            certificate: NewSecret | None = self.cleaned_data.get("certificate")
            return certificate
        secret: Secret | None = self.cleaned_data.get("client_secret")
        expires: date | None = self.cleaned_data.get("secret_expires")
        return (
            NewSecret(secret, expires) if secret and authentication == ClientAuthentication.SECRET else None
        )

    def require_secret(self, authentication: str) -> None:
        """Complain at its field where the proof is missing."""
        field = {
            ClientAuthentication.SECRET.value: "client_secret",
            ClientAuthentication.CERTIFICATE.value: "certificate",
        }.get(authentication)
        if field and not self.has_error(field) and self.find_new_secret(authentication) is None:
            label = self.fields[field].label
            self.add_error(field, gettext("%(label)s is missing.") % {"label": label})


class ClientForm(SecretFields):
    """The second screen: how tokens are asked for, and as which client."""

    grant_type = forms.ChoiceField(
        label=_("Grant type"),
        choices=GrantType.choices,
        widget=UnfoldAdminRadioSelectWidget(attrs={"x-model": "grant"}),
    )
    client_authentication = forms.ChoiceField(
        label=_("Client authentication"),
        choices=ClientAuthentication.choices,
        widget=UnfoldAdminRadioSelectWidget(attrs={"x-model": "proof"}),
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=200, widget=_short_text())
    tenant_id = forms.CharField(
        label=_("Tenant ID"),
        required=False,
        max_length=253,
        widget=_short_text(**{"x-model": "tenant"}),
        help_text=_("The tenant's GUID or a domain of it (Azure portal → Microsoft Entra ID → Overview)."),
    )
    authorization_url = forms.CharField(
        label=_("Authorization URL"), required=False, max_length=500, widget=_short_text(inputmode="url")
    )
    token_url = forms.CharField(
        label=_("Token URL"), required=False, max_length=500, widget=_short_text(inputmode="url")
    )
    scopes = forms.CharField(
        label=_("Scopes"),
        required=False,
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("Separated by spaces or commas."),
    )
    field_order = (
        *("grant_type", "client_authentication", "client_id", "tenant_id"),
        *("client_secret", "secret_expires", "certificate", "authorization_url", "token_url", "scopes"),
    )

    def __init__(self, *args: Any, provider: str, kept: Mapping[str, str], **named: Any) -> None:
        """`kept` tells of a secret that is there already: for which `proof` it is, and for which `token_url`."""
        super().__init__(*args, **named)
        self.provider = provider
        self._kept = kept
        self.fields["tenant_id"].required = self.is_entra

    @property
    def is_entra(self) -> bool:
        """Whether the provider is Microsoft Entra, which fills in the URLs."""
        return find_cloud(self.provider) is not None

    def clean_client_id(self) -> str:
        """Take what can be a client ID: it is part of requests, and has no spaces."""
        client_id: str = self.cleaned_data["client_id"]
        if re.search(r"\s", client_id):
            raise ValidationError(gettext("A client ID has no spaces. Copy it again from the provider."))
        return client_id

    def clean(self) -> dict[str, Any]:
        """Check what depends on more than one field."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_entra:
            self._check_tenant(given)
        else:
            self._check_urls(given)
        grant_type, proof = given.get("grant_type", ""), given.get("client_authentication", "")
        if proof == ClientAuthentication.NONE and grant_type != GrantType.AUTHORIZATION_CODE_PKCE:
            self.add_error(
                "client_authentication",
                gettext("Without a secret or certificate only “Authorization code with PKCE” is safe."),
            )
        if not self._has_kept(given):
            self.require_secret(proof)
        self._check_scopes(given)
        return given

    def _has_kept(self, given: dict[str, Any]) -> bool:
        # A secret is only ever sent to where it was entered for: else whoever changes the URL could read it.
        return bool(self._kept) and (self._kept["proof"], self._kept["token_url"]) == (
            given.get("client_authentication"),
            given.get("token_url"),
        )

    def _check_tenant(self, given: dict[str, Any]) -> None:
        given["authorization_url"] = given["token_url"] = ""
        tenant_id = given.get("tenant_id", "")
        is_one = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", tenant_id)
        if not is_one or tenant_id.casefold() in MANY_TENANTS:
            self.add_error(
                "tenant_id",
                gettext("Enter the tenant's GUID or domain (Azure portal → Microsoft Entra ID → Overview)."),
            )

    def _check_urls(self, given: dict[str, Any]) -> None:
        given["tenant_id"] = ""
        if given.get("grant_type") == GrantType.CLIENT_CREDENTIALS:
            given["authorization_url"] = ""
            wanted: tuple[str, ...] = ("token_url",)
        else:
            wanted = ("authorization_url", "token_url")
        for field in wanted:
            if problem := find_url_problem(given.get(field, "")):
                self.add_error(field, problem)

    def _check_scopes(self, given: dict[str, Any]) -> None:
        if self.is_entra and given.get("grant_type") == GrantType.CLIENT_CREDENTIALS:
            # The field is hidden then, and may hold what was meant for people who sign in.
            given["scopes"] = ""
        try:
            given["scopes"] = check_scopes(
                given.get("scopes", ""), self.provider, given.get("grant_type", "")
            )
        except SettingError as error:
            self.add_error("scopes", error.message)


def find_url_problem(url: str) -> str | None:
    """Why tokens cannot be asked for at this address; None where they can."""
    parts = urlsplit(url)
    if not url or not parts.hostname or re.search(r"\s", url):
        return gettext("Enter the whole address, as the provider documents it: https://...")
    if parts.username or parts.password or parts.fragment:
        return gettext("An address with a user name, a password or a # cannot be used here.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return gettext("The address must begin with https://, because secrets are sent there.")
    return None


class NewSecretForm(SecretFields):
    """Another secret or certificate for a connection."""

    def __init__(self, *args: Any, authentication: str, **named: Any) -> None:
        super().__init__(*args, **named)
        self._authentication = authentication
        is_certificate = authentication == ClientAuthentication.CERTIFICATE
        for name in ("client_secret", "secret_expires") if is_certificate else ("certificate",):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Require what is asked for."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self.require_secret(self._authentication)
        return given


class RolesForm(forms.Form):
    """The fourth screen: which roles are invited."""

    roles = forms.ModelMultipleChoiceField(
        label=_("Invited roles"),
        queryset=Role.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["roles"].queryset = Role.objects.order_by("name")
