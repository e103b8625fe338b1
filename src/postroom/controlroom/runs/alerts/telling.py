"""Alerts: who wants to know it is told when runs fail, by mail or webhook, and when all is well again.

A failed run is marked when it was counted, and what is told has a key, so that nothing is told twice and nothing is
forgotten, whenever the process dies. Of one bot a rule tells at most once in so many minutes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.notices import LOG, MAIL, WEBHOOK, Mailing, Notice, send_notices
from postroom.controlroom.runs.models import Alert, AlertRule, Run, RunStatus

FAILED = (RunStatus.FAILED.value, RunStatus.TIMED_OUT.value)
AT_ONCE = 500


def tell_of_failures(now: datetime) -> int:
    """Count the failures that are new, tell of those whose time has come, and of bots that work again.

    Says how many notices went out. Meant to be called by one process at a time, a few times a minute.
    """
    _count_failures()
    return sum(_tell(alert, now) for alert in _list_due(now)) + sum(
        _tell_recovery(alert) for alert in _list_recovered()
    )


def list_alerts(user: Any) -> "QuerySet[Any]":
    """The alerts of a person's own rules: bots whose last runs have failed."""
    return Alert.objects.filter(rule__user=user).select_related("bot", "run")


@transaction.atomic
def _count_failures() -> None:
    fresh = Run.objects.filter(status__in=FAILED, alerted=False, finished__isnull=False)
    runs = list(fresh.order_by("finished")[:AT_ONCE])
    if not runs:
        return
    rules = [(rule, _sees_all(rule)) for rule in AlertRule.objects.select_related("user")]
    # A child that fails makes its parent fail, or was expected to.
    for run in (run for run in runs if run.parent_id is None):
        for rule, sees_all in rules:
            if _fits(rule, run) and (sees_all or run.run_as_id == rule.user_id):
                _count(rule, run)
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(alerted=True)


def _sees_all(rule: AlertRule) -> bool:
    return bool(rule.user.is_active and rule.user.may(Permission.VIEW_RUNS))


def _fits(rule: AlertRule, run: Run) -> bool:
    wanted = (
        (rule.bot_id, run.bot_id),
        (rule.schedule_id, run.schedule_id),
        (rule.trigger_id, run.trigger_id),
    )
    return run.finished >= rule.created and all(id_ is None or id_ == has for id_, has in wanted)


def _count(rule: AlertRule, run: Run) -> None:
    alert, _is_new = Alert.objects.get_or_create(
        rule=rule, bot_id=run.bot_id, defaults={"since": run.finished, "last_failed": run.finished}
    )
    Alert.objects.filter(pk=alert.pk).update(
        run=run, last_failed=run.finished, failures=F("failures") + 1, untold=F("untold") + 1
    )


def _list_due(now: datetime) -> Iterable[Alert]:
    found = Alert.objects.filter(untold__gt=0).select_related("rule__user", "bot", "run")
    for alert in found:
        pause = timedelta(minutes=alert.rule.every_minutes)
        if alert.told is None or alert.told <= now - pause:
            yield alert


def _list_recovered() -> Iterable[Alert]:
    for alert in Alert.objects.filter(untold=0).select_related("rule__user", "bot"):
        if _list_later_runs(alert).filter(status=RunStatus.DONE).exists():
            yield alert


def _list_later_runs(alert: Alert) -> "QuerySet[Any]":
    rule = alert.rule
    scope = {
        name: value
        for name, value in (("schedule", rule.schedule_id), ("trigger", rule.trigger_id))
        if value is not None
    }
    return Run.objects.filter(Q(bot_id=alert.bot_id, parent=None, finished__gt=alert.last_failed), **scope)


def _tell(alert: Alert, now: datetime) -> int:
    with override(alert.rule.user.language or "en"):
        sent, is_complete = _send(
            alert, _("Postroom: “%(bot)s” fails") % {"bot": alert.bot.name}, _say(alert)
        )
    if is_complete:
        Alert.objects.filter(pk=alert.pk, number=alert.number).update(
            told=now, untold=F("untold") - alert.untold, number=alert.number + 1
        )
    return sent


def _tell_recovery(alert: Alert) -> int:
    with override(alert.rule.user.language or "en"):
        said = _("“%(bot)s” works again: its last run is done.") % {"bot": alert.bot.name}
        subject = _("Postroom: “%(bot)s” works again") % {"bot": alert.bot.name}
        sent, is_complete = _send(alert, subject, said, recovered=True)
    if is_complete:
        Alert.objects.filter(pk=alert.pk, number=alert.number).delete()
    return sent


def _say(alert: Alert) -> str:
    words = {"n": alert.untold, "bot": alert.bot.name}
    counted = ngettext("A run of “%(bot)s” failed.", "%(n)d runs of “%(bot)s” failed.", alert.untold) % words
    if alert.run is None:
        return counted
    link = f"{settings.CONFIGURATION.url}{reverse('run', args=[alert.run.pk])}"
    return f"{counted} {alert.run.error_message} {link}".replace("  ", " ")


def _send(alert: Alert, subject: str, sentence: str, *, recovered: bool = False) -> tuple[int, bool]:
    rule = alert.rule
    wanted = {LOG: True, MAIL: rule.by_mail, WEBHOOK: rule.by_webhook}
    facts = {
        "bot": alert.bot.path,
        "run": str(alert.run_id) if alert.run_id else None,
        "failures": alert.untold,
        "since": alert.since.isoformat(),
        "recovered": recovered,
        "message": sentence,
    }
    # The rule and when it began to fail: the numbers begin anew when it has worked in between.
    key = f"alert/{rule.pk}/{alert.bot_id}/{alert.since.isoformat()}/{alert.number}"
    mailing = Mailing(
        subject=subject,
        kind="alerts",
        notices=[Notice(key, sentence, facts)],
        people=[rule.user.email] if rule.user.email and rule.user.is_active else [],
        nobody=f"{rule.user.get_username()}, who wants to be told of failures, has no e-mail address.",
        ways=frozenset(way for way, is_wanted in wanted.items() if is_wanted),
    )
    return send_notices(mailing)
