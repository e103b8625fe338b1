"""The legs of what the app may do: consent, each permission, the mailbox, sending."""

from collections.abc import Iterable
from functools import partial

import msgspec

from postroom.errors import (
    ConsentMissingError,
    InvalidRequestError,
    MailboxNotFoundError,
    PermissionMissingError,
    PostroomError,
    UnexpectedAnswerError,
)
from postroom.graph.models import MailFolder
from postroom.outlook.doctor.administration import (
    API_PERMISSIONS,
    get_app_page,
    quote_text,
    write_exchange,
    write_role_assignments,
)
from postroom.outlook.doctor.case import COVERED_BY, READ, SEND, Case
from postroom.outlook.doctor.delegated import write_connect
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.questions import ask_mailbox
from postroom.outlook.doctor.report import Remedy

AGAIN = "Do as it says above, then examine the connection again."
NO_RECIPIENTS = "ErrorInvalidRecipients"


def _check_consent(case: Case) -> str:
    if isinstance(case.token, ConsentMissingError):
        raise case.token
    if not case.granted:
        raise ConsentMissingError(
            f"The app {case.place.client_id} has no permission in the tenant “{case.place.tenant_id}”: it signs in, "
            "and may do nothing. An administrator must grant it application permissions of Microsoft Graph, with "
            "admin consent."
        )
    return f"Given to {', '.join(sorted(case.granted))}."


def create_permission_leg(permission: str) -> Leg:
    """Make the leg for one permission that the chosen actions need."""
    return Leg(
        f"permission:{permission}",
        f"Permission {permission}",
        partial(_check_permission, permission),
        _prescribe_permission,
    )


def _check_permission(permission: str, case: Case) -> str:
    spelled = case.spell_permission(permission)
    if not _is_granted(permission, case):
        kind = "delegated" if case.resolved.identity.delegated else "application"
        raise PermissionMissingError(
            f"The app {case.place.client_id} does not have the {kind} permission {spelled}, which "
            f"{_name_users(permission, case)}. An administrator must add it and grant admin consent."
        )
    return f"{spelled} is granted; {_name_users(permission, case)} it."


def _prescribe_consent(case: Case, _error: PostroomError) -> Remedy:
    return _ask_administrator(case, case.needs)


def _prescribe_permission(case: Case, _error: PostroomError) -> Remedy:
    return _ask_administrator(case, [name for name in case.needs if not _is_granted(name, case)])


def _ask_administrator(case: Case, missing: Iterable[str]) -> Remedy:
    spelled = [case.spell_permission(name) for name in missing]
    if case.resolved.identity.delegated:
        return Remedy(
            f"An administrator consents to {' and '.join(spelled)} for everybody, at the address; or the person signs "
            "in again and accepts, if the tenant lets its users:",
            case.place.cloud.admin_consent_url(case.place.tenant_id, case.place.client_id),
            write_connect(case),
        )
    return Remedy(
        f"An administrator adds {' and '.join(spelled)} (Add a permission → Microsoft Graph → Application "
        "permissions), then chooses Grant admin consent, at the address; or does both in PowerShell:",
        get_app_page(case.place, API_PERMISSIONS),
        write_role_assignments(case.place, spelled),
    )


def _is_granted(permission: str, case: Case) -> bool:
    names = (permission, COVERED_BY.get(permission, permission))
    return not case.granted.isdisjoint(map(case.spell_permission, names))


def _name_users(permission: str, case: Case) -> str:
    titles = [f"“{title}”" for title in case.needs[permission]]
    if not titles:
        return "Connect needs"
    return f"{', '.join(titles)} {'needs' if len(titles) == 1 else 'need'}"


def _check_mailbox(case: Case) -> str:
    answer = ask_mailbox(case, "GET", "/mailFolders/inbox", needs=READ)
    try:
        msgspec.json.decode(answer, type=MailFolder)
    except msgspec.MsgspecError as error:
        raise UnexpectedAnswerError(
            "What answered in place of Microsoft Graph did not describe the Inbox. A proxy or a login page of the "
            "network may stand in between: open a web page in a browser, then try again."
        ) from error
    return f"The Inbox of {case.resolved.address} can be read."


def _prescribe_mailbox(case: Case, error: PostroomError) -> Remedy:
    cloud, address = case.place.cloud, quote_text(case.resolved.address)
    if isinstance(error, MailboxNotFoundError):
        line = f"Get-EXOMailbox -Identity {address}"
        return Remedy(
            "An Exchange administrator sees whether the mailbox exists:", command=write_exchange(cloud, line)
        )
    if isinstance(error, PermissionMissingError):
        user = quote_text(case.resolved.identity.username)
        return _grant_right(
            case, f"Add-MailboxPermission -Identity {address} -User {user} -AccessRights FullAccess"
        )
    return Remedy(AGAIN)


def _grant_right(case: Case, line: str) -> Remedy:
    """The line is for a person's right on a shared mailbox; an app that acts as itself has policies instead."""
    if case.resolved.identity.delegated:
        return Remedy(
            "An Exchange administrator gives the right, which takes up to an hour to count:",
            command=write_exchange(case.place.cloud, line),
        )
    address, app = quote_text(case.resolved.address), quote_text(case.place.client_id)
    return Remedy(
        "The permission is there, so it is an application access policy that keeps the app out. An Exchange "
        "administrator sees it (AccessCheckResult), and adds the mailbox to the policy's group:",
        command=write_exchange(
            case.place.cloud, f"Test-ApplicationAccessPolicy -Identity {address} -AppId {app}"
        ),
    )


def _check_sending(case: Case) -> str:
    """Ask to send to nobody: refused as such where sending is allowed, so that nothing is ever sent.

    [?] Nobody documents which is looked at first, the recipients or the right to send. The local tenant looks
    at the right first.
    """
    body = {"message": {"subject": "", "toRecipients": []}, "saveToSentItems": False}
    try:
        ask_mailbox(case, "POST", "/sendMail", needs=SEND, body=body)
    except InvalidRequestError as error:
        if error.code != NO_RECIPIENTS:
            raise
    return f"Microsoft Graph takes mail from {case.resolved.address}. It was asked with a message to nobody."


def _prescribe_sending(case: Case, error: PostroomError) -> Remedy:
    if isinstance(error, PermissionMissingError):
        address, user = quote_text(case.resolved.address), quote_text(case.resolved.identity.username)
        return _grant_right(
            case, f"Add-RecipientPermission -Identity {address} -Trustee {user} -AccessRights SendAs"
        )
    return Remedy(AGAIN)


CONSENT = Leg("consent", "Consent", _check_consent, _prescribe_consent)
MAILBOX = Leg("mailbox", "Mailbox", _check_mailbox, _prescribe_mailbox)
SENDING = Leg("sending", "Right to send", _check_sending, _prescribe_sending)
