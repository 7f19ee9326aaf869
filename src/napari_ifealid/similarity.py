"""Similarity maps from Python, without a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import (
    EngineChoice,
    PixelVectors,
    plan_engine,
    prepare_stack,
    start_engine,
    whole_map,
)
from napari_ifealid.formats.loading import cannot_read
from napari_ifealid.good_features import good_features
from napari_ifealid.grid import Region, is_pixel_of, whole_region
from napari_ifealid.measures import SPECTRAL_ANGLE, Measure, measure_named
from napari_ifealid.query import Query, Rule
from napari_ifealid.sharpening import (
    SharpEngine,
    SharpPixels,
    refusal_of,
    weight_steps,
    why_not_sharp,
)
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import FeatureStack

ReferenceLike = tuple[int, ...] | Sequence[float] | NDArray[Any]
"""A pixel, a tuple of one index along each spatial axis; or a vector of shape (C,)."""


def similarity_map(
    stack: FeatureStack,
    reference: ReferenceLike | Sequence[ReferenceLike] | Query,
    *,
    rule: Rule | str = Rule.BEST,
    measure: Measure | str = SPECTRAL_ANGLE,
) -> NDArray[np.float32]:
    """Return how similar each pixel of a stack is to a reference.

    Computed on the CPU; a lazy stack is read and compared block by block.

    Parameters
    ----------
    stack : FeatureStack
    reference : tuple of int, array of shape (C,), a sequence of these, or Query
        What all pixels are compared with. A tuple of integers is a pixel: an index along each
        spatial axis, from 0. An array or a list of numbers is a vector, in the units of the
        stack. A list, or a tuple, of these is several references, and so are the rows of an array
        of shape (R, C). A query has a rule and a measure of its own, and may ask for like and
        unlike vectors.
    rule : Rule or str, optional
        How several references are joined: "best", the largest of the similarities to each, or
        "mean", the similarity to the mean of their vectors.
    measure : Measure or str, optional
        "spectral angle", "cosine", "Pearson correlation", "Euclidean distance", "information
        divergence", "ACE", "CEM" or "matched filter". The last three, and the distance, need the
        statistics of the whole stack, which are measured first. Unless the measure is one over
        some features (`Measure.over`), or a query has it, those are compared that the stack's
        bands call good.

    Returns
    -------
    array of float32
        Of the stack's spatial shape. 1 at the reference, NaN where a pixel is not finite.

    Raises
    ------
    ValueError
        If there is no such pixel, or a vector has another number of features than the stack; if
        there is no reference, no such rule or no such measure.
    DatasetError
        If the values of the stack can't be read.

    Examples
    --------
    Compare all pixels with one of them, with a vector, and with the best of two pixels:

    >>> import numpy as np
    >>> from napari_ifealid import FeatureStack, similarity_map
    >>> spectra = np.array([[[1, 0], [1, 1]], [[0, 1], [0, 2]]])
    >>> stack = FeatureStack(values=spectra, name="Meadow")
    >>> similarity_map(stack, (0, 0)).round(2)
    array([[1. , 0.5],
           [0. , 0. ]], dtype=float32)
    >>> similarity_map(stack, np.array([0.0, 0.5])).round(2)
    array([[0. , 0.5],
           [1. , 1. ]], dtype=float32)
    >>> similarity_map(stack, [(0, 0), (1, 1)]).round(2)
    array([[1. , 0.5],
           [1. , 1. ]], dtype=float32)
    """
    return region_map(
        stack, query_for(stack, reference, rule, measure), whole_region(stack.spatial_shape)
    )


def sharp_map(
    stack: FeatureStack,
    reference: ReferenceLike | Sequence[ReferenceLike] | Query,
    *,
    rule: Rule | str = Rule.BEST,
    measure: Measure | str = SPECTRAL_ANGLE,
    sharpness: Sharpness | None = None,
) -> NDArray[np.float32]:
    """Return how similar each pixel of a stack's image is to a reference.

    The features are up-sampled along the outlines of the image, see `JointBilateral`.

    Parameters
    ----------
    stack : FeatureStack
        In memory, with an overlay that is finer than the stack.
    reference
        As for `similarity_map`; a pixel is one of the image.
    rule, measure : optional
        As for `similarity_map`. The measure is a function of dot products: all but "information
        divergence".
    sharpness : Sharpness, optional

    Returns
    -------
    array of float32, shape (height, width)
        Of the image's shape. NaN where a pixel has no vector.

    Raises
    ------
    ValueError
        As for `similarity_map`; if the stack can have no sharp maps, or the measure has none.
    """
    sharpness = sharpness or Sharpness()
    if why := why_not_sharp(stack, sharpness):
        raise ValueError(f"no sharp maps: {why}")
    pixels = PixelVectors.of(stack)
    *_, weights = weight_steps(pixels, sharpness)
    assert weights is not None
    sharp = SharpPixels(stack, weights)
    query = query_for(stack, reference, rule, measure, sharp)
    if why := refusal_of(query.measure):
        raise ValueError(f"no sharp maps: {why}")
    return SharpEngine(sharp, pixels).values(query, whole_region(weights.image_shape))


def query_for(
    stack: FeatureStack,
    reference: ReferenceLike | Sequence[ReferenceLike] | Query,
    rule: Rule | str = Rule.BEST,
    measure: Measure | str = SPECTRAL_ANGLE,
    sharp: SharpPixels | None = None,
) -> Query:
    """Return the query of a stack for references, see `similarity_map`.

    Parameters
    ----------
    stack, reference, rule, measure
        As for `similarity_map`.
    sharp : SharpPixels, optional
        Pixels are meant among those of the image, as `sharp_map` has them.
    """
    pixels = stack if sharp is None else sharp
    rule = Rule(rule)
    measure = measure if isinstance(measure, Measure) else measure_named(measure)
    if isinstance(reference, Query):
        for one in reference.references:
            _vector(pixels, one.vector)
        return reference
    references: Iterable[Any] = reference if _is_sequence(reference) else [reference]
    if measure.features is None:
        measure = measure.over(good_features(stack))
    return Query.to(*(_vector(pixels, one) for one in references), rule=rule, measure=measure)


def region_map(stack: FeatureStack, query: Query, region: Region) -> NDArray[np.float32]:
    """Return the map of a region of a stack, computed on the CPU.

    Parameters
    ----------
    stack : FeatureStack
    query : Query
    region : tuple of slice

    Returns
    -------
    array of float32
        Of the region's shape.

    Raises
    ------
    DatasetError
        If the values of the stack can't be read.
    """
    plan = plan_engine(EngineChoice.CPU, stack, None)
    with closing(start_engine(prepare_stack(stack, plan)).engine) as engine:
        try:
            return whole_map(engine.parts(query, region), region)
        except Exception as error:  # each kind of storage fails in its own way
            if not stack.is_lazy:
                raise
            raise cannot_read(stack.name, error) from error


def _is_sequence(reference: Any) -> bool:
    """Return whether these are several references."""
    if isinstance(reference, list | tuple):
        return len(reference) == 0 or np.ndim(reference[0]) > 0
    return np.ndim(reference) > 1


def _vector(pixels: FeatureStack | SharpPixels, reference: Any) -> NDArray[np.float64]:
    if isinstance(reference, tuple):
        return _vector_of_pixel(pixels, reference)
    vector = np.asarray(reference, np.float64)
    if vector.shape != (pixels.feature_count,):
        raise ValueError(
            f"a reference of shape {vector.shape}; expected a vector of the stack's "
            f"{pixels.feature_count} features, or a pixel as a tuple of integers"
        )
    return vector


def _vector_of_pixel(
    pixels: FeatureStack | SharpPixels, reference: tuple[Any, ...]
) -> NDArray[np.float64]:
    try:
        pixel = tuple(map(index, reference))
    except TypeError:
        pixel = ()
    shape = pixels.spatial_shape
    if not is_pixel_of(shape, pixel):
        raise ValueError(
            f"the reference {reference}; expected a pixel, an index along each spatial axis "
            f"below {shape}, or a vector as an array"
        )
    try:
        return pixels.vector(pixel)
    except Exception as error:
        if isinstance(pixels, SharpPixels) or not pixels.is_lazy:
            raise
        raise cannot_read(pixels.name, error) from error
