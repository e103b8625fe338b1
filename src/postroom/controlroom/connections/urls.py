"""Which addresses of connections lead where."""

from django.urls import path
from django.views.generic import RedirectView

from postroom.controlroom.connections import my_connections, pages, round_trip, wizard

urlpatterns = [
    path(
        "connections/",
        RedirectView.as_view(pattern_name="admin:connections_oauthconnection_changelist"),
        name="connections",
    ),
    path("connections/new/", wizard.show_identity, name="connection-new"),
    path("connections/new/client/", wizard.show_client, name="connection-new-client"),
    path("connections/<uuid:pk>/", pages.show_connection, name="connection"),
    path("connections/<uuid:pk>/edit/", pages.edit_connection, name="connection-edit"),
    path("connections/<uuid:pk>/test/", pages.show_test, name="connection-test"),
    path("connections/<uuid:pk>/roles/", pages.invite_roles, name="connection-roles"),
    path("connections/<uuid:pk>/secret/", pages.replace_secret, name="connection-secret"),
    path(
        "connections/<uuid:pk>/secret/<uuid:secret>/remove/",
        pages.remove_secret,
        name="connection-secret-remove",
    ),
    path("connections/<uuid:pk>/disconnect/", pages.disconnect, name="connection-disconnect"),
    path("connections/<uuid:pk>/link/", round_trip.make_link, name="connection-link"),
    path("connections/<uuid:pk>/delete/", pages.delete_connection, name="connection-delete"),
    path("me/connections/", my_connections.show_my_connections, name="my-connections"),
    path(
        "me/connections/<uuid:pk>/disconnect/",
        my_connections.disconnect_mine,
        name="my-connection-disconnect",
    ),
    path("oauth/start/<uuid:pk>/mine", round_trip.start_own, name="oauth-start-mine"),
    path("oauth/start/<uuid:pk>/shared", round_trip.start_shared, name="oauth-start-shared"),
    path("oauth/link", round_trip.open_link, name="oauth-link"),
    path("oauth/callback", round_trip.take_callback, name="oauth-callback"),
]
