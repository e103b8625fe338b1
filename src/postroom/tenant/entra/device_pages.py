"""The pages on which a person lets a device without a browser in (RFC 8628 §3.3)."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.consent_pages import ConsentErrand
from postroom.tenant.entra.device_codes import approve_device, decline_device, find_device_request
from postroom.tenant.entra.errands import Errand
from postroom.tenant.entra.pages import show_page, show_refusals_as_pages
from postroom.tenant.entra.parameters import read_parameters
from postroom.tenant.entra.refusals import EntraRefusedError, refusal
from postroom.tenant.entra.sign_in_flow import Visit, begin_visit
from postroom.tenant.entra.sign_in_pages import start_sign_in

ERRAND = "device"
PATH = "/common/oauth2/deviceauth"
WRONG_CODE = "That code didn't work, or its time is over. Check the code and try again."


@dataclass(frozen=True)
class DeviceErrand(ConsentErrand):
    """Let an app on a device sign in as whoever is here."""

    user_code: str

    def go_on(self, visit: Visit, user: User) -> Response:  # noqa: ARG002 - the next page tells
        """Ask whether it is the person who is signing in there."""
        return visit.show("device", "device_confirmation.html", None, app_name=self.app.name)

    def confirm(self, visit: Visit, user: User) -> Response:
        """Go on with somebody who says so."""
        return super().go_on(visit, user)

    def finish(self, visit: Visit, user: User) -> Response:
        """Let the device in."""
        approve_device(self.user_code, user, visit.cloud)
        lines = [f"You have signed in to {self.app.name} on your device.", "You may now close this window."]
        return _show_end(visit, self.app.name, lines)

    def cancel(self, visit: Visit) -> Response:
        """Keep the device out."""
        decline_device(self.user_code, visit.cloud)
        lines = ["The sign-in on your device was canceled.", "You may now close this window."]
        return _show_end(visit, self.app.name, lines)

    def decline(self, visit: Visit, refused: EntraRefusedError) -> Response:  # noqa: ARG002 - told in one way
        """Keep the device out; it learns no more than that."""
        return self.cancel(visit)


@show_refusals_as_pages
async def authorize_device(request: Request) -> Response:
    """Ask for the code that the device shows, and go on to the sign-in when it is one."""
    typed = (await read_parameters(request)).get("otc", "").strip()
    if request.method != "POST":
        return _ask_code(request, typed)
    visit = begin_visit(request, ERRAND, "common", {"user_code": typed})
    try:
        errand = read_device_errand(visit)
    except EntraRefusedError:
        return _ask_code(request, typed, WRONG_CODE)
    request.state.app_name = errand.app.name
    return visit.finish(start_sign_in(visit, errand))


def read_device_errand(visit: Visit) -> DeviceErrand:
    """Read what the device asked for; refused when the time of its code is over."""
    user_code = visit.flow.parameters["user_code"]
    found = find_device_request(user_code, visit.cloud)
    app = visit.cloud.directory.find_app(found.client_id) if found is not None else None
    if found is None or app is None:
        raise refusal(70018)
    return DeviceErrand(app, found.scopes | found.openid, user_code)


def answer_confirmation(visit: Visit, errand: Errand, form: dict[str, str]) -> Response:
    """Go on from the question whether it is the person who is signing in."""
    if form.get("action") != "continue" or not isinstance(errand, DeviceErrand):
        return errand.cancel(visit)
    return errand.confirm(visit, visit.get_user())


def _ask_code(request: Request, user_code: str, error: str = "") -> Response:
    return show_page(request, "device_code.html", action=PATH, user_code=user_code, error=error)


def _show_end(visit: Visit, heading: str, lines: list[str]) -> Response:
    return show_page(visit.request, "message.html", heading=heading, lines=lines, details={})
