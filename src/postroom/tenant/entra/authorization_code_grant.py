"""The authorization code grant: tokens for a user who signed in in a browser (RFC 6749 §4.1.3)."""

from typing import Any

from postroom.tenant.entra.authorization_codes import redeem_code
from postroom.tenant.entra.client_authentication import get_client_of_tenant, identify_client
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.redirects import get_redirect
from postroom.tenant.entra.user_tokens import answer_with_tokens
from postroom.tenant.state import CloudState


def grant_authorization_code(request: TokenRequest, cloud: CloudState) -> dict[str, Any]:
    """Give tokens for a code, or refuse."""
    app = get_client_of_tenant(request, cloud)
    code = request.get("code")
    redirect_uri = get_redirect(app, request.find("redirect_uri"))
    proof = identify_client(request, app, cloud)
    authorization = redeem_code(code, app, redirect_uri, request.find("code_verifier"), cloud)
    return answer_with_tokens(request, app, proof, authorization, cloud)
