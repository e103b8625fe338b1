"""What a journal keeps comes back as it was, and what it does not keep is refused."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.actions.sessions import Global
from postroom.bots.encoding import decode, encode
from postroom.bots.handles import BotSession, SessionHandle
from postroom.bots.journal import ChildResult
from postroom.bots.texts import BotText
from postroom.errors import (
    OUTCOMES,
    GraphError,
    ItemFailure,
    ItemsError,
    JournalError,
    MessageNotFoundError,
    PostroomError,
    SettingError,
    SignInError,
)
from postroom.outlook import ClientCredentials, EmailAddress
from postroom.values import Credential, Secret, Variable

offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
texts = st.text(st.characters())  # half surrogate pairs too
handles = st.builds(
    SessionHandle,
    id=texts,
    action=st.just("outlook.connect"),
    settings=st.dictionaries(texts, texts),
    name=texts,
    scope=st.sampled_from(["local", "global", "variable"]),
    owner=texts,
    title=texts,
)
hashables = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    texts,
    st.binary(),
    st.datetimes(timezones=st.none() | offsets),
    st.dates(),
    st.times(timezones=st.none() | offsets),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.text(st.characters(categories=["L", "N"])).map(Path),
    st.builds(Credential, texts, texts),
    st.builds(Variable, texts),
    st.builds(Global, texts),
    st.builds(BotText, texts, texts),
    handles.map(BotSession),
)
values = st.recursive(
    hashables,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(hashables, max_size=4),
        st.dictionaries(hashables, inner, max_size=4),
        st.builds(ChildResult, inner, st.lists(handles, max_size=2).map(tuple)),
    ),
    max_leaves=20,
)


@given(values)
def test_what_is_kept_comes_back(value: Any) -> None:
    """Every value that a journal keeps is read from its JSON as it was, of the same type."""
    read = decode(msgspec.json.decode(msgspec.json.encode(encode(value))))
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 2**63, -(2**63) - 1, 2**70, -0.0])
def test_odd_numbers_come_back(number: float) -> None:
    """Numbers that JSON does not have, or not everywhere, come back too."""
    read = decode(msgspec.json.decode(msgspec.json.encode(encode(number))))
    assert repr(read) == repr(number)


@given(st.dictionaries(st.sampled_from(["$session", "$error", "$map", "$data", "is", "$struct"]), values))
def test_nothing_that_a_bot_keeps_is_taken_for_something_else(value: dict[str, Any]) -> None:
    """A mapping whose keys look like ours is a mapping."""
    assert decode(encode(value)) == value


@pytest.mark.parametrize("kind", OUTCOMES)
def test_errors_come_back(kind: type[PostroomError]) -> None:
    """Every error is raised again as the same, with all that it tells."""
    error = kind("What happened.")
    error.code, error.request_id, error.aadsts = "code", "id", 7000
    read = decode(encode(error))
    assert type(read) is kind
    assert (str(read), read.code, read.request_id, read.aadsts) == (str(error), "code", "id", 7000)


def test_what_errors_tell_besides_comes_back() -> None:
    """The items that failed, and the status of Graph, are kept with the error."""
    inner = MessageNotFoundError("It is gone.", status=404, code="ErrorItemNotFound")
    read = decode(encode(ItemsError("One of two failed.", [ItemFailure("message a", inner)])))
    assert str(read) == "One of two failed.\n  message a: It is gone. [ErrorItemNotFound]"
    assert isinstance(read.failures[0].error, GraphError)
    assert read.failures[0].error.status == 404
    assert isinstance(decode(encode(SignInError("No."))), SignInError)


class Colour(Enum):
    """A class that no package declares."""

    RED = 1


@pytest.mark.parametrize("value", [Colour.RED, object(), lambda: None, {"a": [object()]}, iter([]), range(3)])
def test_what_cannot_be_kept_is_refused(value: Any) -> None:
    """What is no data is refused, with its name and with what is kept."""
    with pytest.raises(SettingError, match="keeps text, numbers, dates, lists"):
        encode(value)


@pytest.mark.parametrize(
    "value",
    [
        Secret("s3cret"),
        {"password": Secret("s3cret")},
        ClientCredentials(client_id="a", tenant_id="b", client_secret="s3cret", username="c"),
        ClientCredentials(client_id="a", tenant_id="b", client_certificate=Secret("s3cret"), username="c"),
    ],
)
def test_no_secret_is_kept(value: Any) -> None:
    """A secret, and text in the place of one, are refused wherever they stand, and not shown."""
    with pytest.raises(SettingError, match="A secret would have to be written") as failure:
        encode(value)
    assert "s3cret" not in str(failure.value)


def test_references_to_secrets_are_kept() -> None:
    """An authentication whose secret is a reference comes back."""
    given_one = ClientCredentials(
        client_id="a",
        tenant_id=Variable("t"),
        client_secret=Credential("azure", "client_secret"),
        username="c",
    )
    assert decode(encode(given_one)) == given_one
    by_file = ClientCredentials(
        client_id="a", tenant_id="b", client_secret=BotText("x.bot.yaml", "p"), username="c"
    )  # type: ignore[arg-type]
    assert decode(encode(by_file)) == by_file


@pytest.mark.parametrize(
    "content",
    [
        {"$new": 1},
        {},
        {"$datetime": "soon"},
        {"$data": "os.system", "is": {}},
        {"$struct": "x", "is": {}},
        {"$map": [1]},
    ],
)
def test_what_another_version_wrote_is_told(content: Any) -> None:
    """What this version cannot read is an error of the journal, and never anything else."""
    with pytest.raises(JournalError, match="another version"):
        decode(content)


def test_structures_of_packages_are_kept() -> None:
    """The data of a package comes back as its own class."""
    address = EmailAddress(name="Adele", address="adele@contoso.com")
    assert decode(msgspec.json.decode(msgspec.json.encode(encode([address])))) == [address]


def test_moments_keep_their_zone() -> None:
    """A moment is the same moment, and one without a zone stays without."""
    for moment in (
        datetime(2026, 5, 31, 8, tzinfo=UTC),
        datetime(2026, 5, 31, 8),  # noqa: DTZ001 - one without, on purpose
        date(2026, 5, 31),
        time(8, 30),
    ):
        assert decode(encode(moment)) == moment
    assert (
        decode(encode([Decimal("1.10"), UUID(int=1), timedelta(days=4000, microseconds=1)]))[2].microseconds
        == 1
    )
