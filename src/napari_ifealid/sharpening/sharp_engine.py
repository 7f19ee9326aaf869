"""Sharp maps of a stack, on the pixels of its image."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import Classes, ClassPart, MapPart, Preview
from napari_ifealid.engines.joined import joined
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.grid import Region, region_shape, whole_region
from napari_ifealid.measures import (
    Background,
    Divergence,
    Linear,
    Measure,
    UnitLength,
    UsedFeatures,
)
from napari_ifealid.query import Query
from napari_ifealid.sharpening.compiled_sums import COMPILED_SUMS
from napari_ifealid.sharpening.measured_pixels import MeasuredPixels
from napari_ifealid.sharpening.measuring import measuring_steps, step_count
from napari_ifealid.sharpening.sharp_pixels import SharpPixels
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.sharp_values import sharp_values
from napari_ifealid.sharpening.weighted_sums import WeightedSums
from napari_ifealid.sharpening.weights import Weights


def refusal_of(measure: Measure) -> str:
    """Return why a measure has no sharp maps, in words for the user; empty if it has."""
    if isinstance(measure.kernel, Divergence):
        return f"{measure.name} is no function of dot products"
    return ""


class SharpEngine:
    """Answers queries for the pixels of an image by the up-sampled vectors of a stack.

    Parameters
    ----------
    sharp : SharpPixels
    pixels : PixelVectors
        Of the same stack.
    """

    name = "CPU"
    needs_gui_thread = False
    preview_step_count = 1

    def __init__(self, sharp: SharpPixels, pixels: PixelVectors) -> None:
        self.sharp = sharp
        self._pixels = pixels
        self._sums = WeightedSums(sharp.weights)
        self._latest = _Known(pixels)
        self._known = {pixels.used: self._latest}
        COMPILED_SUMS.begin()

    @property
    def weights(self) -> Weights:
        """Which pixels of the stack each pixel of the image is made of."""
        return self.sharp.weights

    @property
    def stack_shape(self) -> tuple[int, int]:
        """Height and width of the stack, in pixels."""
        rows, columns = self.sharp.stack.spatial_shape
        return rows, columns

    @property
    def memory(self) -> int:
        """Bytes held beside the stack."""
        return self.sharp.weights.memory + sum(known.memory for known in self._known.values())

    @property
    def spread(self) -> float | None:
        """Spread of the stack's own vectors in its own units, once it is known."""
        return self._latest.facts.spread

    def refusal(self, measure: Measure) -> str:
        """Return why maps of a measure can't be made, see `Engine`."""
        return refusal_of(measure)

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made at once, see `Engine`."""
        known = self._known.get(measure.features)
        return known is not None and known.has_terms(measure)

    def preparation_step_count(self, measure: Measure) -> int:
        """Return how many steps `preparation_steps` has."""
        used, stack = measure.features, self.sharp.stack
        return step_count(
            self.sharp.weights, stack.feature_count if used is None else len(used.numbers)
        )

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure the up-sampled vectors, see `Engine`."""
        yield from self._knowing(measure).measure_steps(self.sharp, measure)

    def part_count(self, region: Region) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the whole map of a region, see `Engine`."""
        yield region, self.values(query, region)

    def values(self, query: Query, region: Region, step: int = 1) -> NDArray[np.float32]:
        """Return the map of a region, or each so many-th pixel of it along both axes.

        Parameters
        ----------
        query : Query
        region : tuple of slice
        step : int, optional

        Returns
        -------
        array of float32, shape (h, w)
        """
        measured = self.measured(query.measure)

        def values_of(one: Query) -> NDArray[np.float32]:
            prepared = measured.prepared(one)
            return sharp_values(self._sums, measured.terms, prepared, one.measure, region, step)

        return joined(query, values_of)

    def measured(self, measure: Measure) -> MeasuredPixels:
        """Return what is known of the up-sampled vectors for a measure; measured when first needed.

        Parameters
        ----------
        measure : Measure
            One that is not refused.
        """
        known = self._knowing(measure)
        return MeasuredPixels(known.pixels, *known.terms(self.sharp, measure))

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield the classes of a whole region, see `Engine`."""
        classes = Classes.empty(region_shape(region))
        for number, reference in enumerate(query.references):
            alone = Query.to(reference.vector, measure=query.measure)
            values = self.values(alone, region)
            # the first of several that are equal; what has no value is never larger
            is_better = (values > classes.values) | (np.isnan(classes.values) & ~np.isnan(values))
            classes.numbers[is_better], classes.values[is_better] = number, values[is_better]
        yield region, classes

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, up-sampled, see `Engine`."""
        stack = self.sharp.stack
        means = stack.mean_image(features, whole_region(stack.spatial_shape)).reshape(1, -1)
        is_known = np.isfinite(means)
        numbers = np.where(is_known, means, 0.0).astype(np.float64)
        nothing, first = np.zeros(1), (region[0].start, region[1].start)
        sums, unknown = np.empty(region_shape(region)), np.empty(region_shape(region))
        self._sums.fill_largest(sums, numbers, nothing, first)
        self._sums.fill_largest(unknown, 1.0 - is_known, nothing, first)
        sums[(unknown > 0.0) | self.sharp.weights.is_void[region]] = np.nan
        yield region, sums.astype(np.float32)

    def preview_steps(
        self,
        budget: int,  # noqa: ARG002
        features: UsedFeatures | None = None,  # noqa: ARG002
    ) -> Generator[Preview | None]:
        """Yield nothing but None: maps are quick, or shown at a lower resolution first."""
        yield None

    def accelerate(self) -> None:
        """Do nothing: it is begun with the engine."""

    def close(self) -> None:
        """Do nothing: the memory goes with the object."""

    def _knowing(self, measure: Measure) -> _Known:
        """Return what is known of the features of a measure.

        Beside all features, those chosen last are kept.
        """
        features, all_of = measure.features, self._pixels.used
        known = self._known.get(features) or _Known(PixelVectors.of(self.sharp.stack, features))
        if features not in self._known:
            self._known = {all_of: self._known[all_of], features: known}
        self._latest = known
        return known


class _Known:
    """The stack's own vectors of some features, and what is known of the up-sampled ones.

    Parameters
    ----------
    pixels : PixelVectors
    """

    def __init__(self, pixels: PixelVectors) -> None:
        self.pixels = pixels
        self.facts = StackFacts(pixels)
        self._terms: dict[str, FormTerms] = {}

    @property
    def memory(self) -> int:
        """Bytes held beside the stack."""
        return sum(terms.memory for terms in self._terms.values())

    def has_terms(self, measure: Measure) -> bool:
        """Return whether `terms` needs no measuring."""
        return _name(measure) in self._terms

    def measure_steps(self, sharp: SharpPixels, measure: Measure) -> Iterator[None]:
        """Measure what a measure needs to know of the up-sampled vectors, step by step."""
        if self.has_terms(measure):
            return
        kernel = measure.kernel
        assert not isinstance(kernel, Divergence), refusal_of(measure)
        background = self._background(measure)
        shape = sharp.weights.image_shape
        terms = FormTerms.empty(shape, is_shifted=isinstance(kernel, Linear))
        yield from measuring_steps(terms, sharp.weights, self.pixels, kernel, background)
        self._terms[_name(measure)] = terms

    def terms(self, sharp: SharpPixels, measure: Measure) -> tuple[FormTerms, Background | None]:
        """Return the terms of the up-sampled vectors, and the statistics in engine units."""
        for _ in self.measure_steps(sharp, measure):
            pass
        return self._terms[_name(measure)], self._background(measure)

    def _background(self, measure: Measure) -> Background | None:
        kernel = measure.kernel
        return self.facts.of_linear(measure, kernel)[0] if isinstance(kernel, Linear) else None


def _name(measure: Measure) -> str:
    """Return the name of the terms: measures of unit vectors share theirs."""
    return "" if isinstance(measure.kernel, UnitLength) else measure.name
