"""Which address leads where."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from postroom.controlroom.accounts import endpoints as accounts
from postroom.controlroom.api import api
from postroom.controlroom.audit import endpoints as audit
from postroom.controlroom.connections import api as connections
from postroom.controlroom.connections import token_api
from postroom.controlroom.health import show_health
from postroom.controlroom.language import set_language
from postroom.controlroom.runs import mailbox_api, runs_api
from postroom.controlroom.runs.bots import api as bots_api
from postroom.controlroom.runs.schedules import api as schedules_api
from postroom.controlroom.runs.triggers import api as triggers_api
from postroom.controlroom.site import site
from postroom.controlroom.vault import endpoints as vault

handler400 = "postroom.controlroom.problems.show_bad_request"
handler403 = "postroom.controlroom.accounts.access.show_refusal"
handler404 = "postroom.controlroom.problems.show_missing"
handler500 = "postroom.controlroom.problems.show_failure"


def show_robots(_request: HttpRequest) -> HttpResponse:
    """Ask search engines to stay away from all pages."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@csrf_exempt
def refuse_unknown_endpoint(_request: HttpRequest, **_address: str) -> HttpResponse:
    """Tell a program that there is no such endpoint, and not where people sign in."""
    raise Http404


api.add_router("", accounts.router)
api.add_router("", audit.router)
api.add_router("", vault.router)
api.add_router("", connections.router)
api.add_router("", token_api.router)
api.add_router("", schedules_api.router)
api.add_router("", triggers_api.router)
api.add_router("", bots_api.router)
api.add_router("", mailbox_api.router)
api.add_router("", runs_api.router)

urlpatterns = [
    path("health", show_health, name="health"),
    path("robots.txt", show_robots, name="robots"),
    path("api/", api.urls),
    path("api/<path:endpoint>", refuse_unknown_endpoint),
    path("language/", set_language, name="set_language"),
    path("", include("postroom.controlroom.accounts.urls")),
    path("", include("postroom.controlroom.connections.urls")),
    path("", include("postroom.controlroom.vault.urls")),
    path("", include("postroom.controlroom.runs.urls")),
    path("", site.urls),
]
