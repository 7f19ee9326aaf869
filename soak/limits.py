"""Whether the limits are kept: the beginning, once it is warm, against the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soak.counts import OURS, Sample
from soak.record import Record

MOST_GROWTH = 1.01
"""Of the memory."""

LEAST_TOLERANCE = 1.05
"""Of the time of a hover, where the order of the rounds makes less of a difference."""

_SHUFFLES, _SHARE = 2000, 0.99  # of the orders, which the tolerance covers
_SLOWEST = 99  # percentile
_COUNTED = {
    "handles": "open handles",
    "threads": "threads",
    "gl_contexts": "OpenGL contexts",
    "gl_objects": "OpenGL objects",
    "widgets": "widgets of Qt",
}


@dataclass(frozen=True)
class Verdict:
    """A figure of the beginning and the end, and how large the end may be.

    Parameters
    ----------
    what : str
    first, last, most : float
    unit : str
    """

    what: str
    first: float
    last: float
    most: float
    unit: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the end is within the limit."""
        return self.last <= self.most


@dataclass(frozen=True)
class Spans:
    """The rounds that are compared: so many after the warm-up, and the last ones.

    Parameters
    ----------
    first, last : slice
    """

    first: slice
    last: slice

    @classmethod
    def of(cls, count: int, warm_up: int = 0) -> Spans:
        """Compare the first third with the last one, of all rounds after the warm-up.

        Parameters
        ----------
        count : int
            Of all rounds. A quarter of them is warm-up at least.
        warm_up : int, optional
            Of the warm-up, at least.

        Raises
        ------
        ValueError
            If there are too few to compare.
        """
        warm = max(count // 4, warm_up)
        length = (count - warm) // 3
        if length < 2:
            raise ValueError(f"{count} rounds are too few to compare: make it longer")
        return cls(slice(warm, warm + length), slice(count - length, count))


def verdicts(record: Record) -> list[Verdict]:
    """Return how each figure of a part compares with its limit.

    Parameters
    ----------
    record : Record
    """
    spans = Spans.of(len(record.samples), record.warm_up)
    found = _memory(record, spans)
    for name, what in _COUNTED.items():
        found.append(_constant(what, [getattr(one, name) for one in record.samples], spans))
    found += _objects(record.samples, spans)
    if record.hovers:
        found += _hovers(record, spans)
    found.append(Verdict("errors shown", 0.0, len(record.errors), 0.0))
    return found


def slow_down(
    hovers: Sequence[Sequence[float]], repaints: Sequence[Sequence[float]], spans: Spans
) -> tuple[float, float]:
    """Return how much slower the slowest hovers have become, and what chance alone may do.

    That is the ratio of the 99th percentiles of the last and the first rounds, divided by that of
    repaints by napari alone, which tell whether the machine has become slower. Chance is judged by
    the run itself: if the order of the rounds means nothing, any other order gives such a ratio,
    too, and the tolerance is what 99 % of 2000 random orders stay below.

    Parameters
    ----------
    hovers, repaints : sequence of sequence of float
        Seconds, per round.
    spans : Spans

    Returns
    -------
    float, float
    """
    own, control = np.array(hovers), np.array(repaints)
    rng = np.random.default_rng(0)
    warm = np.arange(spans.first.start, len(own))
    orders = (rng.permutation(warm) for _ in range(_SHUFFLES))
    ratios = [_ratio(own, control, order, spans) for order in orders]
    ratio = _ratio(own, control, warm, spans)
    return ratio, max(LEAST_TOLERANCE, float(np.quantile(ratios, _SHARE)))


def _ratio(
    own: NDArray[np.float64], control: NDArray[np.float64], order: NDArray[np.intp], spans: Spans
) -> float:
    length = spans.first.stop - spans.first.start
    first, last = order[:length], order[-length:]
    slowest = [
        np.percentile(times[span], _SLOWEST) for times in (own, control) for span in (last, first)
    ]
    return float(slowest[0] / slowest[1] / (slowest[2] / slowest[3]))


def _memory(record: Record, spans: Spans) -> list[Verdict]:
    """Return how memory has grown; by as much as that of napari alone is none of ours."""
    first, last = _medians([one.memory / 1e6 for one in record.samples], spans)
    if not record.napari_alone:
        return [Verdict("memory", first, last, MOST_GROWTH * first, "MB")]
    alone = _medians([memory / 1e6 for memory in record.napari_alone], spans)
    most = MOST_GROWTH * first + max(0.0, alone[1] - alone[0])
    return [
        Verdict("memory", first, last, most, "MB"),
        Verdict("memory of napari alone", *alone, np.inf, "MB"),
    ]


def _constant(what: str, counts: Sequence[int], spans: Spans) -> Verdict:
    """Return whether there is no more in the end than at most once it was warm."""
    first, last = _medians(counts, spans)
    return Verdict(what, first, last, float(max(counts[spans.first])))


def _medians(values: Sequence[float], spans: Spans) -> tuple[float, float]:
    return float(np.median(values[spans.first])), float(np.median(values[spans.last]))


def _objects(samples: Sequence[Sample], spans: Spans) -> list[Verdict]:
    """Return how many objects there are of each package, and each type of ours that grew."""
    packages = [_constant(f"objects of {one}", _of(samples, f"{one}."), spans) for one in OURS]
    types = sorted({name for one in samples for name in one.objects})
    own = [name for name in types if name.startswith(f"{OURS[0]}.")]
    each = [_constant(name, [one.objects.get(name, 0) for one in samples], spans) for name in own]
    return [*packages, *(one for one in each if not one.is_kept)]


def _of(samples: Sequence[Sample], prefix: str) -> list[int]:
    return [
        sum(count for name, count in one.objects.items() if name.startswith(prefix))
        for one in samples
    ]


def _hovers(record: Record, spans: Spans) -> list[Verdict]:
    milliseconds = 1000 * np.array(record.hovers)
    ratio, most = slow_down(record.hovers, record.repaints, spans)
    found = []
    for percentile in (50, _SLOWEST):
        first, last = (
            np.percentile(milliseconds[span], percentile) for span in (spans.first, spans.last)
        )
        found.append(Verdict(f"p{percentile} of a hover", float(first), float(last), np.inf, "ms"))
    return [*found, Verdict("p99 of a hover beside that of a repaint", 1.0, ratio, most)]
