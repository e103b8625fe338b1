"""The tenant behind its listeners: both clouds, one clock, and what the control endpoints steer."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from postroom.tenant.certificates import Authority, new_app_certificate, open_authority
from postroom.tenant.clock import Clock
from postroom.tenant.consents import Consents
from postroom.tenant.directory import App, Directory
from postroom.tenant.entra.keys import SigningKey, new_rsa_key_pem
from postroom.tenant.faults import Faults, Latency
from postroom.tenant.hosts import CLOUDS, CloudHosts
from postroom.tenant.limits import Limits
from postroom.tenant.mail.ingest import ingest_directory
from postroom.tenant.mail.store import MailStore
from postroom.tenant.records import CloudRecord, TenantRecord, read_record, write_private, write_record
from postroom.tenant.request_log import RequestLog
from postroom.tenant.seeds import CERTIFIED_APP, seed_apps, seed_users, seeded_usernames
from postroom.tenant.state import CloudState


class LocalTenant:
    """Hold all state of the tenant, and keep in the data folder what must survive a restart."""

    def __init__(
        self, data: Path, port: int, mail: Path | None, record: TenantRecord, authority: Authority
    ) -> None:
        self.data = data
        self.port = port
        self.mail_source = mail
        self.authority = authority
        self.clock = Clock(record.clock_offset_seconds)
        self.faults = Faults()
        self.latency = Latency()
        self.log = RequestLog(self.clock)
        self.limits = Limits(self.clock)
        self._counts_at_reset: dict[str, int] = {}
        self.clouds = [
            self._open_cloud(hosts, record.clouds[hosts.key], port + number)
            for number, hosts in enumerate(CLOUDS)
        ]
        self.clouds[0].other, self.clouds[1].other = self.clouds[1], self.clouds[0]

    @classmethod
    def open(cls, data: Path, port: int, mail: Path | None) -> Self:
        """Open the tenant that is kept in this folder, made up and seeded when there is none yet."""
        private = data / "private"
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = open_authority(private)
        record = read_record(private / "record.json")
        clock = Clock()
        tenant = cls(data, port, mail, record or _new_record(data, clock.now()), authority)
        if record is None:
            tenant.save()
        tenant.fill_mailboxes()
        return tenant

    @property
    def private(self) -> Path:
        """The folder that only the owner of the tenant may look into."""
        return self.data / "private"

    @property
    def snapshot_folder(self) -> Path:
        """The folder that holds the snapshots of the tenant, if there are any."""
        return self.private / "snapshots"

    def find_cloud_of(self, address: str) -> CloudState | None:
        """Find the cloud whose directory has this mailbox."""
        return next((cloud for cloud in self.clouds if cloud.directory.find_user(address)), None)

    def fill_mailboxes(self) -> None:
        """Give every user a mailbox, and put the mail of the ingested folder there that is not there yet."""
        for cloud in self.clouds:
            _fill_mailboxes(cloud)
        if self.mail_source is not None:
            ingest_directory(self.mail_source, self.clouds)

    def reset(self) -> None:
        """Bring back the state after seeding and ingesting; ids, secrets and keys stay as they are."""
        self.faults.clear()
        self.limits.reset()
        self.latency.milliseconds = 0.0
        self.clock.offset_seconds = 0.0
        for cloud in self.clouds:
            cloud.revoked_before.clear()
            cloud.sending_queue.clear()
            cloud.consents.clear()
            cloud.redemptions.clear()
            cloud.device_requests.clear()
            cloud.follows_schema = True
            cloud.directory.undo_changes(seeded_usernames(cloud.hosts.domain))
            self._reset_mail(cloud)
        shutil.rmtree(self.snapshot_folder, ignore_errors=True)
        if self.mail_source is not None:
            ingest_directory(self.mail_source, self.clouds)
        self.save()
        self.log.clear()

    def _reset_mail(self, cloud: CloudState) -> None:
        """Leave a cloud its users' empty mailboxes; where nothing was written since the last time, they are that."""
        mail, key = cloud.mail, cloud.hosts.key
        with mail.database.held():
            if mail.database.change_count == self._counts_at_reset.get(key):
                mail.changes.forget_epochs()
            else:
                with mail.batch():
                    mail.reset()
                    _fill_mailboxes(cloud)
            self._counts_at_reset[key] = mail.database.change_count

    def save(self) -> None:
        """Keep everything but the mail, which keeps itself."""
        write_record(self.private / "record.json", self.record())

    def record(self) -> TenantRecord:
        """Describe everything but the mail."""
        clouds = {cloud.hosts.key: _record_of(cloud) for cloud in self.clouds}
        return TenantRecord(self.clock.offset_seconds, clouds)

    def take_up(self, record: TenantRecord) -> None:
        """Bring back everything but the mail, as it was described."""
        self.clock.offset_seconds = record.clock_offset_seconds
        for cloud in self.clouds:
            kept = record.clouds[cloud.hosts.key]
            cloud.directory.registered_apps, cloud.directory.registered_users = kept.apps, kept.users
            cloud.directory.restore_changes(kept.changed_apps, kept.changed_users, kept.policies)
            cloud.revoked_before = dict(kept.revoked_before)
            cloud.consents.take_up(kept.consents)
            cloud.follows_schema = kept.follows_schema
            cloud.subscriptions.take_up()

    def close(self) -> None:
        """Deliver no more notifications, and close the mail stores."""
        for cloud in self.clouds:
            cloud.subscriptions.stop()
            cloud.mail.close()

    def _open_cloud(self, hosts: CloudHosts, record: CloudRecord, port: int) -> CloudState:
        directory = Directory(record.tenant_id, hosts.domain, record.tenant_name, record.apps, record.users)
        directory.restore_changes(record.changed_apps, record.changed_users, record.policies)
        cloud = CloudState(
            hosts=hosts,
            directory=directory,
            clock=self.clock,
            mail=MailStore(self.data / "mail" / hosts.key, self.clock),
            signing_key=SigningKey(record.signing_key.encode()),
            local_url=f"https://localhost:{port}",
            faults=self.faults,
            limits=self.limits,
            revoked_before=dict(record.revoked_before),
            consents=Consents(record.consents),
            follows_schema=record.follows_schema,
        )
        directory.on_change = self.save
        cloud.consents.on_change = self.save
        cloud.subscriptions.take_up()
        return cloud


