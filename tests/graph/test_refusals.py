"""From a refusal of Graph to an error that says what to do."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom import errors
from postroom.graph.refusals import Asked, create_graph_error, find_claims

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'


def asked(path: str = "/messages/AAA", method: str = "GET") -> Asked:
    return Asked(method, path, "ap@contoso.com", "Mail.ReadWrite", method != "POST")


@pytest.mark.parametrize(
    ("status", "path", "code", "kind"),
    [
        (400, "/messages", "ErrorInvalidRecipients", errors.InvalidRequestError),
        (400, "/messages/AAA", "ErrorInvalidIdMalformed", errors.MessageNotFoundError),
        (401, "/messages", "InvalidAuthenticationToken", errors.TokenRefusedError),
        (403, "/messages", "ErrorAccessDenied", errors.PermissionMissingError),
        (404, "/messages/AAA", "ErrorItemNotFound", errors.MessageNotFoundError),
        (404, "/messages/AAA/attachments/BBB/$value", "ErrorItemNotFound", errors.AttachmentNotFoundError),
        (404, "/mailFolders/AAA/messages", "ErrorItemNotFound", errors.FolderNotFoundError),
        (404, "/mailFolders/inbox", "ErrorInvalidUser", errors.MailboxNotFoundError),
        (404, "/mailFolders/inbox", "MailboxNotEnabledForRESTAPI", errors.MailboxNotFoundError),
        (409, "/mailFolders/A/childFolders", "ErrorFolderExists", errors.FolderExistsError),
        (429, "/messages", "ApplicationThrottled", errors.ThrottledError),
        (501, "/messages", "NotImplemented", errors.NotSupportedError),
        (503, "/messages", "serviceNotAvailable", errors.ServiceUnavailableError),
    ],
)
def test_each_refusal_has_its_class(status: int, path: str, code: str, kind: type[errors.GraphError]) -> None:
    """Status, code and what was asked for decide; code, status and request id ride along."""
    body = f'{{"error":{{"code":"{code}","message":"Said so."}}}}'.encode()
    error = create_graph_error(asked(path), status, body, "r-1")
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, "r-1")


def test_a_lost_answer_to_a_post_is_unknown() -> None:
    """A 504 to what must not be repeated says to look first."""
    error = create_graph_error(asked(method="POST"), 504, b"", None)
    assert isinstance(error, errors.OutcomeUnknownError)
    assert "look in the mailbox before you run it again" in str(error)


def test_a_missing_permission_is_named() -> None:
    """The message names the permission and the mailbox."""
    error = create_graph_error(
        asked(), 403, b'{"error":{"code":"ErrorAccessDenied","message":"Access."}}', None
    )
    assert "Mail.ReadWrite" in str(error) and "ap@contoso.com" in str(error)


def test_long_ids_are_left_out() -> None:
    """An id of 150 characters tells a person nothing."""
    error = create_graph_error(asked(f"/strange/{'A' * 150}"), 404, b"", None)
    assert "A" * 41 not in str(error)


@given(st.binary(), st.integers(400, 599))
def test_any_answer_makes_an_error(body: bytes, status: int) -> None:
    """Whatever a proxy puts in the place of Graph's answer, there is a sentence."""
    assert create_graph_error(asked(), status, body, None).message


def test_a_claims_challenge_is_read() -> None:
    """The claims are Base64 in the header, of either alphabet, padded or not."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(CLAIMS.encode()).decode()
        for claims in (text, text.rstrip("=")):
            assert find_claims(f'Bearer realm="", error="insufficient_claims", claims="{claims}"') == CLAIMS


@given(st.one_of(st.none(), st.text(), st.text().map(lambda text: f'Bearer claims="{text}"')))
def test_any_challenge_is_read_or_passed_over(header: str | None) -> None:
    """A header without claims, or with nonsense for claims, asks for none."""
    claims = find_claims(header)
    assert claims is None or isinstance(claims, str)
