"""Moving, copying and erasing folders over HTTPS."""

from collections.abc import Callable

import pytest

from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller


@pytest.fixture
def tree(ap: Caller) -> tuple[str, str]:
    """Give a folder and the one in it, which holds a message."""
    top = ap.post("mailFolders", {"displayName": "Top"})["id"]
    below = ap.post(f"mailFolders/{top}/childFolders", {"displayName": "Below"})["id"]
    ap.post(f"mailFolders/{below}/messages", {"subject": "Within"})
    return top, below


def test_a_folder_moves_with_all_that_is_in_it(
    ap: Caller, tenant: RunningTenant, tree: tuple[str, str]
) -> None:
    """Move answers 200 with the folder at its new place, which a well-known name may give."""
    top, _ = tree
    moved = ap.post(f"mailFolders/{top}/move", {"destinationId": "Archive"}, 200)
    assert (moved["id"], moved["parentFolderId"]) == (top, ap.get("mailFolders/archive")["id"])
    assert tenant.folders(ap.address)["Archive/Top/Below"]["total"] == 1
    ap.post(f"mailFolders/archive/childFolders/{top}/move", {"DestinationId": "msgfolderroot"}, 200)
    assert "Top/Below" in tenant.folders(ap.address)


def test_a_copy_is_of_the_whole_tree(ap: Caller, tenant: RunningTenant, tree: tuple[str, str]) -> None:
    """Copy answers 200 with a folder of its own, whose messages are others too."""
    top, below = tree
    copy = ap.post(f"mailFolders/{top}/copy", {"destinationId": "inbox"}, 200)
    assert copy["id"] != top
    folders = tenant.folders(ap.address)
    assert folders["Inbox/Top/Below"]["total"] == folders["Top/Below"]["total"] == 1
    (child,) = ap.get(f"mailFolders/{copy['id']}/childFolders")["value"]
    (message,) = ap.get(f"mailFolders/{child['id']}/messages")["value"]
    (original,) = ap.get(f"mailFolders/{below}/messages")["value"]
    assert (message["subject"], message["id"] == original["id"]) == ("Within", False)
    whole = ap.post("mailFolders/drafts/copy", {"destinationId": "archive"}, 200)
    assert ap.request("DELETE", f"mailFolders/{whole['id']}").status_code == 204


def test_what_cannot_be_put(ap: Caller, tree: tuple[str, str]) -> None:
    """Not below itself, not beside its namesake, not a well-known folder, not to nowhere."""
    top, below = tree
    ap.post("mailFolders/inbox/childFolders", {"displayName": "TOP"})
    for action in ("move", "copy"):
        path = f"mailFolders/{top}/{action}"
        for target in (top, below):
            refusal = ap.refused("POST", path, json={"destinationId": target})
            assert refusal == (400, "ErrorMoveCopyFailed")
        assert ap.refused("POST", path, json={"destinationId": "inbox"}) == (409, "ErrorFolderExists")
        assert ap.refused("POST", path, json={"destinationId": "nowhere"}) == (400, "ErrorInvalidIdMalformed")
        assert ap.refused("POST", path, json={}) == (400, "ErrorInvalidRequest")
    refusal = ap.refused("POST", "mailFolders/inbox/move", json={"destinationId": "archive"})
    assert refusal == (403, "ErrorMoveDistinguishedFolder")


def test_a_folder_is_erased(ap: Caller, tenant: RunningTenant, tree: tuple[str, str]) -> None:
    """permanentDelete leaves neither the folder, nor what was in it, anywhere."""
    top, below = tree
    (message,) = ap.get(f"mailFolders/{below}/messages")["value"]
    ap.post(f"mailFolders/{top}/permanentDelete", status=204)
    assert not [path for path in tenant.folders(ap.address) if "Top" in path]
    assert ap.refused("GET", f"mailFolders/{below}") == (404, "ErrorItemNotFound")
    assert ap.refused("GET", f"messages/{message['id']}") == (404, "ErrorItemNotFound")
    refusal = ap.refused("POST", "mailFolders/inbox/permanentDelete")
    assert refusal == (403, "ErrorDeleteDistinguishedFolder")


def test_gcc_high_erases_no_folders(call: Callable[..., Caller]) -> None:
    """The schema of GCC High has no permanentDelete; it has the rest."""
    other = call(cloud=GCC_HIGH)
    folder = other.post("mailFolders", {"displayName": "Old"})["id"]
    assert other.refused("POST", f"mailFolders/{folder}/permanentDelete") == (400, "BadRequest")
    other.post(f"mailFolders/{folder}/move", {"destinationId": "archive"}, 200)


def test_the_read_state_of_all_is_not_emulated(ap: Caller) -> None:
    """updateAllMessagesReadState says that the local tenant does not do it."""
    assert ap.refused("POST", "mailFolders/inbox/updateAllMessagesReadState") == (501, "NotImplemented")
