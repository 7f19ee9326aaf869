"""The process that looks into HDF5 files first, see `hdf5_trial`.

Run by its path, so that it imports no more than h5py. It reads a path a line, in JSON, and writes
`STEP` as long as it gets on, `LARGE` where little takes much memory, and `DONE` at the end.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

READY, STEP, LARGE, DONE = "ready", "step", "large", "done"

_MOST_LISTED = 10_000  # objects
_MOST_LOOKED_AT = 300  # of these, with all that is told of them
_SMALL = 1 << 20  # bytes of an array that is read whole
_MOST_FOR_ATTRIBUTES = 1 << 26  # bytes; those of an object rarely have more than some thousands
_SILENCE = 0.05  # seconds

_said = 0.0


def main() -> None:
    """Look into each file whose path comes."""
    import h5py

    _say(READY)
    for line in sys.stdin:
        # what Python is told of, it will be told of again
        with suppress(Exception), h5py.File(json.loads(line), "r") as file:
            _look_into(file)
        _say(DONE)


def _look_into(file: Any) -> None:
    paths = [b"/"]
    with suppress(Exception):
        file.id.links.visit(lambda _: _step())
    with suppress(Exception):
        _list_arrays(file, paths)
    for path in paths:
        with suppress(Exception):
            _look_at(file, file[path])
        _step()


def _list_arrays(file: Any, paths: list[bytes]) -> None:
    """Open all arrays, as many as are listed, and note the first paths of all objects."""
    import h5py

    count = 0

    def note(name: bytes, info: Any) -> bool | None:
        nonlocal count
        count += 1
        if len(paths) < _MOST_LOOKED_AT:
            paths.append(name)
        if info.type == h5py.h5o.TYPE_DATASET:
            with suppress(TypeError):
                array = h5py.h5d.open(file.id, name)
                _ = array.shape, array.dtype
        _step()
        return True if count == _MOST_LISTED else None

    h5py.h5o.visit(file.id, note, info=True)


def _look_at(file: Any, found: Any) -> None:
    """Read what is told of a group or an array, and its values, at least one of them."""
    before = _peak()
    for key in list(found.attrs):
        with suppress(Exception):
            _follow(file, found.attrs[key])
    if _peak() - before > _MOST_FOR_ATTRIBUTES:
        _say(LARGE)
    if not hasattr(found, "shape"):
        return
    _ = found.dtype, found.chunks, found.fillvalue, found.maxshape
    plan = found.id.get_create_plist()
    _ = [plan.get_filter(number) for number in range(plan.get_nfilters())]
    with suppress(Exception):
        _ = found[(0,) * found.ndim]
    if found.nbytes <= _SMALL:
        _ = found[()]


def _follow(file: Any, value: Any) -> None:
    """Follow the references in an attribute."""
    import numpy as np

    for one in np.ravel(value).tolist() if isinstance(value, np.ndarray) else ():
        for reference in np.ravel(one).tolist() if isinstance(one, np.ndarray) else (one,):
            with suppress(Exception):
                _ = file[reference].name


def _peak() -> int:
    """Return the most bytes that this process has had; 0 where the system does not tell it."""
    if sys.platform != "linux":
        return 0
    # what `resource` tells on Linux includes that of the parent
    lines = Path("/proc/self/status").read_text().splitlines()
    found = (int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return 1024 * next(found, 0)


def _step() -> None:
    """Say that there was a step, if it was not said just now."""
    global _said
    now = monotonic()
    if now - _said > _SILENCE:
        _said = now
        _say(STEP)


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
