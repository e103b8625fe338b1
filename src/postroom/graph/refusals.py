"""From a refusal of Graph to an error that says what to do.

Source: Microsoft Graph error responses and resource types.
"""

import base64
import re
from dataclasses import dataclass

import httpx2
import msgspec

from postroom.errors import (
    AttachmentNotFoundError,
    FolderExistsError,
    FolderNotFoundError,
    GraphError,
    InvalidRequestError,
    MailboxNotFoundError,
    MessageNotFoundError,
    NotFoundError,
    NotSupportedError,
    OutcomeUnknownError,
    PermissionMissingError,
    ServiceUnavailableError,
    ThrottledError,
    TokenRefusedError,
)
from postroom.graph.retries import Failure, FailureKind
from postroom.network import read_retry_after_seconds

_MAILBOX_CODES = frozenset(
    {
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "Request_ResourceNotFound",
        "ResourceNotFound",
    }
)
_UNCLEAR_STATUSES = frozenset({500, 502, 503, 504})
_REFUSED_STATUSES = frozenset({429, 509})


@dataclass(frozen=True)
class Asked:
    """What a request asked for: what the words of an error need.

    `user` is who the app acts for, None where it acts as itself.
    """

    method: str
    path: str
    mailbox: str
    needs: str
    repeatable: bool
    user: str | None = None

    @property
    def in_shared_mailbox(self) -> bool:
        """Whether the app acts for a user in another mailbox than the user's own."""
        return self.user is not None and self.user.casefold() != self.mailbox.casefold()


