"""Subscriptions: create, list, get, renew, reauthorize and delete.

[?] A notification URL on the loopback may be http, as no authority vouches for localhost; any other must be https.
[?] A subscription lasts at most 10,080 minutes, as the documents of today have it; those of 2023 say 4,230.
[?] $select of a resource without resource data is passed over; $expand and paging are refused.
[?] Codes and texts: InvalidRequest for what cannot be read, ValidationError for what is refused.
Not emulated: resource data, notification query options, and any other resource than messages.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import msgspec

from postroom.tenant.directory import User
from postroom.tenant.graph import odata
from postroom.tenant.graph.filters import FilterCompiler
from postroom.tenant.graph.message_json import FIELDS
from postroom.tenant.graph.paths import Route, split_path
from postroom.tenant.graph.permissions import Need, check_permission, check_reach, check_sight, is_own
from postroom.tenant.graph.query import metadata_url, read_select
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    access_denied,
    bad_request,
    invalid_user,
    item_not_found,
    no_delegated_user,
    not_emulated,
    unknown_property,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Condition
from postroom.tenant.notifications.receivers import ReceiverRefusedError, Receivers
from postroom.tenant.notifications.subscriptions import Subscription, write_time

LONGEST_MINUTES = 10_080
SHORTEST_MINUTES = 45
_CHANGE_TYPES = ("created", "updated", "deleted")
_TLS_VERSIONS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ABSENT_IN_CLOUDS = ("notificationQueryOptions", "notificationUrlAppId")

Url = Annotated[str, msgspec.Meta(max_length=2048)]


class SubscriptionInput(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a client says of a subscription; what is None was not said."""

    change_type: str | None = None
    notification_url: Url | None = None
    lifecycle_notification_url: Url | None = None
    resource: str | None = None
    expiration_date_time: datetime | None = None
    client_state: str | None = None
    latest_supported_tls_version: str | None = None
    include_resource_data: bool | None = None
    encryption_certificate: str | None = None
    encryption_certificate_id: str | None = None
    notification_query_options: str | None = None
    notification_url_app_id: str | None = None
    id: str | None = None
    application_id: str | None = None
    creator_id: str | None = None
    notification_content_type: str | None = None
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")


def create_subscription(request: GraphRequest) -> GraphResponse:
    """POST /subscriptions: 201, once the receiver has proved itself."""
    given = _read_input(request)
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if getattr(given, _FIELDS[name]) is None:
            raise _refused(f"{name} is a required property for subscription creation.")
    if given.include_resource_data or given.notification_query_options:
        raise not_emulated("A subscription with resource data or notification query options")
    resource = str(given.resource)
    owner, folder, condition = _find_resource(request, resource)
    subscription = Subscription(
        id=str(uuid4()),
        owner_id=owner.id,
        application_id=request.caller.app.client_id,
        creator_id=_creator(request),
        resource=resource,
        change_types=_read_change_types(str(given.change_type)),
        notification_url=_check_url("notificationUrl", str(given.notification_url)),
        lifecycle_url=_check_url("lifecycleNotificationUrl", given.lifecycle_notification_url),
        expires=_read_expiry(request, given),
        client_state=_check_client_state(given.client_state),
        tls_version=_check_tls_version(given.latest_supported_tls_version),
        encryption_certificate=given.encryption_certificate,
        encryption_certificate_id=given.encryption_certificate_id,
        notification_url_app_id=given.notification_url_app_id,
        immutable_ids=request.immutable_ids,
    )
    _let_prove(subscription.notification_url, subscription.lifecycle_url)
    mailbox = request.cloud.mail.get_mailbox(owner.username)
    request.cloud.subscriptions.add(subscription, mailbox["key"], folder, condition)
    return _one(request, subscription, 201)


def list_subscriptions(request: GraphRequest) -> GraphResponse:
    """GET /subscriptions: those of the calling app, and for a user those made for the user."""
    listed = [one for one in request.cloud.subscriptions.list() if _is_visible(request, one)]
    rows = [_write(request, one) for one in listed]
    context = f"{metadata_url(request)}#subscriptions"
    return GraphResponse.of_json({"@odata.context": context, "value": rows})


def get_subscription(request: GraphRequest) -> GraphResponse:
    """GET /subscriptions/{id}."""
    return _one(request, _get(request), 200)


