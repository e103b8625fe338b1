"""Everything that can go wrong, as one tree with one root.

Owns the error classes and the one table (`OUTCOMES`) that gives each its HTTP status, exit code and form
message. Depends on nothing; every room raises from here, so that a caller can catch as widely or as
narrowly as suits them::

    PostroomError                     something failed, and the message says what to do
    ├── SettingError                  a setting is missing or cannot be used as it is
    │   ├── CredentialNotFoundError   no credential of that name, or no such attribute
    │   ├── VariableNotFoundError     no variable of that name
    │   ├── KeychainError             the keychain of this machine does not answer
    │   ├── CertificateError          the certificate or its key cannot be read
    │   ├── SessionInUseError         a session of that name is open already
    │   ├── SessionNotFoundError      no session of that name is open
    │   └── ExpressionError           an expression of a bot file cannot be evaluated
    ├── NetworkError                  no answer came over the network
    │   ├── HostUnreachableError      the name does not resolve, or nobody takes the connection
    │   ├── ProxyError                the proxy refused, or its address is wrong
    │   ├── TlsError                  the certificate of the other side is not trusted here
    │   ├── NoAnswerError             connected, but the answer did not come or broke off
    │   └── PortInUseError            another program listens on that port
    ├── SignInError                   Entra ID refused to give a token
    │   ├── TenantNotFoundError       Entra ID does not know the tenant
    │   ├── WrongCloudError           the tenant lives in the other cloud
    │   ├── ClientUnknownError        the app is not in the tenant, or is switched off
    │   ├── ClientRefusedError        the client secret or certificate was not accepted
    │   ├── SignInUnavailableError    Entra ID cannot answer at the moment
    │   ├── SignInNeededError         a person must sign in, and none can be asked
    │   ├── SignInDeniedError         the sign-in was cancelled, declined or forbidden
    │   ├── SignInTimeoutError        nobody signed in while we waited
    │   ├── SignInAnswerError         what came back is not the answer to this sign-in
    │   ├── WrongUserError            another person signed in
    │   └── ConsentMissingError       a permission of the app lacks consent
    ├── GraphError                    Microsoft Graph refused a request
    │   ├── TokenRefusedError         the access token was not accepted
    │   ├── PermissionMissingError    the app may not do this, or not in this mailbox
    │   ├── NotFoundError             what was asked for is not there
    │   │   ├── MailboxNotFoundError
    │   │   ├── FolderNotFoundError
    │   │   ├── MessageNotFoundError
    │   │   └── AttachmentNotFoundError
    │   ├── FolderExistsError         a folder of that name is there already
    │   ├── InvalidRequestError       Graph cannot do what the request asks
    │   ├── ThrottledError            too many requests for longer than we wait
    │   ├── ServiceUnavailableError   Graph cannot answer at the moment
    │   ├── NotSupportedError         this service does not offer the operation
    │   ├── UnexpectedAnswerError     the answer is not what Graph documents
    │   └── OutcomeUnknownError       it may have been done, or not: nobody can tell
    ├── ControlRoomError              the Control Room refused
    │   ├── NotSignedInError          it does not know who asks
    │   ├── NotAllowedError           no role of who asks allows this
    │   ├── RecordNotFoundError       it has nothing of that name
    │   ├── ConnectionNotReadyError   an OAuth connection has no token to give
    │   └── VaultError                the Credential Vault cannot be used
    │       ├── VaultLockedError      an administrator must unlock it first
    │       ├── VaultKeyError         the master key is missing, or another's
    │       └── VaultDamagedError     what is stored was changed or moved
    ├── FileError                     a file on this machine
    │   ├── TargetNotWritableError    the folder cannot be written to
    │   ├── DiskFullError             no space left
    │   ├── SourceFileError           a file to attach cannot be read
    │   └── AttachmentTooLargeError   a file to attach is larger than can be sent
    ├── RunError                      a run of a bot
    │   ├── RunNotFoundError          there is no such run
    │   ├── RunCancelledError         somebody stopped it
    │   ├── RunTimeoutError           it took longer than it may
    │   ├── RunActiveError            it is at work at this moment
    │   ├── BotFailedError            the code of the bot itself failed
    │   ├── BotChangedError           the bot does something else than its journal has
    │   └── JournalError              its journal cannot be read or written
    ├── BotFileError                  a bot file has faults
    ├── BotNotFoundError              there is no bot of that reference
    ├── DisconnectedError             the mailbox was used after its connection was closed
    ├── PropertyNotLoadedError        a message was listed without what is now asked of it
    └── ItemsError                    some of many items failed; the others are done
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class PostroomError(Exception):
    """Something failed; the message says what happened, what it means and what to do.

    `code` is the service's own code, `aadsts` the number of an Entra ID error, `request_id` what
    Microsoft's support asks for. Each is None where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        request_id: str | None = None,
        aadsts: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.aadsts = aadsts

    @property
    def message(self) -> str:
        """What happened, what it means, what to do: one to three plain sentences."""
        return str(self.args[0])

    def __str__(self) -> str:
        return f"{self.message}{self._reference()}"

    def _reference(self) -> str:
        parts = [
            f"AADSTS{self.aadsts}" if self.aadsts else self.code,
            f"request id {self.request_id}" if self.request_id else None,
        ]
        known = ", ".join(part for part in parts if part)
        return f" [{known}]" if known else ""


