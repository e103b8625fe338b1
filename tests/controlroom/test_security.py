"""What others may try on a Control Room's pages, one test each; every one is refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from support.access_table import PAGES
from support.control_room import TOKEN_FIELD
from support.people import PASSWORD, People
from support.provider_connections import create_connection
from support.sign_in import sign_in
from support.tenant import RunningTenant

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

ClientAs = Callable[..., "Client"]
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "https:evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
)
ATTEMPTS = 5
OWN_SOURCES = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:"}
"""All that a policy may name; a host, a scheme or * is a third party."""


def sign_in_with(client: "Client", username: str, password: str, **more: Any) -> "HttpResponse":
    """Send the form of the sign-in page."""
    return client.post("/login/", {"username": username, "password": password, **more})


@pytest.mark.parametrize("path", ["/me/", "/logout/", "/language/", "/me/devices/"])
def test_a_form_from_elsewhere_is_refused(client_as: ClientAs, people: People, path: str) -> None:
    """CSRF: a form without the token of our own page changes nothing, whoever is signed in."""
    client = client_as(people.administrator, enforce_csrf_checks=True)
    answer = client.post(path, {"name": "Mallory", "language": "ja"})
    assert answer.status_code == 403
    people.administrator.refresh_from_db()
    assert (people.administrator.name, people.administrator.language) == ("", "")


def test_the_sign_in_form_from_elsewhere_is_refused(client_as: ClientAs, people: People) -> None:
    """CSRF: nobody can be signed in to another's account without noticing."""
    client = client_as(enforce_csrf_checks=True)
    assert sign_in_with(client, "auditor", PASSWORD).status_code == 403


def test_the_api_by_session_needs_the_token_too(client_as: ClientAs, people: People) -> None:
    """CSRF: a page elsewhere cannot have a signed-in person's browser call the API; our own pages can."""
    client = client_as(people.creator, enforce_csrf_checks=True)
    body, content = {"name": "Laptop"}, "application/json"
    assert client.post("/api/devices", body, content_type=content).status_code == 403
    found = TOKEN_FIELD.search(client.get("/me/").content.decode())
    assert found
    answer = client.post("/api/devices", body, content_type=content, headers={"X-CSRFToken": found[1]})
    assert answer.status_code == 201


