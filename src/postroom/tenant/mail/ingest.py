"""Reads folders of .eml files into the mailboxes of the tenant, each file once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postroom.tenant.state import CloudState

_FILES_PER_COMMIT = 500


class UnknownDomainError(Exception):
    """A folder of mail is named after an address that belongs to no cloud of the tenant."""


def ingest_directory(mail: Path, clouds: Sequence["CloudState"]) -> int:
    """Ingest `<user address>/<folder path>/*.eml` under a directory and return how many messages are new.

    The address's domain says which cloud the mailbox is in; a mailbox that no seed names is added to the
    directory. A file that was ingested before, by this call or an earlier run, is passed over. Files that lie
    directly under the address go to the Inbox. UnknownDomainError for an address of neither cloud.
    """
    count = 0
    for home in sorted(path for path in mail.iterdir() if path.is_dir() and "@" in path.name):
        cloud = _cloud_of(home.name, clouds)
        cloud.directory.add_user(home.name)
        cloud.mail.ensure_mailbox(home.name)
        for files in _portions(sorted(home.rglob("*.eml"))):
            with cloud.mail.batch():
                count += sum(_ingest_file(cloud, home, file) for file in files)
    return count


def _cloud_of(address: str, clouds: Sequence["CloudState"]) -> "CloudState":
    domain = address.rpartition("@")[2].lower()
    for cloud in clouds:
        if cloud.directory.domain.lower() == domain:
            return cloud
    known = ", ".join(cloud.directory.domain for cloud in clouds)
    raise UnknownDomainError(f"{address} is in no cloud of the local tenant; its domains are {known}.")


def _portions(files: list[Path]) -> Iterator[list[Path]]:
    for start in range(0, len(files), _FILES_PER_COMMIT):
        yield files[start : start + _FILES_PER_COMMIT]


def _ingest_file(cloud: "CloudState", home: Path, file: Path) -> bool:
    place = file.relative_to(home)
    if not file.is_file() or not cloud.mail.mark_ingested(f"{home.name.lower()}/{place.as_posix()}"):
        return False
    folder = "Inbox" if place.parent == Path() else place.parent.as_posix()
    cloud.mail.ingest(home.name, folder, file.read_bytes())
    return True
