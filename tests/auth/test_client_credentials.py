"""Client Credentials against the local tenant."""

import threading
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from postroom import Credential, Variable, outlook
from postroom.errors import (
    CertificateError,
    ClientRefusedError,
    ClientUnknownError,
    SettingError,
    SignInUnavailableError,
    TenantNotFoundError,
    WrongCloudError,
)
from postroom.values import Secret
from support.connections import Connect
from support.odd_networks import open_proxy, serve_tls, write_authority
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant


def count_token_requests(tenant: RunningTenant) -> int:
    return sum(request["path"].endswith("/token") for request in tenant.requests())


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
def test_an_app_signs_in_with_its_secret(connect: Connect, tenant: RunningTenant, cloud: str) -> None:
    """The same settings work in both clouds, and no request goes to the other."""
    assert connect(cloud=cloud).folder_exists("Inbox")
    assert {request["cloud"] for request in tenant.requests()} == {cloud}


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
def test_an_app_signs_in_with_its_certificate(connect: Connect, tenant: RunningTenant, cloud: str) -> None:
    """A PEM file, or its text, takes the place of the secret."""
    path = tenant.app(cloud=cloud)["certificate"]
    for certificate in (path, Secret(Path(path).read_text())):
        mailbox = connect(cloud=cloud, client_secret=None, client_certificate=certificate)
        assert mailbox.folder_exists("Inbox")


