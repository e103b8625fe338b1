"""The vault's own pages: the values that a person is to give, and the vault itself for administrators."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.my_settings import show_page
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.vault.credentials import give_own_value
from postroom.controlroom.vault.models import Attribute, PersonalValue
from postroom.controlroom.vault.opening import lock, unlock
from postroom.controlroom.vault.rights import list_attributes_to_provide
from postroom.controlroom.vault.status import get_status
from postroom.errors import PostroomError, VaultError
from postroom.values import Secret


@needs(Permission.MANAGE_MY_CREDENTIALS)
def show_my_credentials(request: HttpRequest) -> HttpResponse:
    """Show which values a person is to give, and save those that were typed."""
    attributes = list(list_attributes_to_provide(request.user).select_related("credential__locker"))
    if request.method == "POST":
        return _save_my_values(request, attributes)
    given = PersonalValue.objects.filter(user=request.user, attribute__in=attributes).exclude(encrypted=None)
    keys = set(given.values_list("attribute", flat=True))
    return show_page(
        request,
        "vault/my_credentials.html",
        gettext("My settings"),
        rows=[{"attribute": attribute, "given": attribute.pk in keys} for attribute in attributes],
        vault_status=get_status(),
        can_unlock=request.user.may(Permission.ADMINISTER_ALL_LOCKERS),
    )


@needs(Permission.ADMINISTER_ALL_LOCKERS)
def show_vault(request: HttpRequest) -> HttpResponse:
    """Show how the vault stands; unlock and lock it in manual mode."""
    if request.method == "POST":
        return _answer(request, _lock if request.POST.get("answer") == "lock" else _unlock)
    return show_page(request, "vault/vault.html", gettext("Credential Vault"), vault_status=get_status())


def _save_my_values(request: HttpRequest, attributes: list[Attribute]) -> HttpResponse:
    saved = 0
    try:
        for attribute in attributes:
            if value := request.POST.get(f"value-{attribute.pk}"):
                give_own_value(request.user, attribute, Secret(value))
                saved += 1
    except PostroomError as error:
        messages.error(request, error.message)
    if saved:
        messages.success(request, gettext("Saved. Your bots use what you entered from now on."))
    return redirect("vault_my_credentials")


def _answer(request: HttpRequest, act: Any) -> HttpResponse:
    try:
        messages.success(request, act(request))
    except VaultError as error:
        messages.error(request, error.message)
    return redirect(reverse("vault_vault"))


def _unlock(request: HttpRequest) -> str:
    unlock(request.user, Secret(request.POST.get("key", "")))
    return gettext("The Credential Vault is unlocked, for all processes of this Control Room.")


def _lock(request: HttpRequest) -> str:
    lock(request.user)
    return gettext("The Credential Vault is locked. Whatever needs a secret waits until somebody unlocks it.")
