"""The resource owner password credentials grant (RFC 6749 §4.3), which this tenant does not allow."""

import hmac
from typing import Any

from postroom.tenant.entra.client_authentication import get_client_of_tenant, identify_client
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.standing import check_standing
from postroom.tenant.state import CloudState


def grant_password(request: TokenRequest, cloud: CloudState) -> dict[str, Any]:
    """Refuse, in any case; a wrong password and a user who may not sign in are told first, as Entra ID does."""
    app = get_client_of_tenant(request, cloud)
    username, password = request.get("username"), request.get("password")
    identify_client(request, app, cloud)
    user = cloud.directory.find_user(username)
    if user is None:
        raise refusal(50034, username=username, tenant=cloud.directory.tenant_name)
    if not hmac.compare_digest(password.encode("utf-8", "replace"), user.password.encode()):
        raise refusal(50126)
    check_standing(user, app, cloud)
    # [?] The right password gets 70003; tenants have several ways to switch this grant off, each with its number.
    raise refusal(70003, grant_type="password")
