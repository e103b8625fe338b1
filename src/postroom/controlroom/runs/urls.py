"""Which addresses of bots and runs lead where."""

from django.urls import path

from postroom.controlroom.runs import bot_pages, mailbox_pages, run_pages, worker_pages

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
]
