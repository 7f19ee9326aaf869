"""What one part of the soak has counted and measured."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from soak.counts import Sample


@dataclass
class Record:
    """Samples of all rounds, each taken while the window is at rest in the same state.

    Parameters
    ----------
    part : str
        "hovering" or "opening".
    warm_up : int
        So many rounds, at least, come before all that is kept once is there.
    samples : list of Sample
        One per round.
    hovers, repaints : list of list of float
        Per round, seconds from moves of the mouse to painted maps, and of repaints by napari alone.
    napari_alone : list of int
        Bytes per round of the same without the plugin, in a process of its own.
    acts : dict of str to int
        How often each act was done.
    errors : list of str
        Messages that the window has shown, and what hung.
    """

    part: str
    warm_up: int = 0
    samples: list[Sample] = field(default_factory=list)
    hovers: list[list[float]] = field(default_factory=list)
    repaints: list[list[float]] = field(default_factory=list)
    napari_alone: list[int] = field(default_factory=list)
    acts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        """Add a round, and print how far it is."""
        self.samples.append(sample)
        megabytes = f"{sample.memory / 1e6:.0f} MB"
        print(f"{self.part} {len(self.samples)}: {sample.minute:.1f} min, {megabytes}", flush=True)

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read what `write` has written."""
        content: dict[str, Any] = json.loads(path.read_text())
        content["samples"] = [Sample(**one) for one in content["samples"]]
        return cls(**content)
