"""Damage a file, guided by what code of the readers that reaches: `make fuzz GUIDED=tiny.tif`.

Needs atheris, which is no dependency: pip install atheris.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["napari_ifealid"], enable_loader_override=False):
    from fuzz_inputs import keep
    from fuzz_mutations import Damaged, mutators_of
    from fuzz_seeds import Seed, seeds
    from fuzz_worker import measured


class _Target:
    """Opens a file with the contents that atheris gives, beside the other good files of a seed."""

    def __init__(self, seed: Seed, folder: Path, kept: Path) -> None:
        self._seed, self._folder, self._kept, self._numbers = seed, folder, kept, count()
        self.file = max(seed.files, key=lambda name: name.endswith((seed.opened, ".json")))

    def __call__(self, content: bytes) -> None:
        number = next(self._numbers)
        seed = replace(self._seed, files={**self._seed.files, self.file: content})
        faults = measured(number, seed, self._folder).faults
        if faults:
            path = self._kept / f"{seed.opened}.guided{number}.json"
            keep(Damaged(seed, "guided"), faults, path)
            print(path.name, *faults, sep="\n    ", flush=True)


def _mutated(content: bytes, most: int, seed: int) -> bytes:
    random = Random(seed)
    return random.choice(mutators_of(content))(random, content)[:most]


def main() -> None:
    """Run until the time is over, or as many inputs as are asked for are done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seed", help="name of the good file to damage, such as tiny.tif")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--inputs", type=int, default=-1)
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="for violations")
    options = parser.parse_args()
    (seed,) = [one for one in seeds() if one.name == options.seed]
    with TemporaryDirectory() as folder, TemporaryDirectory() as corpus:
        target = _Target(seed, Path(folder), options.folder)
        (Path(corpus) / "good").write_bytes(seed.files[target.file])
        print(f"guided by atheris, {target.file} of {seed.name}")
        limits = [
            f"-max_total_time={options.seconds}",
            f"-runs={options.inputs}",
            "-rss_limit_mb=0",
        ]
        atheris.Setup([sys.argv[0], *limits, corpus], target, custom_mutator=_mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
