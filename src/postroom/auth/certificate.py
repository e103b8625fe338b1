"""A certificate with its private key, in place of a client secret."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from postroom.errors import CertificateError
from postroom.values import Secret

_ADVICE = "It must be PEM text that holds the certificate and its private key without a passphrase."


@dataclass(frozen=True)
class Certificate:
    """A certificate that an app proves itself with; the key does not print itself.

    `thumbprint` is the SHA-1 in hex that the Azure portal shows; `expires` is in UTC.
    """

    public_pem: str
    private_key: Secret
    thumbprint: str
    expires: datetime

    def fingerprint(self) -> str:
        """A name for the certificate: to see whether two are the same."""
        return self.thumbprint


def load_certificate(setting: Secret) -> Certificate:
    """Read a certificate and its key from PEM text, or from the PEM file that the text names.

    Errors: CertificateError where either is missing, unreadable, does not fit the other, or has expired.
    """
    pem = _read_pem(setting.reveal())
    certificate = _parse_certificate(pem)
    key = _parse_key(pem)
    if key.public_key() != certificate.public_key():
        raise CertificateError(
            "The private key does not belong to the certificate. Export both together again."
        )
    expires = certificate.not_valid_after_utc
    if expires < datetime.now(UTC):
        raise CertificateError(
            f"The certificate expired on {expires:%d %b %Y}. Make a new one, upload its public part to the app "
            "registration, then replace it in the credential."
        )
    return Certificate(
        public_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        private_key=Secret(_write_key(key)),
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - a name, not a proof
        expires=expires,
    )


def _read_pem(text: str) -> bytes:
    if "-----BEGIN" in text:
        return text.encode()
    try:
        return Path(text).expanduser().read_bytes()
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"The certificate is neither PEM text nor a file that can be read. {_ADVICE}"
        ) from error


def _parse_certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CertificateError(f"The PEM text holds no certificate that can be read. {_ADVICE}") from error


def _parse_key(pem: bytes) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise CertificateError(f"The private key is protected by a passphrase. {_ADVICE}") from error
    except ValueError as error:
        raise CertificateError(f"The PEM text holds no private key that can be read. {_ADVICE}") from error


def _write_key(key: PrivateKeyTypes) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
