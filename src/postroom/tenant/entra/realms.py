"""The first part of every Entra ID path: which directory, or which kind of account, is meant."""

import re
from enum import Enum
from uuid import UUID

from postroom.tenant.entra.refusals import refusal
from postroom.tenant.state import CloudState

SHARED_REALMS = ("common", "organizations", "consumers")
DOMAIN = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)


class Realm(Enum):
    """Tell whose directory a path names."""

    HOME = "the directory of this cloud"
    OTHER_CLOUD = "the directory of the other cloud"
    SHARED = "common, organizations or consumers"


def get_realm(tenant: str, cloud: CloudState, *, error: str | None = None) -> Realm:
    """Give the realm that this part of a path names, or refuse as Entra ID does what is no tenant anywhere."""
    if tenant.lower() in SHARED_REALMS:
        return Realm.SHARED
    if cloud.directory.is_named(tenant):
        return Realm.HOME
    if cloud.other is not None and cloud.other.directory.is_named(tenant):
        return Realm.OTHER_CLOUD
    number = 90002 if _is_well_formed(tenant) else 900023
    raise refusal(number, error=error, tenant=tenant)


def check_tenant(tenant: str, cloud: CloudState, *, is_confidential: bool) -> None:
    """Refuse what is no tenant anywhere, and a tenant of the other cloud (900382, 90038)."""
    if get_realm(tenant, cloud) is not Realm.OTHER_CLOUD or cloud.other is None:
        return
    if is_confidential:
        raise refusal(900382)
    here, there = (known.hosts.login.removeprefix("login.") for known in (cloud, cloud.other))
    raise refusal(90038, tenant=tenant, cloud=here, other_cloud=there)


def _is_well_formed(tenant: str) -> bool:
    try:
        UUID(tenant)
    except ValueError:
        return DOMAIN.fullmatch(tenant) is not None
    return True
