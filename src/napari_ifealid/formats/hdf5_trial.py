"""Whether an HDF5 file does harm: another process looks into it first.

HDF5's library is in C. Some damaged files end the whole program in it, others keep it busy for
ever. There is no single issue for it, and no version without such faults. The process that tries
a file stays, for the next one: it takes a third of a second to start, and some milliseconds for
each file.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread

import psutil

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.file_state import FileState
from napari_ifealid.formats.hdf5_trial_process import DONE, LARGE, READY

_MOST_SECONDS = 1.0  # of the processor for a part of a file, which takes milliseconds
_WAIT_SECONDS = 0.1
_START_SECONDS = 60.0
_CRASHED, _ENDLESS = "it ends HDF5's library", "HDF5's library comes to no end"
_GREEDY = "its attributes take much memory"


class _Process:
    """The process, and what it says."""

    def __init__(self) -> None:
        self.parent = os.getpid()
        self._lines: Queue[str | None] = Queue()
        script = Path(__file__).with_name("hdf5_trial_process.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],  # its neighbours are no modules to import
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        Thread(target=self._listen, daemon=True).start()
        try:
            self.is_ready = self._lines.get(timeout=_START_SECONDS) == READY
        except Empty:
            self.is_ready = False
        if not self.is_ready:
            self.stop()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # closed
            for line in self._process.stdout:
                self._lines.put(line.strip())
        self._lines.put(None)

    def fault_of(self, path: str) -> str | None:
        """Return what is wrong with a file; None if nothing is."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{json.dumps(path)}\n")
            self._process.stdin.flush()
            start = self._seconds()
            while (line := self._next()) != DONE:
                if line is None:
                    return _CRASHED
                if line == LARGE:
                    return _GREEDY
                if line:
                    start = self._seconds()
                elif self._seconds() - start > _MOST_SECONDS:
                    return _ENDLESS
        except (OSError, psutil.Error):
            return _CRASHED
        return None

    def _next(self) -> str | None:
        """Return the next line, "" if there is none for a while, None after the last."""
        try:
            return self._lines.get(timeout=_WAIT_SECONDS)
        except Empty:
            return ""

    def _seconds(self) -> float:
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()


class _Trial:
    """Has files tried by a process, and starts another where one has ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: _Process | None = None

    def fault_of(self, path: str) -> str | None:
        with self._lock:
            if self._process is None or self._process.parent != os.getpid():
                self._process = _Process()
            if not self._process.is_ready:
                return None  # there is no such process here: it has to be without
            fault = self._process.fault_of(path)
            if fault is not None:
                self._process.stop()
                self._process = None
            return fault

    def stop(self) -> None:
        if self._process is not None and self._process.parent == os.getpid():
            self._process.stop()


_TRIAL = _Trial()
atexit.register(_TRIAL.stop)


def check_harmless(path: Path, state: FileState) -> None:
    """Raise if HDF5's library would crash in a file, or never return.

    Parameters
    ----------
    path : path
    state : FileState
        Of the file as it is now: one that has not changed is not tried again.

    Raises
    ------
    DatasetError
    """
    fault = _fault_of(str(path.absolute()), state)
    if fault is not None:
        raise DatasetError(
            f"a damaged HDF5 file ({fault})",
            expected="a complete HDF5 file",
            remedy="Download or copy it again.",
            file=path,
        )


@lru_cache(maxsize=256)
def _fault_of(path: str, state: FileState) -> str | None:  # noqa: ARG001  # part of the key
    return _TRIAL.fault_of(path)
