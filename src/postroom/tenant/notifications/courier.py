"""The thread that carries notifications to their receivers."""

import threading

from postroom.tenant.notifications.outbox import Outbox
from postroom.tenant.notifications.receivers import Receivers

# The tenant's clock can be moved, so a wait until something is due is cut into short ones.
GLANCE_SECONDS = 0.5
STOP_SECONDS = 1.0


class Courier:
    """Deliver what lies in an outbox, from the moment it is started until it is stopped."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._awake = threading.Event()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver; starting twice is starting once."""
        with self._lock:
            if self._thread is None:
                # A receiver that does not answer must not keep the tenant from ending.
                self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Say that there is something new to deliver."""
        self._awake.set()

    def stop(self) -> None:
        """End; what has not arrived stays in the outbox."""
        self._stopped.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        receivers = Receivers()
        while not self._stopped.is_set():
            self._awake.wait(GLANCE_SECONDS if self._outbox.is_waiting() else None)
            self._awake.clear()
            if not self._stopped.is_set():
                self._deliver(receivers)

    def _deliver(self, receivers: Receivers) -> None:
        for parcel in self._outbox.list_due():
            taken = receivers.deliver(parcel.address, parcel.notifications)
            if self._stopped.is_set():
                return
            if taken:
                self._outbox.take_out(parcel)
            else:
                self._outbox.put_off(parcel)
