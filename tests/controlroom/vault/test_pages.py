"""The vault's pages: what people make there, and that no value ever comes back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from postroom.controlroom.vault import credentials, opening
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import Attribute, Credential, Locker, LockerMember
from postroom.values import Secret
from support.canary import canary
from support.people import People

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
CANARY = "canary-8Q~typed-into-a-page"
Open = "Callable[..., Client]"


@pytest.fixture(autouse=True)
def watched() -> None:
    """Look for the value of these tests everywhere."""
    canary.add([CANARY])


def rows(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Write the rows of a form as a browser sends them."""
    sent = {
        f"{prefix}-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()
    }
    return {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial, **sent}


def add_credential(client: "Client", name: str = "Azure", **attribute: Any) -> Any:
    """Fill in the page for a new credential with one attribute."""
    row = {"name": "client_secret", "kind": "standard", "value": CANARY, "masked": "on", **attribute}
    return client.post("/vault/credential/add/", {"name": name, **rows("attributes", row)})


def test_a_credential_is_made_and_its_value_never_shown(people: People, client_as: Open) -> None:
    """The value can be used, and stands on none of the pages."""
    client = client_as(people.creator)
    assert add_credential(client).status_code == 302
    credential = Credential.objects.get()
    assert credential.owner == people.creator
    assert credentials.use_value(people.creator, "azure", "client_secret").value == Secret(CANARY)
    base = f"/vault/credential/{credential.pk}/"
    for path in (
        "/vault/credential/",
        f"{base}change/",
        f"{base}history/",
        "/me/credentials/",
        f"{base}delete/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        canary.check(page.content, path)
    assert b"unchanged" in client.get(f"{base}change/").content


def test_an_empty_value_leaves_the_old_one(people: People, client_as: Open) -> None:
    """Whoever changes the name does not have to type the value again."""
    client = client_as(people.creator)
    add_credential(client)
    attribute = Attribute.objects.get()
    row = {
        "id": str(attribute.pk),
        "credential": str(attribute.credential_id),
        "name": "secret",
        "kind": "standard",
        "value": "",
        "masked": "on",
    }
    sent = {"name": "Azure", **rows("attributes", row, initial=1)}
    answer = client.post(f"/vault/credential/{attribute.credential_id}/change/", sent)
    assert answer.status_code == 302
    assert credentials.use_value(people.creator, "azure", "secret").value == Secret(CANARY)


def test_a_mistake_does_not_show_the_value(people: People, client_as: Open) -> None:
    """The page comes back with the mistake, and the value has to be typed again; masked or not."""
    client = client_as(people.creator)
    for masked in ("on", ""):
        page = add_credential(client, name="a/b", masked=masked)
        assert page.status_code == 200
        assert b"A name has no" in page.content
        canary.check(page.content, "the page with a mistake")


def test_names_are_taken_in_any_case(people: People, client_as: Open) -> None:
    """A second credential of the same name is refused, also for those who do not see the first."""
    add_credential(client_as(people.creator), "Größe")
    page = add_credential(client_as(people.administrator), "GRÖSSE")
    assert b"This name is taken" in page.content
    two = {
        "name": "two",
        **rows("attributes", {"name": "a", "kind": "standard"}, {"name": "A", "kind": "standard"}),
    }
    assert b"the same name" in client_as(people.creator).post("/vault/credential/add/", two).content


def test_fifty_attributes_and_no_more(people: People, client_as: Open) -> None:
    """A credential takes fifty attributes."""
    client = client_as(people.creator)
    many = [{"name": f"a{number}", "kind": "standard"} for number in range(51)]
    assert (
        client.post("/vault/credential/add/", {"name": "many", **rows("attributes", *many)}).status_code
        == 200
    )
    sent = {"name": "many", **rows("attributes", *many[:50])}
    assert client.post("/vault/credential/add/", sent).status_code == 302
    assert Attribute.objects.count() == 50


def test_password_only_is_not_taken_off_a_value(people: People, client_as: Open) -> None:
    """What was for secret fields alone stays so until the value is typed again."""
    client = client_as(people.creator)
    add_credential(client, password_only="on")
    attribute = Attribute.objects.get()
    row = {
        "id": str(attribute.pk),
        "credential": str(attribute.credential_id),
        "name": attribute.name,
        "kind": "standard",
        "masked": "on",
        "value": "",
    }
    url = f"/vault/credential/{attribute.credential_id}/change/"
    page = client.post(url, {"name": "Azure", **rows("attributes", row, initial=1)})
    assert b"Enter the value again" in page.content
    retyped = {"name": "Azure", **rows("attributes", {**row, "value": CANARY}, initial=1)}
    assert client.post(url, retyped).status_code == 302


def test_whoever_makes_a_locker_owns_it(people: People, client_as: Open) -> None:
    """The maker is its owner, and it cannot lose its last one."""
    client = client_as(people.creator)
    assert client.post("/vault/locker/add/", {"name": "Payables", **rows("members")}).status_code == 302
    member = LockerMember.objects.get()
    assert (member.user, member.part) == (people.creator, "owner")
    row = {"id": member.pk, "locker": str(member.locker_id), "user": member.user_id, "part": "participant"}
    url = f"/vault/locker/{member.locker_id}/change/"
    page = client.post(url, {"name": "Payables", **rows("members", row, initial=1)})
    assert b"needs an owner" in page.content


def test_a_manager_makes_no_owners(people: People, client_as: Open) -> None:
    """Managers invite participants, and cannot make themselves owners."""
    locker = Locker.objects.create(name="Payables")
    LockerMember.objects.create(locker=locker, user=people.administrator, part="owner")
    member = LockerMember.objects.create(locker=locker, user=people.creator, part="manager")
    owner = locker.members.get(part="owner")
    client, url = client_as(people.creator), f"/vault/locker/{locker.pk}/change/"

    def post(part: str) -> Any:
        kept = {"id": owner.pk, "locker": str(locker.pk), "user": owner.user_id, "part": "owner"}
        own = {"id": member.pk, "locker": str(locker.pk), "user": member.user_id, "part": part}
        new = {"id": "", "locker": str(locker.pk), "user": people.outsider.pk, "part": "participant"}
        return client.post(url, {"name": "Payables", **rows("members", kept, own, new, initial=2)})

    assert b"Only an owner" in post("owner").content
    assert post("manager").status_code == 302
    assert locker.members.get(user=people.outsider).part == "participant"


def test_others_lockers_and_credentials_are_not_there(people: People, client_as: Open) -> None:
    """Whoever has no part in a locker finds neither it nor what is in it; who administers all sees and sets nothing."""
    creator = client_as(people.creator)
    add_credential(creator)
    credential, locker = Credential.objects.get(), Locker.objects.create(name="Payables")
    for client in (client_as(people.auditor), client_as(people.outsider)):
        assert client.get("/vault/locker/").status_code == 403
        assert client.get(f"/vault/credential/{credential.pk}/change/").status_code == 403
    assert creator.get(f"/vault/locker/{locker.pk}/change/").status_code == 302
    assert creator.get(f"/vault/locker/{locker.pk}/delete/").status_code in (302, 403)
    page = client_as(people.administrator).get(f"/vault/credential/{credential.pk}/change/")
    assert page.status_code == 200
    assert b'name="attributes-0-value"' not in page.content


def test_a_locker_with_credentials_is_not_deleted(people: People, client_as: Open) -> None:
    """What is in it would be lost; an empty one goes."""
    locker = Locker.objects.create(name="Payables")
    LockerMember.objects.create(locker=locker, user=people.creator, part="owner")
    kept = Credential.objects.create(name="azure", locker=locker)
    client, url = client_as(people.creator), f"/vault/locker/{locker.pk}/delete/"
    client.post(url, {"post": "yes"})
    assert Locker.objects.exists()
    kept.delete()
    assert client.post(url, {"post": "yes"}).status_code == 302
    assert not Locker.objects.exists()


def test_values_of_ones_own(people: People, client_as: Open) -> None:
    """My credentials asks for what is missing, saves it, and never shows it."""
    client = client_as(people.creator)
    add_credential(client, kind="user-provided", value="")
    attribute = Attribute.objects.get()
    assert b"Not given yet" in client.get("/me/credentials/").content
    answer = client.post("/me/credentials/", {f"value-{attribute.pk}": CANARY}, follow=True)
    assert b"You have given it" in answer.content
    canary.check(answer.content, "My credentials")
    assert credentials.use_value(people.creator, "azure", "client_secret").value == Secret(CANARY)


def test_changing_whose_value_it_is_drops_it(people: People, client_as: Open) -> None:
    """A value for everybody does not become a person's own, nor the other way round."""
    client = client_as(people.creator)
    add_credential(client)
    attribute = Attribute.objects.get()
    row = {
        "id": str(attribute.pk),
        "credential": str(attribute.credential_id),
        "name": attribute.name,
        "kind": "user-provided",
        "masked": "on",
    }
    sent = {"name": "Azure", **rows("attributes", row, initial=1)}
    assert client.post(f"/vault/credential/{attribute.credential_id}/change/", sent).status_code == 302
    attribute.refresh_from_db()
    assert attribute.encrypted is None


@pytest.mark.writes_secrets("key")
def test_the_vault_is_unlocked_on_its_page(people: People, client_as: Open, tmp_path: Path) -> None:
    """An administrator enters the key and locks it again; others do not see the page; no value is saved meanwhile."""
    add_credential(client_as(people.creator))
    opening.choose_manual_mode(None, tmp_path / "key")
    key = (tmp_path / "key").read_text().strip()
    canary.add([key])
    memory.forget()
    page = add_credential(client_as(people.creator), "another")
    assert page.status_code == 200
    assert b"Credential Vault is locked" in page.content
    assert not Credential.objects.filter(name="another").exists()
    assert client_as(people.creator).get("/credential-vault/").status_code == 403
    client = client_as(people.administrator)
    assert b"is not a master key" in client.post("/credential-vault/", {"key": "x"}, follow=True).content
    assert b"is unlocked" in client.post("/credential-vault/", {"key": key}, follow=True).content
    assert b"The vault is open" in client.get("/credential-vault/").content
    assert b"is locked" in client.post("/credential-vault/", {"answer": "lock"}, follow=True).content


@pytest.mark.parametrize("path", ["/vault/locker/", "/vault/credential/", "/me/credentials/"])
def test_empty_pages_say_the_next_step(path: str, people: People, client_as: Open) -> None:
    """Where there is nothing yet, the page explains and leads on."""
    page = client_as(people.creator).get(path).content
    assert b"yet" in page or b"Nothing is asked" in page
    assert b'href="/vault/' in page
