"""The control endpoints for what was: snapshots of the tenant, and what its mailboxes remember for delta."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.control.requests import ControlInputError, get_tenant, read_settings
from postroom.tenant.snapshots import (
    NoSnapshotError,
    Snapshot,
    SnapshotExistsError,
    SnapshotNameError,
    Snapshots,
)


class SnapshotSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Say under which name the tenant is kept."""

    name: str
    """Letters, digits, dots, dashes and underscores."""


async def make_snapshot(request: Request) -> Response:
    """Keep the tenant as it is: mail, directory, consents, settings, subscriptions and clock."""
    settings = await read_settings(request, SnapshotSettings)
    try:
        made = await run_in_threadpool(Snapshots(get_tenant(request)).make, settings.name)
    except SnapshotNameError as error:
        raise ControlInputError(str(error)) from None
    except SnapshotExistsError:
        raise ControlInputError(f"There is a snapshot named {settings.name} already.", 409) from None
    return JSONResponse(_describe(made), 201)


async def list_snapshots(request: Request) -> Response:
    """List the snapshots, oldest first."""
    listed = await run_in_threadpool(Snapshots(get_tenant(request)).list)
    return JSONResponse([_describe(snapshot) for snapshot in listed])


async def restore_snapshot(request: Request) -> Response:
    """Bring the tenant back to a snapshot, which stays; delta tokens of what came after it count no more."""
    name = request.path_params["name"]
    try:
        await run_in_threadpool(Snapshots(get_tenant(request)).restore, name)
    except NoSnapshotError:
        raise _no_snapshot(name) from None
    return Response(status_code=204)


async def delete_snapshot(request: Request) -> Response:
    """Forget a snapshot; a reset forgets all of them."""
    name = request.path_params["name"]
    try:
        await run_in_threadpool(Snapshots(get_tenant(request)).delete, name)
    except NoSnapshotError:
        raise _no_snapshot(name) from None
    return Response(status_code=204)


async def forget_changes(request: Request) -> Response:
    """Let a mailbox forget what changed in it so far, so that its delta tokens are answered 410."""
    address = request.path_params["address"]
    cloud = get_tenant(request).find_cloud_of(address)
    if cloud is None:
        raise ControlInputError(f"No mailbox has the address {address}.", 404)
    mailbox = cloud.mail.get_mailbox(address)
    await run_in_threadpool(cloud.mail.changes.forget, mailbox)
    return Response(status_code=204)


def _describe(snapshot: Snapshot) -> dict[str, str]:
    return {"name": snapshot.name, "made": snapshot.made.isoformat()}


def _no_snapshot(name: str) -> ControlInputError:
    return ControlInputError(f"No snapshot has the name {name}.", 404)


HISTORY_ROUTES = (
    Route("/snapshots", list_snapshots, methods=["GET"]),
    Route("/snapshots", make_snapshot, methods=["POST"]),
    Route("/snapshots/{name}", delete_snapshot, methods=["DELETE"]),
    Route("/snapshots/{name}/restore", restore_snapshot, methods=["POST"]),
    Route("/mailboxes/{address}/forget-changes", forget_changes, methods=["POST"]),
)
