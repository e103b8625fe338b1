"""What all control endpoints do with a request: find the tenant, read the body, say what is wrong with it."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from postroom.tenant.directory import App, User
from postroom.tenant.state import CloudState
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


def get_clouds(request: Request) -> list[CloudState]:
    """Give the cloud that `?cloud=` names, or both."""
    clouds, wanted = get_tenant(request).clouds, request.query_params.get("cloud")
    if wanted is not None and wanted not in [cloud.name for cloud in clouds]:
        raise ControlInputError(f"No cloud is named {wanted!r}.")
    return [cloud for cloud in clouds if wanted in (None, cloud.name)]


def get_apps(request: Request, name: str, status: int = 400) -> list[tuple[CloudState, App]]:
    """Give the apps of this name, of the cloud that `?cloud=` names or of both."""
    clouds = get_clouds(request)
    found = [(cloud, app) for cloud in clouds if (app := cloud.directory.find_app_named(name))]
    if not found:
        raise ControlInputError(f"No app is named {name!r}.", status)
    return found


def get_user(request: Request, address: str, status: int = 400) -> tuple[CloudState, User]:
    """Give the user of this address, and the cloud where the address is."""
    for cloud in get_tenant(request).clouds:
        user = cloud.directory.find_user(address)
        if user is not None:
            return cloud, user
    raise ControlInputError(f"No user has the address {address}.", status)