def test_settings_come_from_credentials_and_variables(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting of the mode takes a credential, a variable or an insecure string."""
    app = tenant.app()
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET", app["client_secret"])
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_CLIENT_ID", app["client_id"])
    mailbox = connect(
        client_id=Credential("azure", "client_id"),
        tenant_id=Variable("tenant"),
        client_secret=Credential("azure", "client_secret"),
        username=Variable("user"),
        variables={"tenant": tenant.cloud()["tenant_id"], "user": "adele@contoso.com"},
    )
    assert mailbox.address == "adele@contoso.com"


def test_threads_share_one_token_request(connect: Connect, tenant: RunningTenant) -> None:
    """Twenty threads with a cold cache make one token request; a second connection makes none."""
    mailbox = connect()
    first = count_token_requests(tenant)
    threads = [threading.Thread(target=mailbox.folder_exists, args=("Inbox",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connect(username="adele@contoso.com")
    assert count_token_requests(tenant) == first <= 1


def test_a_cold_cache_makes_one_request_for_all_threads(tenant: RunningTenant, connect: Connect) -> None:
    """Token sources of one app, made in many threads at once, ask Entra ID once."""
    tenant.revoke("Invoice bot")
    mailbox = connect()
    tenant.clear_requests()
    tenant.advance_clock(7200)
    threads = [threading.Thread(target=mailbox.folder_exists, args=("Inbox",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count_token_requests(tenant) == 1


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        ({"client_secret": "not-the-secret"}, ClientRefusedError, "secret's value"),
        ({"client_id": "11111111-2222-4333-8444-555555555555"}, ClientUnknownError, "has no app"),
        (
            {"tenant_id": "11111111-2222-4333-8444-555555555555"},
            TenantNotFoundError,
            "does not know the tenant",
        ),
        ({"tenant_id": "a/b"}, SettingError, "Tenant ID is neither"),
        ({"client_secret": ""}, SettingError, "Client secret is empty"),
        ({"client_secret": None}, SettingError, "Client secret is missing"),
    ],
)
def test_a_wrong_setting_is_named(
    connect: Connect, overrides: dict[str, str], error: type[Exception], words: str
) -> None:
    """A wrong secret, app or tenant each gets a sentence of its own."""
    with pytest.raises(error, match=words):
        connect(**overrides)


def test_an_expired_secret_says_so(connect: Connect) -> None:
    """An expired secret is no wrong one: the message says what to make anew, and where."""
    with pytest.raises(ClientRefusedError, match="has expired") as caught:
        connect(app="Old bot")
    assert caught.value.aadsts == 7000222
    assert caught.value.request_id


@pytest.mark.parametrize(("cloud", "other"), [(GLOBAL, GCC_HIGH), (GCC_HIGH, GLOBAL)])
def test_a_tenant_of_the_other_cloud_gets_no_secret(
    connect: Connect, tenant: RunningTenant, cloud: str, other: str
) -> None:
    """Where a tenant turns out to live in the other cloud, nothing is sent there."""
    tenant.clear_requests()
    with pytest.raises(WrongCloudError, match="other Azure cloud"):
        connect(cloud=cloud, tenant_id=tenant.cloud(other)["tenant_id"])
    assert {request["cloud"] for request in tenant.requests()} == {cloud}
    assert count_token_requests(tenant) == 0


def test_a_certificate_of_another_app_is_refused(connect: Connect, tenant: RunningTenant) -> None:
    """A certificate that the app does not have is refused by Entra ID."""
    other = tenant.app(cloud=GCC_HIGH)["certificate"]
    with pytest.raises(ClientRefusedError, match="not registered with app"):
        connect(client_secret=None, client_certificate=other)


def test_what_is_no_certificate_is_refused_before_anything_is_sent(
    connect: Connect, tenant: RunningTenant, tmp_path: Path
) -> None:
    """A missing file, a PEM without key, and both kinds of proof at once are told apart."""
    pem = Path(tenant.app()["certificate"]).read_bytes()
    public = x509.load_pem_x509_certificate(pem).public_bytes(_pem_encoding())
    keyless = tmp_path / "keyless.pem"
    keyless.write_bytes(public)
    for certificate, words in (
        ("missing.pem", "neither PEM text nor a file"),
        (str(keyless), "no private key"),
    ):
        with pytest.raises(CertificateError, match=words):
            connect(client_secret=None, client_certificate=certificate)
    with pytest.raises(SettingError, match="Give one of the two"):
        connect(client_certificate=str(keyless))


def _pem_encoding() -> "object":
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.PEM


def test_a_busy_sign_in_is_asked_again(connect: Connect, tenant: RunningTenant) -> None:
    """Entra ID may be busy for a moment: its Retry-After is obeyed."""
    tenant.revoke("Invoice bot")
    tenant.add_fault(path="*/openid-configuration", status=503, retry_after=0.01, count=2)
    assert connect().folder_exists("Inbox")


def test_a_sign_in_that_stays_busy_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """After a few attempts the message says that nothing is wrong with the settings."""
    tenant.add_fault(path="*/openid-configuration", status=503, retry_after=0.01)
    with pytest.raises(SignInUnavailableError, match="Nothing is wrong with your settings"):
        connect()


def test_a_clock_that_is_off_is_named(connect: Connect, tenant: RunningTenant) -> None:
    """A certificate's signature carries the time: when it is refused, the message names the clock."""
    tenant.advance_clock(3 * 3600)
    with pytest.raises(ClientRefusedError, match="clock of this machine is 180 minutes behind"):
        connect(client_secret=None, client_certificate=tenant.app()["certificate"])


def test_a_clock_that_is_off_does_not_stop_a_secret(connect: Connect, tenant: RunningTenant) -> None:
    """With a secret, a token that Graph finds expired is renewed once, and the work goes on."""
    mailbox = connect()
    tenant.advance_clock(2 * 3600)
    assert mailbox.folder_exists("Inbox")


def test_settings_do_not_print_the_secret(tenant: RunningTenant) -> None:
    """The repr of the mode shows everything but the secret."""
    mode = outlook.ClientCredentials(client_id="a", tenant_id="b", client_secret="tomato-soup", username="c")
    assert "tomato-soup" not in repr(mode)


def test_a_page_in_place_of_entra_id_is_told(
    reachable_tenant: RunningTenant, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A portal of the network that answers with a page of its own is named, though its certificate is trusted."""
    authority = trustme.CA()
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(tmp_path, authority)))
    certificate = authority.issue_cert("login.microsoftonline.com")
    with open_proxy(serve_tls(certificate, b"<html>Welcome to our network</html>")) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy)
        with pytest.raises(SignInUnavailableError, match="does not speak its language"):
            connect()
