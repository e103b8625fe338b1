"""The legs of the sign-in: the tenant and its cloud, the clock, the app, what it proves itself with."""

import json
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

from postroom.auth.refusals import CLOCK_TOLERANCE_SECONDS
from postroom.clouds import CLOUDS
from postroom.errors import (
    ClientRefusedError,
    PostroomError,
    SignInError,
    SignInUnavailableError,
    WrongCloudError,
)
from postroom.outlook.authentication import ClientCredentials
from postroom.outlook.doctor.administration import (
    CREDENTIALS,
    get_app_page,
    get_apps_page,
    get_tenant_page,
    write_enabling,
)
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.registration import find_secret_expiry
from postroom.outlook.doctor.report import Remedy
from postroom.values import Credential, SecretSetting

MANY_TENANTS = frozenset({"common", "organizations", "consumers"})
NOT_FOR_MANY_TENANTS = 9001023
SWITCHED_OFF = 7000112
SOON_DAYS = 30
SET_CLOCK = {"win32": "w32tm /resync", "darwin": "sudo sntp -sS time.apple.com"}


def _check_tenant(case: Case) -> str:
    place = case.place
    if isinstance(case.mode, ClientCredentials) and place.tenant_id.casefold() in MANY_TENANTS:
        raise case.wire.create_error(
            None, {"error": "invalid_request", "error_codes": [NOT_FOR_MANY_TENANTS]}
        )
    authority = place.cloud.authority(place.tenant_id)
    endpoint = _read_endpoint(case.wire.get(f"{authority}/v2.0/.well-known/openid-configuration").text)
    if urlsplit(endpoint).hostname != place.cloud.login_host:
        case.wire.get(endpoint)  # which it does not do, but says why not
    return f"{place.cloud.name} knows the tenant {place.tenant_id}."


def _read_endpoint(document: str) -> str:
    try:
        return str(json.loads(document)["token_endpoint"])
    except (ValueError, TypeError, KeyError) as error:
        raise SignInUnavailableError(
            "What answered in place of Entra ID is not its description of the tenant. A proxy or a login page of the "
            "network may stand in between: open a web page in a browser, then try again."
        ) from error


def _prescribe_tenant(case: Case, error: PostroomError) -> Remedy:
    if isinstance(error, SignInUnavailableError):
        return _wait()
    if isinstance(error, WrongCloudError):
        others = " or ".join(f"“{cloud.name}”" for cloud in CLOUDS if cloud is not case.place.cloud)
        return Remedy(f"Choose {others} as the Azure cloud of this connection.")
    return Remedy(
        "Copy the Tenant ID from the overview of Microsoft Entra ID, signed in as somebody of that tenant:",
        get_tenant_page(case.place.cloud),
    )


def _check_clock(case: Case) -> str:
    ahead_seconds = case.wire.clock_ahead_seconds
    if abs(ahead_seconds) > CLOCK_TOLERANCE_SECONDS:
        direction = "ahead of" if ahead_seconds > 0 else "behind"
        raise SignInError(
            f"The clock of this machine is {abs(ahead_seconds) / 60:.0f} minutes {direction} Microsoft's, so that "
            "what is signed here does not count there, and tokens seem good that are not. Set the clock right."
        )
    return f"This machine's clock and Microsoft's are {abs(ahead_seconds):.0f} s apart."


def _prescribe_clock(_case: Case, _error: PostroomError) -> Remedy:
    return Remedy(
        "Let the machine set its clock by the network:",
        command=SET_CLOCK.get(sys.platform, "sudo timedatectl set-ntp true"),
    )


def _check_client(case: Case) -> str:
    if isinstance(case.token, PostroomError) and not isinstance(case.token, ClientRefusedError):
        raise case.token
    return f"The tenant has the app {case.place.client_id}, and it is switched on."


def prescribe_client(case: Case, error: PostroomError) -> Remedy:
    """What to do where Entra ID does not take the app."""
    if isinstance(error, SignInUnavailableError) or not isinstance(error, SignInError):
        return _wait()
    if error.aadsts == SWITCHED_OFF:
        return Remedy(
            "An administrator switches the app on in PowerShell:", command=write_enabling(case.place)
        )
    return Remedy(
        "Compare the Client ID (Application ID) with the app's own:", get_apps_page(case.place.cloud)
    )


def _check_credential(case: Case) -> str:
    case.get_token()
    setting = _find_certificate_setting(case)
    if setting is None:
        return f"The client secret is accepted. {_describe_expiry(case, find_secret_expiry(case))}"
    from postroom.auth.certificate import load_certificate  # noqa: PLC0415 - cryptography is slow

    certificate = load_certificate(case.resolver.get_secret("Client certificate", setting))
    return f"The certificate is accepted. {_describe_expiry(case, certificate.expires)}"


def _find_certificate_setting(case: Case) -> SecretSetting | None:
    return case.mode.client_certificate if isinstance(case.mode, ClientCredentials) else None


def _describe_expiry(case: Case, expires: datetime | None) -> str:
    page = get_app_page(case.place, CREDENTIALS)
    if expires is None:
        return f"When it expires, Microsoft tells only in the portal: {page}"
    days = (expires - datetime.now(UTC)).days
    advice = f" Put a new one in its place: {page}" if days < SOON_DAYS else ""
    return f"It expires on {expires:%d %b %Y}, in {days} days.{advice}"


def _prescribe_credential(case: Case, _error: PostroomError) -> Remedy:
    page = get_app_page(case.place, CREDENTIALS)
    if _find_certificate_setting(case) is not None:
        return Remedy("An owner of the app uploads the certificate (its public part) here:", page)
    secret = case.mode.client_secret if isinstance(case.mode, ClientCredentials) else None
    if isinstance(secret, Credential):
        command = f"postroom credential set {secret.name} {secret.attribute}"
        return Remedy(
            "An owner of the app makes a new client secret here; then keep its value:", page, command
        )
    return Remedy("An owner of the app makes a new client secret here; then enter its value.", page)


def _wait() -> Remedy:
    return Remedy("Try again in some minutes; if it stays so, ask whoever runs the network.")


TENANT = Leg("tenant", "Cloud and tenant", _check_tenant, _prescribe_tenant)
CLOCK = Leg("clock", "Clock", _check_clock, _prescribe_clock)
CLIENT = Leg("client", "App", _check_client, prescribe_client)
CREDENTIAL = Leg("credential", "Secret or certificate", _check_credential, _prescribe_credential)
