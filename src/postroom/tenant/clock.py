"""The tenant's clock: real time plus an offset that the control endpoints move."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tell the tenant's time, which starts as the machine's and can be moved without moving the machine's."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> datetime:
        """Give the tenant's time, aware and in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def advance(self, seconds: float) -> None:
        """Move the tenant's time forward by this many seconds, or back when negative."""
        self.offset_seconds += seconds
