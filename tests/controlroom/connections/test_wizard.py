"""The four screens, as somebody fills them in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from postroom.clouds import AZURE_GLOBAL
from postroom.controlroom.accounts.models import Role
from postroom.controlroom.audit.models import AuditEntry
from postroom.controlroom.connections.client_secrets import reveal_secret
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.testing import read_report
from postroom.controlroom.vault.master_keys import ensure_key
from support.people import People
from support.round_trips import fill_client, register_callback, sign_in_by_pages
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

pytestmark = pytest.mark.django_db
IDENTITY = {"provider": "entra-global", "name": "Outlook365-Production", "description": "Invoices"}
PROVIDERS = {GLOBAL: "entra-global", GCC_HIGH: "entra-gcc-high"}


@pytest.fixture(autouse=True)
def _vault(db: None) -> None:
    ensure_key()


@pytest.fixture
def administrator(people: People, client_as: Callable[..., Client]) -> Client:
    """Give the browser of an administrator."""
    return client_as(people.administrator)


def errors_of(response: Any, form: str = "form") -> dict[str, list[str]]:
    """What the page says is wrong, by field."""
    return dict(response.context[form].errors)


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
def test_four_screens_make_a_connection_that_works(
    administrator: Client, people: People, reachable_tenant: RunningTenant, cloud: str
) -> None:
    """Provider, client, test, Shared sign-in and roles: in either cloud, with the secret kept nowhere in the clear."""
    register_callback(reachable_tenant)
    answer = administrator.post("/connections/new/", {**IDENTITY, "provider": PROVIDERS[cloud]})
    assert answer.headers["Location"] == "/connections/new/client/"
    answer = administrator.post(answer.headers["Location"], fill_client(reachable_tenant, cloud=cloud))
    connection = OAuthConnection.objects.get(name=IDENTITY["name"])
    assert answer.headers["Location"] == f"/connections/{connection.pk}/test/?new"
    report = read_report(connection)
    assert [step.holds for step in report] == [True] * len(report)
    assert "Save login credentials" in administrator.get(answer.headers["Location"]).content.decode()

    domain = reachable_tenant.cloud(cloud)["domain"]
    back = sign_in_by_pages(administrator, connection, reachable_tenant, f"ap@{domain}", "shared", new="1")
    assert back.headers["Location"] == f"/connections/{connection.pk}/roles/?new"
    assert ConnectionToken.objects.get(connection=connection, user=None).signed_in_as == f"ap@{domain}"

    role = Role.objects.get(name="Bot creator")
    answer = administrator.post(back.headers["Location"], {"roles": [role.pk]})
    assert answer.headers["Location"] == f"/connections/{connection.pk}/"
    assert list(connection.roles.all()) == [role]
    events = set(AuditEntry.objects.values_list("event", flat=True))
    assert {"CONNECTION_CREATED", "CONNECTION_TESTED", "CONNECTED", "ROLES_INVITED"} <= events


def test_going_back_loses_nothing(administrator: Client, reachable_tenant: RunningTenant) -> None:
    """What was typed is there again on either screen; of the secret only that there is one."""
    register_callback(reachable_tenant)
    administrator.post("/connections/new/", IDENTITY)
    typed = fill_client(reachable_tenant, secret_expires="2031-05-01")
    answer = administrator.post("/connections/new/client/", {**typed, "back": "1"})
    assert answer.headers["Location"] == "/connections/new/"
    assert administrator.get("/connections/new/").context["form"].initial["name"] == IDENTITY["name"]
    administrator.post("/connections/new/", {**IDENTITY, "name": "Another name"})
    page = administrator.get("/connections/new/client/")
    assert page.context["form"].initial["client_id"] == typed["client_id"]
    assert "2031-05-01" in page.content.decode()
    # The secret is not typed again.
    administrator.post("/connections/new/client/", {**typed, "client_secret": ""})
    secret = OAuthConnection.objects.get(name="Another name").secrets.get()
    assert reveal_secret(secret).reveal() == typed["client_secret"]


def test_a_secret_outlives_a_mistake_elsewhere(
    administrator: Client, reachable_tenant: RunningTenant
) -> None:
    """Where another field is wrong, the secret need not be typed again, and is not sent back to the page."""
    administrator.post("/connections/new/", IDENTITY)
    typed = fill_client(reachable_tenant)
    page = administrator.post("/connections/new/client/", {**typed, "tenant_id": "common"})
    assert list(errors_of(page)) == ["tenant_id"]
    assert typed["client_secret"] not in page.content.decode()
    assert administrator.post("/connections/new/client/", {**typed, "client_secret": ""}).status_code == 302


def test_another_provider_never_gets_the_secret(
    administrator: Client, reachable_tenant: RunningTenant
) -> None:
    """Who goes back and chooses another provider begins anew, so that no secret goes where it was not meant for."""
    administrator.post("/connections/new/", IDENTITY)
    administrator.post("/connections/new/client/", {**fill_client(reachable_tenant), "back": "1"})
    administrator.post("/connections/new/", {**IDENTITY, "provider": "custom"})
    custom = {
        "grant_type": "client_credentials",
        "client_authentication": "client_secret",
        "client_id": "bot",
        "token_url": "https://idp.example/token",
    }
    page = administrator.post("/connections/new/client/", custom)
    assert list(errors_of(page)) == ["client_secret"]


def test_names_differ_by_more_than_case(administrator: Client, reachable_tenant: RunningTenant) -> None:
    """A name that is there in other letters is refused on the first screen."""
    register_callback(reachable_tenant)
    administrator.post("/connections/new/", IDENTITY)
    administrator.post("/connections/new/client/", fill_client(reachable_tenant))
    page = administrator.post("/connections/new/", {**IDENTITY, "name": "OUTLOOK365-production"})
    assert list(errors_of(page)) == ["name"]


CUSTOM = {
    "grant_type": "authorization_code_pkce",
    "client_authentication": "none",
    "client_id": "bot",
    "authorization_url": "https://idp.example/auth",
    "token_url": "https://idp.example/token",
}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"token_url": "http://idp.example/token"}, "token_url"),
        ({"token_url": "https://user:word@idp.example/token"}, "token_url"),
        ({"authorization_url": ""}, "authorization_url"),
        ({"authorization_url": "javascript:alert(1)"}, "authorization_url"),
        ({"grant_type": "authorization_code"}, "client_authentication"),
        ({"grant_type": "client_credentials"}, "client_authentication"),
        ({"client_authentication": "client_secret"}, "client_secret"),
        ({"client_authentication": "private_key_jwt"}, "certificate"),
        ({"client_authentication": "private_key_jwt", "certificate": "/etc/passwd"}, "certificate"),
        ({"client_id": "two words"}, "client_id"),
        ({"scopes": "a\\b"}, "scopes"),
    ],
    ids=str,
)
def test_what_cannot_work_is_told_at_its_field(
    administrator: Client, changed: dict[str, str], field: str
) -> None:
    """Each mistake is told beside the field that it is in, and nothing is saved."""
    administrator.post("/connections/new/", {**IDENTITY, "provider": "custom"})
    page = administrator.post("/connections/new/client/", {**CUSTOM, **changed})
    assert list(errors_of(page)) == [field]
    assert not OAuthConnection.objects.exists()


@pytest.mark.parametrize(
    "url", ["http://localhost:9000/token", "http://127.0.0.1/token", "http://[::1]:1/token"]
)
def test_a_provider_on_this_machine_may_be_tried_without_https(administrator: Client, url: str) -> None:
    """Loopback addresses may be http, and what does not answer there is told by the test."""
    administrator.post("/connections/new/", {**IDENTITY, "provider": "custom"})
    answer = administrator.post("/connections/new/client/", {**CUSTOM, "token_url": url})
    assert answer.status_code == 302


def test_a_certificate_brings_its_own_date(
    administrator: Client, reachable_tenant: RunningTenant, tmp_path: Any
) -> None:
    """A certificate is validated, accepted by the provider, and its thumbprint and last day are read from it."""
    administrator.post("/connections/new/", IDENTITY)
    app = reachable_tenant.app("Invoice bot")
    typed = fill_client(
        reachable_tenant,
        "Invoice bot",
        grant_type="client_credentials",
        client_authentication="private_key_jwt",
        client_secret="",
        certificate=Path(app["certificate"]).read_text(),
        scopes="",
    )
    administrator.post("/connections/new/client/", typed)
    connection = OAuthConnection.objects.get()
    secret = connection.secrets.get()
    assert len(secret.thumbprint) == 40
    assert secret.expires is not None
    assert all(step.holds for step in read_report(connection))
    assert secret.thumbprint in administrator.get(f"/connections/{connection.pk}/").content.decode()


def test_scopes_for_people_do_not_hinder_an_app_that_acts_as_itself(
    administrator: Client, reachable_tenant: RunningTenant
) -> None:
    """Whoever chooses client credentials leaves the suggested scopes in a field that is hidden then."""
    administrator.post("/connections/new/", IDENTITY)
    typed = fill_client(reachable_tenant, "Invoice bot", grant_type="client_credentials")
    administrator.post("/connections/new/client/", typed)
    connection = OAuthConnection.objects.get()
    assert connection.scopes == AZURE_GLOBAL.scope
    assert "Active" in administrator.get(f"/connections/{connection.pk}/").content.decode()


def test_only_who_manages_connections_makes_them(people: People, client_as: Callable[..., Client]) -> None:
    """Others are refused at each screen, and nobody without an account gets in."""
    for page in ("/connections/new/", "/connections/new/client/"):
        assert client_as(people.creator).get(page).status_code == 403
        assert client_as().get(page).status_code == 302
