"""Small collections of a mailbox, such as its categories: how they are listed, counted, shown and deleted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from postroom.tenant.graph.filters import Fields
from postroom.tenant.graph.query import (
    HIGHEST_TOP,
    Listing,
    metadata_url,
    page_response,
    read_listing,
    read_select,
    selected_context,
    user_context,
)
from postroom.tenant.graph.refusals import item_not_found, unknown_property
from postroom.tenant.graph.wire import GraphRequest, GraphResponse

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Collection:
    """Describe one collection: its kind in the store, its type and path in Graph, what can be asked of it."""

    kind: str
    type_name: str
    path: str
    properties: tuple[str, ...]
    fields: Fields
    order: str = "key"

    def list(self, request: GraphRequest) -> GraphResponse:
        """Answer with one page."""
        listing = self._read_listing(request)
        entities, mailbox = request.cloud.mail.entities, request.mailbox["key"]
        total = entities.count(mailbox, self.kind, listing.condition)
        rows = entities.list(mailbox, self.kind, listing.condition, listing.page)
        selected = read_select(request)
        return page_response(
            request,
            f"{user_context(request)}/{self.path}{selected_context(selected)}",
            [self.shown(request, row["entity_id"], json.loads(row["content"])) for row in rows],
            page=listing.page,
            total=total if listing.counted else None,
            more=listing.page.skip + len(rows) < total,
        )

    def count(self, request: GraphRequest) -> GraphResponse:
        """Answer with the number alone."""
        listing = self._read_listing(request)
        total = request.cloud.mail.entities.count(request.mailbox["key"], self.kind, listing.condition)
        return GraphResponse(200, str(total).encode(), {}, "text/plain")

    def get_content(self, request: GraphRequest, entity_id: str) -> Content:
        """Return what has this id, or raise Graph's 404."""
        content = request.cloud.mail.entities.find(request.mailbox["key"], self.kind, entity_id)
        if content is None:
            # [?] A category, rule or override that is not there is 404 ErrorItemNotFound, as a message is.
            raise item_not_found()
        return content

    def put(self, request: GraphRequest, entity_id: str, content: Content, status: int) -> GraphResponse:
        """Keep something and answer with it."""
        request.cloud.mail.entities.put(request.mailbox["key"], self.kind, entity_id, content)
        return self.one(request, entity_id, content, status)

    def one(
        self, request: GraphRequest, entity_id: str, content: Content, status: int = 200
    ) -> GraphResponse:
        """Answer with one thing."""
        selected = selected_context(read_select(request))
        context = f"{metadata_url(request)}#{user_context(request)}/{self.path}{selected}/$entity"
        shown = self.shown(request, entity_id, content)
        return GraphResponse.of_json({"@odata.context": context} | shown, status)

    def delete(self, request: GraphRequest, entity_id: str) -> GraphResponse:
        """Forget something, or raise Graph's 404."""
        self.get_content(request, entity_id)
        request.cloud.mail.entities.delete(request.mailbox["key"], self.kind, entity_id)
        return GraphResponse(204)

    def shown(self, request: GraphRequest, entity_id: str, content: Content) -> Content:
        """Return what $select leaves of something."""
        return self.selected(request, {"id": entity_id} | content)

    def _read_listing(self, request: GraphRequest) -> Listing:
        listing = read_listing(request, self.type_name, self.fields, self.order)
        if "$top" in request.query:
            return listing
        # [?] Categories, rules and overrides come whole where no `$top` is given, unlike messages.
        return replace(listing, page=replace(listing.page, top=HIGHEST_TOP))

    def selected(self, request: GraphRequest, content: Mapping[str, Any]) -> Content:
        """Return of this object what $select names, and the id; all of it where nothing is selected."""
        selected = read_select(request)
        if selected is None:
            return dict(content)
        known = {name.lower(): name for name in ("id", *self.properties)}
        for name in selected:
            if name.lower() not in known:
                raise unknown_property(name, self.type_name)
        wanted = {known[name.lower()] for name in selected} | {"id"}
        return {name: value for name, value in content.items() if name in wanted}
