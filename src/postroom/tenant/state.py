"""The living state of the tenant: one CloudState a cloud, which every handler reaches as `request.app.state.cloud`."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from postroom.tenant.clock import Clock
from postroom.tenant.consents import Consents
from postroom.tenant.directory import App, Directory, User
from postroom.tenant.entra.device_requests import DeviceRequests
from postroom.tenant.entra.keys import SigningKey
from postroom.tenant.entra.redemptions import Redemptions
from postroom.tenant.entra.sealing import Sealer
from postroom.tenant.faults import Faults
from postroom.tenant.hosts import CloudHosts
from postroom.tenant.limits import Limits
from postroom.tenant.mail.store import MailStore
from postroom.tenant.notifications.subscriptions import Subscriptions
from postroom.tenant.sending_queue import SendingQueue


@dataclass
class CloudState:
    """Hold what one cloud knows: its directory, its mail, its keys and its addresses."""

    hosts: CloudHosts
    directory: Directory
    clock: Clock
    mail: MailStore
    signing_key: SigningKey
    local_url: str
    """Where this cloud is served on this machine, such as https://localhost:8443."""
    faults: Faults
    limits: Limits
    other: "CloudState | None" = field(default=None, repr=False)
    revoked_before: dict[str, int] = field(default_factory=dict)
    """For each client id, the Unix second before which its access tokens count no more."""
    follows_schema: bool = True
    """Whether what the published schema of this cloud lacks is taken to be missing from its service."""
    consents: Consents = field(default_factory=Consents, repr=False)
    redemptions: Redemptions = field(default_factory=Redemptions, repr=False)
    device_requests: DeviceRequests = field(default_factory=DeviceRequests, repr=False)

    @cached_property
    def sending_queue(self) -> SendingQueue:
        """The messages that wait because their mailboxes send too fast."""
        return SendingQueue(self.mail, self.directory)

    @cached_property
    def sealer(self) -> Sealer:
        """What seals codes, refresh tokens and cookies of this cloud; the same after a restart."""
        return Sealer(self.signing_key)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Who wants to be told what changes in the mailboxes of this cloud."""
        return Subscriptions(self.mail, self.clock, self.directory.tenant_id)

    @property
    def name(self) -> str:
        """Give the cloud's name as people know it: Azure Global or Azure US GCC High."""
        return self.hosts.name

    def login_url(self, host: str) -> str:
        """Give the base address of Entra ID for a client that reached the tenant under this Host header."""
        return f"https://{self.hosts.login}" if _is_microsofts(host) else self.local_url

    def graph_url(self, host: str) -> str:
        """Give the base address of Microsoft Graph for a client that reached the tenant under this Host header."""
        return self.hosts.graph_url if _is_microsofts(host) else self.local_url

    def revoke(self, app: App) -> None:
        """Refuse the access tokens that this app has been given so far."""
        self.revoked_before[app.client_id] = self._mark_after(self.revoked_before.get(app.client_id, 0))

    def revoke_user(self, user: User) -> None:
        """Refuse the access and refresh tokens of this user so far, as a change of password does."""
        self.directory.change_user(user, tokens_valid_from=self._mark_after(user.tokens_valid_from))

    def issue_time(self, app: App, user: User | None = None) -> int:
        """Give the Unix second to date a new token or sign-in with, never before the last revocation."""
        valid_from = user.tokens_valid_from if user else 0
        return max(int(self.clock.now().timestamp()), self.revoked_before.get(app.client_id, 0), valid_from)

    def is_revoked(self, app: App, issued: int) -> bool:
        """Tell whether a token of this app that was issued at this Unix second has been revoked since."""
        return issued < self.revoked_before.get(app.client_id, 0)

    def now(self) -> datetime:
        """Give the tenant's time."""
        return self.clock.now()

    def _mark_after(self, last: int) -> int:
        # Whole seconds are all a token carries, so the mark is the next one and new tokens are dated no earlier. A
        # second revocation within the same second has a mark of its own.
        return max(int(self.clock.now().timestamp()), last) + 1


def _is_microsofts(host: str) -> bool:
    name = host.partition(":")[0].lower()
    return name.endswith((".com", ".us"))
