"""What can be wrong with a connection, one thing at a time, and which leg of its way must name it.

Each fault is made in reality: in the settings, on this machine, in its network, or in the tenant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring.backends.fail
import trustme
from certificates import write_certificate
from odd_networks import (
    find_closed_port,
    hang_up,
    lead_to,
    occupy_port,
    refuse,
    serve_tls,
    speak_plain,
    write_authority,
)
from patients import Patient

from postroom import Credential, Variable, outlook
from support.odd_keychains import LockedKeychain
from support.tenant import GCC_HIGH

LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"
DISCOVERY, TOKEN = "*/.well-known/openid-configuration", "*/oauth2/v2.0/token"
AUTHORIZE, INBOX, SEND_MAIL = "*/oauth2/v2.0/authorize", "/v1.0/users/*/mailFolders/inbox", "*/sendMail"
NOWHERE = "00000000-1111-2222-3333-444444444444"
AP, SHARED, CLOSED = "ap@contoso.com", "invoices@contoso.com", "board@contoso.com"
DESKTOP = "Desktop bot"
PORTAL = "<html><title>Welcome to our guest network</title>Accept the terms to go on.</html>"


@dataclass(frozen=True)
class Fault:
    """Something wrong: what, the leg that names it, a phrase of what is said, and how it is made so."""

    what: str
    leg: str
    phrase: str
    inject: Callable[[Patient], object]

    def __str__(self) -> str:
        return self.what


def _trust_strangers(patient: Patient) -> None:
    patient.set_variable("SSL_CERT_FILE", write_authority(patient.folder, trustme.CA()))


def _stand_in(patient: Patient, *names: str, body: str = PORTAL, days: int = 1) -> None:
    """Let a server that the machine trusts stand in for Microsoft, with a certificate for these names."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*names, not_after=_in_days(days), not_before=_in_days(-400))
    patient.set_variable("SSL_CERT_FILE", write_authority(patient.folder, authority))
    patient.stand_behind(serve_tls(certificate, body.encode()))


def _in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def _inspect_graph_only(patient: Patient) -> None:
    """Let somebody look into what goes to Graph, with a certificate that nobody here trusts."""
    patient.stand_behind(
        lead_to({LOGIN: patient.tenant.port}, serve_tls(trustme.CA().issue_cert(GRAPH), b""))
    )


def _stand_in_for_graph(patient: Patient) -> None:
    """The same in front of Graph alone."""
    authority = trustme.CA()
    trusted = write_authority(patient.folder, authority, Path(patient.tenant.manifest["ca"]))
    patient.set_variable("SSL_CERT_FILE", trusted)
    instead = serve_tls(authority.issue_cert(GRAPH), PORTAL.encode())
    patient.stand_behind(lead_to({LOGIN: patient.tenant.port}, instead))


def _be_certified(patient: Patient, **settings: Any) -> None:
    patient.settings |= {
        "client_secret": None,
        "client_certificate": write_certificate(patient.folder, **settings),
    }


def _lock_keychain(patient: Patient) -> None:
    patient.have_keychain(LockedKeychain())
    patient.settings["client_secret"] = Credential("azure", "client_secret")


def _miss_credential(patient: Patient) -> None:
    patient.have_keychain(keyring.backends.fail.Keyring())
    patient.settings["client_id"] = Credential("elsewhere", "client_id")


def _use_port_of_another(patient: Patient) -> None:
    port = patient.open(occupy_port())
    patient.be_person(redirect_url=f"http://127.0.0.1:{port}/Callback")


def _have_signed_in(patient: Patient, mailbox: str | None = None) -> None:
    patient.mailbox = mailbox
    patient.be_person()
    patient.sign_in()


def _sign_in_and_then(
    change: Callable[[Patient], object], mailbox: str | None = None
) -> Callable[[Patient], None]:
    """Let the person sign in while all is well, and change something afterwards."""

    def inject(patient: Patient) -> None:
        _have_signed_in(patient, mailbox)
        change(patient)

    return inject


