"""What keeps an unattended run from hanging, from hiding errors, and from growing by itself."""

from __future__ import annotations

import faulthandler
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier
from time import sleep

import dask
from napari.utils.notifications import Notification, NotificationSeverity, notification_manager
from qtpy.QtCore import QRunnable, Qt, QThreadPool
from qtpy.QtGui import QImage

_INTERNED = 1 << 18  # more than pass through in an hour
_LARGE = 1024  # pixels along a side, which Qt scales in several threads
_TASKS, _TASK = 64, 0.02  # for each pool of dask, more than it has threads, and seconds
_PATIENCE = 60  # seconds that these may take
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


def start_threads() -> None:
    """Have all threads of Qt's pool, and those that dask starts for each of them.

    Else the last ones come when as many workers first overlap, at any time on a busy machine. They
    stay, as they are counted.
    """
    pool = QThreadPool.globalInstance()
    pool.setExpiryTimeout(-1)
    workers = pool.maxThreadCount()
    together = Barrier(workers + 1, timeout=_PATIENCE)

    def work() -> None:
        together.wait()
        dask.compute([dask.delayed(sleep)(_TASK) for _ in range(_TASKS)], scheduler="threads")
        together.wait()

    for _ in range(workers):
        pool.start(QRunnable.create(work))
    together.wait()
    together.wait()  # not waitForDone, which ends all threads


def start_scaling_threads() -> None:
    """Have those threads that Qt scales large pictures with, and that rest for half a minute.

    To be called before threads and handles are counted, of which each is one.
    """
    half = _LARGE // 2
    ratio, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    QImage(_LARGE, _LARGE, QImage.Format.Format_RGB32).scaled(half, half, ratio, smooth)
