"""The example bots, as files and in Python: in both clouds, in each authentication mode, they do the same."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from postroom.tenant.environment import app_environment
from support.desk import Desk
from support.invoices import BOTS, DOMAINS, InvoiceStory
from support.tenant import RunningTenant

CLOUDS = pytest.mark.parametrize("cloud", DOMAINS)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the Python bots as a script beside them would."""
    monkeypatch.syspath_prepend(str(BOTS))
    monkeypatch.delitem(sys.modules, "invoice_intake", raising=False)
    return importlib.import_module("invoice_intake")


def give_credential(monkeypatch: pytest.MonkeyPatch, tenant: RunningTenant, app: str, cloud: str) -> None:
    """Keep an app of the tenant as the credential `azure`."""
    for name, value in app_environment(tenant.manifest, app, cloud).items():
        monkeypatch.setenv(name, value)


@CLOUDS
def test_a_python_bot_is_called_like_any_function(
    cloud: str,
    module: ModuleType,
    reachable_tenant: RunningTenant,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Client Credentials: it gives what it returns, and everything is done once."""
    story = InvoiceStory(reachable_tenant, cloud).deliver()
    give_credential(monkeypatch, reachable_tenant, "Invoice bot", cloud)
    saved = tmp_path / "saved"
    filed = module.invoice_intake(username=story.username, save_to=str(saved), **story.inputs)
    assert filed == 3
    story.check(saved)


@CLOUDS
def test_a_python_bot_lets_a_person_sign_in(
    cloud: str, module: ModuleType, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Authorization Code with PKCE: the browser opens once a mailbox, and in later runs never."""
    story = InvoiceStory(desk.tenant, cloud).deliver()
    give_credential(monkeypatch, desk.tenant, "Desktop bot", cloud)
    desk.seat(story.username)
    for name in ("first", "second"):
        inputs = {"username": story.username, "save_to": str(tmp_path / name)}
        module.invoice_intake_attended(**inputs, **story.inputs)
        assert desk.links == 2
    story.check(tmp_path / "first")
    assert not (tmp_path / "second").exists()
