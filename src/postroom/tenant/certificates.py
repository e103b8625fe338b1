"""The certificates of the tenant: its own authority, the server certificate under it, and those of apps."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from postroom.tenant.entra.keys import new_rsa_key_pem
from postroom.tenant.hosts import CloudHosts
from postroom.tenant.records import write_private

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
# Apple's TLS refuses server certificates that are good for longer than 825 days.
SERVER_LIFETIME = timedelta(days=397)
APP_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class Authority:
    """Issue server certificates that clients of this tenant trust."""

    ca: trustme.CA

    @property
    def pem(self) -> bytes:
        """The authority's certificate, which clients are told to trust."""
        return self.ca.cert_pem.bytes()

    def server_context(self, hosts: CloudHosts, private: Path) -> ssl.SSLContext:
        """Make the TLS context for one cloud: this machine's names and the cloud's real ones.

        The certificate is new at each start, so it is never out of date; the file stays in the private folder.
        """
        names = (*LOCAL_NAMES, *hosts.names)
        leaf = self.ca.issue_cert(*names, not_after=datetime.now(UTC) + SERVER_LIFETIME)
        file = private / f"server.{hosts.key}.pem"
        write_private(file, leaf.private_key_and_cert_chain_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def open_authority(private: Path) -> Authority:
    """Open the authority that is kept in this folder, made up when there is none yet."""
    file = private / "authority.pem"
    if file.exists():
        pem = file.read_bytes()
        return Authority(trustme.CA.from_pem(pem, pem))
    ca = trustme.CA(organization_name="Postroom local tenant")
    write_private(file, ca.private_key_pem.bytes() + ca.cert_pem.bytes())
    return Authority(ca)


@dataclass(frozen=True)
class AppCertificate:
    """A certificate made for an app, with its key."""

    key_pem: bytes
    certificate_pem: bytes

    def __repr__(self) -> str:
        return "AppCertificate(...)"


def new_app_certificate(name: str) -> AppCertificate:
    """Make up a self-signed certificate with an RSA key, as people upload to app registrations."""
    key_pem = new_rsa_key_pem()
    key = serialization.load_pem_private_key(key_pem, password=None)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject)
        .public_key(key.public_key())  # type: ignore[arg-type]  # new_rsa_key_pem makes RSA keys only
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + APP_LIFETIME)
    )
    certificate = builder.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    return AppCertificate(key_pem, certificate.public_bytes(serialization.Encoding.PEM))
