"""Where the forms of the sign-in pages lead: each goes on from the step that is sealed into it."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.entra import admin_consent, authorize, consent_pages, device_pages, sign_in_pages
from postroom.tenant.entra.errands import Errand
from postroom.tenant.entra.pages import show_refusals_as_pages
from postroom.tenant.entra.parameters import read_parameters
from postroom.tenant.entra.sign_in_flow import Visit, continue_visit

ERRANDS: dict[str, Callable[[Visit], Errand]] = {
    authorize.ERRAND: authorize.read_authorize_errand,
    device_pages.ERRAND: device_pages.read_device_errand,
    admin_consent.ERRAND: admin_consent.read_admin_consent_errand,
}
STEPS: dict[str, Callable[[Visit, Errand, dict[str, str]], Response]] = {
    "account": sign_in_pages.answer_account,
    "pick_account": sign_in_pages.answer_picked_account,
    "password": sign_in_pages.answer_password,
    "consent": consent_pages.answer_consent,
    "approval": consent_pages.answer_approval,
    "device": device_pages.answer_confirmation,
}


@show_refusals_as_pages
async def continue_sign_in(request: Request) -> Response:
    """Go on from a page that was sent."""
    form = await read_parameters(request)
    visit = continue_visit(request, form.get("ctx", ""))
    errand = ERRANDS[visit.flow.errand](visit)
    request.state.app_name = errand.app.name
    return visit.finish(STEPS[visit.flow.step](visit, errand, form))
