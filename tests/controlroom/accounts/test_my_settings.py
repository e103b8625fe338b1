"""My settings."""

from collections.abc import Callable

from django.test import Client

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.models import AuditEntry
from support.people import PASSWORD, People

Open = Callable[..., Client]
NEW = "another-made-up-password"


def test_everybody_changes_their_own_name_and_language(people: People, client_as: Open) -> None:
    """Name, address and language are saved; what is not on the form is not changed."""
    fields = {
        "name": "Ana",
        "email": "ana@contoso.com",
        "language": "ja",
        "username": "root",
        "is_active": "0",
    }
    mine = client_as(people.outsider)
    mine.post("/me/", fields)
    user = User.objects.get(pk=people.outsider.pk)
    assert (user.username, user.name, user.language, user.is_active) == ("outsider", "Ana", "ja", True)
    assert mine.get("/me/")["Content-Language"] == "ja"
    assert AuditEntry.objects.get(event="USER_CHANGED").actor == "outsider"


def test_the_language_follows_the_browser_unless_chosen(people: People, client_as: Open) -> None:
    """Without a choice the browser's language counts, with one the choice."""
    mine = client_as(people.outsider, headers={"Accept-Language": "ja"})
    assert mine.get("/me/")["Content-Language"] == "ja"
    mine.post("/me/", {"language": "en"})
    assert mine.get("/me/")["Content-Language"] == "en"
    mine.post("/me/", {"language": ""})
    assert mine.get("/me/")["Content-Language"] == "ja"


def test_a_password_is_changed_by_who_knows_the_old_one(people: People, client_as: Open) -> None:
    """The session goes on, and other sessions of the user end."""
    mine, elsewhere = client_as(people.creator), client_as(people.creator)
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert mine.post("/me/password/", fields).status_code == 302
    assert mine.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert AuditEntry.objects.get(event="PASSWORD_CHANGED").actor == "creator"


def test_a_password_is_not_changed_without_the_old_one(people: People, client_as: Open) -> None:
    """A wrong old password, a weak new one and two different ones are refused."""
    mine = client_as(people.creator)
    for old, first, second in (
        (NEW, NEW, NEW),
        (PASSWORD, "12345678", "12345678"),
        (PASSWORD, NEW, PASSWORD),
    ):
        fields = {"old_password": old, "new_password1": first, "new_password2": second}
        assert mine.post("/me/password/", fields).status_code == 200
        assert mine.post("/password_change/", fields).status_code == 200
    assert User.objects.get(pk=people.creator.pk).check_password(PASSWORD)


def test_the_tabs_are_those_that_one_may_open(people: People, client_as: Open) -> None:
    """A tab that would be refused is not there."""
    assert "/me/devices/" in client_as(people.creator).get("/me/").content.decode()
    assert "/me/devices/" not in client_as(people.outsider).get("/me/").content.decode()
