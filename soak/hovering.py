"""Rounds of acts over six stacks, each followed by timed hovers and a count."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np

from soak.acts import ACTS, Act, fill_histories
from soak.counts import sample
from soak.recorder import Recorder
from soak.running import errors_shown, fill_interned_strings, start_threads, watched
from soak.stacks import write_hovered
from soak.window import Window

TIMED_HOVERS = 6
"""Of each of the timed stacks in a round."""

FEWEST_ROUNDS = 16
"""However slow the machine is: fewer are not worth comparing."""

_ACTS_IN_A_ROUND = 3


WARM_UP = 2 * len(ACTS) // _ACTS_IN_A_ROUND
"""Rounds in which each act is done twice."""


def hover_for(minutes: float, folder: Path, recorder: Recorder) -> None:
    """Do rounds for so many minutes, and at least 16.

    Parameters
    ----------
    minutes : float
    folder : path
        Where the stacks are written.
    recorder : Recorder
    """
    window = Window()
    _open_all(window, write_hovered(folder))
    fill_histories(window)
    fill_interned_strings()
    start_threads()
    acts = _acts(window.rng)
    start, minute = perf_counter(), 0.0
    with errors_shown(recorder.errors):
        while minute < minutes or recorder.rounds < FEWEST_ROUNDS:
            with watched():
                for act in islice(acts, _ACTS_IN_A_ROUND):
                    act(window)
                    window.explore(window.stacks[0])
                    recorder.acts[act.__name__] += 1
                hovers, repaints = _timed(window)
            minute = (perf_counter() - start) / 60
            recorder.add(sample(minute), hovers, repaints)


def _acts(rng: np.random.Generator) -> Iterator[Act]:
    """Yield all acts in some order, then in another one, and so on."""
    while True:
        yield from rng.permuted(ACTS)


def _open_all(window: Window, paths: list[Path]) -> None:
    """Open the sample, which is sharp, and the files, and explore the first of their stacks."""
    added = window.new_layers(lambda: window.viewer.open_sample("napari-ifealid", "chelsea"))
    for path in paths:
        added += window.new_layers(lambda p=path: window.viewer.open(p, plugin="napari-ifealid"))
    choices = window.panel.choice.layer.choices
    window.stacks = [one for one in added if one in choices and one.name.endswith("features")]
    window.explore(window.stacks[0])


def _timed(window: Window) -> tuple[list[float], list[float]]:
    """Return seconds of hovers over a sharp and a large stack, and of repaints by napari alone.

    They are measured in turn.
    """
    hovers, repaints = [], []
    for layer in (window.stacks[3], window.stacks[0]):
        window.explore(layer)
        for _ in range(TIMED_HOVERS):
            window.settle()
            hovers.append(window.seconds_of_a_hover())
            window.settle()
            repaints.append(window.seconds_of_a_repaint())
    window.settle()
    return hovers, repaints
