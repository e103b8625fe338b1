"""What a mailbox keeps beside its mail."""

from pathlib import Path

from postroom.tenant.clock import Clock
from postroom.tenant.mail.entities import CATEGORY, RULE
from postroom.tenant.mail.settings import get_settings, keep_settings
from postroom.tenant.mail.store import MailStore


def test_what_is_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    """Rules, categories and settings survive."""
    first = MailStore(tmp_path, Clock())
    first.ensure_mailbox("ap@contoso.com")
    mailbox = first.get_mailbox("ap@contoso.com")
    first.entities.put(mailbox["key"], RULE, "one", {"displayName": "Ä"})
    keep_settings(first, mailbox, {"timeZone": "Romance Standard Time"})
    first.close()
    second = MailStore(tmp_path, Clock())
    assert second.entities.find(mailbox["key"], RULE, "one") == {"displayName": "Ä"}
    assert len(second.entities.all(mailbox["key"], CATEGORY)) == 6
    assert get_settings(second, mailbox)["timeZone"] == "Romance Standard Time"
    second.close()


def test_kinds_and_mailboxes_do_not_meet(tmp_path: Path) -> None:
    """The same id may be that of a rule and of a category, here and there; a second put replaces the first."""
    store = MailStore(tmp_path, Clock())
    for mailbox, kind, name in ((1, RULE, "a"), (2, RULE, "b"), (1, CATEGORY, "c"), (1, RULE, "d")):
        store.entities.put(mailbox, kind, "id", {"displayName": name})
    store.entities.delete(2, RULE, "id")
    assert store.entities.find(1, RULE, "id") == {"displayName": "d"}
    assert store.entities.find(1, CATEGORY, "id") == {"displayName": "c"}
    assert store.entities.find(2, RULE, "id") is None
    store.close()
