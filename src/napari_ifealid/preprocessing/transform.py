"""A step with all that it needs to know of a stack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.formats.blocks import blocks_near_in_memory
from napari_ifealid.formats.loading import loaded_block
from napari_ifealid.measures import UsedFeatures, used_values
from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.preprocessing.steps import Step
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track, every_item, untracked


@dataclass(frozen=True, eq=False)
class Transform:
    """What becomes of the vectors of a stack. Can be pickled.

    Parameters
    ----------
    step : Step
    used : UsedFeatures or None
        The features that are compared; None for all of them.
    places : array of float64, shape (N,)
        The wavelengths of these, or their numbers.
    mean : array of float64, shape (N,)
        Of all vectors of the stack, if the step needs it.
    """

    step: Step
    used: UsedFeatures | None
    places: NDArray[np.float64]
    mean: NDArray[np.float64]

    def of(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what becomes of vectors.

        Parameters
        ----------
        vectors : array of float64, shape (..., C)
            Real values.

        Returns
        -------
        array of float64, shape (..., C)
            Zero for features that are not used; NaN for vectors that are not finite.
        """
        used: NDArray[np.float64] = used_values(vectors, self.used)
        flat = used.reshape(-1, used.shape[-1])
        result: NDArray[np.float64] = np.full(flat.shape, np.nan)
        known = np.isfinite(flat).all(axis=1)
        order = np.argsort(self.places, kind="stable")
        done = self.step.function(flat[known][:, order], self.places[order], self.mean[order])
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        result[known] = done[:, place]
        result = result.reshape(used.shape)
        return result if self.used is None else self.used.expanded(result)


def transform_of(
    stack: FeatureStack,
    step: Step,
    used: UsedFeatures | None = None,
    *,
    track: Track = untracked,
) -> Transform:
    """Return a step with what it needs to know of a stack.

    Parameters
    ----------
    stack : FeatureStack
    step : Step
    used : UsedFeatures, optional
        The features that are compared; all of them unless given.
    track : callable, optional
        Shows the progress: `track(iterable, total=int, desc=str)`, such as `tqdm`.
    """
    assert stack.feature_labels is not None
    numeric = numeric_labels(stack.feature_labels)
    places = np.arange(stack.feature_count, dtype=np.float64)
    if numeric is not None:
        places = numeric.numbers
    mean = _mean(stack, track) if step.needs_mean else np.zeros(stack.feature_count)
    if used is not None:
        places, mean = used.taken(places), used.taken(mean)
    return Transform(step, used, places, mean)


def _mean(stack: FeatureStack, track: Track) -> NDArray[np.float64]:
    """Return the mean of each feature, over the pixels where it is known."""
    sums, counts = np.zeros(stack.feature_count), np.zeros(stack.feature_count)
    todo = blocks_near_in_memory(stack.values)
    for block in every_item(track, todo, total=len(todo), desc=f"Measuring {stack.name}"):
        real = stack.real_values(loaded_block(stack, block))
        flat = real.reshape(-1, real.shape[-1])
        is_known = np.isfinite(flat)
        sums[block[-1]] += np.where(is_known, flat, 0.0).sum(axis=0)
        counts[block[-1]] += is_known.sum(axis=0)
    return sums / np.maximum(counts, 1.0)
