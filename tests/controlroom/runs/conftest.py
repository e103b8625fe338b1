"""Deployed bots and runs for the tests of their pages and endpoints."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from postroom.controlroom.runs.models import BotVersion, Run

INTAKE = """\
name: Invoice intake
description: Files invoices.
inputs:
  folder: Inbox
  limit: {type: number, default: 10}
steps:
  - uses: outlook.connect
    with:
      session: ap
      cloud: Azure Global
      authentication:
        mode: Control Room managed
        connection: Payables
        token: Shared
        username: ap@contoso.com
  - for_each: message
    uses: outlook.messages
    with: {session: ap, folder: "${{ folder }}", status: unread}
    steps:
      - uses: outlook.save_attachments
        with: {session: ap, message: "${{ message }}", to: invoices}
"""
"""A bot file without faults."""


@pytest.fixture
def deploy(db: None) -> "Callable[..., BotVersion]":
    """Deploy a bot file: `deploy(path="intake.bot.yaml", text=..., by=user)`."""
    from postroom.controlroom.runs.bots.deploying import deploy_file

    def deploy_one(path: str = "intake.bot.yaml", text: str = INTAKE, by: Any = None) -> "BotVersion":
        return deploy_file(by, path, text)

    return deploy_one


@pytest.fixture
def make_run(deploy: "Callable[..., BotVersion]") -> "Callable[..., Run]":
    """Make the row of a run: `make_run(user, status="failed", parent=other)`."""
    from postroom.controlroom.runs.models import BotVersion, Run

    def make(user: Any, **fields: Any) -> "Run":
        version = fields.pop("version", None) or BotVersion.objects.first() or deploy()
        made = {"begun_by": user.get_username(), "bot": version.bot, "version": version, "run_as": user}
        run: Run = Run.objects.create(**{**made, **fields})
        return run

    return make
