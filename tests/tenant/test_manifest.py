"""The manifest tells a script all it needs, in the shape that scripts rely on."""

from pathlib import Path

from cryptography import x509

from postroom.tenant.manifest import find_manifest
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

APP_FIELDS = {
    *("name", "client_id", "client_secret", "public", "redirect_uris"),
    *("application_permissions", "delegated_permissions"),
}
BOT_PERMISSIONS = ["Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "User.Read.All"]


def test_addresses(tenant: RunningTenant) -> None:
    """The clouds are served on neighbouring ports, the proxy on the third."""
    manifest, port = tenant.manifest, tenant.port
    assert set(manifest) == {"ca", "proxy", "control", "clouds"}
    assert manifest["proxy"] == f"http://localhost:{port + 2}"
    assert manifest["control"] == f"https://localhost:{port}/_tenant"
    assert tenant.cloud(GLOBAL)["login"] == tenant.cloud(GLOBAL)["graph"] == f"https://localhost:{port}"
    assert tenant.cloud(GCC_HIGH)["graph"] == f"https://localhost:{port + 1}"


def test_apps(tenant: RunningTenant) -> None:
    """Both clouds have the same seven apps, with ids and secrets of their own."""
    for cloud in (GLOBAL, GCC_HIGH):
        apps = {app["name"]: app for app in tenant.cloud(cloud)["apps"]}
        assert all(set(app) - {"certificate"} == APP_FIELDS for app in apps.values())
        assert {name: app["application_permissions"] for name, app in apps.items()} == {
            "Invoice bot": BOT_PERMISSIONS,
            "Reader bot": ["Mail.Read"],
            "Unconsented bot": [],
            "Old bot": BOT_PERMISSIONS,
            "Desktop bot": [],
            "Portal bot": [],
            "Control Room": [],
        }
        desktop = apps["Desktop bot"]
        assert (desktop["public"], desktop["client_secret"]) == (True, None)
        callback = "http://localhost:8000/oauth/callback"
        assert desktop["redirect_uris"] == ["http://localhost", "http://localhost:9999/Callback", callback]
        assert apps["Control Room"]["redirect_uris"] == [callback]
        assert apps["Control Room"]["client_secret"]
        assert {"offline_access", "Mail.ReadWrite.Shared"} <= set(desktop["delegated_permissions"])
        portal = apps["Portal bot"]
        assert not portal["public"]
        assert portal["client_secret"]
        assert portal["redirect_uris"] == [
            "https://portal.contoso.com/callback",
            "http://localhost:9998/callback",
        ]
    ids = [app["client_id"] for cloud in (GLOBAL, GCC_HIGH) for app in tenant.cloud(cloud)["apps"]]
    assert len(set(ids)) == len(ids)


def test_users(tenant: RunningTenant) -> None:
    """Both clouds have three people and two shared mailboxes, one of which a person is a member of."""
    for cloud, domain in ((GLOBAL, "contoso.com"), (GCC_HIGH, "contoso.us")):
        users = {user["username"]: user for user in tenant.cloud(cloud)["users"]}
        assert set(users) == {f"{name}@{domain}" for name in ("ap", "adele", "megan", "invoices", "board")}
        assert users[f"adele@{domain}"]["display_name"] == "Adele Vance"
        assert users[f"invoices@{domain}"]["members"] == [f"ap@{domain}"]
        assert (users[f"board@{domain}"]["shared"], users[f"board@{domain}"]["members"]) == (True, [])
        assert all(user["password"] for user in users.values())


def test_the_named_files_are_there(tenant: RunningTenant) -> None:
    """The authority is a certificate without key; the app's file has both."""
    assert b"PRIVATE" not in Path(tenant.manifest["ca"]).read_bytes()
    pem = Path(tenant.app()["certificate"]).read_bytes()
    assert b"PRIVATE KEY" in pem
    assert x509.load_pem_x509_certificate(pem).subject.rfc4514_string() == "CN=Invoice bot"


def test_the_manifest_can_be_found_again(tenant: RunningTenant, tmp_path: Path) -> None:
    """A data folder gives its manifest, and another none."""
    assert find_manifest(tenant.data) == tenant.manifest
    assert find_manifest(tmp_path) is None
