"""$search over HTTPS: documented properties, words, ranges, and pages of results."""

from urllib.parse import quote

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller


@pytest.fixture
def found(tenant: RunningTenant, ap: Caller) -> Caller:
    """Give the mailbox four messages that differ in everything that can be looked for."""
    tenant.deliver("ap@contoso.com", make_mail("Invoice 1001 for pizza", body="Please pay soon."))
    tenant.deliver(
        "ap@contoso.com",
        make_mail("Lunch", body="Pizza, or noodles?", attachments={"menu card.pdf": b"x" * 5000}),
    )
    draft = {
        "subject": "Invoices overdue",
        "importance": "high",
        "body": {"contentType": "html", "content": "<p class='urgent'>Th&eacute; <b>final</b> reminder</p>"},
        "toRecipients": [{"emailAddress": {"name": "Randi Welch", "address": "randiw@contoso.com"}}],
        "ccRecipients": [{"emailAddress": {"address": "boss@fabrikam.com"}}],
        "bccRecipients": [{"emailAddress": {"address": "archive@fabrikam.com"}}],
    }
    ap.post("messages", draft)
    tenant.deliver("ap@contoso.com", make_mail("Re: pizza", body="See you there, name it."))
    return ap


ONE, TWO, THREE, FOUR = "Invoice 1001 for pizza", "Lunch", "Invoices overdue", "Re: pizza"


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("pizza", {ONE, TWO, FOUR}),
        ("PIZZA", {ONE, TWO, FOUR}),
        ("subject:pizza", {ONE, FOUR}),
        ("subject:invoice", {ONE}),
        ("subject:invoice*", {ONE, THREE}),
        ("body:pizza", {TWO}),
        ('"for pizza"', {ONE}),
        ("pizza for", {ONE}),
        ('"pizza for"', set()),
        ("pizza AND noodles", {TWO}),
        ("noodles OR reminder", {TWO, THREE}),
        ("pizza NOT noodles", {ONE, FOUR}),
        ("pizza -noodles", {ONE, FOUR}),
        ("subject:(lunch OR overdue)", {TWO, THREE}),
        ("(noodles OR 1001) pizza", {ONE, TWO}),
        ("final", {THREE}),
        ("body:thé", {THREE}),
        ("urgent", set()),
        ("to:randiw", {THREE}),
        ("to:randiw@contoso.com", {THREE}),
        ("to:name", set()),
        ('to:"Randi Welch"', {THREE}),
        ("cc:fabrikam.com", {THREE}),
        ("bcc:archive", {THREE}),
        ("recipients:fabrikam.com", {THREE}),
        ("participants:randi*", {THREE}),
        ("importance:high", {THREE}),
        ("importance:low", set()),
        ("hasAttachments:true", {TWO}),
        ("hasattachment:true", {TWO}),
        ("attachment:menu", {TWO}),
        ("attachment:card.pdf", {TWO}),
        ("kind:email", {ONE, TWO, THREE, FOUR}),
        ("kind:meetings", set()),
        ("size>5000", {TWO}),
        ("size:5000..9000", {TWO}),
        ("size<5000 pizza", {ONE, FOUR}),
        ("received:today", {ONE, TWO, THREE, FOUR}),
        ('received:"this week"', {ONE, TWO, THREE, FOUR}),
        ("received:yesterday", set()),
        ("received>2020-01-01", {ONE, TWO, THREE, FOUR}),
        ("received<1/31/2020", set()),
        ("received:2020-01-01..2021-01-01", set()),
    ],
)
def test_what_a_search_finds(found: Caller, query: str, subjects: set[str]) -> None:
    """Each documented property and operator finds what it says, and nothing else."""
    escaped = query.replace('"', '\\"')
    listed = found.get("messages", **{"$search": f'"{escaped}"', "$select": "subject"})
    assert {message["subject"] for message in listed["value"]} == subjects


def test_one_word_needs_no_quotes(found: Caller) -> None:
    """A single word may stand without quotes."""
    assert len(found.get("mailFolders/inbox/messages", **{"$search": "pizza"})["value"]) == 3


@pytest.mark.parametrize(
    "query",
    ["received:someday", "size:big", "importance:extreme", "size:1..", "subject>a", "received:2024-13-01"],
)
def test_values_that_make_no_sense(ap: Caller, query: str) -> None:
    """A value that is none of its property is refused."""
    assert ap.refused("GET", f"messages?$search={quote(chr(34) + query + chr(34))}")[0] == 400


def test_pages_of_a_search(tenant: RunningTenant, ap: Caller) -> None:
    """Results come by the time they were sent, are paged by $skiptoken, and are never counted."""
    for number in range(12):
        tenant.deliver("ap@contoso.com", make_mail(f"Note {number}"))
    page = ap.get(
        "messages", **{"$search": '"subject:note"', "$select": "subject", "$top": "5", "$count": "true"}
    )
    assert "@odata.count" not in page
    assert "$skiptoken=" in page["@odata.nextLink"]
    assert "$skip=" not in page["@odata.nextLink"]
    subjects = [message["subject"] for message in page["value"]]
    while "@odata.nextLink" in page:
        page = ap.get(page["@odata.nextLink"])
        subjects += [message["subject"] for message in page["value"]]
    assert subjects == [f"Note {number}" for number in reversed(range(12))]
