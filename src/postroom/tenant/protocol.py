"""The HTTP protocol of the listeners: uvicorn's, and a way to close a connection without an answer."""

from asyncio import Transport

from starlette.types import Receive, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "postroom.transport"


class TenantProtocol(HttpToolsProtocol):
    """Serve HTTP/1.1, and let the application reach the connection a request came by."""

    def on_message_begin(self) -> None:
        """Put the connection where `close_connection` finds it."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request; what was not sent yet is never sent."""
    transport: Transport = scope["extensions"][TRANSPORT]["transport"]
    transport.close()
    # uvicorn answers 500 for an application that returns without an answer, unless it knows that nobody listens.
    while (await receive())["type"] != "http.disconnect":
        pass
