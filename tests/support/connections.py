"""Connections to the running tenant, as the `connect` fixture makes them."""

from typing import Any, Protocol

from postroom import outlook


class Connect(Protocol):
    """Connect to a mailbox of the tenant; what is named in `overrides` takes the place of what the app has."""

    def __call__(
        self,
        app: str = ...,
        cloud: str = ...,
        username: str | None = ...,
        mailbox: str | None = ...,
        **overrides: Any,
    ) -> outlook.Mailbox:
        """Give the mailbox; it is closed when the test ends."""
