"""Statements that are run in a process with little memory, for files that cost too much."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEGABYTE = 1 << 20

_PROGRAM = """
import resource, sys
{imports}
with open("/proc/self/status") as sizes:
    (taken,) = (int(line.split()[1]) << 10 for line in sizes if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (taken + {spare}, taken + {spare}))
from napari_ifealid.errors import DatasetError
path = sys.argv[1]
try:
    {statement}
except DatasetError as error:
    print(error.found)
"""


def outcome(imports: str, statement: str, path: Path, *, spare: int) -> str:
    """Return what a statement prints, or the reason of its DatasetError.

    Parameters
    ----------
    imports : str
        The statements that are run before memory becomes short.
    statement : str
        One line. It may use the name `path`.
    path : path
    spare : int
        Bytes that the process may take beside what it has after the imports.
    """
    program = _PROGRAM.format(imports=imports, statement=statement, spare=spare)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": _paths()},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _paths() -> str:
    return ":".join(path for path in sys.path if path)
