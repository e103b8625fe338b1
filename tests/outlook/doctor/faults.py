"""What can be wrong with a connection, one thing at a time, and which leg of its way must name it.

Each fault is made in reality: in the settings, on this machine, in its network, or in the tenant.
"""

from collections.abc import Callable
from dataclasses import dataclass

from injections import (
    AP,
    AUTHORIZE,
    CLOSED,
    DESKTOP,
    DISCOVERY,
    GRAPH,
    INBOX,
    LOGIN,
    NOWHERE,
    SEND_MAIL,
    SHARED,
    TOKEN,
    be_certified,
    fail,
    give,
    have_locked_keychain,
    have_no_folder,
    have_no_keychain,
    have_signed_in,
    inspect_graph_only,
    lock_keychain,
    miss_credential,
    move_to_gcc_high,
    name_tenant_of_gcc_high,
    open_shared,
    read_only_user,
    refuse_refresh,
    set_cloud,
    sign_in_and_then,
    stand_in,
    stand_in_for_graph,
    trust_strangers,
    use_port_of_another,
)
from patients import Patient

from postroom import Variable, outlook
from support.odd_networks import (
    find_closed_port,
    hang_up,
    lead_to,
    refuse,
    speak_plain,
)


@dataclass(frozen=True)
class Fault:
    """Something wrong: what, the leg that names it, a phrase of what is said, and how it is made so."""

    what: str
    leg: str
    phrase: str
    inject: Callable[[Patient], object]

    def __str__(self) -> str:
        return self.what


