"""Delegated access: a person signs in once, and the app acts silently ever after."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from postroom import errors
from postroom.auth.delegated import DelegatedTokens
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in import BrowserSignIn, NoSignIn, SignIn
from postroom.auth.token_store import get_token_store
from postroom.clouds import CLOUDS, Cloud
from postroom.network import create_http_client
from support.desk import Desk
from support.entra import claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

AP = "ap@contoso.com"
OWN = ("Mail.ReadWrite", "Mail.Send")
TEN_DAYS = 10 * 24 * 3600.0
HUNDRED_DAYS = 10 * TEN_DAYS
REFRESH_PROCESSES = 4


@pytest.fixture
def http(desk: Desk) -> Iterator[httpx2.Client]:
    """Open an HTTP client that is led to the tenant."""
    with create_http_client("tests") as client:
        yield client


def place_in(tenant: RunningTenant, cloud: str = GLOBAL, app: str = "Desktop bot") -> SignInPlace:
    """Give the place of a sign-in with an app of the tenant."""
    chosen: Cloud = next(known for known in CLOUDS if known.name == cloud)
    return SignInPlace(chosen, tenant.cloud(cloud)["tenant_id"], tenant.app(app, cloud)["client_id"])


def make_tokens(
    desk: Desk,
    http: httpx2.Client,
    *,
    username: str = AP,
    permissions: tuple[str, ...] = OWN,
    sign_in: SignIn | None = None,
    cloud: str = GLOBAL,
) -> DelegatedTokens:
    """Make a token source as a connection does."""
    way = sign_in or BrowserSignIn("http://localhost")
    return DelegatedTokens(place_in(desk.tenant, cloud), username, permissions, way, http)


def count_token_requests(tenant: RunningTenant) -> int:
    """Count the requests to the token endpoint."""
    return sum(1 for request in tenant.requests() if request["path"].endswith("/oauth2/v2.0/token"))


@pytest.mark.parametrize(("cloud", "username"), [(GLOBAL, AP), (GCC_HIGH, "ap@contoso.us")])
def test_the_first_sign_in_is_attended_and_the_next_is_silent(
    desk: Desk, http: httpx2.Client, cloud: str, username: str
) -> None:
    """A browser opens once; a later connection opens none and asks for nothing."""
    desk.seat(username)
    token = make_tokens(desk, http, username=username, cloud=cloud).get_token()
    assert claims_of(token.reveal())["upn"] == username
    assert claims_of(token.reveal())["scp"].split() >= ["Mail.ReadWrite", "Mail.Send"]
    assert "You are connected" in desk.read_pages()[0]
    again = make_tokens(desk, http, username=username, cloud=cloud, sign_in=NoSignIn())
    assert again.get_token() == token
    assert (desk.links, count_token_requests(desk.tenant)) == (1, 1)


def test_state_and_verifier_are_fresh_for_each_attempt(
    desk: Desk, http: httpx2.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two attempts share neither state nor nonce nor code challenge."""
    links = []
    for _ in range(2):
        get_token_store(place_in(desk.tenant), AP).forget()
        make_tokens(desk, http).get_token()
        link = next(word for word in capfd.readouterr().err.split() if word.startswith("https://"))
        links.append(httpx2.URL(link).params)
    for name in ("state", "nonce", "code_challenge"):
        assert links[0][name] != links[1][name]
        assert len(links[0][name]) >= 32
    assert {link["code_challenge_method"] for link in links} == {"S256"}


def test_another_user_is_refused_and_nothing_is_kept(desk: Desk, http: httpx2.Client) -> None:
    """Who signs in must be who the connection is for; the browser says so too."""
    desk.seat("adele@contoso.com")
    with pytest.raises(errors.WrongUserError, match=r"is adele@contoso.com, but .* is for ap@contoso.com"):
        make_tokens(desk, http).get_token()
    (page,) = desk.read_pages()
    assert "adele@contoso.com" in page
    assert "You are connected" not in page
    with pytest.raises(errors.SignInNeededError):
        make_tokens(desk, http, sign_in=NoSignIn()).get_token()


def test_declined_consent_is_told(desk: Desk, http: httpx2.Client) -> None:
    """Who cancels on the consent page reads why nothing was connected."""
    desk.seat(AP, accept=False)
    with pytest.raises(errors.SignInDeniedError, match="declined") as caught:
        make_tokens(desk, http).get_token()
    assert caught.value.aadsts == 65004
    assert "declined" in desk.read_pages()[0]


def test_the_time_runs_out(desk: Desk, http: httpx2.Client) -> None:
    """Nobody signs in: the wait ends with a sentence that says what to do."""
    desk.seat(None)
    hurried = BrowserSignIn("http://localhost", timeout_seconds=0.2)
    with pytest.raises(errors.SignInTimeoutError, match="Run it again"):
        make_tokens(desk, http, sign_in=hurried).get_token()


def test_an_answer_of_another_sign_in_does_no_harm(desk: Desk, http: httpx2.Client) -> None:
    """A mixed-up state is turned away with a page of its own, and the right answer still counts."""
    desk.seat(AP, stranger_first=True)
    assert make_tokens(desk, http).get_token()
    foreign, own = desk.read_pages(2)
    assert "belongs to another sign-in" in foreign
    assert "You are connected" in own


