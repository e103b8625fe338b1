"""A device without a browser waits for a person who signs in elsewhere (RFC 8628)."""

import re
from typing import Any

import httpx2
import pytest

from postroom.tenant.directory import App, User
from postroom.tenant.entra.device_codes import (
    GRANT_TYPE,
    approve_device,
    decline_device,
    find_device_request,
    grant_device_code,
)
from postroom.tenant.entra.device_requests import DeviceRequest
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.state import CloudState
from support.entra import Signer, assert_refused
from support.sign_in import Person, open_browser, walk
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


def ask_device_code(signer: Signer, **form: str) -> httpx2.Response:
    """Ask for a device code."""
    sent = {"client_id": signer.registered["client_id"], "scope": signer.scope} | form
    with signer.tenant.client(signer.cloud) as client:
        path = f"/{signer.tenant.cloud(signer.cloud)['tenant_id']}/oauth2/v2.0/devicecode"
        return client.post(path, data=sent)


def poll(signer: Signer, device: dict[str, Any]) -> httpx2.Response:
    """Ask whether the person has signed in."""
    return signer.ask(GRANT_TYPE, device_code=device["device_code"])


@BOTH_CLOUDS
def test_a_device_is_told_what_to_show(tenant: RunningTenant, cloud: str) -> None:
    """The device learns a code to show, where to type it in, for how long and how often to ask."""
    device = ask_device_code(Signer(tenant, cloud)).json()
    assert device.keys() == {
        *("user_code", "device_code", "verification_uri", "expires_in", "interval", "message")
    }
    assert re.fullmatch("[A-Z]{9}", device["user_code"])
    assert device["verification_uri"] == f"{tenant.cloud(cloud)['login']}/common/oauth2/deviceauth"
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert device["message"] == (
        f"To sign in, use a web browser to open the page {device['verification_uri']} and enter the code "
        f"{device['user_code']} to authenticate."
    )


@BOTH_CLOUDS
def test_a_device_gets_tokens_once_the_person_has_signed_in(tenant: RunningTenant, cloud: str) -> None:
    """Until then it is told to wait; afterwards the device code is used up."""
    signer = Signer(tenant, cloud)
    device = ask_device_code(signer).json()
    assert_refused(poll(signer, device), 400, "authorization_pending", 70016, "Continue polling.")
    let_in(tenant, device, signer.username)
    body = poll(signer, device).json()
    assert {"access_token", "refresh_token", "id_token"} <= body.keys()
    assert signer.refresh(body["refresh_token"]).status_code == 200
    assert_refused(poll(signer, device), 400, "bad_verification_code", 70018, "Invalid verification code.")


def let_in(tenant: RunningTenant, device: dict[str, Any], username: str) -> None:
    """Type in the code, sign in and consent, until the pages end."""
    with open_browser(tenant) as client:
        person = Person(tenant, client).visit(device["verification_uri"])
        form = person.page.forms[0]
        code = next(field for field in form.controls if field.attributes.get("type") == "text")
        button = next(field for field in form.controls if field.tag == "button")
        person.press(
            button.attributes.get("id") or button.text.strip(),
            **{code.attributes["name"]: device["user_code"]},
        )
        with pytest.raises(AssertionError, match=r"ends at a page.*You have signed in"):
            walk(person, username)


@pytest.fixture
def waiting(cloud: CloudState, desktop: App) -> DeviceRequest:
    """Give a request that waits for a person."""
    now = cloud.now().timestamp()
    request = DeviceRequest(
        "BCDFGHJKL", desktop.client_id, frozenset({"Mail.Read"}), frozenset({"openid"}), "", now + 900
    )
    cloud.device_requests.add(request, now)
    return request


def redeem(cloud: CloudState, waiting: DeviceRequest) -> dict[str, Any]:
    """Ask for the tokens of a request."""
    content = {
        "user_code": waiting.user_code,
        "client_id": waiting.client_id,
        "expires": waiting.expires,
    }
    form = {"client_id": waiting.client_id, "device_code": cloud.sealer.seal("device code", content)}
    return grant_device_code(TokenRequest(cloud.directory.tenant_id, "localhost", form), cloud)


def refuse(cloud: CloudState, waiting: DeviceRequest) -> tuple[str, int]:
    """Expect a refusal, and give its error and number."""
    with pytest.raises(EntraRefusedError) as refused:
        redeem(cloud, waiting)
    return refused.value.error, refused.value.number


def test_a_person_declines(cloud: CloudState, waiting: DeviceRequest) -> None:
    """The device is told so, and the code leads nowhere any more."""
    decline_device(waiting.user_code, cloud)
    assert refuse(cloud, waiting) == ("authorization_declined", 65004)
    assert find_device_request(waiting.user_code, cloud) is None


def test_a_code_expires(cloud: CloudState, waiting: DeviceRequest, adele: User) -> None:
    """After fifteen minutes neither the person nor the device gets on."""
    cloud.clock.advance(901)
    assert refuse(cloud, waiting) == ("expired_token", 70020)
    with pytest.raises(EntraRefusedError):
        approve_device(waiting.user_code, adele, cloud)


def test_a_code_may_be_typed_in_any_way(cloud: CloudState, waiting: DeviceRequest) -> None:
    """Small letters, hyphens and spaces do not matter; a code that nobody got does."""
    assert find_device_request(" bcdf-ghjkl ", cloud) == waiting
    assert find_device_request("XXXXXXXXX", cloud) is None


def test_approval_is_not_consent(cloud: CloudState, waiting: DeviceRequest, adele: User) -> None:
    """Tokens still need the user's consent, and the code stays good until they are given."""
    approve_device(waiting.user_code, adele, cloud)
    assert refuse(cloud, waiting) == ("invalid_grant", 65001)
    app = cloud.directory.find_app(waiting.client_id)
    assert app is not None
    cloud.consents.grant(app, adele, {"Mail.Read"})
    assert redeem(cloud, waiting)["scope"] == "openid Mail.Read"
    cloud.consents.revoke(app)


def test_what_is_no_device_code(tenant: RunningTenant) -> None:
    """Garbage, another app's code, a request without a scope."""
    signer = Signer(tenant)
    assert poll(signer, {"device_code": "garbage"}).json()["error"] == "bad_verification_code"
    device = ask_device_code(signer).json()
    assert poll(Signer(tenant, app="Portal bot"), device).json()["error_codes"] == [70000]
    assert ask_device_code(signer, scope="").json()["error_codes"] == [900144]
