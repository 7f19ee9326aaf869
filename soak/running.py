"""What keeps an unattended run from hanging, from hiding errors, and from growing by itself."""

from __future__ import annotations

import faulthandler
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from napari.utils.notifications import Notification, NotificationSeverity, notification_manager

_INTERNED = 1 << 18  # more than pass through in an hour
_LONGEST_ROUND = 600  # seconds, after which all threads' stacks are printed and the run ends


@contextmanager
def errors_shown(errors: list[str]) -> Iterator[None]:
    """Collect warnings and errors that napari shows meanwhile, and one that ends the run early."""

    def collect(notification: Notification) -> None:
        if notification.severity >= NotificationSeverity.WARNING:
            errors.append(f"{notification.severity}: {notification.message}")

    notification_manager.notification_ready.connect(collect)
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        errors.append(f"ended early: {error}")
    finally:
        notification_manager.notification_ready.disconnect(collect)


@contextmanager
def watched() -> Iterator[None]:
    """End the process, with the stacks of all threads, where a round takes ten minutes."""
    faulthandler.dump_traceback_later(_LONGEST_ROUND, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def fill_interned_strings() -> None:
    """Have Python's table of interned strings as large as it gets, which is a step of megabytes.

    Names that are made up while a window lives pass through it. Those that are gone leave gaps, and
    once these fill the table it becomes twice as large: so far on in an hour that it looks like
    growth.
    """
    for number in range(_INTERNED):
        sys.intern(f"soak {number}")