def update_subscription(request: GraphRequest) -> GraphResponse:
    """PATCH /subscriptions/{id}: another expiry, another receiver."""
    subscription, given = _get(request), _read_input(request)
    _find_resource(request, subscription.resource)  # whoever may not read any more may not go on
    if given.expiration_date_time is not None:
        subscription = replace(subscription, expires=_read_expiry(request, given))
    if given.notification_url is not None:
        url = _check_url("notificationUrl", given.notification_url)
        _let_prove(url, None)
        subscription = replace(subscription, notification_url=url)
    request.cloud.subscriptions.put(subscription)
    return _one(request, subscription, 200)


def delete_subscription(request: GraphRequest) -> GraphResponse:
    """DELETE /subscriptions/{id}."""
    request.cloud.subscriptions.remove(_get(request))
    return GraphResponse(204)


def reauthorize(request: GraphRequest) -> GraphResponse:
    """POST /subscriptions/{id}/reauthorize: 204, as long as the caller may still read what changes."""
    _find_resource(request, _get(request).resource)
    return GraphResponse(204)


def _read_input(request: GraphRequest) -> SubscriptionInput:
    body = request.json_body()
    if any(name in body and request.lacks(f"subscription.{name}") for name in _ABSENT_IN_CLOUDS):
        raise _unreadable()
    try:
        return msgspec.convert(body, SubscriptionInput)
    except msgspec.ValidationError:
        raise _unreadable() from None


def _unreadable() -> GraphRefusalError:
    return bad_request(
        "Could not process subscription creation payload. Are all property names spelled and camelCased properly? Also "
        "are the DateTimeOffest properties in a valid internet Date and Time format?",
        "InvalidRequest",
    )


def _refused(message: str) -> GraphRefusalError:
    return bad_request(message, "ValidationError")


def _find_resource(request: GraphRequest, resource: str) -> tuple[User, int | None, Condition | None]:
    """Give whose messages a resource means, in which folder (its row key) and under which condition."""
    path, _, query = resource.partition("?")
    segments = split_path(path)
    words = [segment.lower() for segment in segments]
    if words[:1] == ["me"]:
        owner, rest, named = request.caller.user, segments[1:], "me"
        if owner is None:
            raise no_delegated_user()
    elif words[:1] == ["users"] and len(segments) > 1:
        owner, rest, named = request.cloud.directory.find_user(segments[1]), segments[2:], segments[1]
    else:
        raise not_emulated(f"A subscription to {resource}")
    in_folder = [word.lower() for word in rest[:1] + rest[2:]] == ["mailfolders", "messages"]
    if not in_folder and [word.lower() for word in rest] != ["messages"]:
        raise not_emulated(f"A subscription to {resource}")
    check_permission(request.caller, Need.SUBSCRIBE, owner)
    if owner is None:
        raise invalid_user(named)
    _check_own(request, owner)
    condition = _read_condition(request, owner, query)
    return owner, _find_folder(request, owner, rest[1]) if in_folder else None, condition


def _check_own(request: GraphRequest, owner: User) -> None:
    """Refuse a user the mailbox of somebody else, which delegated permissions never subscribe to."""
    check_reach(request.caller, Need.SUBSCRIBE, owner)
    if not (request.caller.application or is_own(request.caller, owner)):
        raise access_denied()


def _find_folder(request: GraphRequest, owner: User, name: str) -> int:
    mail = request.cloud.mail
    mail.ensure_mailbox(owner.username)
    folder = mail.folders.find(mail.get_mailbox(owner.username)["key"], name)
    if folder is None:
        raise item_not_found()
    return int(folder["key"])


def _read_condition(request: GraphRequest, owner: User, query: str) -> Condition | None:
    options = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    request.cloud.mail.ensure_mailbox(owner.username)
    check_sight(request.caller, owner, options)
    unknown = options.keys() - {"$filter", "$select"}
    if unknown:
        raise _refused(f"The query option '{min(unknown)}' is not supported for subscriptions.")
    if not options.get("$filter"):
        return None
    return FilterCompiler("Message", FIELDS).compile(odata.parse_filter(options["$filter"]))


