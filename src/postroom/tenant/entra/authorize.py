"""The authorization endpoint: a person signs in and consents, and the application gets a code (RFC 6749 §4.1)."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.directory import App, User
from postroom.tenant.entra.authorization_codes import Authorization, issue_code
from postroom.tenant.entra.authorization_request import (
    AuthorizationRequest,
    read_client,
    read_request,
    read_return_address,
)
from postroom.tenant.entra.authorization_response import ReturnAddress, send_back, send_refusal_back
from postroom.tenant.entra.consent_pages import ConsentErrand
from postroom.tenant.entra.pages import show_refusals_as_pages
from postroom.tenant.entra.parameters import read_parameters
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.entra.sign_in_flow import Visit, begin_visit
from postroom.tenant.entra.sign_in_pages import find_silent_user, start_sign_in
from postroom.tenant.entra.standing import check_consent, check_standing
from postroom.tenant.state import CloudState

ERRAND = "authorize"
CANCELED = "the user canceled the authentication"


@dataclass(frozen=True)
class AuthorizeErrand(ConsentErrand):
    """Give an application a code for whoever signs in."""

    asked: AuthorizationRequest
    address: ReturnAddress

    @property
    def prompt(self) -> str:
        """The `prompt` that the application asked for."""
        return self.asked.prompt

    @property
    def login_hint(self) -> str:
        """The account that the application expects."""
        return self.asked.login_hint

    @property
    def form_target(self) -> str:
        """The application, which the last form leads to."""
        return self.address.redirect_uri

    def finish(self, visit: Visit, user: User) -> Response:
        """Send the person back with a code."""
        answer = {
            "code": issue_code(self._authorize(visit, user), visit.cloud),
            "client_info": _client_info(user, visit.cloud) if self.asked.wants_client_info else "",
            "session_state": visit.session.id,
        }
        return send_back(visit.request, self.address, answer)

    def _authorize(self, visit: Visit, user: User) -> Authorization:
        return Authorization(
            client_id=self.app.client_id,
            user_id=user.id,
            scopes=self.asked.scopes.resource,
            openid=self.asked.scopes.openid,
            redirect_uri=self.address.redirect_uri,
            issued=visit.cloud.issue_time(self.app, user),
            auth_time=visit.session.signed_in[user.id],
            code_challenge=self.asked.code_challenge,
            code_challenge_method=self.asked.code_challenge_method,
            nonce=self.asked.nonce,
            prefix=self.asked.scopes.prefix,
        )

    def cancel(self, visit: Visit) -> Response:
        """Send the person back without."""
        answer = {"error": "access_denied", "error_description": CANCELED}
        return send_back(visit.request, self.address, answer)

    def decline(self, visit: Visit, refused: EntraRefusedError) -> Response:
        """Send the person back with what was not consented to."""
        return send_refusal_back(visit.request, self.address, refused)


@show_refusals_as_pages
async def authorize(request: Request) -> Response:
    """Answer an authorization request, with a page or by sending the person back."""
    cloud: CloudState = request.app.state.cloud
    tenant, parameters = request.path_params["tenant"], await read_parameters(request)
    app = read_client(tenant, parameters, cloud)
    request.state.app_name = app.name
    address = read_return_address(app, parameters)
    try:
        errand = _make_errand(app, read_request(app, parameters, cloud), address)
    except EntraRefusedError as refused:
        return send_refusal_back(request, address, refused)
    visit = begin_visit(request, ERRAND, tenant, parameters)
    if errand.prompt == "none":
        return _answer_silently(visit, errand)
    return visit.finish(start_sign_in(visit, errand))


def read_authorize_errand(visit: Visit) -> AuthorizeErrand:
    """Read again what the application asked for when the person came."""
    parameters, cloud = visit.flow.parameters, visit.cloud
    app = read_client(visit.flow.tenant, parameters, cloud)
    return _make_errand(app, read_request(app, parameters, cloud), read_return_address(app, parameters))


def _make_errand(app: App, asked: AuthorizationRequest, address: ReturnAddress) -> AuthorizeErrand:
    return AuthorizeErrand(app, asked.scopes.resource | asked.scopes.openid, asked, address)


def _answer_silently(visit: Visit, errand: AuthorizeErrand) -> Response:
    app = errand.app
    try:
        user = find_silent_user(visit, errand)
        check_standing(user, app, visit.cloud)
        check_consent(user, app, errand.scopes, visit.cloud)
    except EntraRefusedError as refused:
        return send_refusal_back(visit.request, errand.address, _as_interaction(refused))
    return errand.finish(visit, user)


def _as_interaction(refused: EntraRefusedError) -> EntraRefusedError:
    # [?] `prompt=none` without consent, or where more is demanded, is `interaction_required`; consent_required was
    # seen too.
    error = "interaction_required" if refused.error == "invalid_grant" else refused.error
    return replace(refused, error=error)


def _client_info(user: User, cloud: CloudState) -> str:
    known = json.dumps({"uid": user.id, "utid": cloud.directory.tenant_id}, separators=(",", ":"))
    return urlsafe_b64encode(known.encode()).rstrip(b"=").decode()
