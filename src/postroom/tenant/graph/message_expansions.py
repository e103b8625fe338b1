"""What comes along with a message when $expand names it: attachments, extended properties, open extensions."""

from collections.abc import Callable
from typing import Any

from postroom.tenant.graph.attachment_json import write_attachments
from postroom.tenant.graph.expansions import Expansion
from postroom.tenant.graph.extended_properties import (
    read_wanted_ids,
    read_wanted_properties,
    write_properties,
)
from postroom.tenant.graph.odata import parse_filter
from postroom.tenant.graph.open_extension_json import write_extension
from postroom.tenant.graph.permissions import sees_bodies
from postroom.tenant.graph.query import metadata_url, read_expansions, user_context
from postroom.tenant.graph.refusals import access_denied, bad_request, not_emulated
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.additions import bare_name
from postroom.tenant.mail.database import Row

_Write = Callable[[Row], list[dict[str, Any]] | None]
_OPTIONS = {
    "attachments": ("attachments", frozenset({"$select"})),
    "extensions": ("extensions", frozenset({"$filter"})),
    "singlevalueextendedproperties": ("singleValueExtendedProperties", frozenset({"$filter"})),
    "multivalueextendedproperties": ("multiValueExtendedProperties", frozenset({"$filter"})),
}


class MessageExpander:
    """Write what one request wants to come along with its messages."""

    def __init__(self, request: GraphRequest) -> None:
        self._request = request
        self._writers: dict[str, _Write] = {}
        for expansion in read_expansions(request):
            if expansion.name not in _OPTIONS:
                raise not_emulated(f"$expand={expansion.name}")
            name, options = _OPTIONS[expansion.name]
            if expansion.options.keys() - options:
                raise not_emulated(f"{min(expansion.options.keys() - options)} inside $expand={name}")
            self._writers[name] = self._writer(expansion)
        if self._writers and not sees_bodies(request.caller, request.user):
            raise access_denied()

    def _writer(self, expansion: Expansion) -> _Write:
        request = self._request
        if expansion.name == "attachments":
            return lambda row: write_attachments(request, row["key"], expansion.selected)
        if expansion.name == "extensions":
            names = _read_names(expansion)
            return lambda row: _write_extensions(request, row, names)
        multiple = expansion.name.startswith("multi")
        wanted = read_wanted_properties(expansion.options.get("$filter"), multiple=multiple)
        return lambda row: write_properties(request, row, wanted) or None

    def write(self, row: Row, message_id: str) -> dict[str, Any]:
        """Return the expanded properties of one message, each after its context."""
        if not self._writers:
            return {}
        place = f"{metadata_url(self._request)}#{user_context(self._request)}/messages"
        shown = message_id.replace("=", "%3D")
        written: dict[str, Any] = {}
        for name, write in self._writers.items():
            content = write(row)
            if content is not None:
                written |= {f"{name}@odata.context": f"{place}('{shown}')/{name}", name: content}
        return written


def _read_names(expansion: Expansion) -> list[str]:
    text = expansion.options.get("$filter")
    if not text:
        # [?] Expanding extensions without a filter is refused with a code that people met; the text is made up.
        raise bad_request(
            "Expanding extensions requires a filter on their id.", "ErrorGraphExtensionExpandRequiresFilter"
        )
    return [bare_name(name) for name in read_wanted_ids(parse_filter(text))]


def _write_extensions(request: GraphRequest, row: Row, names: list[str]) -> list[dict[str, Any]] | None:
    found = [request.cloud.mail.additions.find_extension(row["key"], name) for name in dict.fromkeys(names)]
    return [write_extension(extension) for extension in found if extension is not None] or None
