"""The control endpoints for subscriptions: which there are, and what becomes of one."""

from typing import Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.control.requests import ControlInputError, get_tenant, read_settings
from postroom.tenant.notifications.subscriptions import Subscription
from postroom.tenant.state import CloudState


class LifecycleEvent(msgspec.Struct, forbid_unknown_fields=True):
    """Say what the receiver of lifecycle notifications is told."""

    event: Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]
    """The event; after `subscriptionRemoved` the subscription is gone."""


async def list_subscriptions(request: Request) -> Response:
    """List the subscriptions of all apps, in both clouds."""
    listed = [
        {"id": one.id, "cloud": cloud.name, "resource": one.resource, "expires": one.expires}
        for cloud in get_tenant(request).clouds
        for one in await run_in_threadpool(cloud.subscriptions.list)
    ]
    return JSONResponse(listed)


async def send_lifecycle_event(request: Request) -> Response:
    """Tell a receiver what becomes of its subscription; one that is removed is removed."""
    event = (await read_settings(request, LifecycleEvent)).event
    await run_in_threadpool(_send, *_get_subscription(request), event)
    return Response(status_code=204)


def _send(cloud: CloudState, subscription: Subscription, event: str) -> None:
    cloud.subscriptions.send_lifecycle_event(subscription, event)
    if event == "subscriptionRemoved":
        cloud.subscriptions.remove(subscription)


def _get_subscription(request: Request) -> tuple[CloudState, Subscription]:
    wanted = request.path_params["id"]
    for cloud in get_tenant(request).clouds:
        subscription = cloud.subscriptions.find(wanted)
        if subscription is not None:
            return cloud, subscription
    raise ControlInputError(f"No subscription has the id {wanted}.", 404)


SUBSCRIPTION_ROUTES = (
    Route("/subscriptions", list_subscriptions, methods=["GET"]),
    Route("/subscriptions/{id}/lifecycle", send_lifecycle_event, methods=["POST"]),
)
