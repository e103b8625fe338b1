"""A mailbox of the local tenant, connected as one of its apps."""

from typing import Any

from postroom import outlook
from postroom.testing.running import GLOBAL, RunningTenant


def connect(
    tenant: RunningTenant,
    *,
    app: str = "Invoice bot",
    cloud: str = GLOBAL,
    username: str | None = None,
    **settings: Any,
) -> outlook.Mailbox:
    """Connect to a mailbox of the tenant, to which this process is led: the first user's unless another is named.

    `settings` are those of `outlook.connect`.
    """
    described, found = tenant.cloud(cloud), tenant.app(app, cloud)
    authentication = outlook.ClientCredentials(
        client_id=found["client_id"],
        tenant_id=described["tenant_id"],
        client_secret=found["client_secret"],
        username=username or described["users"][0]["username"],
    )
    return outlook.connect(**{"cloud": cloud, "authentication": authentication, **settings})
