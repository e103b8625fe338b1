"""Whether a user and an app may have tokens at all: disabled ones, Conditional Access, multi-factor authentication."""

import json
from uuid import NAMESPACE_URL, uuid5

from postroom.tenant.directory import App, User
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.hosts import GRAPH_APP_ID
from postroom.tenant.state import CloudState


def check_app(app: App) -> None:
    """Refuse an app that an administrator disabled (7000112)."""
    if not app.enabled:
        raise refusal(7000112, app_id=app.client_id, app_name=app.name)


def check_standing(user: User, app: App, cloud: CloudState, amr: tuple[str, ...] = ()) -> None:
    """Refuse a user or an app that may have no tokens now (7000112, 50057, 53003, 50076).

    `amr` tells how the user signed in; "mfa" among it satisfies the demand for a second factor.
    """
    check_app(app)
    if user.shared or not user.enabled:  # Exchange disables the account of a shared mailbox
        raise refusal(50057)
    if user.blocked:
        raise refusal(53003, claims=_policy_claims(cloud))
    if user.mfa_required and "mfa" not in amr:
        raise refusal(50076, resource=GRAPH_APP_ID, claims=_policy_claims(cloud))


def check_consent(user: User, app: App, scopes: frozenset[str], cloud: CloudState) -> None:
    """Refuse an app that this user, or an administrator, has not given these scopes (65001)."""
    if cloud.consents.find_missing(app, user, scopes):
        raise refusal(65001, app_id=app.client_id, app_name=app.name)


def _policy_claims(cloud: CloudState) -> str:
    """Name the policy that asks for more, which the client hands on in its next interactive request."""
    policy = str(uuid5(NAMESPACE_URL, cloud.directory.tenant_id))
    return json.dumps({"access_token": {"capolids": {"essential": True, "values": [policy]}}})