class SettingError(PostroomError):
    """A setting is missing or cannot be used as it is."""


class CredentialNotFoundError(SettingError):
    """No credential of that name, or it has no such attribute."""


class VariableNotFoundError(SettingError):
    """No variable of that name."""


class KeychainError(SettingError):
    """The keychain of this machine does not answer."""


class CertificateError(SettingError):
    """The certificate or its private key cannot be read."""


class SessionInUseError(SettingError):
    """A session of that name is open already."""


class SessionNotFoundError(SettingError):
    """No session of that name is open."""


class ExpressionError(SettingError):
    """An expression of a bot file cannot be read or evaluated."""


class NetworkError(PostroomError):
    """No answer came over the network."""


class HostUnreachableError(NetworkError):
    """The name does not resolve, or nobody takes the connection."""


class ProxyError(NetworkError):
    """The proxy refused, or its address is wrong."""


class TlsError(NetworkError):
    """The certificate of the other side is not trusted here."""


class NoAnswerError(NetworkError):
    """Connected, but the answer did not come or broke off."""


class PortInUseError(NetworkError):
    """Another program listens on that port."""


class SignInError(PostroomError):
    """Entra ID refused to give a token; `code` is the OAuth error, `aadsts` Entra's number."""


class TenantNotFoundError(SignInError):
    """Entra ID does not know the tenant."""


class WrongCloudError(SignInError):
    """The tenant lives in the other cloud."""


class ClientUnknownError(SignInError):
    """The app is not in the tenant, or is switched off."""


class ClientRefusedError(SignInError):
    """The client secret or certificate was not accepted."""


class SignInUnavailableError(SignInError):
    """Entra ID cannot answer at the moment."""


class SignInNeededError(SignInError):
    """A person must sign in, and none can be asked here, or nobody has done it yet."""


class SignInDeniedError(SignInError):
    """The sign-in was cancelled or declined by the person, or is forbidden by the tenant."""


class SignInTimeoutError(SignInError):
    """Nobody signed in while we waited."""


class SignInAnswerError(SignInError):
    """What came back from the browser is not the answer to this sign-in."""


class WrongUserError(SignInError):
    """Another person signed in than the one whose connection this is."""


class ConsentMissingError(SignInError):
    """A permission that the app asks for has no consent of the user or an administrator."""