def _read_change_types(text: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(named) <= set(_CHANGE_TYPES):
        raise _refused(f"The value '{text}' of changeType is invalid.")
    return named


def _read_expiry(request: GraphRequest, given: SubscriptionInput) -> str:
    now, wanted = request.cloud.now(), given.expiration_date_time or request.cloud.now()
    wanted = wanted.replace(tzinfo=UTC) if wanted.tzinfo is None else wanted.astimezone(UTC)
    if wanted <= now:
        raise _refused("Subscription expiration must be in the future.")
    if wanted > now + timedelta(minutes=LONGEST_MINUTES):
        raise _refused(f"Subscription expiration can only be {LONGEST_MINUTES} minutes in the future.")
    # What is asked for less is given as much.
    return write_time(max(wanted, now + timedelta(minutes=SHORTEST_MINUTES)))


def _check_client_state(text: str | None) -> str | None:
    if text is not None and len(text) > 128:
        raise _refused("The maximum length of clientState is 128 characters.")
    return text


def _check_tls_version(version: str | None) -> str:
    if version is not None and version not in _TLS_VERSIONS:
        raise _refused(f"The value '{version}' of latestSupportedTlsVersion is invalid.")
    return version or "v1_2"


def _check_url(name: str, url: str | None) -> Any:
    """Refuse what nothing can be told to, or what would be told in the clear."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        sound = sound and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise _refused(f"The {name} must be an absolute https address.")
    return url


def _let_prove(*urls: str | None) -> None:
    receivers = Receivers()
    try:
        for url in dict.fromkeys(urls):
            if url is not None:
                receivers.check(url)
    except ReceiverRefusedError as refused:
        raise _refused(str(refused)) from None


def _creator(request: GraphRequest) -> str:
    return request.caller.user.id if request.caller.user else request.caller.app.object_id


def _is_visible(request: GraphRequest, subscription: Subscription) -> bool:
    """Tell whether a subscription is the caller's: an app on its own has all that it made."""
    if subscription.application_id != request.caller.app.client_id:
        return False
    return request.caller.application or subscription.creator_id == _creator(request)


def _get(request: GraphRequest) -> Subscription:
    found = request.cloud.subscriptions.find(request.parameters["subscription"])
    if found is None or not _is_visible(request, found):
        raise GraphRefusalError(404, "ResourceNotFound", "The object was not found.")
    return found


def _one(request: GraphRequest, subscription: Subscription, status: int) -> GraphResponse:
    context = {"@odata.context": f"{metadata_url(request)}#subscriptions/$entity"}
    return GraphResponse.of_json(context | _write(request, subscription), status)


def _write(request: GraphRequest, subscription: Subscription) -> dict[str, Any]:
    content = {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.application_id,
        "changeType": ",".join(subscription.change_types),
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "notificationContentType": None,  # in Microsoft's examples of v1.0, though not in the schema
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": subscription.expires,
        "creatorId": subscription.creator_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": subscription.tls_version,
        "encryptionCertificate": subscription.encryption_certificate,
        "encryptionCertificateId": subscription.encryption_certificate_id,
        "notificationUrlAppId": subscription.notification_url_app_id,
    }
    content = {name: value for name, value in content.items() if not request.lacks(f"subscription.{name}")}
    selected = read_select(request)
    if selected is None:
        return content
    names = {name.lower(): name for name in content}
    for name in selected:
        if name.lower() not in names:
            raise unknown_property(name, "subscription")
    chosen = {names[name.lower()] for name in selected}
    return {name: value for name, value in content.items() if name in chosen}


_FIELDS = {field.encode_name: field.name for field in msgspec.structs.fields(SubscriptionInput)}
_PLACE = "/subscriptions/{subscription}"

ROUTES = (
    Route("GET", "/subscriptions", Need.SUBSCRIBE, list_subscriptions),
    Route("POST", "/subscriptions", Need.SUBSCRIBE, create_subscription),
    Route("GET", _PLACE, Need.SUBSCRIBE, get_subscription),
    Route("PATCH", _PLACE, Need.SUBSCRIBE, update_subscription),
    Route("DELETE", _PLACE, Need.SUBSCRIBE, delete_subscription),
    Route("POST", _PLACE + "/reauthorize", Need.SUBSCRIBE, reauthorize),
)
