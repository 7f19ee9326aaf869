"""The inputs of a campaign, by number, and inputs that are kept in files."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from random import Random

from fuzz_mutations import Damaged, damaged, replacement_count, with_replacement
from fuzz_seeds import Seed

_REPLACED_SHARE = 0.25  # of the inputs, those with a single byte replaced


@dataclass
class Inputs:
    """The inputs of a campaign: the same ones for the same seeds and the same number.

    Parameters
    ----------
    seeds : list of Seed
    run : int
        Number of the campaign: others have other inputs.
    is_exhaustive : bool
        Whether each byte of each tiny seed is replaced in turn, instead.
    """

    seeds: list[Seed]
    run: int = 0
    is_exhaustive: bool = False

    @cached_property
    def _tiny(self) -> list[Seed]:
        return [seed for seed in self.seeds if seed.is_tiny]

    @cached_property
    def _shares(self) -> list[float]:
        return [1.0 if seed.is_slow else 4.0 for seed in self.seeds]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(map(replacement_count, self._tiny)))

    def __len__(self) -> int:
        """Number of all inputs of an exhaustive campaign."""
        return self._ends[-1]

    def __getitem__(self, number: int) -> Damaged:
        """Return an input."""
        if self.is_exhaustive:
            place = next(place for place, end in enumerate(self._ends) if number < end)
            first = self._ends[place - 1] if place else 0
            return with_replacement(self._tiny[place], number - first)
        random = Random(f"{self.run}/{number}")
        (seed,) = random.choices(self.seeds, self._shares)
        if random.random() < _REPLACED_SHARE:
            return with_replacement(seed, random.randrange(replacement_count(seed)))
        return damaged(random, seed, self.seeds)


def write_files(seed: Seed, folder: Path) -> Path:
    """Write the files of a seed into an empty folder, and return the one that is opened."""
    for name, content in seed.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / seed.opened


def keep(found: Damaged, faults: list[str], path: Path) -> None:
    """Write an input as a small file, with what came of it."""
    told = {
        "how": found.how,
        "opened": found.seed.opened,
        "faults": [fault.splitlines()[-1][:200] for fault in faults],
        "files": {
            name: b64encode(zlib.compress(content, 9)).decode()
            for name, content in found.seed.files.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=True) + "\n")


def kept(path: Path) -> Seed:
    """Return an input that was kept."""
    told = json.loads(path.read_text())
    files = {name: zlib.decompress(b64decode(text)) for name, text in told["files"].items()}
    return Seed(path.stem, told["opened"], files)
