"""The command: python -m soak [hovering | opening]."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

_PARTS = ("hovering", "opening")
_ENVIRONMENT = {
    "NAPARI_CONFIG": "",  # the user's settings neither count nor change
    "PYTHONFAULTHANDLER": "1",
}


def main() -> int:
    """Run the parts, print a table, and return 1 if a limit is broken."""
    options = _options()
    with TemporaryDirectory(prefix="soak-") as folder:
        if options.in_this_process:
            return _run_part(options, Path(folder))
        records = {}
        from soak.record import Record

        for part in [options.part] if options.part else _PARTS:
            result = Path(folder) / f"{part}.json"
            _run_alone(part, result, options)
            records[part] = Record.read(result)
    return _judge(records, options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("part", nargs="?", choices=_PARTS, help="one part only")
    parser.add_argument("--minutes", type=float, default=5.0, help="of hovering")
    parser.add_argument("--stacks", type=int, default=50, help="that are opened and removed")
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run_alone(part: str, result: Path, options: argparse.Namespace) -> None:
    """Run a part in a process of its own, so that each begins with a small memory."""
    command = [sys.executable, "-m", "soak", part, "--in-this-process", "--json", str(result)]
    command += ["--minutes", str(options.minutes), "--stacks", str(options.stacks)]
    environment = os.environ | _ENVIRONMENT | {"NAPARI_IFEALID_CACHE": str(result.parent)}
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode or not result.exists():
        sys.exit(f"The part “{part}” of the soak has ended with {done.returncode}")


def _run_part(options: argparse.Namespace, folder: Path) -> int:
    if options.part == "hovering":
        from soak.hovering import hover_for

        record = hover_for(options.minutes, folder)
    else:
        from soak.opening import open_and_remove

        record = open_and_remove(options.stacks, folder)
    record.write(options.json)
    return 0


def _judge(records: dict, path: Path | None) -> int:
    from soak.limits import verdicts
    from soak.report import text, write_json

    if path is not None:
        write_json(path, records)
    print(text(records))
    for record in records.values():
        for error in record.errors:
            print(f"{record.part}: {error}", file=sys.stderr)
    found = [one for record in records.values() for one in verdicts(record)]
    return 0 if all(one.is_kept for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
