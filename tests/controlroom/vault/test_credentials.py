"""The values of credentials: given to whoever may use them, told of without the value, and shown to nobody."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from postroom.controlroom.vault import credentials, envelope
from postroom.controlroom.vault.models import Attribute, Credential, CredentialChange, Locker
from postroom.controlroom.vault.registry import identify
from postroom.controlroom.vault.source import VaultCredentials
from postroom.errors import NotAllowedError, RecordNotFoundError, SettingError, VaultDamagedError
from postroom.values import Credential as Reference
from postroom.values import Resolver, Secret
from support.canary import canary
from support.people import People

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
CANARY = "canary-8Q~only-for-the-bot"
OWN_CANARY = "canary-of-one-person-alone"


@pytest.fixture(autouse=True)
def watched() -> None:
    """Look for the values of these tests everywhere."""
    canary.add([CANARY, OWN_CANARY])


@pytest.fixture
def credential(people: People) -> Credential:
    """Give a credential of the creator's, with a value for everybody and one that each person gives."""
    made = Credential.objects.create(name="Azure", owner=people.creator)
    secret = Attribute.objects.create(credential=made, name="client_secret", password_only=True)
    Attribute.objects.create(credential=made, name="pin", kind=Attribute.Kind.USER_PROVIDED)
    credentials.set_value(people.creator, secret, Secret(CANARY))
    return made


@pytest.fixture
def consumed(credential: Credential, people: People) -> Credential:
    """Put it in a locker that the auditors' role consumes."""
    from postroom.controlroom.accounts.models import Role

    credential.locker = Locker.objects.create(name="Payables")
    credential.locker.members.create(user=people.creator, part="participant")
    credential.locker.consumers.add(Role.objects.get(name="Auditor"))
    credential.save()
    return credential


def test_a_consumer_uses_it(consumed: Credential, people: People) -> None:
    """By its names in any case; the audit trail tells who and what, and not the value."""
    from postroom.controlroom.audit.models import AuditEntry

    used = credentials.use_value(people.auditor, "AZURE", "Client_Secret")
    assert used.value == Secret(CANARY)
    assert used.password_only
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.event, entry.actor, entry.target, entry.outcome) == (
        "CREDENTIAL_USED",
        "auditor",
        "Azure/client_secret",
        "done",
    )


def test_others_are_told_of_nothing(credential: Credential, people: People) -> None:
    """Whoever may not use it gets the same answer as for a name that is not there, and it is in the audit trail."""
    from postroom.controlroom.audit.models import AuditEntry

    for person in (people.administrator, people.auditor, people.outsider):
        with pytest.raises(RecordNotFoundError):
            credentials.use_value(person, "azure", "client_secret")
        entry = AuditEntry.objects.latest("sequence")
        assert (entry.event, entry.actor, entry.outcome) == ("CREDENTIAL_USED", person.username, "refused")


def test_each_person_gives_their_own(consumed: Credential, people: People) -> None:
    """A user-provided value is its giver's alone; who has given none is told where to."""
    pin = consumed.attributes.get(name="pin")
    with pytest.raises(RecordNotFoundError, match="My credentials"):
        credentials.use_value(people.auditor, "azure", "pin")
    credentials.give_own_value(people.auditor, pin, Secret(OWN_CANARY))
    assert credentials.use_value(people.auditor, "azure", "pin").value == Secret(OWN_CANARY)
    with pytest.raises(RecordNotFoundError):
        credentials.use_value(people.creator, "azure", "pin")
    with pytest.raises(NotAllowedError):
        credentials.give_own_value(people.outsider, pin, Secret(OWN_CANARY))


def test_who_may_not_set_a_value(consumed: Credential, people: People) -> None:
    """Neither a consumer nor an administrator of all lockers sets the value of others."""
    secret = consumed.attributes.get(name="client_secret")
    for person in (people.administrator, people.auditor, people.outsider):
        with pytest.raises(NotAllowedError):
            credentials.set_value(person, secret, Secret("another"))
    for value in ("", "x" * (credentials.LONGEST_VALUE + 1)):
        with pytest.raises(SettingError):
            credentials.set_value(people.creator, secret, Secret(value))
    assert credentials.use_value(people.creator, "azure", "client_secret").value == Secret(CANARY)


