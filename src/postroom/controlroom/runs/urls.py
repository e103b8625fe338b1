"""Which addresses lead where: bots, runs, workers, schedules, triggers, alerts and figures."""

from django.urls import path

from postroom.controlroom.runs import mailbox_pages, run_pages
from postroom.controlroom.runs.alerts import pages as alerts_pages
from postroom.controlroom.runs.bots import pages as bot_pages
from postroom.controlroom.runs.figures import pages as figures_pages
from postroom.controlroom.runs.schedules import pages as schedules_pages
from postroom.controlroom.runs.triggers import notifications, receiver
from postroom.controlroom.runs.triggers import pages as triggers_pages
from postroom.controlroom.runs.workers import pages as worker_pages

urlpatterns = [
    path("bots/", bot_pages.show_bots, name="bots"),
    path("bots/deploy/", bot_pages.deploy_bot, name="bot-deploy"),
    path("bots/refresh/", bot_pages.refresh_bots, name="bots-refresh"),
    path("bots/mailboxes/", mailbox_pages.edit_mailbox_limits, name="mailbox-limits"),
    path("bots/mailboxes/<int:pk>/remove/", mailbox_pages.remove_limit, name="mailbox-limit-remove"),
    path("bots/<int:pk>/", bot_pages.show_bot, name="bot"),
    path("bots/<int:pk>/limits/", bot_pages.edit_limits, name="bot-limits"),
    path("bots/<int:pk>/withdraw/", bot_pages.withdraw_bot, name="bot-withdraw"),
    path("bots/<int:pk>/run/", run_pages.run_bot, name="bot-run"),
    path("bots/<int:pk>/versions/<int:number>/", bot_pages.show_version, name="bot-version"),
    path(
        "bots/<int:pk>/versions/<int:number>/differences/",
        bot_pages.compare_versions,
        name="bot-differences",
    ),
    path("bots/<int:pk>/versions/<int:number>/go-back/", bot_pages.go_back, name="bot-go-back"),
    path("runs/", run_pages.show_runs, name="runs"),
    path("runs/<uuid:pk>/", run_pages.show_run, name="run"),
    path("runs/<uuid:pk>/live/", run_pages.show_live, name="run-live"),
    path("runs/<uuid:pk>/children/", run_pages.show_children, name="run-children"),
    path("runs/<uuid:pk>/inputs/", run_pages.show_inputs, name="run-inputs"),
    path("runs/<uuid:pk>/cancel/", run_pages.cancel_run, name="run-cancel"),
    path("runs/<uuid:pk>/pause/", run_pages.pause_run, name="run-pause"),
    path("runs/<uuid:pk>/resume/", run_pages.resume_run, name="run-resume"),
    path("runs/<uuid:pk>/retry/", run_pages.retry_run, name="run-retry"),
    path("workers/", worker_pages.show_workers, name="workers"),
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
    path(notifications.ADDRESS, receiver.receive, name="notifications"),
]
