"""Envelope encryption: what is stored is read where it belongs, unchanged, and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from postroom.controlroom.vault import envelope
from postroom.controlroom.vault.models import DataKey
from postroom.errors import VaultDamagedError

pytestmark = pytest.mark.django_db
IDENTITIES = st.text(st.characters(codec="utf-8"), max_size=80)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def refused() -> Iterator[None]:
    """Expect that nothing is given out."""
    with pytest.raises(VaultDamagedError):
        yield


@quick
@given(identity=IDENTITIES, plain=st.binary(max_size=3000))
def test_what_goes_in_comes_out(identity: str, plain: bytes) -> None:
    """Any bytes come back as they were; short or long, for any identity."""
    stored = envelope.encrypt(identity, plain)
    assert envelope.decrypt(identity, stored) == plain
    assert envelope.decrypt(identity, memoryview(stored)) == plain
    assert len(plain) < 8 or plain not in stored


@quick
@given(plain=st.binary(max_size=100), data=st.data())
def test_any_flipped_bit_is_refused(plain: bytes, data: st.DataObject) -> None:
    """Version, key id, nonce, ciphertext and tag: not one bit of them can change."""
    stored = bytearray(envelope.encrypt("a.B/1/c", plain))
    place = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[place // 8] ^= 1 << place % 8
    with refused():
        envelope.decrypt("a.B/1/c", bytes(stored))


@quick
@given(plain=st.binary(max_size=100), data=st.data())
def test_whatever_is_cut_or_added_is_refused(plain: bytes, data: st.DataObject) -> None:
    """A stored value that lost its end, or got a longer one, gives nothing."""
    stored = envelope.encrypt("a.B/1/c", plain)
    with refused():
        envelope.decrypt("a.B/1/c", stored[: data.draw(st.integers(0, len(stored) - 1))])
    with refused():
        envelope.decrypt("a.B/1/c", stored + data.draw(st.binary(min_size=1, max_size=40)))


@quick
@given(one=IDENTITIES, other=IDENTITIES, plain=st.binary(max_size=50))
def test_another_record_is_refused(one: str, other: str, plain: bytes) -> None:
    """A ciphertext put into another row or field is refused."""
    assume(one != other)
    stored = envelope.encrypt(one, plain)
    with refused():
        envelope.decrypt(other, stored)


@quick
@given(stored=st.binary(max_size=200))
def test_what_was_never_encrypted_is_refused(stored: bytes) -> None:
    """Any other bytes are refused by our own error, and by no other."""
    with refused():
        envelope.decrypt("a.B/1/c", stored)


def test_each_time_differs() -> None:
    """The same value is never stored the same way twice, so nobody sees that two are the same."""
    assert len({envelope.encrypt("a.B/1/c", b"same") for _ in range(50)}) == 50


def test_data_keys_are_not_swapped() -> None:
    """A data key put into another's row is refused."""
    from postroom.controlroom.vault.memory import memory

    stored = envelope.encrypt("a.B/1/c", b"plain")
    first = DataKey.objects.get()
    first.state = DataKey.State.RETIRING
    first.save()
    envelope_key = DataKey.objects.create(wrapped=first.wrapped)
    memory.forget()
    with refused():
        envelope.encrypt("a.B/1/c", b"plain")
    DataKey.objects.filter(pk=envelope_key.pk).delete()
    assert envelope.decrypt("a.B/1/c", stored) == b"plain"


def test_a_key_does_not_show_itself() -> None:
    """Keys print nothing of themselves, and are not pickled."""
    import pickle

    from postroom.controlroom.vault.sealing import Key

    key = Key.generate()
    assert repr(key) == "Key('***')"
    with pytest.raises(TypeError):
        pickle.dumps(key)
