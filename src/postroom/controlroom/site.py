"""The site of all pages: Unfold's, under the Control Room's name."""

from typing import Any

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class ControlRoomSite(UnfoldAdminSite):
    """The pages; whoever has an account may enter, and sees what their roles allow."""

    site_title = "Postroom"
    site_header = "Control Room"
    index_title = "Overview"

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether the person of this request may enter at all."""
        return request.user.is_active and request.user.is_authenticated

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows."""
        return super().each_context(request)


site = ControlRoomSite(name="admin")
