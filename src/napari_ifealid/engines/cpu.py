"""Maps on the CPU, on all cores: compiled where numba is installed, else by BLAS."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from math import inf, pi, sqrt
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.divergence_values import DivergenceQuery, divergence_values
from napari_ifealid.engines.engine import MapPart
from napari_ifealid.engines.joined import joined
from napari_ifealid.engines.linear_query import LinearQuery
from napari_ifealid.engines.linear_values import linear_values
from napari_ifealid.engines.pixel_vectors import IN_CACHE, WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.preview import Preview, preview_of
from napari_ifealid.engines.products import Products, exact_products, largest_products
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.grid import Region, pixel_numbers, region_shape
from napari_ifealid.measures import Background, Divergence, Linear, Measure, UnitLength
from napari_ifealid.query import Query

_NEAR = np.float32(0.9998)  # cosines above it lose digits in the arc cosine
_LARGEST_ERROR = 4e-5  # of a cosine, and of an angle in right angles

_pixels_may_be_not_finite = partial(np.errstate, invalid="ignore", over="ignore")


class CpuEngine:
    """Answers queries on the CPU.

    Parameters
    ----------
    pixels : PixelVectors
        Of any type. Integers of 8 and 16 bits and float32 are used where they lie, other types are
        converted block by block.
    background : Background, optional
        Where the pixels are only a part of a stack, the statistics of the whole, as far as measures
        need them.
    """

    name = "CPU"
    needs_gui_thread = False
    preview_step_count = 1

    def __init__(self, pixels: PixelVectors, background: Background | None = None) -> None:
        self._pixels = pixels
        self._facts = StackFacts(pixels, background)
        self._apart: tuple[Region, PixelVectors] | None = None

    @property
    def memory(self) -> int:
        """Bytes held beside the stack, between two maps."""
        held = _measured_bytes(self._pixels) + self._facts.memory
        if self._apart is None:
            return held
        taken = self._apart[1]
        return held + _measured_bytes(taken) + taken.stored.nbytes

    def refusal(self, measure: Measure) -> str:  # noqa: ARG002
        """Return nothing: every measure is computed."""
        return ""

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made at once, see `Engine`."""
        return self._facts.is_known(measure)

    def preparation_step_count(self, measure: Measure) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure what a measure needs, in one step, see `Engine`."""
        self._facts.learn(measure)
        yield None

    def part_count(self, region: Region) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the whole map of a region, see `Engine`."""
        rows = pixel_numbers(region, self._pixels.stack.spatial_shape)
        self._facts.learn(query.measure)
        pixels, facts = self._pixels, self._facts
        if not isinstance(rows, slice):
            pixels, facts = self._together(region, rows), self._facts.of_rows(rows)
            rows = slice(0, len(rows))
        consecutive = rows
        values = joined(query, lambda one: values_of(pixels, facts, one, consecutive))
        yield region, values.reshape(region_shape(region))

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, see `Engine`."""
        yield region, self._pixels.stack.mean_image(features, region)

    def preview_steps(self, budget: int) -> Generator[Preview | None]:
        """Build the preview in one step, see `Engine`."""
        yield preview_of(self._pixels, budget)

    def accelerate(self) -> None:
        """Begin to compile what makes the maps to come quicker, in another thread."""
        compiled_products(self._pixels.stored)

    def close(self) -> None:
        """Do nothing: the memory goes with the object."""

    def _together(self, region: Region, rows: NDArray[np.intp]) -> PixelVectors:
        """Return the vectors of pixels that lie apart in memory; those asked for last are kept."""
        if self._apart is None or self._apart[0] != region:
            self._apart = region, self._pixels.taken(rows)
        return self._apart[1]


def _measured_bytes(pixels: PixelVectors) -> int:
    """Return the bytes of all that is known of vectors beside themselves."""
    return pixels.inverse_lengths.nbytes + pixels.is_zero.nbytes + pixels.is_invalid.nbytes


def values_of(
    pixels: PixelVectors, facts: StackFacts, query: Query, rows: slice
) -> NDArray[np.float32]:
    """Return the values of a query without negative signs for some pixels.

    Parameters
    ----------
    pixels : PixelVectors
    facts : StackFacts
        About these pixels.
    query : Query
    rows : slice

    Returns
    -------
    array of float32, shape (N,)
    """
    match query.measure.kernel:
        case UnitLength() as kernel:
            return compared(pixels, PreparedQuery.of(query, kernel), rows)
        case Linear() as kernel:
            background, terms = facts.of_linear(query.measure, kernel)
            linear = LinearQuery.of(query, kernel, background, pixels.unit)
            return linear_values(pixels, terms, linear, rows)
        case Divergence() as kernel:
            return divergence_values(pixels, DivergenceQuery.of(query, kernel), rows)
        case other:
            assert_never(other)


def compared(pixels: PixelVectors, query: PreparedQuery, rows: slice) -> NDArray[np.float32]:
    """Return the values of a query for some pixels.

    Parameters
    ----------
    pixels : PixelVectors
    query : PreparedQuery
    rows : slice

    Returns
    -------
    array of float32, shape (N,)
        NaN where a pixel is not finite, or everywhere if no reference is finite.
    """
    values = np.empty(rows.stop - rows.start, np.float32)
    if query.is_void:
        values[:] = np.nan
        return values
    if len(query.units):
        comparison = _Comparison(pixels, query, rows, values)
        least = max(1, WORTH_A_THREAD // pixels.feature_count)
        on_all_cores(comparison.fill, len(values), least=least)
    else:
        values[:] = 0.0
        query.kernel.from_cosines(values)
    if query.has_zero:
        values[pixels.is_zero[rows]] = query.measure.limits[1]
    values[pixels.is_invalid[rows]] = np.nan
    return values


class _Comparison:
    """Fills the values of a query that has references with a direction."""

    def __init__(
        self, pixels: PixelVectors, query: PreparedQuery, rows: slice, values: NDArray[np.float32]
    ) -> None:
        self._pixels = pixels
        self._query = query
        self._rows = rows
        self._values = values
        self._vectors = query.units * pixels.scale
        self._offsets = np.zeros(len(query.units), np.float32)
        self._convert = pixels.as_float32 if pixels.is_scaled else None
        self._quick = largest_products(pixels.stored, self._vectors, self._offsets, self._convert)
        self._sure = _surely_measured(self._quick.error)
        if self._quick.uses_all_cores:
            with _pixels_may_be_not_finite():
                self._quick.multiply(rows.start, values)

    def fill(self, part: slice) -> None:
        """Fill a part of the values; called in several threads."""
        products, from_cosines = self._quick, self._query.kernel.from_cosines
        with _pixels_may_be_not_finite():  # anew in each thread
            for start in range(part.start, part.stop, IN_CACHE):
                first = self._rows.start + start
                cosines = self._values[start : min(start + IN_CACHE, part.stop)]
                if not products.uses_all_cores:
                    products.multiply(first, cosines)
                cosines *= self._pixels.inverse_lengths[first : first + len(cosines)]
                near = np.flatnonzero(cosines > min(self._sure, _NEAR))
                if products.error:
                    cosines[near] = self._measured_again(near + first)
                    if 2 * len(near) > len(cosines):
                        products = self._exact()  # the pixels of this stack are too much alike
                if self._query.has_zero:
                    np.maximum(cosines, 0.0, out=cosines)
                near = near[cosines[near] > _NEAR]
                from_cosines(cosines)
                self._measure_near(first, near, cosines)

    def _exact(self) -> Products:
        return exact_products(self._pixels.stored, self._vectors, self._offsets, self._convert)

    def _measured_again(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the cosines of some pixels with all digits that float32 has."""
        cosines = np.empty(len(rows), np.float32)
        pixels = self._pixels
        again = exact_products(pixels.stored[rows], self._vectors, self._offsets)
        again.multiply(0, cosines)
        cosines *= pixels.inverse_lengths[rows]
        return cosines

    def _measure_near(
        self, first: int, near: NDArray[np.intp], values: NDArray[np.float32]
    ) -> None:
        """Correct the values of pixels so near to a reference that their cosines lost digits."""
        step = max(1, next(self._pixels.blocks()).stop // len(self._query.units))
        for start in range(0, len(near), step):
            part = near[start : start + step]
            squared = self._squared_chords(part + first)
            values[part] = self._query.kernel.from_squared_chords(squared)

    def _squared_chords(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the smallest squared chord of some pixels to the references.

        It keeps the digits that the cosine of small angles loses.
        """
        pixels = self._pixels
        lengths = pixels.inverse_lengths[rows] * pixels.scale
        units = pixels.as_float32(rows) * lengths[:, np.newaxis]
        chords = units[:, np.newaxis] - self._query.units
        squared: NDArray[np.float32] = np.einsum("prc,prc->pr", chords, chords).min(axis=1)
        return squared


def _surely_measured(error: float) -> np.float32:
    """Return up to which cosine an error of it makes no value worse than it may be."""
    sine = error / (_LARGEST_ERROR * pi / 2.0)  # an angle changes by that of its cosine / sine
    return np.float32(sqrt(1.0 - sine**2) if error < _LARGEST_ERROR else -inf)
