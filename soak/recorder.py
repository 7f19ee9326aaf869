"""Writes down what a part of the soak counts and measures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from soak.counts import Sample


class Recorder:
    """Writes each round into a file at once: kept, rounds would be growth of their own.

    Parameters
    ----------
    path : path
        Of the file, which is there once the part has ended.
    part : str
        "hovering" or "opening".
    warm_up : int, optional
        So many rounds, at least, come before all that is kept once is there.

    Attributes
    ----------
    rounds : int
        How many there have been.
    acts : counter of str
        How often each act was done.
    errors : list of str
        Messages that the window has shown, and what hung.
    """

    def __init__(self, path: Path, part: str, warm_up: int = 0) -> None:
        self.rounds = 0
        self.acts: Counter[str] = Counter()
        self.errors: list[str] = []
        self._path = path
        self._part = part
        self._unfinished = path.with_suffix(".unfinished")
        self._unfinished.write_text(json.dumps({"part": part, "warm_up": warm_up}) + "\n")

    def add(
        self, sample: Sample, hovers: Sequence[float] = (), repaints: Sequence[float] = ()
    ) -> None:
        """Write a round, and print how far it is.

        Parameters
        ----------
        sample : Sample
        hovers, repaints : sequence of float, optional
            Seconds from moves of the mouse to painted maps, and of repaints by napari alone.
        """
        self.rounds += 1
        self._write({"sample": asdict(sample), "hovers": hovers, "repaints": repaints})
        megabytes = f"{sample.memory / 1e6:.0f} MB"
        print(f"{self._part} {self.rounds}: {sample.minute:.1f} min, {megabytes}", flush=True)

    def end(self) -> None:
        """Write what was done in all rounds, and have the file there."""
        self._write({"acts": self.acts, "errors": self.errors})
        self._unfinished.replace(self._path)

    def _write(self, content: dict[str, object]) -> None:
        with self._unfinished.open("a") as stream:
            stream.write(json.dumps(content) + "\n")
