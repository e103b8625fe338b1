"""The admin consent endpoint: an administrator lets an app work for everybody in the tenant."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.administrators import is_administrator
from postroom.tenant.entra.authorization_request import read_client, read_return_address
from postroom.tenant.entra.authorization_response import ReturnAddress, send_back
from postroom.tenant.entra.consent_pages import show_approval, show_consent
from postroom.tenant.entra.errands import Errand
from postroom.tenant.entra.pages import show_refusals_as_pages
from postroom.tenant.entra.parameters import read_parameters
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.entra.sign_in_flow import Visit, begin_visit
from postroom.tenant.entra.sign_in_pages import start_sign_in
from postroom.tenant.entra.standing import check_standing
from postroom.tenant.state import CloudState

ERRAND = "admin_consent"
CANCELED = {"error": "permission_denied", "error_description": "The admin canceled the request"}


@dataclass(frozen=True)
class AdminConsentErrand(Errand):
    """Let an app do for every user all that is registered for it."""

    address: ReturnAddress

    @property
    def form_target(self) -> str:
        """The application, which the last form leads to."""
        return self.address.redirect_uri

    def go_on(self, visit: Visit, user: User) -> Response:
        """Show what the app would be allowed, or that only an administrator can allow it."""
        check_standing(user, self.app, visit.cloud)
        if not is_administrator(user):
            return show_approval(visit, self)
        permissions = self.app.delegated_permissions | self.app.application_permissions
        return show_consent(visit, self, permissions, is_for_all=True)

    def accept(self, visit: Visit, user: User, *, for_all: bool) -> Response:  # noqa: ARG002 - it always is
        """Note the consent for everybody, and tell the application."""
        if not is_administrator(user):
            return show_approval(visit, self)
        visit.cloud.consents.grant_for_all(self.app, self.app.delegated_permissions)
        answer = {"tenant": visit.cloud.directory.tenant_id, "admin_consent": "True"}
        return send_back(visit.request, self.address, answer)

    def cancel(self, visit: Visit) -> Response:
        """Tell the application that nothing was allowed."""
        return send_back(visit.request, self.address, CANCELED)

    def decline(self, visit: Visit, refused: EntraRefusedError) -> Response:  # noqa: ARG002 - told in one way
        """Tell the application that nothing was allowed, whatever the reason."""
        return self.cancel(visit)


@show_refusals_as_pages
async def consent_for_all(request: Request) -> Response:
    """Answer an application that asks for the consent of an administrator."""
    cloud: CloudState = request.app.state.cloud
    tenant, parameters = request.path_params["tenant"], await read_parameters(request)
    app = read_client(tenant, parameters, cloud)
    request.state.app_name = app.name
    errand = AdminConsentErrand(app, read_return_address(app, parameters))
    visit = begin_visit(request, ERRAND, tenant, parameters)
    return visit.finish(start_sign_in(visit, errand))


def read_admin_consent_errand(visit: Visit) -> AdminConsentErrand:
    """Read again what the application asked for when the person came."""
    app = read_client(visit.flow.tenant, visit.flow.parameters, visit.cloud)
    return AdminConsentErrand(app, read_return_address(app, visit.flow.parameters))