def _new_record(data: Path, now: datetime) -> TenantRecord:
    # Making RSA keys is what takes long in a first start; it does not hold the interpreter's lock.
    with ThreadPoolExecutor(max_workers=len(CLOUDS)) as pool:
        records = pool.map(lambda hosts: _new_cloud_record(hosts, data, now), CLOUDS)
        return TenantRecord(0.0, dict(zip((hosts.key for hosts in CLOUDS), records, strict=True)))


def _new_cloud_record(hosts: CloudHosts, data: Path, now: datetime) -> CloudRecord:
    return CloudRecord(
        tenant_id=str(uuid4()),
        tenant_name="Contoso",
        signing_key=new_rsa_key_pem().decode(),
        apps=_new_apps(hosts, data, now),
        users=seed_users(hosts.domain),
        revoked_before={},
    )


def _new_apps(hosts: CloudHosts, data: Path, now: datetime) -> tuple[App, ...]:
    certificate = new_app_certificate(CERTIFIED_APP)
    file = f"{CERTIFIED_APP.lower().replace(' ', '-')}.{hosts.key}.pem"
    write_private(data / file, certificate.key_pem + certificate.certificate_pem)
    return seed_apps(now, certificate.certificate_pem.decode(), file)


def _fill_mailboxes(cloud: CloudState) -> None:
    for user in cloud.directory.users:
        cloud.mail.ensure_mailbox(user.username)


def _record_of(cloud: CloudState) -> CloudRecord:
    directory = cloud.directory
    return CloudRecord(
        tenant_id=directory.tenant_id,
        tenant_name=directory.tenant_name,
        signing_key=cloud.signing_key.private_pem.decode(),
        apps=directory.registered_apps,
        users=directory.registered_users,
        revoked_before=cloud.revoked_before,
        changed_apps=tuple(directory.changed_apps.values()),
        changed_users=tuple(directory.changed_users.values()),
        policies=directory.policies,
        consents=cloud.consents.list(),
        follows_schema=cloud.follows_schema,
    )
