"""Maps on the CPU, on all cores: compiled where numba is installed, else by BLAS."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.class_values import class_values
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.engine import ClassPart, MapPart
from napari_ifealid.engines.joined import joined
from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.engines.preview import Preview, preview_of
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.engines.values import values_of
from napari_ifealid.grid import Region, pixel_numbers, region_shape
from napari_ifealid.measures import Background, Measure, UsedFeatures
from napari_ifealid.query import Query


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
        self._latest = _Known(pixels, StackFacts(pixels, background))
        self._known = {pixels.used: self._latest}

    @property
    def memory(self) -> int:
        """Bytes held beside the stack, between two maps."""
        return sum(known.memory for known in self._known.values())

    @property
    def spread(self) -> float | None:
        """Spread of the vectors in the stack's own units, once it is known."""
        return self._latest.facts.spread

    def refusal(self, measure: Measure) -> str:  # noqa: ARG002
        """Return nothing: every measure is computed."""
        return ""

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made at once, see `Engine`."""
        known = self._known.get(measure.features)
        return known is not None and known.facts.is_known(measure)

    def preparation_step_count(self, measure: Measure) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure what a measure needs, in one step, see `Engine`."""
        self._knowing(measure)
        yield None

    def part_count(self, region: Region) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the whole map of a region, see `Engine`."""
        pixels, facts, rows = self._asked(query, region)
        values = joined(query, lambda one: values_of(pixels, facts, one, rows))
        yield region, values.reshape(region_shape(region))

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield the classes of a whole region, see `Engine`."""
        pixels, facts, rows = self._asked(query, region)
        classes = class_values(pixels, facts, query, rows)
        yield region, classes.reshaped(region_shape(region))

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, see `Engine`."""
        yield region, self._pixels.stack.mean_image(features, region)

    def preview_steps(
        self, budget: int, features: UsedFeatures | None = None
    ) -> Generator[Preview | None]:
        """Build the preview in one step, see `Engine`."""
        yield preview_of(self._pixels_of(features), budget)

    def accelerate(self) -> None:
        """Begin to compile what makes the maps to come quicker, in another thread."""
        compiled_products(self._pixels.stored)

    def close(self) -> None:
        """Do nothing: the memory goes with the object."""

    def _asked(self, query: Query, region: Region) -> tuple[PixelVectors, StackFacts, slice]:
        """Return vectors among which those of a region lie together, their facts, and where."""
        known = self._knowing(query.measure)
        rows = pixel_numbers(region, self._pixels.stack.spatial_shape)
        if isinstance(rows, slice):
            return known.pixels, known.facts, rows
        return known.together(region, rows), known.facts.of_rows(rows), slice(0, len(rows))

    def _knowing(self, measure: Measure) -> _Known:
        """Return what is known of the features of a measure, all that it needs among that.

        Beside all features, those chosen last are kept.
        """
        features = measure.features
        known = self._known.get(features) or _Known.of(self._pixels_of(features))
        known.facts.learn(measure)
        if features != self._pixels.used:
            self._known = {
                self._pixels.used: self._known[self._pixels.used],
                features: known,
            }
        self._latest = known
        return known

    def _pixels_of(self, features: UsedFeatures | None) -> PixelVectors:
        known = self._known.get(features)
        return PixelVectors.of(self._pixels.stack, features) if known is None else known.pixels


class _Known:
    """The vectors of some features, and what is known of them.

    Parameters
    ----------
    pixels : PixelVectors
    facts : StackFacts
    """

    def __init__(self, pixels: PixelVectors, facts: StackFacts) -> None:
        self.pixels = pixels
        self.facts = facts
        self._apart: tuple[Region, PixelVectors] | None = None

    @classmethod
    def of(cls, pixels: PixelVectors) -> _Known:
        """Return that of which nothing is known yet."""
        return cls(pixels, StackFacts(pixels))

    @property
    def memory(self) -> int:
        """Bytes held beside the stack, between two maps."""
        held = _measured_bytes(self.pixels) + self.facts.memory
        if self._apart is None:
            return held
        taken = self._apart[1]
        return held + _measured_bytes(taken) + taken.stored.nbytes

    def together(self, region: Region, rows: NDArray[np.intp]) -> PixelVectors:
        """Return the vectors of pixels that lie apart in memory; those asked for last are kept."""
        apart = self._apart  # another thread may replace it
        if apart is None or apart[0] != region:
            apart = self._apart = region, self.pixels.taken(rows)
        return apart[1]


def _measured_bytes(pixels: PixelVectors) -> int:
    """Return the bytes of all that is known of vectors beside themselves."""
    return pixels.inverse_lengths.nbytes + pixels.is_zero.nbytes + pixels.is_invalid.nbytes
