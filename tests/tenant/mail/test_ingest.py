"""Folders of .eml files become mailboxes."""

from pathlib import Path

import pytest

from postroom.tenant.mail.ingest import UnknownDomainError, ingest_directory
from postroom.tenant.tenancy import LocalTenant


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """Give a directory with mail for both clouds."""
    mail = tmp_path / "mail"
    for place in (
        "ap@contoso.com/Inbox/2024/a.eml",
        "new@contoso.us/b.eml",
        "ap@contoso.com/Inbox/notes.txt",
    ):
        (mail / place).parent.mkdir(parents=True, exist_ok=True)
        (mail / place).write_bytes(b"Subject: s\r\n\r\nx")
    return mail


def test_each_file_goes_where_its_path_says_once(tmp_path: Path, mail: Path) -> None:
    """The address chooses the cloud, the path the folder, and a second start adds nothing."""
    for _ in range(2):
        tenant = LocalTenant.open(tmp_path / "data", 8443, mail)
        first, second = (cloud.mail for cloud in tenant.clouds)
        assert {row["path"]: row["total"] for row in first.folder_counts("ap@contoso.com")}["Inbox/2024"] == 1
        assert {row["path"]: row["total"] for row in second.folder_counts("new@contoso.us")}["Inbox"] == 1
        assert tenant.clouds[1].directory.find_user("new@contoso.us") is not None
        tenant.close()


def test_a_reset_ingests_again(tmp_path: Path, mail: Path) -> None:
    """A reset brings ingested mail back."""
    tenant = LocalTenant.open(tmp_path / "data", 8443, mail)
    tenant.reset()
    rows = tenant.clouds[0].mail.folder_counts("ap@contoso.com")
    assert {row["path"]: row["total"] for row in rows}["Inbox/2024"] == 1
    tenant.close()


def test_an_address_of_no_cloud_is_refused(tmp_path: Path, mail: Path) -> None:
    """A folder named after an address that belongs to no cloud stops the start, with the domains that do."""
    (mail / "someone@fabrikam.example").mkdir()
    with pytest.raises(UnknownDomainError, match=r"contoso\.com, contoso\.us"):
        LocalTenant.open(tmp_path / "data", 8443, mail)


def test_nothing_is_ingested_from_an_empty_directory(tmp_path: Path) -> None:
    """An empty directory is no mistake."""
    assert ingest_directory(tmp_path, []) == 0
