"""The command: python -m soak [hovering | opening]."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.hovering import WARM_UP, hover_for
from soak.limits import verdicts
from soak.opening import add_and_remove, open_and_remove
from soak.record import Record
from soak.recorder import Recorder
from soak.report import text, write_json

_PARTS = ("hovering", "opening")
_CONTROL = "napari"  # alone, for what it keeps itself

_WARM_UP = {"hovering": WARM_UP, "opening": 10, _CONTROL: 0}
"""Rounds."""

_ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "NUMPY_MADVISE_HUGEPAGE": "0",
}
"""For glibc: one heap for all threads, and arrays outside of it, so that what is freed is not kept.

Else its heaps, one for each of many threads, fall to pieces, and that is counted as memory; so are
the pages of two megabytes that Linux makes of NumPy's arrays when it has time for it."""


def main() -> int:
    """Run the parts, print a table, and return 1 if a limit is broken."""
    options = _options()
    with TemporaryDirectory(prefix="soak-") as folder:
        if options.record is not None:
            _run_part(options, Path(folder))
            return 0
        parts = [options.part] if options.part else _PARTS
        records = {part: _run_alone(part, Path(folder), options) for part in parts}
        if "opening" in records:
            control = _run_alone(_CONTROL, Path(folder), options)
            records["opening"].napari_alone = [one.memory for one in control.samples]
    return _judge(records, options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("part", nargs="?", choices=(*_PARTS, _CONTROL), help="one part only")
    parser.add_argument("--minutes", type=float, default=5.0, help="of hovering")
    parser.add_argument("--stacks", type=int, default=50, help="that are opened and removed")
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    parser.add_argument("--record", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run_alone(part: str, folder: Path, options: argparse.Namespace) -> Record:
    """Run a part in a process of its own, so that each begins with a small memory."""
    record = folder / f"{part}.json"
    command = [sys.executable, "-m", "soak", part, "--record", str(record)]
    command += ["--minutes", str(options.minutes), "--stacks", str(options.stacks)]
    # the user's settings and previews neither count nor change
    own = _ALLOCATOR | {"NAPARI_CONFIG": "", "NAPARI_IFEALID_CACHE": str(folder / "cache")}
    done = subprocess.run(command, env=os.environ | own, check=False)
    if not record.exists():
        sys.exit(f"The part “{part}” of the soak has ended with {done.returncode} and no figures.")
    return Record.read(record)


def _run_part(options: argparse.Namespace, folder: Path) -> None:
    recorder = Recorder(options.record, options.part, _WARM_UP[options.part])
    if options.part == "hovering":
        hover_for(options.minutes, folder, recorder)
    elif options.part == _CONTROL:
        add_and_remove(options.stacks, recorder)
    else:
        open_and_remove(options.stacks, folder, recorder)
    recorder.end()


def _judge(records: Mapping[str, Record], path: Path | None) -> int:
    for record in records.values():
        for error in record.errors:
            print(f"{record.part}: {error}", file=sys.stderr)
    try:
        print(text(records))
    except ValueError as error:
        sys.exit(str(error))
    if path is not None:
        write_json(path, records)
    found = [one for record in records.values() for one in verdicts(record)]
    return 0 if all(one.is_kept for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
