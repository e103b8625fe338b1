"""Control Room managed, wherever the tokens come from: when they are asked for, and what is made of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from postroom import Credential, Variable, errors, outlook
from postroom.auth import managed
from postroom.auth.managed import ManagedTokens
from postroom.values import Secret
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

AP = "ap@contoso.com"


@dataclass(frozen=True)
class Given:
    """An access token as a Control Room gives it."""

    access_token: Secret
    expires: datetime
    signed_in_as: str = ""
    cloud: str | None = GLOBAL
    delegated: bool = False


@dataclass
class TenantTokens:
    """Tokens of an app of the tenant, asked for as a Control Room is asked."""

    tenant: RunningTenant
    lifetime_seconds: float = 3600
    signed_in_as: str = ""
    cloud: str | None = GLOBAL
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_token(self, connection: str, token: str, **asked: Any) -> Given:
        """Give a new token of the app, and note what was asked."""
        self.asked.append({"connection": connection, "token": token, **asked})
        expires = datetime.now(UTC) + timedelta(seconds=self.lifetime_seconds)
        return Given(Secret(self.tenant.token()), expires, self.signed_in_as, self.cloud)


@pytest.fixture
def source(reachable_tenant: RunningTenant) -> TenantTokens:
    """Give tokens of the tenant."""
    return TenantTokens(reachable_tenant)


def test_a_bot_connects_with_tokens_from_wherever_they_come(source: TenantTokens) -> None:
    """One request for a token does for the whole connection; each setting may be a variable."""
    managed_by_room = outlook.ControlRoomManaged(
        connection=Variable("which"), token="user-specific", username=AP, tokens=source
    )
    with outlook.connect(authentication=managed_by_room, variables={"which": "Mailroom"}) as mailbox:
        assert mailbox.address == AP
        assert list(mailbox.messages("Inbox")) == []
    (asked,) = source.asked
    assert (asked["connection"], asked["token"], asked["username"]) == ("Mailroom", "user-specific", AP)
    assert asked["least_validity_seconds"] >= 300


def test_the_username_is_whoever_has_signed_in(source: TenantTokens) -> None:
    """It may be left out, and then is the sign-in's."""
    source.signed_in_as = AP
    with outlook.connect(
        authentication=outlook.ControlRoomManaged(connection="Mailroom", tokens=source)
    ) as mailbox:
        assert mailbox.address == AP


@pytest.mark.parametrize(("has", "error"), [(GCC_HIGH, errors.WrongCloudError), (None, errors.SettingError)])
def test_the_token_must_be_of_the_chosen_cloud(
    source: TenantTokens, has: str | None, error: type[Exception]
) -> None:
    """Neither the other cloud's nor a Custom provider's opens the mailbox, and neither is sent to Graph."""
    source.cloud = has
    source.tenant.clear_requests()
    with pytest.raises(error, match="Mailroom"):
        outlook.connect(
            authentication=outlook.ControlRoomManaged(connection="Mailroom", username=AP, tokens=source)
        )
    assert not [request for request in source.tenant.requests() if request["path"].startswith("/v1.0")]


def test_a_credential_that_is_not_there_is_told(source: TenantTokens) -> None:
    """As in the other modes."""
    missing = outlook.ControlRoomManaged(
        connection="Mailroom", username=Credential("nowhere", "username"), tokens=source
    )
    with pytest.raises(errors.CredentialNotFoundError, match="Username"):
        outlook.connect(authentication=missing, credentials=[])
    assert source.asked == []


def test_a_token_is_used_until_shortly_before_it_ends(
    source: TenantTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then another is asked for, five minutes ahead."""
    clock = [1000.0]
    monkeypatch.setattr(managed.time, "monotonic", lambda: clock[0])
    tokens = ManagedTokens(source, "Mailroom", "shared")
    first = tokens.get_token()
    clock[0] += 3600 - 300 - 10
    assert tokens.get_token() == first
    clock[0] += 20
    assert tokens.get_token() != first
    assert len(source.asked) == 2


def test_a_short_lived_token_is_not_asked_for_each_time(
    source: TenantTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of its life is used, where all of it is shorter than five minutes."""
    clock = [1000.0]
    monkeypatch.setattr(managed.time, "monotonic", lambda: clock[0])
    source.lifetime_seconds = 60
    tokens = ManagedTokens(source, "Mailroom", "shared")
    tokens.get_token()
    clock[0] += 25
    tokens.get_token()
    assert len(source.asked) == 1
    clock[0] += 10
    tokens.get_token()
    assert len(source.asked) == 2


def test_a_token_that_was_refused_is_asked_for_anew_once(source: TenantTokens) -> None:
    """With its fingerprint; who was refused with it too gets what came."""
    tokens = ManagedTokens(source, "Mailroom", "shared")
    refused = tokens.get_token()
    second = tokens.renew_token(refused)
    assert second != refused
    assert tokens.renew_token(refused) == second
    assert [asked["refused"] for asked in source.asked] == ["", refused.fingerprint()]


def test_settings_do_not_print_where_tokens_come_from(source: TenantTokens) -> None:
    """The repr names connection and token type."""
    shown = repr(outlook.ControlRoomManaged(connection="Mailroom", tokens=source))
    assert shown == "ControlRoomManaged(connection='Mailroom', token='shared', username=None)"
