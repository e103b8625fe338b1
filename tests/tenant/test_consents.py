"""What was consented to adds up, a user's own and an administrator's, and can be taken away."""

from postroom.tenant.consents import Consents
from postroom.tenant.directory import App, User

APP = App("bot", "client", "object")
OTHER_APP = App("other bot", "other client", "other object")
ADELE = User("1", "adele@contoso.com", "Adele Vance", "")
MEGAN = User("2", "megan@contoso.com", "Megan Bowen", "")


def test_a_consent_is_for_one_app_and_one_user() -> None:
    """What one user gave one app says nothing of others."""
    consents = Consents()
    consents.grant(APP, ADELE, {"Mail.Read"})
    assert consents.find_missing(APP, ADELE, {"Mail.Read"}) == set()
    assert consents.find_missing(APP, MEGAN, {"Mail.Read"}) == {"Mail.Read"}
    assert consents.find_missing(OTHER_APP, ADELE, {"Mail.Read"}) == {"Mail.Read"}


def test_consents_add_up() -> None:
    """A later consent is beside the earlier one, and an administrator's is for everybody."""
    consents = Consents()
    consents.grant(APP, ADELE, {"Mail.Read"})
    consents.grant(APP, ADELE, {"User.Read"})
    consents.grant_for_all(APP, {"Mail.Send"})
    assert consents.find_granted(APP, ADELE) == {"Mail.Read", "User.Read", "Mail.Send"}
    assert consents.find_granted(APP, MEGAN) == {"Mail.Send"}


def test_a_wider_permission_is_a_permission_of_its_own() -> None:
    """Who may read and write has not been given to read, as Entra ID compares names."""
    consents = Consents()
    consents.grant(APP, ADELE, {"Mail.ReadWrite"})
    assert consents.find_missing(APP, ADELE, {"Mail.Read"}) == {"Mail.Read"}


def test_every_sign_in_needs_some_consent() -> None:
    """openid and its like are asked for once, and are included in whatever else was given."""
    consents = Consents()
    assert consents.find_missing(APP, ADELE, {"openid"}) == {"openid"}
    consents.grant(APP, ADELE, {"Mail.Read"})
    assert consents.find_missing(APP, ADELE, {"openid", "offline_access", "Mail.Send"}) == {"Mail.Send"}


def test_the_last_word_is_kept() -> None:
    """Every change is told, so that it can be kept; what is listed makes the same consents again."""
    consents, changes = Consents(), []
    consents.on_change = lambda: changes.append(consents.list())
    consents.grant(APP, ADELE, {"Mail.Read"})
    consents.grant_for_all(OTHER_APP, {"Mail.Send"})
    consents.revoke(APP, ADELE)
    assert len(changes) == 3
    assert Consents(changes[1]).find_granted(APP, ADELE) == {"Mail.Read"}
    assert Consents(changes[2]).find_granted(APP, ADELE) == set()
    assert Consents(changes[2]).find_granted(OTHER_APP, MEGAN) == {"Mail.Send"}