def test_swapped_values_are_refused(credential: Credential, people: People) -> None:
    """A ciphertext moved to another attribute gives nothing, and that is in the audit trail."""
    from postroom.controlroom.audit.models import AuditEntry

    other = Attribute.objects.create(credential=credential, name="client_id")
    secret = credential.attributes.get(name="client_secret")
    Attribute.objects.filter(pk=other.pk).update(encrypted=secret.encrypted)
    with pytest.raises(VaultDamagedError):
        credentials.use_value(people.creator, "azure", "client_id")
    assert AuditEntry.objects.latest("sequence").outcome == "failed"
    assert envelope.decrypt(identify(secret, "encrypted"), secret.encrypted) == CANARY.encode()


def test_the_history_has_no_values(credential: Credential, people: People) -> None:
    """It tells who set which attribute."""
    change = CredentialChange.objects.latest("pk")
    assert (change.by, change.what, change.attribute) == (people.creator, "value set", "client_secret")


def test_bots_find_it_as_anywhere(credential: Credential, people: People) -> None:
    """A setting that names the credential gets its value; one that is not there is told as everywhere."""
    source = VaultCredentials(people.creator)
    resolver = Resolver([source])
    found = resolver.get_secret("Client secret", Reference("azure", "CLIENT_SECRET"))
    assert found == Secret(CANARY)
    assert source.find_credential(Reference("azure", "nothing")) is None
    assert "Credential Vault" in source.describe_place(Reference("azure", "nothing"))


def test_the_api_gives_values_to_bots_alone(
    consumed: Credential, people: People, client_as: "Callable[..., Client]"
) -> None:
    """Lists have no values; using gives one to a consumer, and says that it belongs in secret fields."""
    creator, auditor = client_as(people.creator), client_as(people.auditor)
    listed = creator.get("/api/credentials")
    assert listed.status_code == 200
    assert listed.json()[0]["attributes"][0]["has_value"]
    canary.check(listed.content, "the list of credentials")
    used = auditor.get("/api/credentials/azure/client_secret")
    assert used.json() == {"value": CANARY, "masked": True, "password_only": True}
    assert used["Cache-Control"] == "no-store"
    refused = client_as(people.outsider).get("/api/credentials/azure/client_secret")
    assert refused.status_code == 404
    assert client_as(people.outsider).get("/api/credentials").status_code == 403
    assert client_as(None).get("/api/credentials/azure/client_secret").status_code == 401


def test_the_api_saves_values(
    consumed: Credential, people: People, client_as: "Callable[..., Client]"
) -> None:
    """Saving answers nothing; a wrong body is refused without repeating it."""
    creator = client_as(people.creator)

    def put(body: Any, attribute: str = "client_secret") -> Any:
        return creator.put(
            f"/api/credentials/azure/{attribute}", json.dumps(body), content_type="application/json"
        )

    saved = put({"value": OWN_CANARY})
    assert (saved.status_code, saved.content) == (204, b"")
    assert credentials.use_value(people.auditor, "azure", "client_secret").value == Secret(OWN_CANARY)
    wrong = put({"value": {"text": OWN_CANARY}})
    assert wrong.status_code == 400
    canary.check(wrong.content, "the refusal")
    assert put({"value": "1234"}, "pin").status_code == 204
    assert put({"value": "1234"}, "nothing").status_code == 404


def test_a_locked_vault_answers_503(
    consumed: Credential, people: People, client_as: "Callable[..., Client]", tmp_path: Path
) -> None:
    """Values wait; lists and pages go on."""
    from postroom.controlroom.vault import opening
    from postroom.controlroom.vault.memory import memory

    opening.choose_manual_mode(None, tmp_path / "key")
    memory.forget()
    creator = client_as(people.creator)
    answer = creator.get("/api/credentials/azure/client_secret")
    assert answer.status_code == 503
    assert answer.json()["error"]["type"] == "VaultLockedError"
    assert creator.get("/api/credentials").status_code == 200
    assert b"is locked" in creator.get("/vault/credential/").content
    (tmp_path / "key").unlink()
