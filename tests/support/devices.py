"""Devices of people in a Control Room that runs."""

from postroom.values import Secret
from support.canary import canary
from support.control_room import RunningControlRoom


def add_device(control_room: RunningControlRoom) -> tuple[str, Secret]:
    """Add a device of the administrator; give its id and key."""
    with control_room.signed_in() as admin:
        token = admin.get("/me/").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        headers = {"X-CSRFToken": token, "Referer": control_room.address}
        answer = admin.post("/api/devices", json={"name": "LAPTOP"}, headers=headers)
        assert answer.status_code == 201, answer.text
    made = answer.json()
    canary.add([made["api_key"]])
    return made["device"]["id"], Secret(made["api_key"])
