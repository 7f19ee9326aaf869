"""Damage files in many ways and open them: `make fuzz`.

Two worker processes at most open inputs one after the other. A worker that crashes or does not
answer is a violation, too, and another takes its place. Inputs that came to no outcome on the
list, or beyond the limits, are kept in a folder, to be looked at with --replay and to become tests.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread

from fuzz_inputs import Inputs, keep, kept
from fuzz_outcomes import Report
from fuzz_seeds import Seed, seeds
from fuzz_worker import MEMORY_FOLDER, Result, measured, summary, work

_START_SECONDS = 300.0  # for a worker to import all packages
_ANSWER_SECONDS = 30.0
_TOLD_EVERY = 1000  # inputs
_MOST_FOR_A_WORKER = 4000  # inputs; libraries in C leak a little for each


class Campaign:
    """Numbers of inputs that are given out, and results that come back.

    Parameters
    ----------
    inputs : Inputs
    numbers : iterator of int
    end : float
        When no more numbers are given out, as `time.monotonic` tells it.
    folder : path
        Where violations are kept.
    """

    def __init__(self, inputs: Inputs, numbers: Iterator[int], end: float, folder: Path) -> None:
        self._inputs, self._numbers, self._end, self._folder = inputs, numbers, end, folder
        self._lock = Lock()
        self.results: list[Result] = []

    def drive(self) -> None:
        """Give out numbers to workers, one after the other, until there are no more."""
        while self._drive_one():
            pass

    def stop(self) -> None:
        """Give out no more numbers."""
        self._end = 0.0

    def _drive_one(self) -> bool:
        """Start a worker and give it numbers; return whether there may be more."""
        context = get_context("spawn")
        ours, its = context.Pipe()
        process = context.Process(target=work, args=(its, self._inputs), daemon=True)
        process.start()
        its.close()
        try:
            if not ours.poll(_START_SECONDS) or ours.recv() != "ready":
                raise RuntimeError("a worker did not start")
            for _ in range(_MOST_FOR_A_WORKER):
                number = self._next()
                if number is None:
                    return False
                if not self._one(ours, number):
                    return True
            return True
        finally:
            self._stop(ours, process)

    @staticmethod
    def _stop(ours: Connection, process: SpawnProcess) -> None:
        with suppress(OSError):  # it crashed
            ours.send(None)
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()

    def _one(self, ours: Connection, number: int) -> bool:
        """Have an input opened; return whether the worker is still good."""
        fault = ""
        try:
            ours.send(number)
            if ours.poll(_ANSWER_SECONDS):
                self._note(ours.recv())
                return True
            fault = f"no answer in {_ANSWER_SECONDS:.0f} s"
        except (EOFError, OSError):
            fault = "a crash of the process"
        report = Report(faults=[fault])
        self._note(Result(number, self._inputs[number].seed.name, report=report))
        return False

    def _next(self) -> int | None:
        with self._lock:
            return None if time.monotonic() > self._end else next(self._numbers, None)

    def _note(self, result: Result) -> None:
        with self._lock:
            self.results.append(result)
            if len(self.results) % _TOLD_EVERY == 0:
                print(f"{len(self.results):,} inputs", flush=True)
            faults = result.faults
            if faults:
                found = self._inputs[result.number]
                name = f"{Path(result.seed).name}.{result.number}.json"
                keep(found, faults, self._folder / name)
                print(f"{name} ({found.how}):", *faults, sep="\n    ", flush=True)


def main() -> int:
    """Run a campaign, or replay kept inputs; return 1 if there were violations."""
    options = _options()
    if options.replay:
        return _replay(options.replay)
    inputs = Inputs(seeds(), options.run, options.exhaustive)
    if options.only:
        inputs.seeds = [seed for seed in inputs.seeds if re.search(options.only, seed.name)]
    numbers = iter(range(len(inputs))) if options.exhaustive else count()
    if options.inputs:
        numbers = iter(range(options.inputs))
    is_endless = options.inputs or options.exhaustive
    seconds = options.seconds or (float("inf") if is_endless else 120.0)
    print("Damage by chance, not guided: GUIDED=tiny.tif is guided by atheris", flush=True)
    start = time.monotonic()
    campaign = Campaign(inputs, numbers, start + seconds, options.folder)
    threads = [Thread(target=campaign.drive) for _ in range(options.jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:  # what was found is told all the same
        campaign.stop()
        for thread in threads:
            thread.join()
    told = summary(campaign.results) | {"seconds": round(time.monotonic() - start)}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps(told, indent=2))
    return 1 if told["violations"] else 0


def _replay(paths: list[Path]) -> int:
    """Open kept inputs in this process, and print what comes of each."""
    faults = 0
    with TemporaryDirectory(dir=MEMORY_FOLDER) as folder:
        for path in paths:
            seed: Seed = kept(path)
            result = measured(None, seed, Path(folder))
            faults += bool(result.faults)
            print(path.name, dict(result.report.outcomes), *result.faults, sep="\n    ")
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, help="to run for; 120 unless told")
    parser.add_argument("--inputs", type=int, help="to open, instead")
    parser.add_argument("--exhaustive", action="store_true", help="replace each byte of tiny files")
    parser.add_argument("--run", type=int, default=0, help="number of the campaign: other inputs")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", help="pattern of the names of the seeds that are taken")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="for violations")
    parser.add_argument("--replay", type=Path, nargs="+", help="kept inputs to open again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
