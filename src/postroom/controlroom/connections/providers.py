"""The providers that a connection can be made to, as data; `Custom` is any other that speaks OAuth 2.0."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH, Cloud


class Provider(TextChoices):
    """Who gives the tokens."""

    ENTRA_GLOBAL = "entra-global", _("Microsoft Entra (Azure Global)")
    ENTRA_GCC_HIGH = "entra-gcc-high", _("Microsoft Entra (Azure US GCC High)")
    CUSTOM = "custom", _("Custom")


class GrantType(TextChoices):
    """How the tokens are asked for (RFC 6749, RFC 7636)."""

    AUTHORIZATION_CODE = "authorization_code", _("Authorization code")
    AUTHORIZATION_CODE_PKCE = "authorization_code_pkce", _("Authorization code with PKCE")
    CLIENT_CREDENTIALS = "client_credentials", _("Client credentials")


class ClientAuthentication(TextChoices):
    """How the client proves itself (RFC 6749 §2.3.1, RFC 7523)."""

    NONE = "none", _("None (public client)")
    SECRET = "client_secret", _("Client secret")
    CERTIFICATE = "private_key_jwt", _("Certificate (private-key JWT)")


_CLOUDS: dict[str, Cloud] = {
    Provider.ENTRA_GLOBAL: AZURE_GLOBAL,
    Provider.ENTRA_GCC_HIGH: AZURE_US_GCC_HIGH,
}


def find_cloud(provider: str) -> Cloud | None:
    """The Azure cloud of a provider; None for those that are not Microsoft Entra."""
    return _CLOUDS.get(provider)
