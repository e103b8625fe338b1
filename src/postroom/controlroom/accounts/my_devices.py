"""My devices: which machines act for me, the way in for another one, and the way out."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from postroom.controlroom.accounts import device_logins
from postroom.controlroom.accounts.access import needs
from postroom.controlroom.accounts.device_keys import add_device, revoke_device
from postroom.controlroom.accounts.forms import DeviceForm, UserCodeForm
from postroom.controlroom.accounts.models import Device, DeviceLogin
from postroom.controlroom.accounts.my_settings import show_page
from postroom.controlroom.accounts.permissions import Permission
from postroom.values import Secret


@needs(Permission.MANAGE_DEVICES)
def show_my_devices(request: HttpRequest) -> HttpResponse:
    """Show the devices of the user, and add one whose key is copied by hand."""
    form = DeviceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _show_key(request, *add_device(request.user, form.cleaned_data["name"]))
    return show_page(
        request,
        "accounts/my_devices.html",
        gettext("My settings"),
        form=form,
        devices=Device.objects.filter(user=request.user, revoked=None),
        address=request.build_absolute_uri("/").rstrip("/"),
    )


@require_POST
@needs(Permission.MANAGE_DEVICES)
def revoke_my_device(request: HttpRequest, device_id: str) -> HttpResponse:
    """End the key of one of the user's own devices."""
    device = get_object_or_404(Device, pk=device_id, user=request.user)
    revoke_device(request.user, device)
    messages.success(request, gettext("“%(device)s” was revoked.") % {"device": device.name})
    return redirect("my-devices")


@needs(Permission.MANAGE_DEVICES)
def let_device_in(request: HttpRequest) -> HttpResponse:
    """Ask the user whether the machine that shows this code may act for them."""
    if request.method == "POST":
        return _answer(request)
    code = request.GET.get("code", "")
    login = device_logins.find_by_user_code(code) if code else None
    if code and login is None:
        messages.error(request, _no_such_code())
    return show_page(
        request,
        "accounts/let_device_in.html",
        gettext("Let a device in"),
        login=login,
        form=UserCodeForm(initial={"code": code}),
    )


def _answer(request: HttpRequest) -> HttpResponse:
    login = device_logins.find_by_user_code(request.POST.get("code", ""))
    allow = request.POST.get("answer") == "allow"
    if login is None or not device_logins.answer(login, request.user, allow=allow):
        messages.error(request, _no_such_code())
        return redirect("let-device-in")
    return _show_answer(request, login, allow=allow)


def _show_answer(request: HttpRequest, login: DeviceLogin, *, allow: bool) -> HttpResponse:
    if allow:
        title = gettext("“%(device)s” is in")
        message = gettext("The device gets its key now. You can close this page.")
    else:
        title = gettext("“%(device)s” was sent away")
        message = gettext(
            "Nothing was given to it. If you did not start this, somebody tried to use your account."
        )
    named = {"device": login.device_name}
    return show_page(request, "accounts/device_answered.html", title % named, message=message)


def _show_key(request: HttpRequest, device: Device, key: Secret) -> HttpResponse:
    text = gettext(
        "Copy it now: it is shown this once. The device takes it from the environment variable "
        "POSTROOM_CONTROL_ROOM_KEY, with the address of this Control Room in POSTROOM_CONTROL_ROOM_URL."
    )
    context: dict[str, Any] = {
        "secret": key,
        "message": text,
        "way_on": (gettext("To my devices"), reverse("my-devices")),
    }
    title = gettext("API key of “%(device)s”") % {"device": device.name}
    response = show_page(request, "accounts/shown_once.html", title, **context)
    response["Cache-Control"] = "no-store"
    return response


def _no_such_code() -> str:
    return gettext(
        "No device waits with this code. Codes are good for ten minutes: run `postroom login` again."
    )
