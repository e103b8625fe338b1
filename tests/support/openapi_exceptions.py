"""Where the local tenant is not as Graph's OpenAPI description says, and the reason: Microsoft's is not either."""

import fnmatch
from dataclasses import dataclass

from support.openapi import Finding


@dataclass(frozen=True)
class Exemption:
    """Findings that are no defects: patterns, as of file names, for each part of a finding."""

    what: str
    reason: str
    operation: str = "*"
    where: str = "*"
    status: int | None = None

    def covers(self, finding: Finding) -> bool:
        """Say whether a finding is among these."""
        return (
            self.status in (None, finding.status)
            and fnmatch.fnmatchcase(finding.operation, self.operation)
            and fnmatch.fnmatchcase(finding.where, self.where)
            and fnmatch.fnmatchcase(finding.what, self.what)
        )


EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption(
        what="has item, which the type does not have",
        reason="The description leaves out the navigation property `item` of an itemAttachment, which $expand shows.",
    ),
    *(
        Exemption(
            what=f"has {name}, which the type does not have",
            where="*timeZone",
            reason="The description leaves out customTimeZone, which derives from timeZoneBase.",
        )
        for name in ("bias", "standardOffset", "daylightOffset")
    ),
    Exemption(
        what="has notificationContentType, which the type does not have",
        operation="* /subscriptions*",
        reason="Documented responses of v1.0 have it, although the schema does not.",
    ),
    Exemption(
        what="is text/html and not application/json",
        reason="The page of a proxy is what a fault makes of one part of a batch; alone, such an answer is not judged.",
    ),
)
