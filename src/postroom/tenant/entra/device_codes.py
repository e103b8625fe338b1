"""The device code flow: a person signs in on another device than the one that waits (RFC 8628)."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.directory import User
from postroom.tenant.entra.authorization_codes import Authorization
from postroom.tenant.entra.client_authentication import get_client_of_tenant, identify_client
from postroom.tenant.entra.device_requests import DeviceRequest
from postroom.tenant.entra.forms import TokenRequest, read_token_request
from postroom.tenant.entra.realms import check_tenant
from postroom.tenant.entra.refusals import NO_STORE, refusal
from postroom.tenant.entra.scopes import read_scopes
from postroom.tenant.entra.sealing import SealError
from postroom.tenant.entra.user_tokens import answer_with_tokens
from postroom.tenant.state import CloudState

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
KIND = "device code"
LIFETIME_SECONDS = 900
INTERVAL_SECONDS = 5
USER_CODE_LENGTH = 9
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no words come out


async def issue_device_code(request: Request) -> Response:
    """Answer a device that wants a person to sign in (RFC 8628 §3.1)."""
    if request.method != "POST":
        raise refusal(900561, method=request.method)
    cloud: CloudState = request.app.state.cloud
    asked = await read_token_request(request)
    check_tenant(asked.tenant, cloud, is_confidential=asked.is_confidential)
    app = get_client_of_tenant(asked, cloud)
    request.state.app_name = app.name
    scopes = read_scopes(asked.get("scope"), cloud, app)
    now = cloud.now().timestamp()
    kept = DeviceRequest(
        user_code="".join(secrets.choice(USER_CODE_LETTERS) for _ in range(USER_CODE_LENGTH)),
        client_id=app.client_id,
        scopes=scopes.resource,
        openid=scopes.openid,
        prefix=scopes.prefix,
        expires=now + LIFETIME_SECONDS,
    )
    cloud.device_requests.add(kept, now)
    return JSONResponse(_describe(kept, cloud, cloud.login_url(asked.host)), headers=NO_STORE)


def find_device_request(user_code: str, cloud: CloudState) -> DeviceRequest | None:
    """Find what a device asks for by the code that a person types in; None when nothing waits for it any more."""
    found = cloud.device_requests.find(user_code)
    is_open = found is not None and not found.declined and found.user_id is None
    return found if found and is_open and cloud.now().timestamp() < found.expires else None


def approve_device(user_code: str, user: User, cloud: CloudState, amr: tuple[str, ...] = ("pwd",)) -> None:
    """Let the device sign in as this user, or refuse a code that nothing waits for (70018)."""
    request = _get_device_request(user_code, cloud)
    approved = max(int(cloud.now().timestamp()), user.tokens_valid_from)
    cloud.device_requests.approve(request, user.id, approved, amr)


def decline_device(user_code: str, cloud: CloudState) -> None:
    """Let the device be told that the person does not want it, or refuse a code that nothing waits for (70018)."""
    cloud.device_requests.decline(_get_device_request(user_code, cloud))


def grant_device_code(request: TokenRequest, cloud: CloudState) -> dict[str, Any]:
    """Give tokens once a person has approved, or refuse: not yet, not any more, not at all (RFC 8628 §3.5)."""
    app = get_client_of_tenant(request, cloud)
    content = _open(request.get("device_code"), cloud)
    proof = identify_client(request, app, cloud)
    if content["client_id"] != app.client_id:
        raise refusal(70000)
    if cloud.now().timestamp() >= content["expires"]:
        raise refusal(70020)
    waiting = cloud.device_requests.find(content["user_code"])
    if waiting is None:
        # [?] A device code that is used up, or forgotten by a restart, is 70018 `bad_verification_code`.
        raise refusal(70018)
    if waiting.declined:
        # [?] A declined device is told `authorization_declined` with the number 65004.
        raise refusal(65004, error="authorization_declined")
    if waiting.user_id is None:
        raise refusal(70016)
    answer = answer_with_tokens(request, app, proof, _authorization(waiting, waiting.user_id), cloud)
    cloud.device_requests.remove(waiting)
    return answer


def _get_device_request(user_code: str, cloud: CloudState) -> DeviceRequest:
    found = find_device_request(user_code, cloud)
    if found is None:
        raise refusal(70018)
    return found


def _describe(kept: DeviceRequest, cloud: CloudState, login_url: str) -> dict[str, Any]:
    content = {"user_code": kept.user_code, "client_id": kept.client_id, "expires": kept.expires}
    verification_uri = f"{login_url}/common/oauth2/deviceauth"
    return {
        "user_code": kept.user_code,
        "device_code": cloud.sealer.seal(KIND, content),
        "verification_uri": verification_uri,
        "expires_in": LIFETIME_SECONDS,
        "interval": INTERVAL_SECONDS,
        "message": f"To sign in, use a web browser to open the page {verification_uri} and enter the code "
        f"{kept.user_code} to authenticate.",
    }


def _open(device_code: str, cloud: CloudState) -> dict[str, Any]:
    try:
        return cloud.sealer.open(KIND, device_code)
    except SealError:
        raise refusal(70018) from None


def _authorization(waiting: DeviceRequest, user_id: str) -> Authorization:
    return Authorization(
        client_id=waiting.client_id,
        user_id=user_id,
        scopes=waiting.scopes,
        openid=waiting.openid,
        redirect_uri="",
        issued=waiting.approved,
        auth_time=waiting.approved,
        amr=waiting.amr,
        prefix=waiting.prefix,
    )
