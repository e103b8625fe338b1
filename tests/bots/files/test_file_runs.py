"""Bot files that run on a mailbox, with a journal and without one."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

from postroom.auth.token_keys import TokenKey
from postroom.bots.durable import Engine, Surroundings
from postroom.bots.files import FolderLibrary
from postroom.bots.run import run_alone
from postroom.bots.sealing import KeySealer
from postroom.values import Secret
from support.engines import KEY, Listener
from support.mail import make_mail
from support.tenant import GLOBAL, RunningTenant

PARENT = """
    name: Intake
    inputs: {{folder: Inbox, worked: Inbox/Worked}}
    steps:
    - uses: outlook.connect
      with:
        session: {{global: ap}}
        cloud: Azure Global
        authentication:
          mode: Client Credentials
          client_id: {client_id}
          tenant_id: {tenant_id}
          client_secret: {client_secret}
          username: {username}
    - uses: outlook.create_folder
      with: {{session: ap, folder: "${{{{ worked }}}}"}}
    - for_each: message
      uses: outlook.messages
      with: {{session: ap, folder: "${{{{ folder }}}}", status: unread, subject: bill, order: oldest}}
      steps:
      - if: "${{{{ 'urgent' in message.subject | lower }}}}"
        run_bot: urgent.bot.yaml
        with: {{id: "${{{{ message.id }}}}"}}
      - uses: outlook.move
        with: {{session: ap, message: "${{{{ message }}}}", to: "${{{{ worked }}}}"}}
"""
URGENT = """
    inputs: {id: {type: text}}
    steps:
    - try:
      - uses: outlook.folder
        with: {session: ap, folder: Inbox/Nowhere}
      catch:
      - if: "${{ error.kind == 'FolderNotFoundError' }}"
        uses: outlook.change_status
        with: {session: ap, messages: "${{ id }}", to: read}
"""


@pytest.fixture
def library(reachable_tenant: RunningTenant, tmp_path: Path) -> Iterator[FolderLibrary]:
    """A folder with a bot in which the secret of the app stands as text, and mail for it."""
    described, app = reachable_tenant.cloud(GLOBAL), reachable_tenant.app("Invoice bot", GLOBAL)
    username = described["users"][0]["username"]
    for subject in ("bill 1", "URGENT bill 2", "greetings"):
        reachable_tenant.deliver(username, make_mail(subject=subject))
    settings = {name: app[name] for name in ("client_id", "client_secret")}
    text = dedent(PARENT).format(**settings, tenant_id=described["tenant_id"], username=username)
    folder = tmp_path / "bots"
    folder.mkdir()
    (folder / "intake.bot.yaml").write_text(text)
    (folder / "urgent.bot.yaml").write_text(dedent(URGENT))
    yield FolderLibrary(folder)
    shutil.rmtree(folder)  # a secret stands in it


def check_mailbox(tenant: RunningTenant) -> None:
    """The bills are moved, the urgent one is read, and the rest is where it was."""
    mailbox = tenant.mailbox(tenant.cloud(GLOBAL)["users"][0]["username"])
    assert [message.subject for message in mailbox.inbox] == ["greetings"]
    worked = {message.subject: message.is_read for message in mailbox.list("Inbox/Worked")}
    assert worked == {"bill 1": False, "URGENT bill 2": True}


def test_without_a_journal(library: FolderLibrary, reachable_tenant: RunningTenant) -> None:
    """A bot file does its work with a child that uses its global session."""
    run_alone(library.get("intake.bot.yaml"), {}, library=library)
    check_mailbox(reachable_tenant)


def test_with_a_journal(library: FolderLibrary, reachable_tenant: RunningTenant, tmp_path: Path) -> None:
    """The same with a journal, in which the secret of the file is not, sealed or plain."""
    kept: list[bytes] = []

    class Watched(KeySealer):
        def seal(self, plain: bytes) -> str:
            kept.append(plain)
            return super().seal(plain)

    sealer = Watched(TokenKey(Secret(KEY)))
    listener = Listener()
    database = tmp_path / "journal.sqlite"
    engine = Engine(f"sqlite:///{database}", sealer, uuid4().hex, Surroundings(library, listener))
    engine.start()
    try:
        engine.run(library.get("intake.bot.yaml"), {})
    finally:
        engine.stop()
    check_mailbox(reachable_tenant)
    secret = reachable_tenant.app("Invoice bot", GLOBAL)["client_secret"].encode()
    assert kept
    assert not [plain for plain in kept if secret in plain]
    assert b"steps/0/with/authentication/client_secret" in b"".join(kept)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select count(*) from workflow_status").fetchone() == (2,)
    places = {step.place for step in listener.steps}
    assert {"intake.bot.yaml:5", "urgent.bot.yaml:5"} <= places
