"""Which addresses of schedules, triggers, alerts and figures lead where."""

from django.urls import path

from postroom.controlroom.runs import (
    alerts_pages,
    figures_pages,
    notifications,
    notifications_receiver,
    schedules_pages,
    triggers_pages,
)

urlpatterns = [
    path("schedules/", schedules_pages.show_schedules, name="schedules"),
    path("schedules/new/", schedules_pages.add_schedule, name="schedule-new"),
    path("schedules/preview/", schedules_pages.preview_times, name="schedule-preview"),
    path("schedules/<uuid:pk>/", schedules_pages.edit_schedule, name="schedule"),
    path("schedules/<uuid:pk>/enable/", schedules_pages.enable_schedule, name="schedule-enable"),
    path("schedules/<uuid:pk>/delete/", schedules_pages.delete_schedule, name="schedule-delete"),
    path("triggers/", triggers_pages.show_triggers, name="triggers"),
    path("triggers/new/", triggers_pages.add_trigger, name="trigger-new"),
    path("triggers/<uuid:pk>/", triggers_pages.edit_trigger, name="trigger"),
    path("triggers/<uuid:pk>/enable/", triggers_pages.enable_trigger, name="trigger-enable"),
    path("triggers/<uuid:pk>/check/", triggers_pages.check_trigger, name="trigger-check"),
    path("triggers/<uuid:pk>/delete/", triggers_pages.delete_trigger, name="trigger-delete"),
    path("alerts/", alerts_pages.show_alerts, name="alerts"),
    path("alerts/<int:pk>/delete/", alerts_pages.delete_alert, name="alert-delete"),
    path("figures/", figures_pages.show_figures, name="figures"),
    path("figures/export/<str:wanted>", figures_pages.export_figures, name="figures-export"),
    path(notifications.ADDRESS, notifications_receiver.receive, name="notifications"),
]
