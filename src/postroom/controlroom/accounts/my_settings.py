"""My settings: the pages on which everybody decides about themselves."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.forms import OwnPasswordForm, ProfileForm
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.site import site

TABS: tuple[tuple[Any, str, Permission | None], ...] = (
    (_("Profile"), "my-settings", None),
    (_("Password"), "my-password", None),
    (_("OAuth connections"), "my-connections", None),
    (_("My devices"), "my-devices", Permission.MANAGE_DEVICES),
    (_("My credentials"), "vault_my_credentials", Permission.MANAGE_MY_CREDENTIALS),
)
"""The tabs of My settings: title, name of the URL, and who has it (None: everybody)."""


def show_page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """Show a page in the look of the site; templates that extend `accounts/my_page.html` show the tabs."""
    request.current_app = site.name
    shared = {**site.each_context(request), "title": title, "tab_list": _get_tabs(request)}
    return TemplateResponse(request, template, {**shared, **context})


@needs()
def show_my_settings(request: HttpRequest) -> HttpResponse:
    """Show and change name, e-mail address and language."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        _save_profile(request.user, form)
        return _answer_saved(request)
    return show_page(request, "accounts/my_settings.html", gettext("My settings"), form=form)


@needs()
def change_my_password(request: HttpRequest) -> HttpResponse:
    """Change the password of whoever knows the old one; other sessions of the user end."""
    form = OwnPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _save_password(request.user, form)
        update_session_auth_hash(request, request.user)
        messages.success(request, gettext("Your password was changed. Other sessions of yours have ended."))
        return redirect("my-settings")
    return show_page(request, "accounts/my_password.html", gettext("My settings"), form=form)


@transaction.atomic
def _save_profile(user: User, form: ProfileForm) -> None:
    form.save()
    if form.changed_data:
        record(Event.USER_CHANGED, actor=user, target=user.username, changed=", ".join(form.changed_data))


@transaction.atomic
def _save_password(user: User, form: OwnPasswordForm) -> None:
    user.must_change_password = False
    form.save()
    record(Event.PASSWORD_CHANGED, actor=user, target=user.username)


def _get_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    items = [
        {
            "title": title,
            "link": reverse(name),
            "active": request.path == reverse(name),
            "has_permission": True,
        }
        for title, name, permission in TABS
        if permission is None or request.user.may(permission)
    ]
    return [{"page": "my-settings", "items": items}]


def _answer_saved(request: HttpRequest) -> HttpResponse:
    language = request.user.language
    if language:
        translation.activate(language)
    messages.success(request, gettext("Your settings were saved."))
    response = redirect("my-settings")
    if not language:
        # “As the browser says” must not be overruled by what this browser was once switched to.
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite=settings.LANGUAGE_COOKIE_SAMESITE)
    return response
