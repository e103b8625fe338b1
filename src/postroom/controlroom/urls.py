"""Which address leads where."""

from django.urls import include, path

from postroom.controlroom.api import api
from postroom.controlroom.health import show_health
from postroom.controlroom.site import site

urlpatterns = [
    path("health", show_health, name="health"),
    path("api/", api.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("", site.urls),
]