class GraphError(PostroomError):
    """Microsoft Graph refused a request; `status` is its HTTP status, None where no answer came."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.status = status


class TokenRefusedError(GraphError):
    """The access token was not accepted."""


class PermissionMissingError(GraphError):
    """The app may not do this, or not in this mailbox."""


class NotFoundError(GraphError):
    """What was asked for is not there."""


class MailboxNotFoundError(NotFoundError):
    """There is no mailbox of that address."""


class FolderNotFoundError(NotFoundError):
    """The mailbox has no folder of that path."""


class MessageNotFoundError(NotFoundError):
    """The message is not in the mailbox any more, or never was."""


class AttachmentNotFoundError(NotFoundError):
    """The message has no such attachment."""


class FolderExistsError(GraphError):
    """A folder of that name is there already."""


class InvalidRequestError(GraphError):
    """Graph cannot do what the request asks."""


class ThrottledError(GraphError):
    """Too many requests, for longer than we wait."""


class ServiceUnavailableError(GraphError):
    """Graph cannot answer at the moment."""


class NotSupportedError(GraphError):
    """This service does not offer the operation."""


class UnexpectedAnswerError(GraphError):
    """The answer is not what Graph documents."""


class OutcomeUnknownError(GraphError):
    """It may have been done, or not: nobody can tell, so it was not repeated."""


class ControlRoomError(PostroomError):
    """The Control Room refused."""


class NotSignedInError(ControlRoomError):
    """The Control Room does not know who asks."""


class NotAllowedError(ControlRoomError):
    """No role of who asks allows this."""


class RecordNotFoundError(ControlRoomError):
    """The Control Room has nothing of that name, or not for who asks."""


class ConnectionNotReadyError(ControlRoomError):
    """An OAuth connection has no token to give: somebody must sign in, or what failed must cool down."""


class VaultError(ControlRoomError):
    """The Credential Vault cannot be used."""


class VaultLockedError(VaultError):
    """An administrator must unlock the Credential Vault first."""


class VaultKeyError(VaultError):
    """The master key is missing, or is not the one that this Credential Vault was made with."""


class VaultDamagedError(VaultError):
    """What is stored in the Credential Vault was changed, or moved to another place."""


class FileError(PostroomError):
    """Something about a file on this machine."""


class TargetNotWritableError(FileError):
    """The folder cannot be made or written to."""


class DiskFullError(FileError):
    """There is no space left."""


class SourceFileError(FileError):
    """A file to attach cannot be read."""


class AttachmentTooLargeError(FileError):
    """A file to attach is larger than can be sent."""


class RunError(PostroomError):
    """A run of a bot cannot be begun, found or gone on with."""


class RunNotFoundError(RunError):
    """There is no run of this id, or none that could go on."""


class RunCancelledError(RunError):
    """Somebody stopped the run, or it waits until somebody lets it go on."""


class RunTimeoutError(RunError):
    """The run took longer than it may."""


class RunActiveError(RunError):
    """The run is at work at this moment, here or in another process."""


class BotFailedError(RunError):
    """The code of the bot itself failed, or that of a package of actions."""


class BotChangedError(RunError):
    """The bot does something else than it did when the journal of the run was written."""


class JournalError(RunError):
    """The journal of the run cannot be read or written."""


@dataclass(frozen=True)
class Fault:
    """One fault of a bot file: the line that it is in, what it is, and what to do about it."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}{f' {self.hint}' if self.hint else ''}"


