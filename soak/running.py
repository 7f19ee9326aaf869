"""What keeps an unattended run from hanging, and from hiding errors."""

from __future__ import annotations

import faulthandler
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from napari.utils.notifications import Notification, NotificationSeverity, notification_manager

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
