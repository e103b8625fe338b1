"""What a test may do to a running tenant: its control endpoints, by one method each."""

from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from postroom.testing.mailboxes import TenantMailbox, TenantMessage, make_mime
from postroom.testing.processes import LocalTenantError


class TenantControls:
    """Steer a tenant, and look into it; LocalTenantError, with the reason, where something cannot be done."""

    control: httpx2.Client

    def reset(self) -> None:
        """Bring back the state after seeding and ingesting."""
        self._control("POST", "/reset")

    def snapshot(self, name: str = "snapshot") -> None:
        """Keep everything as it is under a name, to come back to it; a reset forgets it."""
        self._control("POST", "/snapshots", json={"name": name})

    def restore(self, name: str = "snapshot") -> None:
        """Bring everything back to a snapshot, which stays."""
        self._control("POST", f"/snapshots/{name}/restore")

    def delete_snapshot(self, name: str = "snapshot") -> None:
        """Forget a snapshot."""
        self._control("DELETE", f"/snapshots/{name}")

    def forget_changes(self, address: str) -> None:
        """Let a mailbox forget what changed in it so far, so that delta tokens of it are refused (410)."""
        self._control("POST", f"/mailboxes/{address}/forget-changes")

    def requests(self) -> list[dict[str, Any]]:
        """List the requests since the last reset or clearing, oldest first."""
        answer: list[dict[str, Any]] = self._control("GET", "/requests")
        return answer

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._control("DELETE", "/requests")

    def add_fault(self, **settings: Any) -> None:
        """Let requests fail, such as `path="/v1.0/*", status=429, retry_after=0.1, count=1`."""
        self._control("POST", "/faults", json=settings)

    def clear_faults(self) -> None:
        """Let none fail any more."""
        self._control("DELETE", "/faults")

    def advance_clock(self, seconds: float) -> None:
        """Move the tenant's clock, and nothing else's."""
        self._control("POST", "/clock", json={"advance_seconds": seconds})

    def limits(self) -> dict[str, Any]:
        """Tell which of Outlook's limits hold, and what was counted of each app in each mailbox."""
        answer: dict[str, Any] = self._control("GET", "/limits")
        return answer

    def set_limits(self, **settings: Any) -> None:
        """Let other limits hold: `mode="documented"`, `mode="off"`, or numbers such as `requests=5`."""
        self._control("POST", "/limits", json=settings)

    def serve_absent(self, cloud: str | None = None) -> None:
        """Serve what the published schema of a cloud lacks, as if it lagged behind: in both clouds, or in one."""
        self._control(
            "POST", "/schema", params={"cloud": cloud} if cloud else None, json={"absent": "served"}
        )

    def subscriptions(self) -> list[dict[str, Any]]:
        """List the subscriptions of all apps to changes of mail."""
        listed: list[dict[str, Any]] = self._control("GET", "/subscriptions")
        return listed

    def send_lifecycle_event(self, subscription: str, event: str) -> None:
        """Tell the receiver of a subscription `reauthorizationRequired`, `subscriptionRemoved` or `missed`."""
        self._control("POST", f"/subscriptions/{subscription}/lifecycle", json={"event": event})

    def set_latency(self, milliseconds: float) -> None:
        """Let every request wait from now on."""
        self._control("POST", "/latency", json={"milliseconds": milliseconds})

    def revoke(self, app: str | None = None, *, user: str | None = None) -> None:
        """Refuse the access tokens that an app has been given so far, or all tokens of a user."""
        self._control("POST", "/revoke", json={"app": app} if user is None else {"user": user})

    def change_user(self, address: str, **fields: Any) -> None:
        """Change a user until the next reset, such as `enabled=False` or `members=["adele@contoso.com"]`."""
        self._control("PATCH", f"/users/{address}", json=fields)

    def change_app(self, name: str, cloud: str | None = None, **fields: Any) -> None:
        """Change an app until the next reset, in both clouds or in one, such as `redirect_uris=[]`."""
        self._control("PATCH", f"/apps/{name}", params={"cloud": cloud} if cloud else None, json=fields)

    def apps(self) -> list[dict[str, Any]]:
        """List the apps of both clouds, with the dates of their secrets and certificates."""
        listed: list[dict[str, Any]] = self._control("GET", "/apps")
        return listed

    def add_secret(self, app: str, cloud: str | None = None, **settings: Any) -> list[dict[str, Any]]:
        """Give an app another client secret, in both clouds or in one, such as `good_for_seconds=60`, and tell it."""
        chosen = {"cloud": cloud} if cloud else None
        added: list[dict[str, Any]] = self._control(
            "POST", f"/apps/{app}/secrets", params=chosen, json=settings
        )
        return added

    def remove_secret(self, app: str, key_id: str) -> None:
        """Take a client secret away from an app."""
        self._control("DELETE", f"/apps/{app}/secrets/{key_id}")

    def change_policies(self, **fields: Any) -> None:
        """Change what holds for all users until the next reset, such as `user_consent=False`."""
        self._control("PATCH", "/policies", json=fields)

    def consents(self) -> list[dict[str, Any]]:
        """List who consented to what."""
        listed: list[dict[str, Any]] = self._control("GET", "/consents")
        return listed

    def consent(self, app: str, *scopes: str, user: str | None = None) -> None:
        """Let an app do something for a user, or as an administrator for all users."""
        self._control("POST", "/consents", json={"app": app, "user": user, "scopes": scopes})

    def withdraw_consent(self, app: str, user: str | None = None) -> None:
        """Take away a user's consent to an app, or everybody's."""
        self._control("DELETE", "/consents", json={"app": app, "user": user})

    def folders(self, address: str) -> dict[str, dict[str, int]]:
        """Give total and unread of each folder of a mailbox, by path."""
        listed = self._control("GET", f"/mailboxes/{address}")["folders"]
        return {folder["path"]: {"total": folder["total"], "unread": folder["unread"]} for folder in listed}

    def mailbox(self, address: str) -> TenantMailbox:
        """Look into a mailbox, past permissions and faults: its folders, and its messages with their attachments."""
        listed = self._control("GET", f"/mailboxes/{address}/messages")
        messages = msgspec.convert(listed, tuple[TenantMessage, ...])
        return TenantMailbox(address, messages, self.folders(address))

    def deliver(
        self,
        address: str,
        mime: bytes | None = None,
        *,
        subject: str = "",
        text: str = "",
        html: str | None = None,
        sender: str = "someone@example.com",
        attachments: Mapping[str, bytes] | None = None,
    ) -> str | None:
        """Let a message come into a mailbox, unread and received now, and give its id; None where a rule drops it.

        The message is `mime`, or else is made of the others; `attachments` are contents by file name.
        """
        if mime is None:
            mime = make_mime(
                address, subject=subject, text=text, html=html, sender=sender, attachments=attachments
            )
        delivered: str | None = self._control("POST", f"/mailboxes/{address}/messages", content=mime)["id"]
        return delivered

    def _control(self, method: str, path: str, **content: Any) -> Any:
        try:
            answer = self.control.request(method, path, **content)
        except httpx2.TransportError as error:
            raise LocalTenantError(f"The local tenant does not answer: {error}.") from error
        if not answer.is_success:
            raise LocalTenantError(
                f"{method} /_tenant{path} was answered with {answer.status_code}: {answer.text}"
            )
        return answer.json() if answer.content else None
