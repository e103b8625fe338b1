"""The walk along the way of a Connect, to the first leg that does not hold."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from postroom.actions import Action
from postroom.outlook.authentication import Authentication, AuthorizationCode, ClientCredentials
from postroom.outlook.doctor.case import SEND, Case
from postroom.outlook.doctor.delegated import APP, KEPT_SIGN_IN, REDIRECT
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.network import NAMES, TRUST, WAY_OUT
from postroom.outlook.doctor.report import Finding, Report
from postroom.outlook.doctor.rights import CONSENT, MAILBOX, SENDING, create_permission_leg
from postroom.outlook.doctor.settings import SETTINGS
from postroom.outlook.doctor.sign_in import CLIENT, CLOCK, CREDENTIAL, TENANT
from postroom.values import CredentialSource, Setting


def examine(
    *,
    cloud: str,
    authentication: Authentication,
    mailbox: Setting | None = None,
    variables: Mapping[str, Any] | None = None,
    credentials: Sequence[CredentialSource] | None = None,
    actions: Sequence[Action],
) -> Report:
    """Examine a connection for what these actions need of it, leg by leg, and change nothing.

    The settings are those of `connect`. Errors: none of those that a Connect ends with; they are in the report.
    """
    given = Case(cloud, authentication, mailbox, variables, credentials, actions)
    return Report(tuple(examine_legs(given)))


def examine_legs(case: Case) -> Iterator[Finding]:
    """Give the finding of each leg as soon as it is there; after one that does not hold, none is looked at."""
    try:
        holds = True
        for leg in plan_legs(case):
            finding = leg.examine(case) if holds else leg.skip()
            holds = holds and finding.holds is True
            yield finding
    finally:
        case.close()


def plan_legs(case: Case) -> tuple[Leg, ...]:
    """The legs of the way of this connection, in order."""
    permissions = tuple(create_permission_leg(permission) for permission in case.needs)
    sending = (SENDING,) if SEND in case.needs else ()
    return (
        *(SETTINGS, NAMES, WAY_OUT, TRUST),
        *(TENANT, CLOCK, *_plan_sign_in(case)),
        *(CONSENT, *permissions, MAILBOX, *sending),
    )


def _plan_sign_in(case: Case) -> tuple[Leg, ...]:
    match case.authentication:
        case ClientCredentials():
            return CLIENT, CREDENTIAL
        case AuthorizationCode():
            return APP, REDIRECT, KEPT_SIGN_IN
    return APP, KEPT_SIGN_IN