SETTINGS = (
    Fault(
        "a cloud that there is not",
        "settings",
        "There is no Azure cloud “Azure Mars”",
        set_cloud("Azure Mars"),
    ),
    Fault("GCC taken for a cloud", "settings", "GCC without High belongs to Azure Global", set_cloud("GCC")),
    Fault(
        "a credential that is not here",
        "settings",
        "postroom credential set elsewhere client_id",
        miss_credential,
    ),
    Fault("a locked keychain", "settings", "The keychain of this machine does not answer", lock_keychain),
    Fault(
        "a missing variable",
        "settings",
        "the variable “user”, which is not there",
        give(username=Variable("user")),
    ),
    Fault("an empty Client ID", "settings", "Client ID is empty", give(client_id=" ")),
    Fault(
        "a Tenant ID that is none", "settings", "neither a GUID nor a domain", give(tenant_id="contoso/../x")
    ),
    Fault("neither secret nor certificate", "settings", "Client secret is missing", give(client_secret=None)),
    Fault("secret and certificate", "settings", "Give one of the two", give(client_certificate="bot.pem")),
    Fault(
        "no certificate file",
        "settings",
        "neither PEM text nor a file",
        give(client_secret=None, client_certificate="nowhere.pem"),
    ),
    Fault(
        "an expired certificate",
        "settings",
        "The certificate expired on",
        lambda p: be_certified(p, days=-1),
    ),
    Fault(
        "a key of another certificate",
        "settings",
        "does not belong to the certificate",
        lambda p: be_certified(p, own_key=False),
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
    Fault("another certificate authority", "tls", "is not trusted on this machine", trust_strangers),
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
        lambda p: stand_in(p, LOGIN, GRAPH, days=-1),
    ),
    Fault(
        "a server certificate for another name",
        "tls",
        f"The certificate that {LOGIN} shows",
        lambda p: stand_in(p, "login.contoso.com"),
    ),
    Fault(
        "somebody looks into what goes to Graph",
        "tls",
        f"The certificate that {GRAPH} shows",
        inspect_graph_only,
    ),
    Fault("no TLS where it should be", "tls", "does not speak TLS", lambda p: p.stand_behind(speak_plain)),
)
SIGN_IN = (
    Fault("a tenant that there is not", "tenant", "does not know the tenant", give(tenant_id=NOWHERE)),
    Fault(
        "a tenant that is only a word",
        "tenant",
        "neither a tenant's GUID nor a domain",
        give(tenant_id="contoso"),
    ),
    Fault(
        "no tenant of its own", "tenant", "An app signs in to one tenant of its own", give(tenant_id="common")
    ),
    Fault("a tenant of Azure Global in GCC High", "tenant", "Choose “Azure Global”", move_to_gcc_high),
    Fault(
        "a tenant of GCC High in Azure Global",
        "tenant",
        "Choose “Azure US GCC High”",
        name_tenant_of_gcc_high,
    ),
    Fault(
        "Entra ID out of order",
        "tenant",
        "cannot answer at the moment",
        fail(DISCOVERY, status=503, retry_after=0),
    ),
    Fault("Entra ID too busy", "tenant", "HTTP 429", fail(DISCOVERY, status=429, retry_after=0)),
    Fault("Entra ID that breaks off", "tenant", "broke off", fail(DISCOVERY, drop_response=True)),
    Fault(
        "a network that wants its terms accepted first",
        "tenant",
        "a login page of the network",
        lambda p: stand_in(p, LOGIN, GRAPH),
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
    Fault("an app that there is not", "client", f"has no app {NOWHERE}", give(client_id=NOWHERE)),
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
        fail(TOKEN, status=503, retry_after=0),
    ),
    Fault("tokens that do not arrive", "client", "broke off", fail(TOKEN, drop_response=True)),
    Fault("a wrong secret", "credential", "it is not one of app", give(client_secret="wrong-8Q~secret")),
    Fault("an expired secret", "credential", "it has expired", lambda p: p.be_app("Old bot")),
    Fault("a certificate that the app has not", "credential", "is not registered with app", be_certified),
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
        "does not have the application permission Mail.Send, which “Forward”, “Reply”, “Reply all”, “Send” need",
        lambda p: p.tenant.change_app("Invoice bot", application_permissions=["Mail.ReadWrite"]),
    ),
    Fault("no Mail.Read", "permission:Mail.Read", "which “List messages” needs", read_only_user),
    Fault(
        "a user that there is not",
        "mailbox",
        "There is no mailbox nobody@",
        give(username="nobody@contoso.com"),
    ),
    Fault(
        "a shared mailbox that there is not", "mailbox", "Get-EXOMailbox", open_shared("nothing@contoso.com")
    ),
    Fault(
        "an access policy that keeps the app out",
        "mailbox",
        f"Test-ApplicationAccessPolicy -Identity '{AP}' -AppId",
        fail(INBOX, status=403),
    ),
    Fault("Graph too busy", "mailbox", "turning requests away", fail(INBOX, status=429, retry_after=0)),
    Fault("Graph out of order", "mailbox", "cannot answer", fail(INBOX, status=503, retry_after=0)),
    Fault("Graph that breaks off", "mailbox", "broke off", fail(INBOX, drop_response=True)),
    Fault(
        "a token that Graph refuses", "mailbox", "did not accept the access token", fail(INBOX, status=401)
    ),
    Fault(
        "somebody who answers in place of Graph", "mailbox", "did not describe the Inbox", stand_in_for_graph
    ),
    Fault("a policy against sending", "sending", "Test-ApplicationAccessPolicy", fail(SEND_MAIL, status=403)),
    Fault("Graph that does not send", "sending", "Microsoft Graph", fail(SEND_MAIL, status=503)),
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
        sign_in_and_then(lambda p: p.tenant.change_app(DESKTOP, enabled=False)),
    ),
    Fault(
        "a sign-in page out of order",
        "client",
        "cannot answer at the moment (HTTP 503)",
        sign_in_and_then(fail(AUTHORIZE, status=503)),
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
        sign_in_and_then(lambda p: p.tenant.change_app(DESKTOP, redirect_uris=[])),
    ),
    Fault("a redirect URL in use", "redirect", "in use by another program", use_port_of_another),
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
        have_no_keychain,
    ),
    Fault("a keychain that is locked", "kept-sign-in", "Unlock it", have_locked_keychain),
    Fault(
        "a key that is none",
        "kept-sign-in",
        "POSTROOM_TOKEN_KEY holds no key",
        sign_in_and_then(lambda p: p.set_variable("POSTROOM_TOKEN_KEY", "short")),
    ),
    Fault(
        "another key than before",
        "kept-sign-in",
        "Nobody has signed in",
        sign_in_and_then(lambda p: p.set_variable("POSTROOM_TOKEN_KEY", "Q" * 42 + "A")),
    ),
    Fault(
        "no folder to keep a sign-in in",
        "kept-sign-in",
        "Let this account write into the folder",
        have_no_folder,
    ),
    Fault(
        "a sign-in that was revoked",
        "kept-sign-in",
        "an administrator revoked it",
        sign_in_and_then(lambda p: p.tenant.revoke(user=AP)),
    ),
    Fault("a sign-in that was not used", "kept-sign-in", "not used for so long", refuse_refresh(700082)),
    Fault("a sign-in that is due again", "kept-sign-in", "sign-in frequency", refuse_refresh(70043)),
    Fault(
        "an account that is disabled",
        "kept-sign-in",
        f"Update-MgUser -UserId '{AP}'",
        sign_in_and_then(lambda p: p.tenant.change_user(AP, enabled=False)),
    ),
    Fault(
        "multi-factor authentication that is asked for",
        "kept-sign-in",
        "multi-factor authentication",
        sign_in_and_then(lambda p: p.tenant.change_user(AP, mfa_required=True)),
    ),
    Fault(
        "Conditional Access",
        "kept-sign-in",
        "Conditional Access",
        sign_in_and_then(lambda p: p.tenant.change_user(AP, blocked=True)),
    ),
    Fault(
        "a consent that was withdrawn",
        "consent",
        "/adminconsent?client_id=",
        sign_in_and_then(lambda p: p.tenant.withdraw_consent(DESKTOP)),
    ),
    Fault(
        "a shared mailbox that was not consented to",
        "consent",
        f"postroom connect --mode authorization-code --username {AP} --mailbox {SHARED}",
        sign_in_and_then(open_shared(SHARED)),
    ),
    Fault(
        "a shared mailbox without Full Access",
        "mailbox",
        f"Add-MailboxPermission -Identity '{CLOSED}' -User '{AP}' -AccessRights FullAccess",
        lambda p: have_signed_in(p, CLOSED),
    ),
    Fault(
        "a shared mailbox without Send As",
        "sending",
        f"Add-RecipientPermission -Identity '{SHARED}' -Trustee '{AP}' -AccessRights SendAs",
        sign_in_and_then(lambda p: p.tenant.change_user(SHARED, send_as=[]), SHARED),
    ),
)
FAULTS = (*SETTINGS, *NETWORK, *SIGN_IN, *RIGHTS, *PERSON)
