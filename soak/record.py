"""What one part of the soak has counted and measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

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

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read what a `Recorder` has written."""
        first, *rounds, last = map(json.loads, path.read_text().splitlines())
        return cls(
            **first,
            samples=[Sample(**one["sample"]) for one in rounds],
            hovers=[one["hovers"] for one in rounds if one["hovers"]],
            repaints=[one["repaints"] for one in rounds if one["repaints"]],
            **last,
        )
