"""The refresh token grant: new tokens for a user who signed in before (RFC 6749 §6)."""

from typing import Any

from postroom.tenant.entra.client_authentication import get_client_of_tenant, identify_client
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.refresh_tokens import check_sign_in_frequency, read_refresh_token
from postroom.tenant.entra.user_tokens import answer_with_tokens, get_user
from postroom.tenant.state import CloudState


def grant_refresh_token(request: TokenRequest, cloud: CloudState) -> dict[str, Any]:
    """Give new tokens, a new refresh token among them, or refuse."""
    app = get_client_of_tenant(request, cloud)
    text = request.get("refresh_token")
    proof = identify_client(request, app, cloud)
    token = read_refresh_token(text, app, cloud)
    check_sign_in_frequency(get_user(token.authorization, cloud), token, cloud)
    return answer_with_tokens(request, app, proof, token.authorization, cloud)