def test_the_api_by_key_needs_no_token(client_as: ClientAs, people: People) -> None:
    """An API key is sent by no browser by itself, so that there is nothing to forge."""
    from postroom.controlroom.accounts.device_keys import add_device

    _, key = add_device(people.creator, "Desk")
    client = client_as(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {key.reveal()}"})
    answer = client.post("/api/devices", {"name": "Laptop"}, content_type="application/json")
    assert answer.status_code == 201


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_nowhere_else(client_as: ClientAs, people: People, elsewhere: str) -> None:
    """Open redirect: after the sign-in one comes to a page of ours, whatever the address asked for."""
    client = client_as()
    answer = client.post(
        f"/login/?next={elsewhere}", {"username": "auditor", "password": PASSWORD, "next": elsewhere}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/login/", {"next": elsewhere}).headers.get("Location", "/") == "/"


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_switching_the_language_leads_nowhere_else(client_as: ClientAs, db: None, elsewhere: str) -> None:
    """Open redirect: the switch comes back to a page of ours, whatever form and referrer say."""
    answer = client_as().post(
        "/language/", {"language": "ja", "next": elsewhere}, headers={"Referer": "https://evil.example/"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/")


def start_shared_sign_in(client: "Client", connection: Any, **fields: str) -> str:
    """Begin the Shared sign-in as the page's button does, and give the provider's address."""
    answer = client.post(f"/oauth/start/{connection.pk}/shared", fields)
    assert answer.status_code == 200
    return str(answer.context["url"])


@pytest.fixture
def redirect_uri(reachable_tenant: RunningTenant) -> str:
    """Register our callback with the tenant's app."""
    from postroom.controlroom.connections.sign_ins import get_callback_url

    reachable_tenant.change_app("Portal bot", redirect_uris=[get_callback_url()])
    return get_callback_url()


@pytest.fixture
def come_back(reachable_tenant: RunningTenant, redirect_uri: str) -> Callable[[str], str]:
    """Sign in at the provider; gives the address that the browser is sent back to."""

    def go(url: str) -> str:
        answer = sign_in(reachable_tenant, url, "ap@contoso.com")
        return f"/oauth/callback?{httpx2.QueryParams(answer)}"

    return go


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_a_sign_in_to_a_provider_leads_nowhere_else(
    client_as: ClientAs,
    people: People,
    reachable_tenant: RunningTenant,
    come_back: Callable[[str], str],
    elsewhere: str,
) -> None:
    """Open redirect: from the provider one comes back to the connection, whatever was sent along."""
    connection, client = create_connection(reachable_tenant), client_as(people.administrator)
    back = come_back(start_shared_sign_in(client, connection, return_to=elsewhere, next=elsewhere))
    answer = client.get(f"{back}&return_to={elsewhere}&next={elsewhere}")
    assert (answer.status_code, answer["Location"]) == (302, f"/connections/{connection.pk}/")


def test_an_answer_counts_once(
    client_as: ClientAs, people: People, reachable_tenant: RunningTenant, come_back: Callable[[str], str]
) -> None:
    """State replay: the address that the provider sent the browser to does nothing a second time."""
    from postroom.controlroom.connections.models import ConnectionToken

    connection, client = create_connection(reachable_tenant), client_as(people.administrator)
    back = come_back(start_shared_sign_in(client, connection))
    assert client.get(back).status_code == 302
    kept = ConnectionToken.objects.get()
    assert client.get(back).status_code == 400
    assert ConnectionToken.objects.get().generation == kept.generation


def test_an_answer_counts_in_one_browser(
    client_as: ClientAs, people: People, reachable_tenant: RunningTenant, come_back: Callable[[str], str]
) -> None:
    """State theft: in the browser of another person, also of one who may, the answer does nothing."""
    from postroom.controlroom.connections.models import ConnectionToken

    connection, client = create_connection(reachable_tenant), client_as(people.administrator)
    back = come_back(start_shared_sign_in(client, connection))
    for other in (None, people.administrator, people.outsider):
        assert client_as(other).get(back).status_code == 400
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert client.get(back.replace(state, "another")).status_code == 400
    assert not ConnectionToken.objects.exists()


@pytest.mark.parametrize("path", sorted(row.path for row in PAGES.values() if "{" not in row.path))
@pytest.mark.parametrize("who", ["anonymous", "administrator"])
def test_headers_of_every_page(client_as: ClientAs, people: People, path: str, who: str) -> None:
    """No page can be put into a frame of another site, nor load anything from one, nor tell one where it was."""
    answer = client_as(None if who == "anonymous" else people.administrator).get(path)
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    policy = {
        directive.split()[0]: set(directive.split()[1:])
        for directive in answer["Content-Security-Policy"].split(";")
    }
    assert policy["frame-ancestors"] == policy["object-src"] == {"'none'"}
    assert {"default-src", "script-src", "style-src", "form-action", "base-uri"} <= policy.keys()
    assert set().union(*policy.values()) <= OWN_SOURCES


def test_a_session_from_before_the_sign_in_is_not_kept(client_as: ClientAs, people: People) -> None:
    """Session fixation: whoever set a session before the sign-in does not share in it."""
    client = client_as()
    planted = client.session
    planted["planted"] = True
    planted.save()
    client.cookies["postroom_session"] = planted.session_key
    assert sign_in_with(client, "auditor", PASSWORD).status_code == 302
    assert client.cookies["postroom_session"].value != planted.session_key
    other = client_as()
    other.cookies["postroom_session"] = planted.session_key
    assert other.get("/").status_code == 302


def test_signing_out_ends_the_session(client_as: ClientAs, people: People) -> None:
    """A copy of the cookie is worth nothing afterwards."""
    client, copy = client_as(), client_as()
    sign_in_with(client, "auditor", PASSWORD)
    copy.cookies["postroom_session"] = client.cookies["postroom_session"].value
    assert copy.get("/").status_code == 200
    client.post("/logout/")
    assert copy.get("/").status_code == 302


def test_passwords_cannot_be_tried_out(client_as: ClientAs, people: People) -> None:
    """Brute force: after five wrong ones not even the right one opens, and others at that address still can."""
    client = client_as()
    for number in range(ATTEMPTS):
        refused = sign_in_with(client, "auditor", f"wrong {number}")
    assert refused.status_code == 429
    assert sign_in_with(client, "auditor", PASSWORD).status_code == 429
    assert sign_in_with(client_as(), "auditor", PASSWORD).status_code == 429
    assert sign_in_with(client_as(), "creator", PASSWORD).status_code == 302


def test_another_address_cannot_lock_somebody_out(client_as: ClientAs, people: People) -> None:
    """Who tries wrong passwords elsewhere does not keep the person out."""
    for number in range(ATTEMPTS + 1):
        sign_in_with(client_as(REMOTE_ADDR="10.9.8.7"), "auditor", f"wrong {number}")
    assert sign_in_with(client_as(REMOTE_ADDR="10.1.2.3"), "auditor", PASSWORD).status_code == 302


def test_the_address_in_a_header_is_not_believed(client_as: ClientAs, people: People) -> None:
    """Brute force: an address that one writes into a header oneself opens no further attempts."""
    for number in range(ATTEMPTS):
        sign_in_with(client_as(headers={"X-Forwarded-For": f"10.0.0.{number}"}), "auditor", f"wrong {number}")
    forged = client_as(headers={"X-Forwarded-For": "10.0.0.99"})
    assert sign_in_with(forged, "auditor", PASSWORD).status_code == 429


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:8000@evil.example"])
def test_another_host_name_is_refused(client_as: ClientAs, db: None, host: str) -> None:
    """Host header: a page is never made for a name that is not ours, nor does it repeat that name."""
    answer = client_as().get("/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_the_callback_address_is_not_the_host_header(client_as: ClientAs, people: People) -> None:
    """Host header: where providers send people back to is what the configuration says, whoever asks how."""
    from postroom.controlroom.connections.sign_ins import get_callback_url

    answer = client_as(people.administrator).get("/login/", headers={"Host": "127.0.0.1:9"})
    assert answer.status_code in (200, 302)
    assert get_callback_url() == "http://localhost:8000/oauth/callback"
