"""Receivers are called over TLS that is checked, and have to prove themselves."""

import ssl
from pathlib import Path

import pytest
import trustme

from postroom.tenant.notifications.receivers import ReceiverRefusedError, Receivers
from support.receivers import run_receiver


def test_a_receiver_is_trusted_as_the_machine_trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver behind TLS is called if SSL_CERT_FILE vouches for it, and not otherwise."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with run_receiver(context) as receiver:
        with pytest.raises(ReceiverRefusedError, match="validation request failed"):
            Receivers().check(receiver.url)
        assert not Receivers().deliver(receiver.url, [{}])
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        Receivers().check(receiver.url)
        assert Receivers().deliver(receiver.url, [{"a": 1}])
        assert receiver.taken() == [{"a": 1}]
