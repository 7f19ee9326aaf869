"""The process that looks into HDF5 files first, see `hdf5_trial`.

Run by its path, so that it imports no more than h5py. It reads a path a line, in JSON, and writes
`STEP` for each part of the file that it has read, and `DONE` at the end.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

READY, STEP, DONE = "ready", "step", "done"

_MOST_OBJECTS = 10_000
_SMALL = 1 << 20  # bytes of an array that is read whole


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
    paths: list[bytes] = [b"/"]

    def note(name: bytes) -> bool | None:
        _say(STEP)
        paths.append(name)
        return True if len(paths) > _MOST_OBJECTS else None

    with suppress(Exception):
        file.id.links.visit(lambda _: _say(STEP))
    with suppress(Exception):
        _visit(file, note)
    for path in paths:
        with suppress(Exception):
            _look_at(file, file[path])
        _say(STEP)


def _visit(file: Any, note: Any) -> None:
    import h5py

    h5py.h5o.visit(file.id, note)


def _look_at(file: Any, found: Any) -> None:
    """Read what is told of a group or an array, and its values, at least one of them."""
    for key in list(found.attrs):
        with suppress(Exception):
            _follow(file, found.attrs[key])
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


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
