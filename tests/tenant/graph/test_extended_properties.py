"""Extended properties over HTTPS: set, brought along, looked for, and kept with the message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.extended_properties import read_property_id
from postroom.tenant.graph.refusals import GraphRefusalError
from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

NAMESPACE = "66f5a359-4659-4830-9070-00047ec6ac6e"
COLOR = f"String {{{NAMESPACE}}} Name Color"
PALETTE = f"StringArray {{{NAMESPACE}}} Name Palette"
ROUND = f"Integer {{{NAMESPACE}}} Id 0x8012"
SENDER = f"CLSID {{{NAMESPACE}}} Name Sender"
SINGLE, MULTI = "singleValueExtendedProperties", "multiValueExtendedProperties"


def expand(*names: str, property_type: str = SINGLE) -> dict[str, str]:
    wanted = " or ".join(f"id eq '{name}'" for name in names)
    return {"$expand": f"{property_type}($filter={wanted})"}


def looked_for(condition: str) -> dict[str, str]:
    return {"$filter": f"{SINGLE}/Any(ep: {condition})", "$select": "subject"}


@pytest.fixture
def stamped(ap: Caller) -> str:
    """Give the path of a draft with a color, a palette and a round."""
    draft = {
        "subject": "Stamped",
        "toRecipients": [{"emailAddress": {"address": "adele@contoso.com"}}],
        SINGLE: [
            {"id": COLOR, "value": "Green"},
            {"id": ROUND, "value": "7"},
            {"id": SENDER, "value": "B9CF8971-7D55-4B73-9FFA-A584611B600B"},
        ],
        MULTI: [{"id": PALETTE, "value": ["Green", "Aqua"]}],
    }
    return f"messages/{ap.post('messages', draft)['id']}"


def test_properties_come_when_they_are_named(ap: Caller, stamped: str) -> None:
    """Only what $expand names by its id comes along, and nothing where the message lacks it."""
    other = f"String {{{NAMESPACE}}} Name Shape"
    assert SINGLE not in ap.get(stamped)
    found = ap.get(stamped, **expand(COLOR, other))
    assert found[SINGLE] == [{"id": COLOR, "value": "Green"}]
    assert SINGLE not in ap.get(stamped, **expand(other))
    assert ap.get(stamped, **expand(PALETTE, property_type=MULTI))[MULTI] == [
        {"id": PALETTE, "value": ["Green", "Aqua"]}
    ]


def test_ids_are_compared_as_exchange_does(ap: Caller, stamped: str) -> None:
    """Type and namespace may be written in any case and a number in any base; a name is as it is."""
    written = f"string {{{NAMESPACE.upper()}}} name Color"
    assert ap.get(stamped, **expand(written))[SINGLE][0]["id"] == COLOR
    assert ap.get(stamped, **expand(f"INTEGER {{{NAMESPACE}}} id 32786"))[SINGLE][0]["id"] == ROUND
    assert SINGLE not in ap.get(stamped, **expand(COLOR.replace("Color", "color")))


def test_both_kinds_and_attachments_at_once(ap: Caller, stamped: str) -> None:
    """One $expand may name several properties, each with options of its own."""
    single, multi = expand(COLOR)["$expand"], expand(PALETTE, property_type=MULTI)["$expand"]
    found = ap.get(
        stamped, **{"$expand": f"attachments($select=id,name),{single},{multi}", "$select": "subject"}
    )
    assert found.keys() >= {"attachments", SINGLE, MULTI, "subject"}
    assert "body" not in found


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        (f"ep/id eq '{COLOR}' and ep/value eq 'Green'", True),
        (f"ep/value eq 'Green' and ep/id eq '{COLOR.lower().replace('color', 'Color')}'", True),
        (f"ep/id eq '{COLOR}' and ep/value eq 'Red'", False),
        (f"ep/id eq '{COLOR}' and ep/value ne null", True),
        (f"ep/id eq '{COLOR}' and startswith(ep/value, 'Gr')", True),
        (f"ep/id eq '{ROUND}' and cast(ep/value, Edm.Int32) gt 6", True),
        (f"ep/id eq '{ROUND}' and cast(ep/value, Edm.Int32) gt 7", False),
        (f"ep/id eq '{SENDER}' and cast(ep/value, Edm.Guid) eq (b9cf8971-7d55-4b73-9ffa-a584611b600b)", True),
        (f"ep/id eq '{SENDER}' and cast(ep/value, Edm.Guid) ne B9CF8971-7D55-4B73-9FFA-A584611B600B", False),
        ("ep/id eq 'String 0x0037' and ep/value eq 'Stamped'", True),
        ("ep/id eq 'Long 0x0E08' and cast(ep/value, Edm.Int64) gt 0", True),
    ],
)
def test_messages_are_found_by_a_property(ap: Caller, stamped: str, condition: str, is_found: bool) -> None:
    """$filter looks for the value that a property has, as text or as what it stands for."""
    assert len(ap.get("messages", **looked_for(condition))["value"]) == is_found


def test_a_stamp_stays_through_everything(ap: Caller, stamped: str) -> None:
    """A property set on a draft is there when it is copied, moved, and sent into Sent Items; a new one replaces it."""
    answer = ap.request("PATCH", stamped, json={SINGLE: [{"id": COLOR, "value": "Red"}]})
    assert answer.status_code == 200
    copied = ap.post(f"{stamped}/copy", {"destinationId": "archive"})
    assert ap.get(f"messages/{copied['id']}", **expand(COLOR, ROUND))[SINGLE] == [
        {"id": COLOR, "value": "Red"},
        {"id": ROUND, "value": "7"},
    ]
    assert ap.request("POST", f"{stamped}/send").status_code == 202
    by_stamp = looked_for(f"ep/id eq '{COLOR}' and ep/value eq 'Red'")
    (sent,) = ap.get("mailFolders/sentitems/messages", **by_stamp)["value"]
    assert sent["subject"] == "Stamped"
    assert f"messages/{sent['id']}" == stamped


def test_a_stamp_comes_with_send_mail(ap: Caller) -> None:
    """What is sent at once keeps its properties in Sent Items."""
    message = {
        "toRecipients": [{"emailAddress": {"address": "adele@contoso.com"}}],
        SINGLE: [{"id": COLOR, "value": "Blue"}],
    }
    ap.post("sendMail", {"message": message}, status=202)
    by_stamp = looked_for(f"ep/id eq '{COLOR}' and ep/value eq 'Blue'")
    assert len(ap.get("mailFolders/sentitems/messages", **by_stamp)["value"]) == 1


def test_what_mapi_knows_of_every_message(tenant: RunningTenant, ap: Caller) -> None:
    """Some of MAPI's own properties can be read: class, subject, headers, sender, message id, size."""
    message_id = tenant.deliver("ap@contoso.com", make_mail("Told by MAPI"))
    names = [
        "String 0x001A",
        "String 0x0037",
        "String 0x007D",
        "String 0x0C1F",
        "String 0x1035",
        "Long 0x0E08",
    ]
    told = {
        entry["id"]: entry["value"] for entry in ap.get(f"messages/{message_id}", **expand(*names))[SINGLE]
    }
    assert told["String 0x1a"] == "IPM.Note"
    assert told["String 0x37"] == "Told by MAPI"
    assert "Subject: Told by MAPI" in told["String 0x7d"]
    assert told["String 0xc1f"] == "adele@contoso.com"
    assert int(told["Long 0xe08"]) > 0


