"""A process that opens inputs, and measures what each of them takes."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psutil
from fuzz_inputs import Inputs, write_files
from fuzz_outcomes import OUTCOMES, Report, outcomes_of
from fuzz_seeds import Seed

MOST_SECONDS = 2.0
"""Of the processor, for all ways of opening an input together."""

MOST_BYTES = 100_000_000
"""Of memory, beyond 1.5 times the values of a valid stack."""

FREE_MEMORY = 2 << 30
"""Bytes that programs are told are free, so that each computer holds the same in memory."""

MEMORY_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where inputs are opened: quick, and a file there has as many places as there are numbers for."""

_ROOM = 4 << 30  # bytes of addresses that an input may take


@dataclass
class Result:
    """What came of an input.

    Parameters
    ----------
    number : int
    seed : str
        Its name.
    seconds : float
        Of the processor.
    memory : int
        Bytes that the process took at most, beyond what it had before.
    report : Report
    """

    number: int
    seed: str
    seconds: float = 0.0
    memory: int = 0
    report: Report = field(default_factory=Report)

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, the limits included."""
        over = list(self.report.faults)
        if self.seconds > MOST_SECONDS:
            over.append(f"{self.seconds:.1f} s")
        if self.memory > MOST_BYTES + 1.5 * self.report.values_size:
            over.append(f"{self.memory / 1e6:.0f} MB of memory")
        return over


def work(connection: Connection, inputs: Inputs) -> None:
    """Open the inputs whose numbers come, and send a result for each, until None comes."""
    silence()
    free = psutil.virtual_memory
    psutil.virtual_memory = lambda: free()._replace(available=FREE_MEMORY)
    folder = Path(mkdtemp(dir=MEMORY_FOLDER))
    try:
        _warm_up(inputs.seeds, folder)
        _limit_memory()
        connection.send("ready")
        while (number := connection.recv()) is not None:
            damaged = inputs[number]
            connection.send(measured(number, damaged.seed, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def silence() -> None:
    """Let nothing that libraries print be seen."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.dup2(nowhere, sys.stderr.fileno())


def measured(number: int | None, seed: Seed, folder: Path) -> Result:
    """Open an input, and return what came of it.

    Parameters
    ----------
    number : int or None
        None: it is opened in all ways, whatever its number.
    seed : Seed
    folder : path
        Empty, as it is afterwards.
    """
    place = folder / f"input{number}"
    try:
        opened = write_files(seed, place)
        _forget_peak()
        before, start = _memory("VmRSS"), time.process_time()
        report = outcomes_of(opened, number)
        seconds = time.process_time() - start
        memory = max(0, _memory("VmHWM") - before)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Result(-1 if number is None else number, seed.name, seconds, memory, report)


def _warm_up(seeds: list[Seed], folder: Path) -> None:
    """Open all good files: what they bring along is imported, and all of them are valid."""
    for seed in seeds:
        result = measured(None, seed, folder)
        if result.report.faults or not result.report.outcomes[OUTCOMES[0]]:
            raise AssertionError(f"{seed.name}: {result.report}")


def _limit_memory() -> None:
    if sys.platform == "linux":
        most = _memory("VmSize") + _ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _forget_peak() -> None:
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _memory(key: str) -> int:
    """Return a size of this process in bytes; 0 where the system does not tell it."""
    if sys.platform != "linux":
        return 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return 0


def summary(results: list[Result]) -> dict[str, Any]:
    """Return the figures of a campaign."""
    outcomes: Counter[str] = Counter()
    for result in results:
        outcomes += result.report.outcomes
    slowest = max(results, key=lambda result: result.seconds)
    largest = max(results, key=lambda result: result.memory)
    return {
        "inputs": len(results),
        "openings": sum(outcomes.values()),
        "outcomes": {outcome: outcomes[outcome] for outcome in OUTCOMES},
        "violations": sum(bool(result.faults) for result in results),
        "slowest": {"seconds": round(slowest.seconds, 3), "seed": slowest.seed},
        "largest": {"megabytes": round(largest.memory / 1e6, 1), "seed": largest.seed},
    }
