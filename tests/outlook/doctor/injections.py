"""How a connection is made to fail, one thing at a time and in reality."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring.backends.fail
import trustme
from certificates import write_certificate
from patients import Patient

from postroom import Credential
from support.odd_keychains import LockedKeychain
from support.odd_networks import (
    lead_to,
    occupy_port,
    serve_tls,
    write_authority,
)
from support.tenant import GCC_HIGH

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
DISCOVERY, TOKEN = "*/.well-known/openid-configuration", "*/oauth2/v2.0/token"
AUTHORIZE, INBOX, SEND_MAIL = "*/oauth2/v2.0/authorize", "/v1.0/users/*/mailFolders/inbox", "*/sendMail"
NOWHERE = "00000000-1111-2222-3333-444444444444"
AP, SHARED, CLOSED = "ap@contoso.com", "invoices@contoso.com", "board@contoso.com"
DESKTOP = "Desktop bot"
PORTAL = "<html><title>Welcome to our guest network</title>Accept the terms to go on.</html>"


def trust_strangers(patient: Patient) -> None:
    """Let the machine trust another authority than the one that is there."""
    patient.set_variable("SSL_CERT_FILE", write_authority(patient.folder, trustme.CA()))


def stand_in(patient: Patient, *names: str, body: str = PORTAL, days: int = 1) -> None:
    """Let a server that the machine trusts stand in for Microsoft, with a certificate for these names."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*names, not_after=in_days(days), not_before=in_days(-400))
    patient.set_variable("SSL_CERT_FILE", write_authority(patient.folder, authority))
    patient.stand_behind(serve_tls(certificate, body.encode()))


def in_days(days: int) -> datetime:
    """The time in so many days."""
    return datetime.now(UTC) + timedelta(days=days)


def inspect_graph_only(patient: Patient) -> None:
    """Let somebody look into what goes to Graph, with a certificate that nobody here trusts."""
    patient.stand_behind(
        lead_to({LOGIN: patient.tenant.port}, serve_tls(trustme.CA().issue_cert(GRAPH), b""))
    )


def stand_in_for_graph(patient: Patient) -> None:
    """The same in front of Graph alone."""
    authority = trustme.CA()
    trusted = write_authority(patient.folder, authority, Path(patient.tenant.manifest["ca"]))
    patient.set_variable("SSL_CERT_FILE", trusted)
    instead = serve_tls(authority.issue_cert(GRAPH), PORTAL.encode())
    patient.stand_behind(lead_to({LOGIN: patient.tenant.port}, instead))


def be_certified(patient: Patient, **settings: Any) -> None:
    """Sign in with a certificate of the machine's own making."""
    patient.settings |= {
        "client_secret": None,
        "client_certificate": write_certificate(patient.folder, **settings),
    }


def lock_keychain(patient: Patient) -> None:
    """Keep the secret in a keychain that does not open."""
    patient.have_keychain(LockedKeychain())
    patient.settings["client_secret"] = Credential("azure", "client_secret")


def miss_credential(patient: Patient) -> None:
    """Take the Client ID from a credential that nobody has set."""
    patient.have_keychain(keyring.backends.fail.Keyring())
    patient.settings["client_id"] = Credential("elsewhere", "client_id")


def use_port_of_another(patient: Patient) -> None:
    """Let another program listen where the browser is to come back to."""
    port = patient.open(occupy_port())
    patient.be_person(redirect_url=f"http://127.0.0.1:{port}/Callback")


def have_signed_in(patient: Patient, mailbox: str | None = None) -> None:
    """Let the person sign in, for the own mailbox or for a shared one."""
    patient.mailbox = mailbox
    patient.be_person()
    patient.sign_in()


def sign_in_and_then(
    change: Callable[[Patient], object], mailbox: str | None = None
) -> Callable[[Patient], None]:
    """Let the person sign in while all is well, and change something afterwards."""

    def inject(patient: Patient) -> None:
        have_signed_in(patient, mailbox)
        change(patient)

    return inject


def refuse_refresh(number: int, error: str = "invalid_grant") -> Callable[[Patient], None]:
    """Let Entra ID refuse to renew the sign-in, for a reason that the tenant's clock or policies would give."""
    refusal = {"status": 400, "code": error, "message": f"AADSTS{number}: (in Microsoft's words)"}
    return sign_in_and_then(lambda patient: patient.tenant.add_fault(path=TOKEN, **refusal))


def have_no_keychain(patient: Patient) -> None:
    """Act for a person on a machine that has neither keychain nor key."""
    patient.be_person()
    patient.have_keychain(keyring.backends.fail.Keyring())
    patient.set_variable("POSTROOM_TOKEN_KEY", "")


def have_locked_keychain(patient: Patient) -> None:
    """Act for a person whose key is in a keychain that does not open."""
    patient.be_person()
    patient.have_keychain(LockedKeychain())
    patient.set_variable("POSTROOM_TOKEN_KEY", "")


def have_no_folder(patient: Patient) -> None:
    """Put a file where the folder for sign-ins should be."""
    patient.be_person()
    file = patient.folder / "file"
    file.write_text("This is no folder.")
    patient.set_variable("XDG_STATE_HOME", file)


def fail(path: str, **settings: Any) -> Callable[[Patient], None]:
    """Let the tenant fail so at this path."""
    return lambda patient: patient.tenant.add_fault(path=path, **settings)


def give(**settings: Any) -> Callable[[Patient], None]:
    """Give these settings of the authentication mode."""
    return lambda patient: patient.settings.update(settings)


def move_to_gcc_high(patient: Patient) -> None:
    """Take the tenant of Azure Global to the other cloud."""
    patient.cloud = GCC_HIGH


def name_tenant_of_gcc_high(patient: Patient) -> None:
    """Name the other cloud's tenant."""
    patient.settings["tenant_id"] = patient.tenant.cloud(GCC_HIGH)["tenant_id"]


def read_only_user(patient: Patient) -> None:
    """Let the app read users and no mail, for a bot that lists messages."""
    patient.tenant.change_app("Invoice bot", application_permissions=["User.Read.All"])
    patient.actions = ("list",)


def open_shared(address: str) -> Callable[[Patient], None]:
    """Open this shared mailbox."""

    def inject(patient: Patient) -> None:
        patient.mailbox = address

    return inject


def set_cloud(name: str) -> Callable[[Patient], None]:
    """Choose this Azure cloud."""

    def inject(patient: Patient) -> None:
        patient.cloud = name

    return inject
