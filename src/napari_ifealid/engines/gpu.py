"""Similarity maps on the GPU, by a shader over the features held in textures."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from napari_ifealid.engines.cpu import CpuEngine
from napari_ifealid.engines.engine import ClassPart, EngineUnavailableError, MapPart
from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.engines.joined import joined
from napari_ifealid.engines.linear_query import pixel_points
from napari_ifealid.engines.pixel_vectors import PixelVectors, spread
from napari_ifealid.engines.prepared_query import PreparedQuery
from napari_ifealid.engines.preview import Preview, preview_of
from napari_ifealid.engines.similarity_visual import (
    MOST_REFERENCES,
    SimilarityVisual,
    texture,
    visual_size,
)
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.engines.texture_blocks import BlockLayout, pack_slices, texel_dtype
from napari_ifealid.engines.values import values_of
from napari_ifealid.grid import Region, pixel_numbers, region_shape
from napari_ifealid.measures import Linear, Measure, UnitLength, UsedFeatures
from napari_ifealid.measures.kernels import Points
from napari_ifealid.query import Query

_INTERNAL_FORMATS = {"uint8": "rgba8", "uint16": "rgba16", "float32": "rgba32f"}
_WITNESSES, _TESTED = 64, 10_000  # pixels compared with the CPU's: of each map, and at the start
# of a point from zero: float32 has too few digits for the distance of farther ones
_FARTHEST = 100.0
_LARGEST_FACTOR = 1e30
_WRONG = 1e-3  # more than rounding can do


@dataclass(frozen=True, eq=False)
class _PixelPoints:
    """The factor and the shift of each pixel, and whether float32 is enough for them."""

    factor: NDArray[np.float64]
    shift: NDArray[np.float64]
    is_suited: bool


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is drawn for a query: points, and which pixels and references are zero."""

    compared: _Compared
    shader: str
    points: NDArray[np.float32]
    has_zero: bool
    is_zero: NDArray[np.bool_]
    of_pixels: _PixelPoints | None


class _Compared:
    """The vectors of the features that are used, and what is known of them."""

    def __init__(self, pixels: PixelVectors) -> None:
        self.pixels = pixels
        self.facts = StackFacts(pixels)
        self.scalars: dict[str, list[tuple[gloo.Texture2D, ...]]] = {}
        self._visuals: dict[tuple[str, bool, int], SimilarityVisual] = {}
        self._points: dict[str, _PixelPoints] = {}
        self._kept: tuple[tuple[int, int, int], NDArray[np.intp], PixelVectors] | None = None

    def knows_points(self, measure: Measure) -> bool:
        """Return whether `points_of` needs no measuring."""
        return measure.name in self._points

    def points_of(self, measure: Measure, kernel: Linear) -> _PixelPoints:
        """Return what makes points of the pixels; measured when it is first needed."""
        assert kernel.points is not None, measure.name
        if measure.name not in self._points:
            background, _ = self.facts.of_linear(measure, kernel)
            factor, shift = pixel_points(self.pixels, kernel.points, background)
            inverse = self.pixels.inverse_lengths
            known = inverse > 0.0
            reach = float((factor[known] / inverse[known]).max(initial=0.0))
            farthest = max(reach, float(np.abs(shift).max()))
            # of a stack without a spread, the factor is more than float32 holds
            is_suited = farthest < _FARTHEST and float(factor.max()) < _LARGEST_FACTOR
            self._points[measure.name] = _PixelPoints(factor, shift, is_suited)
        return self._points[measure.name]

    def witnesses(self, rows: slice, count: int) -> tuple[NDArray[np.intp], PixelVectors]:
        """Return pixels spread over these rows, and their vectors; those used last are kept."""
        kind = rows.start, rows.stop, count
        if self._kept is None or self._kept[0] != kind:
            numbers = spread(rows, count)
            self._kept = kind, numbers, self.pixels.taken(numbers)
        return self._kept[1:]

    def visual(
        self, layout: BlockLayout, shader: str, has_shifts: bool, reference_count: int
    ) -> SimilarityVisual:
        """Return what draws so many references; made when it is first needed."""
        kind = shader, has_shifts, visual_size(reference_count)
        if kind not in self._visuals:
            self._visuals[kind] = SimilarityVisual(layout, self.pixels.used, *kind)
        return self._visuals[kind]

    def delete(self) -> None:
        """Give back textures and visuals. The context is current."""
        textures = chain.from_iterable(chain.from_iterable(self.scalars.values()))
        for one in (*textures, *self._visuals.values()):
            one.delete()
        self.scalars.clear()
        self._visuals.clear()


