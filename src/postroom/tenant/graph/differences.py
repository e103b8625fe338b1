"""What the schema of a cloud lacks, and with it what the cloud is taken not to have.

Microsoft's published schema of a national cloud can lag behind the service, so that what it lacks may yet be there:
the control endpoints switch between the two readings.
"""

from postroom.tenant.state import CloudState

# By the names of the published schemas, v1.0, of August 2026.
ABSENT: dict[str, frozenset[str]] = {
    "Azure US GCC High": frozenset(
        {
            "attachmentItem",
            "convertIdResult",
            "createUploadSession",
            "mailFolder.isHidden",
            "mailFolder.permanentDelete",
            "message.conversationIndex",
            "message.permanentDelete",
            "reply.parameters",
            "subscription.notificationQueryOptions",
            "subscription.notificationUrlAppId",
            "translateExchangeIds",
        }
    )
}


def lacks(cloud: CloudState, name: str) -> bool:
    """Tell whether this cloud is taken not to have what this name of its schema stands for."""
    return cloud.follows_schema and name in ABSENT.get(cloud.name, frozenset())
