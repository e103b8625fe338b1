"""Devices: let in by a code, added by hand, revoked."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from postroom.controlroom.accounts.device_keys import add_device
from postroom.controlroom.accounts.models import Device, DeviceLogin
from postroom.controlroom.audit.models import AuditEntry
from support.people import People

Open = Callable[..., Client]
LET_IN = "/me/devices/let-in/"


def start() -> dict[str, Any]:
    """Ask to be let in, as a device does."""
    answer = Client().post("/api/login", {"name": "LAPTOP-042"}, "application/json")
    assert answer.status_code == 200
    started: dict[str, Any] = answer.json()
    return started


def poll(started: dict[str, Any]) -> Any:
    """Ask whether one is in, as a device does."""
    return Client().post("/api/login/key", {"device_code": started["device_code"]}, "application/json")


def test_a_device_is_let_in(people: People, client_as: Open) -> None:
    """The page shows which device asks, and the device gets a key that is its user's, once."""
    started = start()
    assert poll(started).json()["status"] == "pending"
    mine = client_as(people.creator)
    path = started["verification_uri_complete"].removeprefix("http://testserver")
    page = mine.get(path).content.decode()
    assert "LAPTOP-042" in page
    assert started["user_code"] in page
    assert not Device.objects.exists()
    mine.post(LET_IN, {"code": started["user_code"], "answer": "allow"})
    given = poll(started).json()
    assert (given["status"], given["username"]) == ("allowed", "creator")
    asks = Client(headers={"Authorization": f"Bearer {given['api_key']}"})
    assert asks.get("/api/me").json()["device"] == "LAPTOP-042"
    assert poll(started).status_code == 404
    assert AuditEntry.objects.get(event="DEVICE_ADDED").actor == "creator"


def test_a_device_is_sent_away(people: People, client_as: Open) -> None:
    """A device that was declined gets no key, and cannot be let in later."""
    started = start()
    mine = client_as(people.creator)
    mine.post(LET_IN, {"code": started["user_code"], "answer": "refuse"})
    assert poll(started).status_code == 403
    mine.post(LET_IN, {"code": started["user_code"], "answer": "allow"})
    assert poll(started).status_code == 403
    assert AuditEntry.objects.get(event="DEVICE_ADDED").outcome == "refused"


def test_looking_at_the_page_lets_nothing_in(people: People, client_as: Open) -> None:
    """A link that somebody is made to open does nothing by itself, nor does a form of another site."""
    started = start()
    client_as(people.creator).get(f"{LET_IN}?code={started['user_code']}&answer=allow")
    forged = client_as(people.creator, enforce_csrf_checks=True)
    assert forged.post(LET_IN, {"code": started["user_code"], "answer": "allow"}).status_code == 403
    assert poll(started).json()["status"] == "pending"


def test_a_code_expires(people: People, client_as: Open) -> None:
    """After ten minutes neither the page nor the device gets anywhere."""
    started = start()
    DeviceLogin.objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = client_as(people.creator).post(
        LET_IN, {"code": started["user_code"], "answer": "allow"}, follow=True
    )
    assert "No device waits" in answer.content.decode()
    assert poll(started).status_code == 404


def test_a_code_is_read_as_people_type_it(people: People, client_as: Open) -> None:
    """Small letters, blanks and a missing hyphen do not matter."""
    started = start()
    typed = started["user_code"].lower().replace("-", "  ")
    assert "LAPTOP-042" in client_as(people.creator).get(LET_IN, {"code": typed}).content.decode()


def test_letting_in_needs_the_permission(people: People, client_as: Open) -> None:
    """Who may not have devices lets none in."""
    started = start()
    answer = client_as(people.outsider).post(LET_IN, {"code": started["user_code"], "answer": "allow"})
    assert answer.status_code == 403
    assert poll(started).json()["status"] == "pending"


@pytest.mark.django_db
def test_nobody_fills_the_database_with_devices_that_wait() -> None:
    """An address that asks without end is refused; another one is not."""
    for _ in range(20):
        start()
    assert Client().post("/api/login", {"name": "x"}, "application/json").status_code == 403
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.post("/api/login", {"name": "x"}, "application/json").status_code == 200


@pytest.mark.django_db
def test_the_codes_are_not_kept_as_they_are() -> None:
    """The code that is worth a key is in the database as a hash alone."""
    started = start()
    assert started["device_code"] not in str(DeviceLogin.objects.values().get())


def test_a_device_is_added_by_hand(people: People, client_as: Open) -> None:
    """The key is shown once, and kept by no cache."""
    answer = client_as(people.creator).post("/me/devices/", {"name": "server-7"})
    assert answer["Cache-Control"] == "no-store"
    found = re.search(r'id="shown-once"[^>]*>(prk_[^<]+)<', answer.content.decode())
    assert found
    assert Client(headers={"Authorization": f"Bearer {found[1]}"}).get("/api/me").status_code == 200


def test_devices_of_others_are_not_visible(people: People, client_as: Open) -> None:
    """Nobody sees or revokes a device of somebody else, on no page and by no endpoint."""
    device, _key = add_device(people.administrator, "the-administrators-laptop")
    mine = client_as(people.creator)
    assert "the-administrators-laptop" not in mine.get("/me/devices/").content.decode()
    assert mine.get("/api/devices").json()["items"] == []
    assert mine.get("/api/devices", {"everybody": "true"}).status_code == 403
    assert mine.post(f"/me/devices/{device.pk}/revoke/").status_code == 404
    assert mine.delete(f"/api/devices/{device.pk}").status_code == 404
    assert Device.objects.get().revoked is None


def test_ones_own_device_is_revoked(people: People, client_as: Open) -> None:
    """A revoked device is gone from the list, and its key is refused."""
    device, key = add_device(people.creator, "LAPTOP")
    mine = client_as(people.creator)
    mine.post(f"/me/devices/{device.pk}/revoke/")
    assert "LAPTOP</p>" not in mine.get("/me/devices/").content.decode()
    assert Client(headers={"Authorization": f"Bearer {key.reveal()}"}).get("/api/me").status_code == 401


def test_revoking_takes_a_form(people: People, client_as: Open) -> None:
    """A link does not revoke."""
    device, _key = add_device(people.creator, "LAPTOP")
    assert client_as(people.creator).get(f"/me/devices/{device.pk}/revoke/").status_code == 405


def test_a_device_ends_its_own_key(people: People) -> None:
    """`postroom logout` needs no permission."""
    _device, key = add_device(people.outsider, "LAPTOP")
    asks = Client(headers={"Authorization": f"Bearer {key.reveal()}"})
    assert asks.post("/api/logout").status_code == 204
    assert asks.get("/api/me").status_code == 401


def test_a_device_name_cannot_be_markup(people: People, client_as: Open) -> None:
    """What a device calls itself is shown as text."""
    add_device(people.creator, "<img src=x onerror=alert(1)>")
    page = client_as(people.creator).get("/me/devices/").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img" in page
