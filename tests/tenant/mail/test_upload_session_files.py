"""What comes of a file range by range: it is whole in the end, whatever went wrong in between."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.tenant.clock import Clock
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.upload_sessions import UploadSession, UploadSessions
from support.event_loops import run_apart


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise ConnectionError


def begin(sessions: UploadSessions, size: int) -> UploadSession:
    attachment = MimeAttachment("file", "a", "text/plain", b"")
    return sessions.begin(
        app_name="bot", client_id="1", mailbox="ap@contoso.com", message_key=1, message_path="/m",
        attachment=attachment, size=size,
    )  # fmt: skip


def receive(session: UploadSession, chunks: AsyncIterator[bytes], count: int) -> bool:
    try:
        return run_apart(session.receive(chunks, count))
    except ConnectionError:
        return False


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.sampled_from(["whole", "short", "long", "broken"])), max_size=12
    ),
    st.integers(1, 7),
)
def test_only_whole_ranges_are_kept(ranges: list[tuple[bytes, str]], size: int) -> None:
    """A range with too few or too many bytes, or that breaks off, leaves nothing; file and digest are of the others."""
    with TemporaryDirectory() as folder:
        session = begin(UploadSessions(Path(folder) / "uploads", Clock()), 1000)
        kept = b""
        for content, fate in ranges:
            count = len(content) + {"short": 1, "long": -1}.get(fate, 0)
            chunks = broken(content) if fate == "broken" else pieces(content, size)
            if receive(session, chunks, count):
                assert fate == "whole"
                kept += content
            else:
                assert fate != "whole"
        assert session.received == len(kept)
        assert session.file.read_bytes()[: len(kept)] == kept
        assert session.digest.hexdigest() == hashlib.sha256(kept).hexdigest()


def test_a_session_is_found_by_its_token_alone(tmp_path: Path) -> None:
    """Another token finds nothing, nor does a time when it has expired; a new session forgets those."""
    clock = Clock()
    sessions = UploadSessions(tmp_path / "uploads", clock)
    session = begin(sessions, 10)
    assert sessions.find(session.id, session.token) is session
    assert sessions.find(session.id, "é") is None
    assert session.token not in repr(session)
    clock.advance(2 * 3600 + 1)
    assert sessions.find(session.id, session.token) is None
    other = begin(sessions, 10)
    assert [file.name for file in (tmp_path / "uploads").iterdir()] == [other.id]
    sessions.end(other)
    assert list((tmp_path / "uploads").iterdir()) == []