def _refuse_refresh(number: int, error: str = "invalid_grant") -> Callable[[Patient], None]:
    """Let Entra ID refuse to renew the sign-in, for a reason that the tenant's clock or policies would give."""
    refusal = {"status": 400, "code": error, "message": f"AADSTS{number}: (in Microsoft's words)"}
    return _sign_in_and_then(lambda patient: patient.tenant.add_fault(path=TOKEN, **refusal))


def _have_no_keychain(patient: Patient) -> None:
    patient.be_person()
    patient.have_keychain(keyring.backends.fail.Keyring())
    patient.set_variable("POSTROOM_TOKEN_KEY", "")


def _have_locked_keychain(patient: Patient) -> None:
    patient.be_person()
    patient.have_keychain(LockedKeychain())
    patient.set_variable("POSTROOM_TOKEN_KEY", "")


def _have_no_folder(patient: Patient) -> None:
    patient.be_person()
    file = patient.folder / "file"
    file.write_text("This is no folder.")
    patient.set_variable("XDG_STATE_HOME", file)


def _fail(path: str, **settings: Any) -> Callable[[Patient], None]:
    """Let the tenant fail so at this path."""
    return lambda patient: patient.tenant.add_fault(path=path, **settings)


def _set(**settings: Any) -> Callable[[Patient], None]:
    """Give these settings of the authentication mode."""
    return lambda patient: patient.settings.update(settings)


def _move_to_gcc_high(patient: Patient) -> None:
    patient.cloud = GCC_HIGH


def _name_tenant_of_gcc_high(patient: Patient) -> None:
    patient.settings["tenant_id"] = patient.tenant.cloud(GCC_HIGH)["tenant_id"]


def _read_only_user(patient: Patient) -> None:
    patient.tenant.change_app("Invoice bot", application_permissions=["User.Read.All"])
    patient.actions = ("list",)


def _open(address: str) -> Callable[[Patient], None]:
    def inject(patient: Patient) -> None:
        patient.mailbox = address

    return inject


def _set_cloud(name: str) -> Callable[[Patient], None]:
    def inject(patient: Patient) -> None:
        patient.cloud = name

    return inject


