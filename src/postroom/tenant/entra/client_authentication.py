"""How a confidential client proves itself: with its secret or with an assertion signed by its certificate."""

import hmac
from enum import StrEnum

from postroom.tenant.directory import App
from postroom.tenant.entra.client_assertion import ASSERTION_TYPE, check_assertion
from postroom.tenant.entra.forms import TokenRequest
from postroom.tenant.entra.realms import SHARED_REALMS
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.standing import check_app
from postroom.tenant.state import CloudState


class Proof(StrEnum):
    """Say what a client proved itself with, as the `appidacr` claim writes it."""

    NONE = "0"
    SECRET = "1"  # noqa: S105 - the kind of proof, not one
    CERTIFICATE = "2"


def get_client(request: TokenRequest, cloud: CloudState) -> App:
    """Give the app that a token request names, or refuse one that the directory does not have or that is disabled."""
    client_id = request.get("client_id")
    app = cloud.directory.find_app(client_id)
    if app is None:
        raise refusal(700016, app_id=client_id, tenant=cloud.directory.tenant_name)
    check_app(app)
    return app


def get_client_of_tenant(request: TokenRequest, cloud: CloudState) -> App:
    """Give the app of a request for a user's tokens; apps here are of one tenant, so the path has to name it."""
    app = get_client(request, cloud)
    if request.tenant.lower() in SHARED_REALMS:
        raise refusal(50194, app_id=app.client_id, app_name=app.name)
    return app


def identify_client(request: TokenRequest, app: App, cloud: CloudState) -> Proof:
    """Check a client that acts for a user: a confidential one proves itself, a public one has nothing to prove."""
    if app.public and not request.is_confidential:
        return Proof.NONE
    return authenticate_client(request, app, cloud)


def authenticate_client(request: TokenRequest, app: App, cloud: CloudState) -> Proof:
    """Check that a confidential client is who it says, or refuse it."""
    secret, assertion = request.find("client_secret"), request.find("client_assertion")
    if app.public and (secret or assertion):
        raise refusal(700025)
    if assertion:
        if request.get("client_assertion_type") != ASSERTION_TYPE:
            raise refusal(50027)
        check_assertion(assertion, app, request, cloud)
        return Proof.CERTIFICATE
    if secret is None:
        raise refusal(7000218)
    _check_secret(secret, app, cloud)
    return Proof.SECRET


def _check_secret(secret: str, app: App, cloud: CloudState) -> None:
    # All are compared, so that how long it takes does not tell which of them it is.
    matching = [one for one in app.secrets if hmac.compare_digest(secret.encode(), one.value.encode())]
    if not matching:
        raise refusal(7000215, app_id=app.client_id)
    if all(cloud.now() >= one.expires for one in matching):
        raise refusal(7000222, app_id=app.client_id)
