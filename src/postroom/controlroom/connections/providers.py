"""The providers that a connection can be made to, as data; `Custom` is any other that speaks OAuth 2.0.

Django makes members that are texts of what is written here as pairs, which a type checker cannot know: hence `Any`.
"""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from postroom.clouds import AZURE_GLOBAL, AZURE_US_GCC_HIGH, Cloud


class Provider(TextChoices):
    """Who gives the tokens."""

    ENTRA_GLOBAL: Any = "entra-global", _("Microsoft Entra (Azure Global)")
    ENTRA_GCC_HIGH: Any = "entra-gcc-high", _("Microsoft Entra (Azure US GCC High)")
    CUSTOM: Any = "custom", _("Custom")


class GrantType(TextChoices):
    """How the tokens are asked for (RFC 6749, RFC 7636)."""

    AUTHORIZATION_CODE: Any = "authorization_code", _("Authorization code")
    AUTHORIZATION_CODE_PKCE: Any = "authorization_code_pkce", _("Authorization code with PKCE")
    CLIENT_CREDENTIALS: Any = "client_credentials", _("Client credentials")


class ClientAuthentication(TextChoices):
    """How the client proves itself (RFC 6749 §2.3.1, RFC 7523)."""

    NONE: Any = "none", _("None (public client)")
    SECRET: Any = "client_secret", _("Client secret")
    CERTIFICATE: Any = "private_key_jwt", _("Certificate (private-key JWT)")


_CLOUDS: dict[str, Cloud] = {
    Provider.ENTRA_GLOBAL: AZURE_GLOBAL,
    Provider.ENTRA_GCC_HIGH: AZURE_US_GCC_HIGH,
}


def find_cloud(provider: str) -> Cloud | None:
    """The Azure cloud of a provider; None for those that are not Microsoft Entra."""
    return _CLOUDS.get(provider)
