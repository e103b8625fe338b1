"""The site of all pages: Unfold's, under the Control Room's name."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm as UnfoldAuthenticationForm
from unfold.sites import UnfoldAdminSite


class SignInForm(UnfoldAuthenticationForm):
    """Name and password; whoever has an account may come in, and not just whom Django calls staff."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse accounts that are switched off."""
        AuthenticationForm.confirm_login_allowed(self, user)


class ControlRoomSite(UnfoldAdminSite):
    """The pages; whoever has an account may enter, and sees what their roles allow."""

    site_title = "Postroom"
    site_header = "Control Room"
    index_title = _("Overview")
    index_template = "controlroom/overview.html"
    login_form = SignInForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether the person of this request may enter at all."""
        return request.user.is_active and request.user.is_authenticated

    def get_log_entries(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002 - Django's signature
        """Nothing of Django's own log: the audit trail tells what happened."""
        return []

    def get_look(self, request: HttpRequest) -> dict[str, Any]:
        """What a page needs to look like the others, without anything of the person or the database."""
        return {
            "site_title": self._get_config("SITE_TITLE", request),
            "site_header": self._get_config("SITE_HEADER", request),
            "site_icon": self._get_config("SITE_ICON", request),
            "site_favicons": self._get_favicons("SITE_FAVICONS", request),
            "colors": self._get_colors("COLORS", request),
            "styles": self._get_list("STYLES", request),
            "scripts": self._get_list("SCRIPTS", request),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show what there is to do next, and how things stand."""
        # What it shows comes from the apps, which are not loaded yet when the site is made.
        from postroom.controlroom.overview import get_overview  # noqa: PLC0415

        return super().index(request, {**get_overview(request.user), **(extra_context or {})})


site = ControlRoomSite(name="admin")
