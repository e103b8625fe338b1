"""The secrets of a Control Room show nowhere: not in its log, its answers, or what its database holds."""

from support.canary import KEY_FILES, canary
from support.control_room import RunningControlRoom


def test_keys_are_for_its_own_eyes(control_room: RunningControlRoom) -> None:
    """The key of the vault and the one that signs sessions lie in files that nobody else can read, and nowhere else."""
    with control_room.signed_in() as client:
        canary.check(client.get("/").text, "the first page")
    keys = [control_room.home / name for name in KEY_FILES if (control_room.home / name).exists()]
    assert {key.name for key in keys} == {"vault-key", "secret-key"}
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)
    assert all(canary.is_in(key.read_text()) for key in keys)
    others = [path for path in control_room.home.rglob("*") if path.is_file() and path not in keys]
    assert not [path.name for path in others if canary.is_in(path.read_bytes())]