class _Detail(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: _Detail = _Detail()


def read_failure(asked: Asked, response: httpx2.Response) -> Failure:
    """What this refusal (its body already read) means: the error, and whether to try again when."""
    status = response.status_code
    retry_after = read_retry_after_seconds(response.headers.get("Retry-After"))
    error = create_graph_error(asked, status, response.content, response.headers.get("request-id"))
    if status in _REFUSED_STATUSES:
        return Failure(FailureKind.REFUSED, error, retry_after)
    if status in _UNCLEAR_STATUSES:
        return Failure(FailureKind.UNCLEAR, error, retry_after)
    if status == 401:
        return Failure(
            FailureKind.TOKEN_REFUSED, error, claims=find_claims(response.headers.get("WWW-Authenticate"))
        )
    return Failure(FailureKind.FINAL, error)


def find_claims(challenge: str | None) -> str | None:
    """The claims that a WWW-Authenticate header asks for, as JSON; None where it asks for none.

    Source: Claims challenges, claims requests and client capabilities (Microsoft identity platform).
    """
    match = re.search(r'claims="([^"]+)"', challenge or "")
    if match is None:
        return None
    encoded = match[1].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except ValueError:
        return None


def create_graph_error(asked: Asked, status: int, body: bytes, request_id: str | None) -> GraphError:
    """Make the error for an answer of 400 or more, with Graph's code and request id."""
    detail = _read_detail(body)
    kind, words = _choose(asked, status, detail)
    return kind(words, status=status, code=detail.code or None, request_id=request_id)


def create_unclear_error(asked: Asked, cause: str, status: int | None, request_id: str | None) -> GraphError:
    """The error for work that may have been done or not."""
    return OutcomeUnknownError(
        f"Microsoft Graph did not say whether it has done this ({asked.method} {_shorten(asked.path)}: {cause}). "
        "It was not repeated, so that nothing is done twice: look in the mailbox before you run it again.",
        status=status,
        request_id=request_id,
    )


def _read_detail(body: bytes) -> _Detail:
    try:
        return msgspec.json.decode(body, type=_Refusal).error
    except msgspec.DecodeError:
        return _Detail()


def _choose(asked: Asked, status: int, detail: _Detail) -> tuple[type[GraphError], str]:
    quoted = detail.message or f"HTTP {status}"
    if status == 401:
        return TokenRefusedError, (
            f"Microsoft Graph did not accept the access token: {quoted} "
            "Check that the Azure cloud is the tenant's, that this machine's clock is right, and sign in again."
        )
    if status == 403:
        return PermissionMissingError, _explain_permission(asked, detail)
    if _is_closed_mailbox(asked, status, detail):
        return PermissionMissingError, _explain_permission(asked, detail)
    if status == 404 or detail.code == "ErrorInvalidIdMalformed":
        return _choose_missing(asked, detail.code)
    if status == 409:
        return FolderExistsError, f"There is a folder of that name already. Choose another. ({quoted})"
    if status in _REFUSED_STATUSES:
        return ThrottledError, (
            f"Microsoft Graph is turning requests away: there are too many ({quoted}). "
            "Wait some minutes, and let fewer bots work in this mailbox at once."
        )
    if status in (405, 501):
        return NotSupportedError, f"This service does not offer what was asked of it: {quoted}"
    if status >= 500:
        return _choose_unclear(asked, status, quoted)
    return (
        InvalidRequestError,
        f"Microsoft Graph cannot do what was asked of it: {quoted} Correct it and try again.",
    )


def _is_closed_mailbox(asked: Asked, status: int, detail: _Detail) -> bool:
    """Whether a mailbox hides itself: Exchange may say that its Inbox, which every mailbox has, is not there."""
    is_inbox = asked.path.casefold() == "/mailfolders/inbox"
    return asked.in_shared_mailbox and is_inbox and status == 404 and detail.code == "ErrorItemNotFound"


def _choose_unclear(asked: Asked, status: int, quoted: str) -> tuple[type[GraphError], str]:
    if asked.repeatable:
        return ServiceUnavailableError, (
            f"Microsoft Graph cannot answer at the moment (HTTP {status}: {quoted}). Nothing is wrong with your "
            "settings: try again in a few minutes."
        )
    return OutcomeUnknownError, str(create_unclear_error(asked, f"HTTP {status}", None, None))


def _explain_permission(asked: Asked, detail: _Detail) -> str:
    quoted = detail.message or "HTTP 403."
    if detail.code == "ErrorSendAsDenied":
        return (
            f"{asked.user or asked.mailbox} may not send as the address that the message is from: {quoted} Ask an "
            "Exchange administrator for the right “Send As” or “Send on Behalf” on that mailbox, or leave From empty."
        )
    if asked.in_shared_mailbox:
        return _explain_mailbox_right(asked, quoted)
    if asked.user is not None:
        return (
            f"Microsoft Graph did not let the app do this for {asked.user}: {quoted} It needs the delegated "
            f"permission {asked.needs}. Sign in again and accept it; or the tenant's policy forbids it to this user."
        )
    return (
        f"Microsoft Graph did not let the app do this in {asked.mailbox}: {quoted} It needs the permission "
        f"{asked.needs}, granted with admin consent (Azure portal → App registrations → API permissions); or an "
        "access policy keeps it out of this mailbox."
    )


def _explain_mailbox_right(asked: Asked, quoted: str) -> str:
    """The app's own scopes were asked for and granted, so it is the user's right in Exchange that is missing."""
    if asked.needs == "Mail.Send":
        right = "Send As"
        command = (
            f"Add-RecipientPermission -Identity {asked.mailbox} -Trustee {asked.user} -AccessRights SendAs"
        )
    else:
        right = "Full Access"
        command = (
            f"Add-MailboxPermission -Identity {asked.mailbox} -User {asked.user} -AccessRights FullAccess"
        )
    return (
        f"{asked.user} may not do this in {asked.mailbox}: {quoted} The right “{right}” on that mailbox is missing. "
        f"Ask an Exchange administrator for it: {command}"
    )


def _choose_missing(asked: Asked, code: str) -> tuple[type[GraphError], str]:
    if code in _MAILBOX_CODES:
        return MailboxNotFoundError, (
            f"There is no mailbox {asked.mailbox} in this tenant. Check the address (Username, or the shared "
            "mailbox), that it has an Exchange Online licence, and the Azure cloud."
        )
    path = asked.path.casefold()
    if re.search(r"/attachments/", path):
        return AttachmentNotFoundError, "The attachment is gone. List the message's attachments again."
    if re.search(r"/messages/", path):
        return MessageNotFoundError, (
            f"The message is not in {asked.mailbox}: somebody may have deleted it, or the id is of another mailbox. "
            "List the folder again."
        )
    if re.search(r"/mailfolders", path):
        return (
            FolderNotFoundError,
            f"The folder is not in {asked.mailbox}. Check its path, or create it first.",
        )
    return NotFoundError, f"Microsoft Graph does not have {_shorten(asked.path)}."


def _shorten(path: str) -> str:
    """The path without the long ids, which tell a person nothing."""
    return re.sub(r"[A-Za-z0-9_=%-]{40,}", "…", path)
