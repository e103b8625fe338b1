"""What all families of actions share: the connection."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from postroom.actions import action
from postroom.errors import DisconnectedError
from postroom.graph.client import GraphClient
from postroom.outlook.folder_tree import FolderTree


class Connected:
    """A connection to one mailbox, until it is disconnected."""

    def __init__(self, client: GraphClient, close: Callable[[], None]) -> None:
        self._client = client
        self._close = close
        self._tree = FolderTree(client)
        self._open = True

    @property
    def address(self) -> str:
        """The address of the mailbox."""
        return self._client.mailbox

    @action(title="Disconnect")
    def disconnect(self) -> None:
        """Close the connection; a second time does nothing."""
        self._open = False
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.disconnect()

    def __repr__(self) -> str:
        state = "connected" if self._open else "disconnected"
        return f"<{type(self).__name__} {self.address} ({state})>"

    @property
    def _graph(self) -> GraphClient:
        self._check_open()
        return self._client

    @property
    def _folders(self) -> FolderTree:
        self._check_open()
        return self._tree

    def _check_open(self) -> None:
        if not self._open:
            raise DisconnectedError(
                f"The connection to {self.address} was closed by disconnect, or at the end of its with block. "
                "Connect again, or do this before."
            )
