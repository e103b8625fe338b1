"""The tokens of a signed-in user, as all grants that act for one answer: access, refresh and id token."""

from dataclasses import replace
from typing import Any

from postroom.tenant.consents import OPENID_SCOPES
from postroom.tenant.directory import App, User
from postroom.tenant.entra.access_tokens import LIFETIME_SECONDS, issue_user_token
from postroom.tenant.entra.authorization_codes import Authorization
from postroom.tenant.entra.client_authentication import Proof
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.id_tokens import issue_id_token, write_client_info
from postroom.tenant.entra.refresh_tokens import issue_refresh_token
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.scopes import DEFAULT, AskedScopes, read_scopes
from postroom.tenant.entra.standing import check_consent, check_standing
from postroom.tenant.entra.timestamps import write_second
from postroom.tenant.state import CloudState


def answer_with_tokens(
    request: TokenRequest, app: App, proof: Proof, authorization: Authorization, cloud: CloudState
) -> dict[str, Any]:
    """Give the tokens that an authorization stands for, or refuse what does not hold any more.

    As at Entra ID, the access token carries all permissions of Graph that the app has for this user, not only those
    that this request asks for.
    """
    user = get_user(authorization, cloud)
    check_standing(user, app, cloud, authorization.amr)
    check_revocation(user, authorization)
    asked = _read_asked(request, app, authorization, cloud)
    granted = cloud.consents.find_granted(app, user) - OPENID_SCOPES
    if not (asked.default and granted):  # `.default` takes what there is, as long as there is anything
        check_consent(user, app, asked.resource, cloud)
    openid = authorization.openid - {"offline_access"}
    access_token = issue_user_token(app, user, granted | openid, authorization.amr, proof, cloud)
    answer: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": _write_scope(granted, openid, asked),
        "expires_in": LIFETIME_SECONDS,
        "ext_expires_in": LIFETIME_SECONDS,
        "access_token": access_token,
    }
    if "offline_access" in authorization.openid:
        kept = replace(authorization, prefix=asked.prefix)
        answer["refresh_token"] = issue_refresh_token(app, user, kept, cloud)
    if "openid" in openid:
        answer["id_token"] = issue_id_token(app, user, authorization, openid, request.host, cloud)
    if request.find("client_info") == "1":
        answer["client_info"] = write_client_info(user, cloud)
    return answer


def get_user(authorization: Authorization, cloud: CloudState) -> User:
    """Give the user who gave this authorization, or refuse it when there is none any more."""
    user = cloud.directory.find_user(authorization.user_id)
    if user is None:
        raise refusal(50034, username=authorization.user_id, tenant=cloud.directory.tenant_name)
    return user


def check_revocation(user: User, authorization: Authorization) -> None:
    """Refuse what a user signed in for before the user's tokens were revoked (50173)."""
    if authorization.auth_time < user.tokens_valid_from:
        issued, valid_from = write_second(authorization.auth_time), write_second(user.tokens_valid_from)
        raise refusal(50173, issued=issued, valid_from=valid_from)


def _read_asked(
    request: TokenRequest, app: App, authorization: Authorization, cloud: CloudState
) -> AskedScopes:
    """Give what a request asks for; without a scope, or with none of Graph's, what was authorized."""
    scope = request.find("scope")
    asked = read_scopes(scope, cloud, app) if scope else AskedScopes()
    if asked.resource or asked.default:
        return asked
    return AskedScopes(authorization.scopes, asked.openid, prefix=authorization.prefix)


def _write_scope(granted: frozenset[str], openid: frozenset[str], asked: AskedScopes) -> str:
    """Write the scopes in the form they were asked for in, as clients look them up by it again."""
    default = {DEFAULT} if asked.default else set()
    return " ".join([*sorted(openid), *(asked.prefix + name for name in sorted(granted | default))])