SETTINGS = (
    Fault(
        "a cloud that there is not",
        "settings",
        "There is no Azure cloud “Azure Mars”",
        _set_cloud("Azure Mars"),
    ),
    Fault("GCC taken for a cloud", "settings", "GCC without High belongs to Azure Global", _set_cloud("GCC")),
    Fault(
        "a credential that is not here",
        "settings",
        "postroom credential set elsewhere client_id",
        _miss_credential,
    ),
    Fault("a locked keychain", "settings", "The keychain of this machine does not answer", _lock_keychain),
    Fault(
        "a missing variable",
        "settings",
        "the variable “user”, which is not there",
        _set(username=Variable("user")),
    ),
    Fault("an empty Client ID", "settings", "Client ID is empty", _set(client_id=" ")),
    Fault(
        "a Tenant ID that is none", "settings", "neither a GUID nor a domain", _set(tenant_id="contoso/../x")
    ),
    Fault("neither secret nor certificate", "settings", "Client secret is missing", _set(client_secret=None)),
    Fault("secret and certificate", "settings", "Give one of the two", _set(client_certificate="bot.pem")),
    Fault(
        "no certificate file",
        "settings",
        "neither PEM text nor a file",
        _set(client_secret=None, client_certificate="nowhere.pem"),
    ),
    Fault(
        "an expired certificate",
        "settings",
        "The certificate expired on",
        lambda p: _be_certified(p, days=-1),
    ),
    Fault(
        "a key of another certificate",
        "settings",
        "does not belong to the certificate",
        lambda p: _be_certified(p, own_key=False),
    ),
)
NETWORK = (
    Fault(
        "a proxy that no name server knows",
        "names",
        "nslookup proxy.invalid",
        lambda p: p.use_proxy("http://proxy.invalid:8080"),
    ),
    Fault(
        "a proxy without http://",
        "proxy",
        "written as http://host:port",
        lambda p: p.use_proxy("proxy.contoso.com:8080"),
    ),
    Fault(
        "a proxy that is not there",
        "proxy",
        "Nobody takes connections at the proxy",
        lambda p: p.use_proxy(f"http://127.0.0.1:{find_closed_port()}"),
    ),
    Fault(
        "a proxy that refuses", "proxy", "403 Forbidden", lambda p: p.stand_behind(refuse("403 Forbidden"))
    ),
    Fault(
        "a proxy that asks for a password",
        "proxy",
        "407 Proxy Authentication Required",
        lambda p: p.stand_behind(refuse("407 Proxy Authentication Required")),
    ),
    Fault(
        "a proxy that does not let Graph through",
        "proxy",
        f"does not let a connection to {GRAPH} through",
        lambda p: p.stand_behind(lead_to({LOGIN: p.tenant.port})),
    ),
    Fault("a proxy that hangs up", "proxy", "The connection to", lambda p: p.stand_behind(hang_up)),
    Fault("another certificate authority", "tls", "is not trusted on this machine", _trust_strangers),
    Fault(
        "a file of authorities that is not there",
        "tls",
        "SSL_CERT_FILE or SSL_CERT_DIR must name",
        lambda p: p.set_variable("SSL_CERT_FILE", p.folder / "nowhere.pem"),
    ),
    Fault(
        "a server certificate that has expired",
        "tls",
        f"The certificate that {LOGIN} shows",
        lambda p: _stand_in(p, LOGIN, GRAPH, days=-1),
    ),
    Fault(
        "a server certificate for another name",
        "tls",
        f"The certificate that {LOGIN} shows",
        lambda p: _stand_in(p, "login.contoso.com"),
    ),
    Fault(
        "somebody looks into what goes to Graph",
        "tls",
        f"The certificate that {GRAPH} shows",
        _inspect_graph_only,
    ),
    Fault("no TLS where it should be", "tls", "does not speak TLS", lambda p: p.stand_behind(speak_plain)),
)
SIGN_IN = (
    Fault("a tenant that there is not", "tenant", "does not know the tenant", _set(tenant_id=NOWHERE)),
    Fault(
        "a tenant that is only a word",
        "tenant",
        "neither a tenant's GUID nor a domain",
        _set(tenant_id="contoso"),
    ),
    Fault(
        "no tenant of its own", "tenant", "An app signs in to one tenant of its own", _set(tenant_id="common")
    ),
    Fault("a tenant of Azure Global in GCC High", "tenant", "Choose “Azure Global”", _move_to_gcc_high),
    Fault(
        "a tenant of GCC High in Azure Global",
        "tenant",
        "Choose “Azure US GCC High”",
        _name_tenant_of_gcc_high,
    ),
    Fault(
        "Entra ID out of order",
        "tenant",
        "cannot answer at the moment",
        _fail(DISCOVERY, status=503, retry_after=0),
    ),
    Fault("Entra ID too busy", "tenant", "HTTP 429", _fail(DISCOVERY, status=429, retry_after=0)),
    Fault("Entra ID that breaks off", "tenant", "broke off", _fail(DISCOVERY, drop_response=True)),
    Fault(
        "a network that wants its terms accepted first",
        "tenant",
        "a login page of the network",
        lambda p: _stand_in(p, LOGIN, GRAPH),
    ),
    Fault(
        "a clock that is behind",
        "clock",
        "minutes behind Microsoft's",
        lambda p: p.tenant.advance_clock(1200),
    ),
    Fault(
        "a clock that is ahead",
        "clock",
        "minutes ahead of Microsoft's",
        lambda p: p.tenant.advance_clock(-1200),
    ),
    Fault("an app that there is not", "client", f"has no app {NOWHERE}", _set(client_id=NOWHERE)),
    Fault(
        "an app that is switched off",
        "client",
        "Update-MgServicePrincipal",
        lambda p: p.tenant.change_app("Invoice bot", enabled=False),
    ),
    Fault(
        "tokens not to be had for now",
        "client",
        "cannot answer at the moment",
        _fail(TOKEN, status=503, retry_after=0),
    ),
    Fault("tokens that do not arrive", "client", "broke off", _fail(TOKEN, drop_response=True)),
    Fault("a wrong secret", "credential", "it is not one of app", _set(client_secret="wrong-8Q~secret")),
    Fault("an expired secret", "credential", "it has expired", lambda p: p.be_app("Old bot")),
    Fault("a certificate that the app has not", "credential", "is not registered with app", _be_certified),
    Fault(
        "a secret of a public client",
        "credential",
        "is a public client",
        lambda p: p.settings.update(client_id=p.tenant.app(DESKTOP)["client_id"]),
    ),
)
RIGHTS = (
    Fault(
        "an app without any permission", "consent", "may do nothing", lambda p: p.be_app("Unconsented bot")
    ),
    Fault(
        "no Mail.ReadWrite",
        "permission:Mail.ReadWrite",
        "'Mail.ReadWrite', 'Mail.Send'",
        lambda p: p.be_app("Reader bot"),
    ),
    Fault(
        "no Mail.Send",
        "permission:Mail.Send",
        "does not have the application permission Mail.Send, which “Reply”, “Send” need",
        lambda p: p.tenant.change_app("Invoice bot", application_permissions=["Mail.ReadWrite"]),
    ),
    Fault("no Mail.Read", "permission:Mail.Read", "which “List messages” needs", _read_only_user),
    Fault(
        "a user that there is not",
        "mailbox",
        "There is no mailbox nobody@",
        _set(username="nobody@contoso.com"),
    ),
    Fault("a shared mailbox that there is not", "mailbox", "Get-EXOMailbox", _open("nothing@contoso.com")),
    Fault(
        "an access policy that keeps the app out",
        "mailbox",
        f"Test-ApplicationAccessPolicy -Identity '{AP}' -AppId",
        _fail(INBOX, status=403),
    ),
    Fault("Graph too busy", "mailbox", "turning requests away", _fail(INBOX, status=429, retry_after=0)),
    Fault("Graph out of order", "mailbox", "cannot answer", _fail(INBOX, status=503, retry_after=0)),
    Fault("Graph that breaks off", "mailbox", "broke off", _fail(INBOX, drop_response=True)),
    Fault(
        "a token that Graph refuses", "mailbox", "did not accept the access token", _fail(INBOX, status=401)
    ),
    Fault(
        "somebody who answers in place of Graph", "mailbox", "did not describe the Inbox", _stand_in_for_graph
    ),
    Fault(
        "a policy against sending", "sending", "Test-ApplicationAccessPolicy", _fail(SEND_MAIL, status=403)
    ),
    Fault("Graph that does not send", "sending", "Microsoft Graph", _fail(SEND_MAIL, status=503)),
)
PERSON = (
    Fault(
        "an app of a person that there is not",
        "client",
        "has no app",
        lambda p: p.be_person(client_id=NOWHERE),
    ),
    Fault(
        "an app of a person that is switched off",
        "client",
        "is switched off",
        _sign_in_and_then(lambda p: p.tenant.change_app(DESKTOP, enabled=False)),
    ),
    Fault(
        "a sign-in page out of order",
        "client",
        "cannot answer at the moment (HTTP 503)",
        _sign_in_and_then(_fail(AUTHORIZE, status=503)),
    ),
    Fault(
        "a redirect URL that the app has not",
        "redirect",
        "does not have this redirect URL",
        lambda p: p.be_person(redirect_url="http://localhost:9999/Elsewhere"),
    ),
    Fault(
        "an app without redirect URL",
        "redirect",
        "redirect URL",
        _sign_in_and_then(lambda p: p.tenant.change_app(DESKTOP, redirect_uris=[])),
    ),
    Fault("a redirect URL in use", "redirect", "in use by another program", _use_port_of_another),
    Fault(
        "a redirect URL elsewhere",
        "redirect",
        "leads to bot.contoso.com",
        lambda p: p.be_person(redirect_url="http://bot.contoso.com/Callback"),
    ),
    Fault(
        "a redirect URL that is none",
        "redirect",
        "is not an address",
        lambda p: p.be_person(redirect_url="back"),
    ),
    Fault(
        "nobody has signed in",
        "kept-sign-in",
        f"postroom connect --mode authorization-code --username {AP}",
        lambda p: p.be_person(),
    ),
    Fault(
        "nobody has entered a code",
        "kept-sign-in",
        f"postroom connect --mode device-code --username {AP}",
        lambda p: p.be_person(outlook.DeviceCode),
    ),
    Fault(
        "no keychain",
        "kept-sign-in",
        "Where a machine has no keychain, there are three ways",
        _have_no_keychain,
    ),
    Fault("a keychain that is locked", "kept-sign-in", "Unlock it", _have_locked_keychain),
    Fault(
        "a key that is none",
        "kept-sign-in",
        "POSTROOM_TOKEN_KEY holds no key",
        _sign_in_and_then(lambda p: p.set_variable("POSTROOM_TOKEN_KEY", "short")),
    ),
    Fault(
        "another key than before",
        "kept-sign-in",
        "Nobody has signed in",
        _sign_in_and_then(lambda p: p.set_variable("POSTROOM_TOKEN_KEY", "Q" * 42 + "A")),
    ),
    Fault(
        "no folder to keep a sign-in in",
        "kept-sign-in",
        "Let this account write into the folder",
        _have_no_folder,
    ),
    Fault(
        "a sign-in that was revoked",
        "kept-sign-in",
        "an administrator revoked it",
        _sign_in_and_then(lambda p: p.tenant.revoke(user=AP)),
    ),
    Fault("a sign-in that was not used", "kept-sign-in", "not used for so long", _refuse_refresh(700082)),
    Fault("a sign-in that is due again", "kept-sign-in", "sign-in frequency", _refuse_refresh(70043)),
    Fault(
        "an account that is disabled",
        "kept-sign-in",
        f"Update-MgUser -UserId '{AP}'",
        _sign_in_and_then(lambda p: p.tenant.change_user(AP, enabled=False)),
    ),
    Fault(
        "multi-factor authentication that is asked for",
        "kept-sign-in",
        "multi-factor authentication",
        _sign_in_and_then(lambda p: p.tenant.change_user(AP, mfa_required=True)),
    ),
    Fault(
        "Conditional Access",
        "kept-sign-in",
        "Conditional Access",
        _sign_in_and_then(lambda p: p.tenant.change_user(AP, blocked=True)),
    ),
    Fault(
        "a consent that was withdrawn",
        "consent",
        "/adminconsent?client_id=",
        _sign_in_and_then(lambda p: p.tenant.withdraw_consent(DESKTOP)),
    ),
    Fault(
        "a shared mailbox that was not consented to",
        "consent",
        f"postroom connect --mode authorization-code --username {AP} --mailbox {SHARED}",
        _sign_in_and_then(_open(SHARED)),
    ),
    Fault(
        "a shared mailbox without Full Access",
        "mailbox",
        f"Add-MailboxPermission -Identity '{CLOSED}' -User '{AP}' -AccessRights FullAccess",
        lambda p: _have_signed_in(p, CLOSED),
    ),
    Fault(
        "a shared mailbox without Send As",
        "sending",
        f"Add-RecipientPermission -Identity '{SHARED}' -Trustee '{AP}' -AccessRights SendAs",
        _sign_in_and_then(lambda p: p.tenant.change_user(SHARED, send_as=[]), SHARED),
    ),
)
FAULTS = (*SETTINGS, *NETWORK, *SIGN_IN, *RIGHTS, *PERSON)
