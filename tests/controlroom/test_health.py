"""The health endpoint says whether a process can do its work, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError
from django.test import Client

from postroom.controlroom import health
from postroom.controlroom.vault import master_keys
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import Mode, VaultState


def test_all_is_well(db: None) -> None:
    """Who watches the server gets 200 without an account, and no cookie."""
    master_keys.ensure_key()
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert not answer.cookies


def test_a_locked_vault_is_told(db: None) -> None:
    """A process that cannot read the vault gives no tokens, and a load balancer learns it."""
    master_keys.ensure_key()
    VaultState.objects.update(mode=Mode.MANUAL)
    memory.forget()
    answer = Client().get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "reasons": [health.VAULT_LOCKED]}


def test_another_master_key_is_told(db: None, settings: Any, tmp_path: Path) -> None:
    """Where the key on the server is missing, the reason is told, and not where the key should be."""
    master_keys.ensure_key()
    memory.forget()
    (settings.CONFIGURATION.home / "vault-key").rename(tmp_path / "vault-key")
    try:
        answer = Client().get("/health")
    finally:
        (tmp_path / "vault-key").rename(settings.CONFIGURATION.home / "vault-key")
    assert (answer.status_code, answer.json()["reasons"]) == (503, [health.VAULT_UNUSABLE])
    assert str(settings.CONFIGURATION.home) not in answer.content.decode()


def test_a_silent_database_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its database the answer is 503 and not a page of an error."""

    def fail() -> bool:
        raise OperationalError("could not connect to server at 10.1.2.3")

    monkeypatch.setattr(health, "is_locked", fail)
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()["reasons"]) == (503, [health.DATABASE_SILENT])
