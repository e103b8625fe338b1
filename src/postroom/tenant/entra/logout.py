"""The end of a browser session (OpenID Connect RP-Initiated Logout 1.0 §2)."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from postroom.tenant.entra.browser_session import end_session
from postroom.tenant.entra.pages import show_page, show_refusals_as_pages
from postroom.tenant.entra.parameters import read_parameters
from postroom.tenant.entra.realms import get_realm
from postroom.tenant.entra.redirects import find_redirect
from postroom.tenant.entra.refusals import NO_STORE
from postroom.tenant.state import CloudState

LINES = ["It's a good idea to close all browser windows."]


@show_refusals_as_pages
async def sign_out(request: Request) -> Response:
    """Let the browser forget who is signed in; go on to an address only when an app has it registered."""
    cloud: CloudState = request.app.state.cloud
    get_realm(request.path_params["tenant"], cloud)
    parameters = await read_parameters(request)
    answer = _answer(request, parameters, cloud)
    end_session(answer)
    return answer


def _answer(request: Request, parameters: dict[str, str], cloud: CloudState) -> Response:
    target = parameters.get("post_logout_redirect_uri", "")
    if not target or not any(find_redirect(app, target) for app in cloud.directory.apps):
        return show_page(
            request, "message.html", heading="You signed out of your account", lines=LINES, details={}
        )
    state = parameters.get("state")
    mark = "&" if "?" in target else "?"
    return RedirectResponse(target + (f"{mark}{urlencode({'state': state})}" if state else ""), 302, NO_STORE)
