"""What tests of a bot, or of any other client, need of the local tenant: started, steered and looked into.

It owns the process of a tenant that a test started (`start_tenant`), the tenant as a test sees it (`RunningTenant`),
and the pytest plugin with its fixtures (`local_tenant`, `connect_to_local_tenant`, `local_mailbox`). It depends on
pytest, on the tenant's manifest and environment, and on `outlook` for mailboxes; no other room knows it. It exists so
that whoever automates mail tests against what answers as Microsoft does, and not against what agrees with the test.

pytest loads the plugin in every run on a machine that has Postroom, so everything here is loaded on its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroom.testing.mailboxes import TenantAttachment as TenantAttachment
    from postroom.testing.mailboxes import TenantMailbox as TenantMailbox
    from postroom.testing.mailboxes import TenantMessage as TenantMessage
    from postroom.testing.processes import LocalTenantError as LocalTenantError
    from postroom.testing.running import RunningTenant as RunningTenant
    from postroom.testing.running import start_tenant as start_tenant

__all__ = [
    "LocalTenantError",
    "RunningTenant",
    "TenantAttachment",
    "TenantMailbox",
    "TenantMessage",
    "start_tenant",
]

_HOMES = {
    "LocalTenantError": "postroom.testing.processes",
    "RunningTenant": "postroom.testing.running",
    "TenantAttachment": "postroom.testing.mailboxes",
    "TenantMailbox": "postroom.testing.mailboxes",
    "TenantMessage": "postroom.testing.mailboxes",
    "start_tenant": "postroom.testing.running",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'postroom.testing' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
