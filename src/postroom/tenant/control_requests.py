"""What all control endpoints do with a request: find the tenant, read the body, say what is wrong with it."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from postroom.tenant.tenancy import LocalTenant

Settings = TypeVar("Settings", bound=msgspec.Struct)


class ControlInputError(Exception):
    """A control request that cannot be used; the message says why."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


def get_tenant(request: Request) -> LocalTenant:
    """Give the tenant that a control request is for."""
    tenant: LocalTenant = request.app.state.tenant
    return tenant


async def read_settings(request: Request, kind: type[Settings]) -> Settings:
    """Read the JSON body of a request, or say what in it cannot be used."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:
        raise ControlInputError(f"The body cannot be used: {error}.") from None