def test_older_mail_is_brought_in(ap: Caller) -> None:
    """A new message with MAPI's flags and times is no draft, and as old as they say; later they stay as they are."""
    flags, delivered, submitted = "Integer 0x0E07", "SystemTime 0x0E06", "SystemTime 0x0039"
    origin = [
        {"id": flags, "value": "1"},
        {"id": delivered, "value": "2020-01-02T03:04:05Z"},
        {"id": submitted, "value": "2020-01-02T03:04:00Z"},
    ]
    made = ap.post("mailFolders/inbox/messages", {"subject": "Old", SINGLE: origin})
    assert (made["isDraft"], made["isRead"]) == (False, True)
    assert (made["receivedDateTime"], made["sentDateTime"]) == (
        "2020-01-02T03:04:05Z",
        "2020-01-02T03:04:00Z",
    )
    told = ap.get(f"messages/{made['id']}", **expand(flags, delivered))[SINGLE]
    assert [entry["value"] for entry in told] == ["1", "2020-01-02T03:04:05Z"]
    assert ap.refused("PATCH", f"messages/{made['id']}", json={SINGLE: origin})[0] == 501


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({SINGLE: [{"id": "Text {x} Name y", "value": "z"}]}, (400, "ErrorInvalidExtendedProperty")),
        ({SINGLE: [{"id": PALETTE, "value": "z"}]}, (400, "ErrorInvalidExtendedProperty")),
        ({MULTI: [{"id": COLOR, "value": ["z"]}]}, (400, "ErrorInvalidExtendedProperty")),
        ({SINGLE: [{"id": ROUND, "value": "many"}]}, (400, "ErrorInvalidExtendedPropertyValue")),
        ({SINGLE: [{"id": COLOR, "value": 1}]}, (400, "ErrorInvalidExtendedPropertyValue")),
        ({SINGLE: [{"id": COLOR}]}, (400, "ErrorInvalidExtendedPropertyValue")),
        ({SINGLE: {"id": COLOR, "value": "z"}}, (400, "ErrorInvalidExtendedPropertyValue")),
        ({SINGLE: [{"id": "SystemTime 0x3FEF", "value": "2030-01-01T00:00:00Z"}]}, (501, "NotImplemented")),
        ({SINGLE: [{"id": "String 0x0037", "value": "z"}]}, (501, "NotImplemented")),
    ],
)
def test_properties_that_are_refused(ap: Caller, body: dict[str, object], refusal: tuple[int, str]) -> None:
    """Ids that do not hold together, values that are not of their type, and what MAPI keeps to itself."""
    assert ap.refused("POST", "messages", json=body) == refusal


@pytest.mark.parametrize(
    "condition",
    [
        "ep/value eq 'Green'",
        f"ep/id eq '{COLOR}' or ep/value eq 'Green'",
        f"ep/id eq '{PALETTE}' and ep/value eq 'Green'",
        "ep/id eq 'nonsense' and ep/value eq 'x'",
    ],
)
def test_filters_that_name_no_property(ap: Caller, condition: str) -> None:
    """A filter that does not say which single-value property it means is refused."""
    assert (
        ap.refused("GET", "messages?" + "&".join(f"{k}={v}" for k, v in looked_for(condition).items()))[0]
        == 400
    )


@given(
    st.one_of(
        st.text(max_size=60), st.from_regex(r"[A-Za-z]{1,12} (\{?[0-9a-f\-]{0,40}\}? )?(Name|Id)? ?.{0,10}")
    )
)
def test_any_text_is_an_id_or_a_refusal(text: str) -> None:
    """No text makes the reading of an id fail in any way but Graph's 400; what is read reads as itself."""
    try:
        name = read_property_id(text)
    except GraphRefusalError as error:
        assert (error.status, error.code) == (400, "ErrorInvalidExtendedProperty")
    else:
        assert read_property_id(name) == name