def test_without_a_display_no_browser_is_tried(
    desk: Desk, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server the error names what can be done there."""
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(errors.SignInNeededError, match="--no-browser"):
        make_tokens(desk, http).get_token()
    assert desk.links == 0


def test_a_port_in_use_is_named(desk: Desk, http: httpx2.Client) -> None:
    """Where another program listens at the redirect URL, its port is in the error and no browser opens."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sign_in = BrowserSignIn(f"http://localhost:{port}/Callback")
        with pytest.raises(errors.PortInUseError, match=str(port)):
            make_tokens(desk, http, sign_in=sign_in).get_token()
    assert desk.links == 0


def test_a_refused_token_is_renewed_once_for_all(desk: Desk, http: httpx2.Client) -> None:
    """After Graph refused it, the token is refreshed silently; who was refused with the old one gets the new."""
    first, second = (make_tokens(desk, http) for _ in range(2))
    old = first.get_token()
    assert second.get_token() == old
    desk.tenant.clear_requests()
    new = first.renew_token(old)
    assert new != old
    assert second.renew_token(old) == new
    assert (desk.links, count_token_requests(desk.tenant)) == (1, 1)


def test_processes_that_need_a_token_at_once_refresh_once(desk: Desk, http: httpx2.Client) -> None:
    """Several programs whose token has run out share one refresh."""
    make_tokens(desk, http).get_token()
    desk.tenant.advance_clock(2 * 3600)
    desk.tenant.clear_requests()
    app = desk.tenant.app("Desktop bot")
    command = [sys.executable, "-m", "postroom", "connect", "--unattended", "--mode", "authorization-code"]
    command += ["--client-id", app["client_id"], "--tenant-id", desk.tenant.cloud()["tenant_id"]]
    programs = [
        subprocess.Popen([*command, "--username", AP], env=dict(os.environ), stdout=subprocess.PIPE)
        for _ in range(REFRESH_PROCESSES)
    ]
    for program in programs:
        program.communicate(timeout=60)
    assert [program.returncode for program in programs] == [0] * REFRESH_PROCESSES
    assert count_token_requests(desk.tenant) == 1


def test_a_sign_in_in_use_stays_alive(desk: Desk, http: httpx2.Client) -> None:
    """Each refresh gives a new refresh token, so a bot that runs now and then never has to ask again."""
    token = make_tokens(desk, http).get_token()
    for _ in range(10):
        desk.tenant.advance_clock(TEN_DAYS)
        token = make_tokens(desk, http, sign_in=NoSignIn()).renew_token(token)
    assert desk.links == 1


def test_a_sign_in_that_slept_too_long_is_over(desk: Desk, http: httpx2.Client) -> None:
    """Unattended, the error says why; attended, the person is asked again."""
    token = make_tokens(desk, http).get_token()
    desk.tenant.advance_clock(HUNDRED_DAYS)
    with pytest.raises(errors.SignInNeededError, match="not used for so long") as caught:
        make_tokens(desk, http, sign_in=NoSignIn()).renew_token(token)
    assert caught.value.aadsts == 700082
    assert make_tokens(desk, http).renew_token(token) != token
    assert desk.links == 2


def test_a_revoked_sign_in_is_over(desk: Desk, http: httpx2.Client) -> None:
    """After a change of the password the kept sign-in does not do any more."""
    token = make_tokens(desk, http).get_token()
    desk.tenant.revoke(user=AP)
    with pytest.raises(errors.SignInNeededError, match="password was changed") as caught:
        make_tokens(desk, http, sign_in=NoSignIn()).renew_token(token)
    assert caught.value.aadsts == 50173


def test_a_permission_without_consent_is_asked_for(desk: Desk, http: httpx2.Client) -> None:
    """For a shared mailbox more is needed: unattended it is named, attended the person is asked to accept."""
    make_tokens(desk, http).get_token()
    shared = ("Mail.ReadWrite.Shared", "Mail.Send.Shared")
    with pytest.raises(errors.ConsentMissingError, match="adminconsent"):
        make_tokens(desk, http, permissions=shared, sign_in=NoSignIn()).get_token()
    token = make_tokens(desk, http, permissions=shared).get_token()
    assert set(shared) <= set(claims_of(token.reveal())["scp"].split())
    assert desk.links == 2


def test_tokens_are_nowhere_in_plain_text(desk: Desk, http: httpx2.Client, tmp_path: Path) -> None:
    """After a sign-in and a refresh no file of the user holds a token, though the store does."""
    tokens = make_tokens(desk, http)
    tokens.renew_token(tokens.get_token())
    with get_token_store(place_in(desk.tenant), AP).open() as cache:
        kept = json.loads(cache.serialize())
    secrets = [
        entry["secret"].encode()
        for kind in ("AccessToken", "RefreshToken", "IdToken")
        for entry in kept[kind].values()
    ]
    assert len(secrets) >= 3
    files = [file for file in desk.folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".tokens" for file in files)
    for file in files:
        content = file.read_bytes()
        assert not any(secret in content or secret[:40] in content for secret in secrets), file.name


def test_nobody_knows_the_tenant(desk: Desk, http: httpx2.Client) -> None:
    """A wrong tenant is told before a browser opens."""
    place = place_in(desk.tenant)
    nowhere = SignInPlace(place.cloud, "nowhere.example", place.client_id)
    tokens = DelegatedTokens(nowhere, AP, OWN, BrowserSignIn("http://localhost"), http)
    with pytest.raises(errors.TenantNotFoundError):
        tokens.get_token()
    assert desk.links == 0
