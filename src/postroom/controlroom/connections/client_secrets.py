"""The secrets and certificates that the client of a connection proves itself with; at most two, during a change."""

from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from postroom.controlroom.connections.models import ClientSecret, OAuthConnection
from postroom.controlroom.vault.envelope import decrypt, encrypt
from postroom.controlroom.vault.registry import identify
from postroom.errors import CertificateError, SettingError
from postroom.values import Secret

AT_MOST = 2


class NewSecret(NamedTuple):
    """A secret as somebody entered it: its text (for a certificate PEM), and what is known of it."""

    text: Secret
    expires: date | None = None
    thumbprint: str = ""


def read_certificate(pem: str) -> NewSecret:
    """Read a certificate with its key from PEM text. Errors: CertificateError."""
    from postroom.auth.certificate import load_certificate  # noqa: PLC0415 - cryptography is slow

    # What is no PEM text would be taken for the name of a file, and nobody may name files of this server.
    if "-----BEGIN" not in pem:
        raise CertificateError(
            _("This is no PEM text. Paste the whole text of the file, from its first -----BEGIN on.")
        )
    certificate = load_certificate(Secret(pem))
    expires: datetime = certificate.expires
    return NewSecret(Secret(pem), expires.date(), certificate.thumbprint)


def add_secret(connection: OAuthConnection, new: NewSecret) -> ClientSecret:
    """Keep a secret of the connection, encrypted, beside the one that there may be.

    Errors: SettingError where there are two already; VaultLockedError.
    """
    if connection.secrets.count() >= AT_MOST:
        raise SettingError(
            _(
                "There are two already, which is enough for a change. Remove the old one first, then add this one."
            )
        )
    secret = ClientSecret(connection=connection, expires=new.expires, thumbprint=new.thumbprint)
    secret.encrypted = encrypt(identify(secret, "encrypted"), new.text.reveal().encode())
    secret.save()
    return secret


def reveal_secret(secret: ClientSecret) -> Secret:
    """The secret itself, for the provider alone. Errors: VaultError."""
    return Secret(decrypt(identify(secret, "encrypted"), secret.encrypted).decode())