class BotFileError(PostroomError):
    """A bot file has faults. `faults` names them all, in the order of their lines."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = list(faults)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class BotNotFoundError(PostroomError):
    """There is no bot of that reference."""


class DisconnectedError(PostroomError):
    """The mailbox was used after its connection was closed."""


class PropertyNotLoadedError(PostroomError):
    """A message was listed without what is now asked of it."""


@dataclass(frozen=True)
class ItemFailure:
    """One item that failed, and why."""

    item: str
    error: PostroomError


class ItemsError(PostroomError):
    """Some of many items failed; the others are done. `failures` names each with its own error."""

    def __init__(self, message: str, failures: Sequence[ItemFailure] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(failures)

    def __str__(self) -> str:
        lines = [f"  {failure.item}: {failure.error}" for failure in self.failures]
        return "\n".join([self.message, *lines])


class Outcome(NamedTuple):
    """What an error becomes at each face: an HTTP status, an exit code, a message beside a form."""

    http_status: int
    exit_code: int
    form_message: str


OUTCOMES: dict[type[PostroomError], Outcome] = {
    PostroomError: Outcome(500, 1, "This could not be done."),
    SettingError: Outcome(400, 3, "A setting is missing or cannot be used."),
    CredentialNotFoundError: Outcome(400, 3, "This credential does not exist."),
    VariableNotFoundError: Outcome(400, 3, "This variable does not exist."),
    KeychainError: Outcome(500, 3, "The keychain does not answer."),
    CertificateError: Outcome(400, 3, "The certificate cannot be read."),
    SessionInUseError: Outcome(409, 3, "A session of this name is open already."),
    SessionNotFoundError: Outcome(404, 3, "No session of this name is open."),
    ExpressionError: Outcome(400, 3, "An expression cannot be evaluated."),
    SignInError: Outcome(502, 4, "Microsoft refused the sign-in."),
    TenantNotFoundError: Outcome(400, 4, "Microsoft does not know this tenant."),
    WrongCloudError: Outcome(400, 4, "This tenant lives in the other cloud."),
    ClientUnknownError: Outcome(400, 4, "Microsoft does not know this app in the tenant."),
    ClientRefusedError: Outcome(400, 4, "Microsoft refused the client secret or certificate."),
    SignInUnavailableError: Outcome(503, 8, "Microsoft's sign-in does not answer at the moment."),
    SignInNeededError: Outcome(401, 4, "Somebody must sign in."),
    SignInDeniedError: Outcome(403, 4, "The sign-in was cancelled, declined or forbidden."),
    SignInTimeoutError: Outcome(504, 4, "Nobody signed in while we waited."),
    SignInAnswerError: Outcome(400, 4, "This is not the answer to this sign-in."),
    WrongUserError: Outcome(403, 4, "Another person signed in."),
    ConsentMissingError: Outcome(403, 4, "The app lacks consent."),
    GraphError: Outcome(502, 7, "Microsoft Graph refused the request."),
    TokenRefusedError: Outcome(502, 4, "Microsoft Graph refused the access token."),
    PermissionMissingError: Outcome(403, 5, "A permission is missing."),
    NotFoundError: Outcome(404, 6, "This is not there."),
    MailboxNotFoundError: Outcome(404, 6, "There is no such mailbox."),
    FolderNotFoundError: Outcome(404, 6, "There is no such folder."),
    MessageNotFoundError: Outcome(404, 6, "The message is gone."),
    AttachmentNotFoundError: Outcome(404, 6, "The attachment is gone."),
    FolderExistsError: Outcome(409, 7, "A folder of this name exists already."),
    InvalidRequestError: Outcome(400, 7, "Microsoft Graph cannot do this."),
    ThrottledError: Outcome(429, 8, "Too many requests; try again later."),
    ServiceUnavailableError: Outcome(503, 8, "Microsoft Graph does not answer at the moment."),
    NotSupportedError: Outcome(501, 7, "This service does not offer that."),
    UnexpectedAnswerError: Outcome(502, 7, "Microsoft Graph answered something unexpected."),
    OutcomeUnknownError: Outcome(504, 9, "It may have been done, or not: look before you repeat it."),
    NetworkError: Outcome(503, 8, "The network does not answer."),
    HostUnreachableError: Outcome(503, 8, "The host cannot be reached."),
    ProxyError: Outcome(503, 8, "The proxy does not let this through."),
    TlsError: Outcome(503, 8, "The certificate of the other side is not trusted."),
    NoAnswerError: Outcome(504, 8, "No answer came."),
    PortInUseError: Outcome(503, 8, "The port is in use."),
    ControlRoomError: Outcome(500, 12, "The Control Room refused."),
    NotSignedInError: Outcome(401, 4, "Sign in first."),
    NotAllowedError: Outcome(403, 5, "Your roles do not allow this."),
    RecordNotFoundError: Outcome(404, 6, "There is nothing of this name."),
    ConnectionNotReadyError: Outcome(409, 4, "This connection has no token to give."),
    VaultError: Outcome(500, 12, "The Credential Vault cannot be used."),
    VaultLockedError: Outcome(503, 12, "The Credential Vault is locked."),
    VaultKeyError: Outcome(500, 12, "The Credential Vault has another master key."),
    VaultDamagedError: Outcome(500, 12, "What is stored was changed or moved."),
    FileError: Outcome(500, 10, "A file could not be read or written."),
    TargetNotWritableError: Outcome(500, 10, "The folder cannot be written to."),
    DiskFullError: Outcome(507, 10, "There is no space left."),
    SourceFileError: Outcome(400, 10, "The file cannot be read."),
    AttachmentTooLargeError: Outcome(413, 10, "The file is too large."),
    RunError: Outcome(409, 13, "The run cannot be begun or gone on with."),
    RunNotFoundError: Outcome(404, 6, "There is no such run."),
    RunCancelledError: Outcome(409, 13, "The run was stopped."),
    RunTimeoutError: Outcome(504, 13, "The run took too long."),
    RunActiveError: Outcome(409, 13, "The run is at work at this moment."),
    BotFailedError: Outcome(500, 13, "The bot itself failed."),
    BotChangedError: Outcome(409, 13, "The bot has changed since the run was begun."),
    JournalError: Outcome(500, 13, "The journal of the run cannot be used."),
    BotFileError: Outcome(400, 13, "The bot file has faults."),
    BotNotFoundError: Outcome(404, 6, "There is no such bot."),
    DisconnectedError: Outcome(409, 3, "The connection was closed."),
    PropertyNotLoadedError: Outcome(500, 3, "The message was listed without this."),
    ItemsError: Outcome(207, 11, "Some items failed."),
}
"""Exit codes: 1 unexpected, 2 usage (the shell's custom), 3 settings, 4 sign-in, 5 permission, 6 not there,
7 refused by Graph, 8 not reachable or busy (try again), 9 outcome unknown (look first), 10 files, 11 partly, 12 the
Control Room, 13 a run of a bot."""


def get_outcome(error: PostroomError) -> Outcome:
    """What this error becomes at a face: its own row of `OUTCOMES`, or that of its nearest ancestor."""
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)
