"""How similar the entries of a library are to a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.libraries.entry import LibraryEntry
from napari_ifealid.libraries.library import Library
from napari_ifealid.libraries.matching import Mismatch, match_features
from napari_ifealid.measures import SPECTRAL_ANGLE, Measure


def similarities(
    measure: Measure, vectors: NDArray[np.float64], pixel: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how similar a pixel is to each of some vectors.

    Parameters
    ----------
    measure : Measure
        One that needs no statistics of a stack: of these, both vectors may change their places.
    vectors : array, shape (N, C)
    pixel : array, shape (C,)

    Returns
    -------
    array of float64, shape (N,)
        NaN where either is not finite.

    Raises
    ------
    ValueError
        If the measure needs statistics of a stack.
    """
    return measure.values(vectors, pixel)


def best_first(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the order by falling values: equal ones stay as they are, NaN comes last.

    Parameters
    ----------
    values : array, shape (N,)
    """
    return np.argsort(-values, kind="stable")


def rank_entries(
    library: Library,
    vector: ArrayLike,
    labels: Sequence[str | float] | None = None,
    *,
    measure: Measure = SPECTRAL_ANGLE,
    resample: bool = False,
) -> list[tuple[LibraryEntry, float]]:
    """Return the entries of a library with their similarity to a vector, the best one first.

    Parameters
    ----------
    library : Library
    vector : array, shape (C,)
        Such as ``stack.vector((65, 61))``.
    labels : sequence of str or float, optional
        Of its features, such as ``stack.feature_labels``. Those of the library unless given.
    measure : Measure, optional
    resample : bool, optional
        Whether entries are resampled linearly where their wavelengths differ from the vector's,
        and compared by position where only one of the two has labels.

    Returns
    -------
    list of (LibraryEntry, float)

    Raises
    ------
    DatasetError
        If the features don't match, or only after resampling and `resample` is off.
    ValueError
        If the measure needs statistics of a stack.
    """
    labels = library.features if labels is None else labels
    pixel = np.asarray(vector, np.float64)
    if pixel.shape != (len(labels),):
        raise DatasetError(
            f"an array of shape {pixel.shape}",
            expected=f"a vector of {len(labels)} features",
            remedy="Give one pixel, and the labels of its features.",
        )
    match = match_features(library.features, labels)
    question = match.reason if isinstance(match, Mismatch) else match.question
    if isinstance(match, Mismatch) or (question and not resample):
        raise DatasetError(
            question,
            expected="features that match",
            remedy="Compare with a stack of the same features, or give resample=True where they "
            "only lie elsewhere.",
            file=library.name or None,
        )
    values = similarities(measure, match.apply(library.vectors), pixel)
    return [(library.entries[row], float(values[row])) for row in best_first(values)]
