"""Save and test connection: step by step, to the first that does not hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postroom.controlroom.connections.client_secrets import add_secret as keep_secret
from postroom.controlroom.connections.client_secrets import read_certificate
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import Provider
from postroom.controlroom.connections.sign_ins import get_callback_url
from postroom.controlroom.connections.status import Status, get_status
from postroom.controlroom.connections.testing import Step, check_connection, examine, read_report
from postroom.controlroom.vault.master_keys import ensure_key
from support.custom_provider import CustomProvider, start_custom_provider
from support.people import People
from support.provider_connections import add_secret, create_connection
from support.round_trips import register_callback
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _vault(db: None) -> None:
    ensure_key()


def find_failure(connection: OAuthConnection) -> Step | None:
    """Give the step that does not hold."""
    return next((step for step in examine(connection) if step.holds is False), None)


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
@pytest.mark.parametrize(
    "grant_type", ["authorization_code", "authorization_code_pkce", "client_credentials"]
)
def test_all_holds_where_the_app_is_registered(
    reachable_tenant: RunningTenant, cloud: str, grant_type: str
) -> None:
    """With the right client ID, secret and callback URL every step holds, in both clouds."""
    register_callback(reachable_tenant)
    connection = create_connection(reachable_tenant, cloud=cloud, grant_type=grant_type)
    steps = list(examine(connection))
    assert [step.holds for step in steps] == [True] * len(steps)
    assert steps[-1].title == "Secret or certificate"


def test_nobody_is_signed_in_by_a_test(people: People, reachable_tenant: RunningTenant) -> None:
    """A test leaves a report and no token."""
    register_callback(reachable_tenant)
    connection = create_connection(reachable_tenant)
    assert check_connection(connection, people.administrator)
    assert not connection.tokens.exists()
    assert all(step.holds for step in read_report(OAuthConnection.objects.get()))


def test_an_app_that_acts_as_itself_is_connected_by_a_test(
    people: People, reachable_tenant: RunningTenant
) -> None:
    """Nobody could sign in for it, so that a test that holds makes it Active."""
    connection = create_connection(reachable_tenant, grant_type="client_credentials")
    assert get_status(connection) is Status.NOT_CONNECTED
    assert check_connection(connection, people.administrator)
    assert get_status(OAuthConnection.objects.get()) is Status.ACTIVE
    assert connection.tokens.get().last_used is None


def set_tenant(connection: OAuthConnection, tenant: RunningTenant) -> None:
    """Take the other cloud's tenant."""
    connection.tenant_id = tenant.cloud(GCC_HIGH)["tenant_id"]


def set_client(connection: OAuthConnection, tenant: RunningTenant) -> None:
    """Take a client ID that nobody has."""
    connection.client_id = "11111111-2222-3333-4444-555555555555"


def set_secret(connection: OAuthConnection, tenant: RunningTenant) -> None:
    """Take a secret that the app does not have."""
    connection.secrets.all().delete()
    add_secret(connection, "a-secret-of-nothing")


def take_callback_away(connection: OAuthConnection, tenant: RunningTenant) -> None:
    """Leave the app without our callback URL."""
    tenant.change_app("Portal bot", redirect_uris=["https://elsewhere.example/"])


@pytest.mark.parametrize(
    ("spoil", "title", "says"),
    [
        (set_tenant, "Cloud and tenant", "other Azure cloud"),
        (set_client, "App and callback URL", "has no app"),
        (take_callback_away, "App and callback URL", "/oauth/callback"),
        (set_secret, "Secret or certificate", "refused the client secret"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_step_that_does_not_hold_says_what_to_do(
    reachable_tenant: RunningTenant, spoil: Callable[..., Any], title: str, says: str
) -> None:
    """Each mistake is told at its own step, with a sentence and a link; later steps are not reached."""
    register_callback(reachable_tenant)
    connection = create_connection(reachable_tenant)
    spoil(connection, reachable_tenant)
    steps = list(examine(connection))
    failed = next(step for step in steps if step.holds is False)
    assert (failed.title, says in failed.sentence) == (title, True), failed
    assert failed.fix
    assert all(step.holds is None for step in steps[steps.index(failed) + 1 :])


def test_an_older_secret_that_is_no_good_is_told_and_does_no_harm(reachable_tenant: RunningTenant) -> None:
    """During a change the newest counts; of the older one the report says that it can go."""
    register_callback(reachable_tenant)
    connection = create_connection(reachable_tenant, with_secret=False)
    add_secret(connection, "a-secret-of-nothing")
    add_secret(connection, reachable_tenant.app("Portal bot")["client_secret"])
    last = list(examine(connection))[-1]
    assert last.holds
    assert "remove it" in last.sentence


def test_a_public_client_has_nothing_to_prove(reachable_tenant: RunningTenant) -> None:
    """Without a secret the test ends at the callback URL."""
    register_callback(reachable_tenant, "Desktop bot")
    connection = create_connection(
        reachable_tenant,
        app="Desktop bot",
        grant_type="authorization_code_pkce",
        client_authentication="none",
    )
    steps = list(examine(connection))
    assert all(step.holds for step in steps)
    assert steps[-1].title == "App and callback URL"


def test_a_certificate_is_tried(reachable_tenant: RunningTenant) -> None:
    """An app with a certificate proves itself with it."""
    connection = create_connection(
        reachable_tenant,
        app="Invoice bot",
        grant_type="client_credentials",
        client_authentication="private_key_jwt",
    )
    keep_secret(
        connection, read_certificate(Path(reachable_tenant.app("Invoice bot")["certificate"]).read_text())
    )
    assert find_failure(connection) is None


@pytest.fixture(scope="module")
def provider() -> Any:
    """Give the provider of another maker, where people come back to our callback URL."""
    with start_custom_provider(get_callback_url()) as running:
        yield running


def connect_custom(provider: CustomProvider, **changed: str) -> OAuthConnection:
    """Make a Custom connection to it."""
    fields = {
        "client_id": provider.client_id,
        "authorization_url": provider.authorization_url,
        "token_url": provider.token_url,
        "scopes": "openid offline_access",
        **changed,
    }
    connection: OAuthConnection = OAuthConnection.objects.create(
        name="Custom",
        provider=Provider.CUSTOM,
        grant_type="authorization_code_pkce",
        client_authentication="client_secret",
        **fields,
    )
    return connection


def test_a_custom_provider_is_tested_without_a_sign_in(provider: CustomProvider) -> None:
    """Addresses, sign-in page and client hold at a provider that is not ours."""
    connection = connect_custom(provider)
    add_secret(connection, provider.client_secret)
    steps = list(examine(connection))
    assert [(step.title, step.holds) for step in steps] == [
        ("Addresses", True),
        ("Sign-in page", True),
        ("Client", True),
    ], steps


@pytest.mark.parametrize(
    ("changed", "title"),
    [
        ({"token_url": "http://127.0.0.1:9/token"}, "Addresses"),
        ({"token_url": "http://idp.example/token"}, "Addresses"),
        ({"client_id": "nobody"}, "Sign-in page"),
        ({"scopes": "openid made-up:scope"}, "Client"),
    ],
    ids=["nobody there", "not https", "client", "secret"],
)
def test_what_does_not_hold_at_a_custom_provider(
    provider: CustomProvider, changed: dict[str, str], title: str
) -> None:
    """Each mistake is told at its step; a wrong secret at the client's."""
    connection = connect_custom(provider, **changed)
    add_secret(connection, "a-secret-of-nothing")
    failed = find_failure(connection)
    assert failed is not None
    assert failed.title == title
    assert failed.sentence
