"""k-means: centres around which vectors gather."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.overview.aspect import Aspect

STARTS = 3
"""How often centres are sought, of which the best are kept."""

_MOST_ROUNDS = 30
_ALIKE = 1e-24  # squared distance, in squared lengths: vectors that differ by rounding


def nearest_centres(vectors: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the number of the centre that is nearest to each vector, the first of equals.

    Parameters
    ----------
    vectors : array of float64, shape (n, C)
    centres : array of float64, shape (k, C)

    Returns
    -------
    array of int, shape (n,)
    """
    # around their middle, as the squares of centres that are far from zero lose digits
    middle = centres.mean(axis=0)
    around = centres - middle
    products = vectors @ around.T
    products -= around @ middle + 0.5 * np.einsum("kc,kc->k", around, around)
    numbers: NDArray[np.intp] = products.argmax(axis=1)
    return numbers


def fitted_centres(
    sample: NDArray[np.float64], count: int, aspect: Aspect
) -> Generator[float | NDArray[np.float64]]:
    """Find the centres of clusters, always the same ones for the same sample.

    Parameters
    ----------
    sample : array of float64, shape (n, C)
        One vector or more; of unit length for directions.
    count : int
        How many clusters, k.
    aspect : Aspect
        Centres of directions have unit length, too.

    Yields
    ------
    float or array of float64, shape (k, C)
        How much is done, 0 to 1, then the centres: fewer than `count` if the sample has fewer
        different vectors.

    Notes
    -----
    Rounds of Lloyd 1982, "Least squares quantization in PCM", doi 10.1109/TIT.1982.1056489, from
    centres that are drawn as by Arthur & Vassilvitskii 2007, "k-means++: The Advantages of Careful
    Seeding". Of directions, the mean of a cluster is scaled to unit length: spherical k-means,
    Dhillon & Modha 2001, doi 10.1023/A:1007612920971.
    """
    rng = np.random.default_rng(0)
    best, least = sample[:1], np.inf
    for start in range(STARTS):
        centres = _drawn(sample, count, rng)
        for done in range(_MOST_ROUNDS):
            before, centres = centres, _moved(sample, centres, aspect)
            if np.array_equal(before, centres):
                break
            yield (start + done / _MOST_ROUNDS) / STARTS
        apart = sample - centres[nearest_centres(sample, centres)]
        spread = float(np.einsum("pc,pc->", apart, apart))
        if spread < least:
            best, least = centres, spread
    yield best


def _drawn(
    sample: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return vectors of the sample, drawn with the odds of their squared distance to others."""
    drawn = [sample[rng.integers(len(sample))]]
    squared = _squared_distances(sample, drawn[0])
    alike = _ALIKE * float(np.einsum("pc,pc->p", sample, sample).max())
    while len(drawn) < count and squared.max() > alike:
        drawn.append(sample[rng.choice(len(sample), p=squared / squared.sum())])
        np.minimum(squared, _squared_distances(sample, drawn[-1]), out=squared)
    return np.array(drawn)


def _squared_distances(
    sample: NDArray[np.float64], vector: NDArray[np.float64]
) -> NDArray[np.float64]:
    apart = sample - vector
    squared: NDArray[np.float64] = np.einsum("pc,pc->p", apart, apart)
    return squared


def _moved(
    sample: NDArray[np.float64], centres: NDArray[np.float64], aspect: Aspect
) -> NDArray[np.float64]:
    """Return the mean of each cluster; a centre without a cluster stays."""
    members = np.eye(len(centres))[nearest_centres(sample, centres)]
    sizes = members.sum(axis=0)[:, np.newaxis]
    means = np.where(sizes > 0, members.T @ sample / np.maximum(sizes, 1.0), centres)
    return unit_vectors(means) if aspect is Aspect.DIRECTIONS else means