class GpuEngine:
    """Answers queries in a fragment shader.

    To be made, used and closed in the thread of the window. Maps can be made after `upload`. A few
    pixels of each map are compared with the CPU's, since a driver may draw nonsense without an
    error, as after a lost context.

    Parameters
    ----------
    pixels : PixelVectors
        8- and 16-bit unsigned integers and float32 go to textures as they are, others as float32.
    max_side : int
        Longest side of a texture, in texels. Larger stacks are cut into several blocks.

    Raises
    ------
    EngineUnavailableError
        If OpenGL can't be used or has too little memory.
    """

    name = "GPU"
    needs_gui_thread = True
    preview_step_count = 1

    def __init__(self, pixels: PixelVectors, max_side: int) -> None:
        self._pixels = pixels
        layout = BlockLayout.of(pixels.pixel_count, pixels.feature_count, max_side)
        self._layout = layout
        self._latest = _Compared(pixels)
        self._compared = {pixels.used: self._latest}
        self._outdated: list[_Compared] = []  # their textures go once the context is current
        self._context = OffscreenContext()
        with self._context.current():
            shape = (layout.height, layout.width, 4)
            self._target = gloo.Texture2D(shape, internalformat="rgba32f")
            self._frame = gloo.FrameBuffer(self._target)
            self._textures = [self._new_textures() for _ in layout.blocks]

    def upload(self) -> Iterator[float]:
        """Put the features on the GPU, a slice at a time.

        Yields
        ------
        float
            The share of the pixels that is there, 0 while memory is asked for.

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails.
        """
        layout = self._layout
        for textures in self._textures:  # all memory first: if there is too little, it shows
            with self._context.current():
                for one in textures:
                    self._context.hold(one)
            self._context.raise_on_error("loading the features")
            yield 0.0
        for piece in pack_slices(self._pixels, layout):
            features, lengths = self._textures[piece.block]
            with self._context.current():
                features.set_data(piece.features, offset=(piece.top, 0))
                if piece.top == 0:
                    lengths.set_data(self._texel_lengths(layout.blocks[piece.block]))
            self._context.raise_on_error("loading the features")
            done = piece.block * layout.capacity + (piece.top + len(piece.features)) * layout.width
            yield min(1.0, done / self._pixels.pixel_count)

    @property
    def memory(self) -> int:
        """Bytes of GPU memory held."""
        return self._layout.texture_bytes(self._texel_dtype)

    @property
    def spread(self) -> float | None:
        """Spread of the vectors in the stack's own units, once it is known."""
        return self._latest.facts.spread

    def refusal(self, measure: Measure) -> str:
        """Return why maps of a measure can't be made; empty if they can."""
        kernel = measure.kernel
        is_done = isinstance(kernel, UnitLength) or (
            isinstance(kernel, Linear) and kernel.points is not None
        )
        return "" if is_done else f"the GPU does not compute the {measure.name}"

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made at once, see `Engine`."""
        compared = self._compared.get(measure.features)
        if compared is None:
            return False
        return isinstance(measure.kernel, UnitLength) or compared.knows_points(measure)

    def preparation_step_count(self, measure: Measure) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure what a measure needs, in one step, see `Engine`."""
        compared = self._compared_for(measure)
        if isinstance(measure.kernel, Linear):
            compared.points_of(measure, measure.kernel)
        yield None

    def part_count(self, region: Region) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the whole map of a region, see `Engine`."""
        numbers = pixel_numbers(region, self._pixels.stack.spatial_shape)
        if isinstance(numbers, slice):
            values = joined(query, lambda one: self._values(one, numbers, _WITNESSES))
        else:
            box = slice(int(numbers[0]), int(numbers[-1]) + 1)
            values = joined(query, lambda one: self._values(one, box, _WITNESSES))
            values = values[numbers - box.start]
        yield region, values.reshape(region_shape(region))

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield the classes of a whole region, found on the CPU, see `Engine`."""
        pixels = self._compared_for(query.measure).pixels
        yield from CpuEngine(pixels).class_parts(query, region)

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, see `Engine`."""
        yield region, self._pixels.stack.mean_image(features, region)

    def preview_steps(
        self, budget: int, features: UsedFeatures | None = None
    ) -> Generator[Preview | None]:
        """Build the preview in one step, see `Engine`."""
        compared = self._compared.get(features)
        stack = self._pixels.stack
        pixels = PixelVectors.of(stack, features) if compared is None else compared.pixels
        yield preview_of(pixels, budget)

    def accelerate(self) -> None:
        """Do nothing: all was compiled for the first map."""

    def test(self) -> None:
        """Raise unless a map agrees with the CPU's in many pixels.

        Raises
        ------
        EngineUnavailableError
            If it does not, or if OpenGL fails.
        """
        ones = Query.to(np.ones(self._pixels.feature_count))
        self._values(ones, slice(0, self._pixels.pixel_count), _TESTED)

    def close(self) -> None:
        """Give the GPU memory back."""
        with suppress(EngineUnavailableError), self._context.current():  # a lost one has none
            known = (*self._compared.values(), *self._outdated)
            for part in chain(*self._textures, known, (self._frame, self._target)):
                part.delete()
        self._textures.clear()
        self._compared.clear()
        self._outdated.clear()

    def _values(self, query: Query, rows: slice, witnesses: int) -> NDArray[np.float32]:
        """Return the values of consecutive pixels, so many of which are compared with the CPU's."""
        asked = self._asked(query)
        if asked is None or len(asked.points) == 0:
            compared = self._compared_for(query.measure)
            return values_of(compared.pixels, compared.facts, query, rows)
        values = self._drawn(asked, asked.points[:MOST_REFERENCES], rows)
        for start in range(MOST_REFERENCES, len(asked.points), MOST_REFERENCES):
            points = asked.points[start : start + MOST_REFERENCES]
            np.maximum(values, self._drawn(asked, points, rows), out=values)
        if asked.has_zero:
            values[asked.is_zero[rows]] = query.measure.limits[1]
        values[asked.compared.pixels.is_invalid[rows]] = np.nan
        self._check(asked.compared, query, rows, values, witnesses)
        return values

    def _asked(self, query: Query) -> _Asked | None:
        """Return what is drawn for a query; None where float32 is not enough for the stack."""
        compared = self._compared_for(query.measure)
        pixels = compared.pixels
        match query.measure.kernel:
            case UnitLength() as kernel:
                prepared = PreparedQuery.of(query, kernel)
                units, has_zero = prepared.units, prepared.has_zero
                return _Asked(compared, kernel.shader, units, has_zero, pixels.is_zero, None)
            case Linear(points=Points() as points) as kernel:
                of_pixels = compared.points_of(query.measure, kernel)
                if not of_pixels.is_suited:
                    return None
                background, terms = compared.facts.of_linear(query.measure, kernel)
                vectors = query.used_vectors
                vectors = vectors[np.isfinite(vectors).all(axis=1)] * pixels.unit
                is_zero = kernel.reference_terms(vectors, background).is_zero
                drawn = points.of_references(vectors[~is_zero], background).astype(np.float32)
                has_zero = bool(is_zero.any())
                return _Asked(compared, points.shader, drawn, has_zero, terms.is_zero, of_pixels)
        raise AssertionError(self.refusal(query.measure))

    def _compared_for(self, measure: Measure) -> _Compared:
        """Return what is known of the features of a measure.

        Beside all features, those chosen last are kept. It runs in any thread.
        """
        features = measure.features
        if features not in self._compared:
            compared = _Compared(PixelVectors.of(self._pixels.stack, features))
            for outdated in self._compared.keys() - {self._pixels.used}:
                self._outdated.append(self._compared.pop(outdated))
            self._compared[features] = compared
        self._latest = self._compared[features]
        return self._latest

    def _drawn(
        self, asked: _Asked, points: NDArray[np.float32], rows: slice
    ) -> NDArray[np.float32]:
        layout = self._layout
        values = np.empty(rows.stop - rows.start, np.float32)
        with self._context.current(), self._frame:
            while self._outdated:
                self._outdated.pop().delete()
            scalars = self._scalar_textures(asked)
            has_shifts = asked.of_pixels is not None
            visual = asked.compared.visual(layout, asked.shader, has_shifts, len(points))
            visual.set_references(points, has_zero=asked.has_zero)
            for number, block in enumerate(layout.blocks):
                first, stop = max(block.start, rows.start), min(block.stop, rows.stop)
                if first >= stop:
                    continue
                pixels = slice(first - block.start, stop - block.start)
                drawn = layout.fragment_rows(pixels)
                viewport = (0, drawn.start, layout.width, drawn.stop - drawn.start)
                gloo.set_viewport(*viewport)
                visual.set_block(self._textures[number][0], *scalars[number])
                visual.draw()
                fragments = gloo.read_pixels(viewport, alpha=True, out_type="float")
                # gloo turns pictures upside down
                part = layout.unpack_scalars(fragments[::-1], drawn, pixels)
                values[first - rows.start : stop - rows.start] = part
        return values

    def _scalar_textures(self, asked: _Asked) -> list[tuple[gloo.Texture2D, ...]]:
        """Return the factors of each block, and the shifts where there are any."""
        compared, of_pixels = asked.compared, asked.of_pixels
        if of_pixels is None and compared.pixels is self._pixels:
            return [(lengths,) for _, lengths in self._textures]
        kind = "" if of_pixels is None else asked.shader
        if kind not in compared.scalars:
            pixels = compared.pixels
            factors = pixels.inverse_lengths if of_pixels is None else of_pixels.factor
            scalars = [(factors * self._texel_factor(pixels)).astype(np.float32)]
            if of_pixels is not None:
                scalars.append(of_pixels.shift.astype(np.float32))
            compared.scalars[kind] = [
                tuple(texture(self._layout.pack_scalars(one[block]), "rgba32f") for one in scalars)
                for block in self._layout.blocks
            ]
        return compared.scalars[kind]

    def _check(
        self,
        compared: _Compared,
        query: Query,
        rows: slice,
        values: NDArray[np.float32],
        witnesses: int,
    ) -> None:
        """Compare some pixels with the CPU's: a driver may draw nonsense without an error."""
        numbers, pixels = compared.witnesses(rows, witnesses)
        drawn = values[numbers - rows.start]
        facts = compared.facts.of_rows(numbers)
        expected = values_of(pixels, facts, query, slice(0, len(numbers)))
        differences = np.abs(drawn - expected)
        agree = (differences < _WRONG) | (np.isnan(drawn) & np.isnan(expected))
        if not agree.all():
            raise EngineUnavailableError(f"its map is off by {differences[~agree].max():.2g}")

    def _new_textures(self) -> tuple[gloo.Texture2D, gloo.Texture2D]:
        """Return textures for the features of a block and for the lengths, both still to come."""
        layout = self._layout
        features = (4 * layout.height, layout.width * layout.texels, 4)
        lengths = (layout.height, layout.width, 4)
        return (
            texture(features, _INTERNAL_FORMATS[self._texel_dtype.name]),
            texture(lengths, "rgba32f"),
        )

    def _texel_lengths(self, rows: slice) -> NDArray[np.float32]:
        """Return inverse lengths in texels, which saves the shader a product for each of them."""
        lengths = self._pixels.inverse_lengths[rows] * self._texel_factor(self._pixels)
        return self._layout.pack_scalars(lengths)

    @property
    def _texel_dtype(self) -> np.dtype[Any]:
        return texel_dtype(self._pixels.stored.dtype, is_scaled=self._pixels.is_scaled)

    def _texel_factor(self, pixels: PixelVectors) -> np.float32:
        """Factor from a texel to engine units: textures of integers run from 0 to 1."""
        if self._pixels.is_scaled:
            return np.float32(pixels.unit / self._pixels.unit)
        dtype = self._texel_dtype
        top = float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0
        return np.float32(pixels.factor * top)
