"""Sharp maps on the GPU, by a shader over the weights held in textures."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines import ClassPart, MapPart, Preview
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.joined import joined
from napari_ifealid.grid import Region
from napari_ifealid.measures import Divergence, Linear, Measure, UnitLength, UsedFeatures
from napari_ifealid.query import Query
from napari_ifealid.sharpening.compared_terms import ComparedTerms
from napari_ifealid.sharpening.measured_pixels import MeasuredPixels
from napari_ifealid.sharpening.sharp_canvas import SharpCanvas
from napari_ifealid.sharpening.sharp_engine import SharpEngine
from napari_ifealid.sharpening.sharp_query import SharpQuery
from napari_ifealid.sharpening.sharp_terms import FormTerms
from napari_ifealid.sharpening.sharp_visual import Drawn
from napari_ifealid.sharpening.witnesses import raise_if_off, values_at

_WITNESSES, _TESTED = 64, 10_000  # pixels compared with the CPU's: of each map, of the first one
_BLOCK = 1 << 15  # forms that stay in a core's cache


class SharpGpuEngine:
    """Answers queries for the pixels of an image in a fragment shader.

    To be made, used and closed in the thread of the window; `preparation_steps` may run in any.
    Maps can be made after `upload`. All but the weighted sums is done by the CPU's engine. Some
    pixels of each map are compared with the CPU's, many of the first one, since a driver may draw
    nonsense without an error, as after a lost context.

    Parameters
    ----------
    cpu : SharpEngine
        Of the same stack. Closed along with this one.
    max_side : int
        Longest side of a texture, in texels. Higher images are cut into blocks of rows.

    Raises
    ------
    EngineUnavailableError
        If OpenGL can't be used, or the image or the stack does not fit its textures.
    """

    name = "GPU"
    needs_gui_thread = True
    preview_step_count = 1

    def __init__(self, cpu: SharpEngine, max_side: int) -> None:
        self._cpu = cpu
        self._canvas = SharpCanvas(cpu.weights, cpu.stack_shape, max_side)
        self._compared: ComparedTerms | None = None
        self._witnesses = _TESTED

    def upload(self) -> Iterator[float]:
        """Put the weights on the GPU, a slice at a time.

        Yields
        ------
        float
            The share of the image that is there, 0 while memory is asked for.

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails, or the taps of a pixel lie too far apart.
        """
        return self._canvas.upload()

    @property
    def memory(self) -> int:
        """Bytes held beside the stack, on the GPU and by the CPU's engine."""
        return self._canvas.memory + self._cpu.memory

    @property
    def spread(self) -> float | None:
        """Spread of the stack's own vectors in its own units, once it is known."""
        return self._cpu.spread

    def refusal(self, measure: Measure) -> str:
        """Return why maps of a measure can't be made, see `Engine`."""
        return self._cpu.refusal(measure)

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made at once, see `Engine`."""
        return self._cpu.is_prepared(measure)

    def preparation_step_count(self, measure: Measure) -> int:
        """Return how many steps `preparation_steps` has."""
        return self._cpu.preparation_step_count(measure)

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure the up-sampled vectors on the CPU, see `Engine`."""
        yield from self._cpu.preparation_steps(measure)

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

        Raises
        ------
        EngineUnavailableError
            If OpenGL fails, or what it draws is wrong.
        """
        measured = self._cpu.measured(query.measure)
        return joined(query, lambda one: self._values(one, measured, region, step))

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield the classes of a whole region, found on the CPU, see `Engine`."""
        yield from self._cpu.class_parts(query, region)

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, up-sampled on the CPU, see `Engine`."""
        yield from self._cpu.feature_parts(features, region)

    def preview_steps(
        self, budget: int, features: UsedFeatures | None = None
    ) -> Generator[Preview | None]:
        """Yield nothing but None, see `SharpEngine`."""
        yield from self._cpu.preview_steps(budget, features)

    def accelerate(self) -> None:
        """Prepare what the CPU does."""
        self._cpu.accelerate()

    def close(self) -> None:
        """Give the GPU memory back, and what the CPU's engine holds."""
        self._canvas.close()
        self._cpu.close()

    def _values(
        self, query: Query, measured: MeasuredPixels, region: Region, step: int
    ) -> NDArray[np.float32]:
        prepared, kernel = measured.prepared(query), query.measure.kernel
        assert not isinstance(kernel, Divergence), self.refusal(query.measure)
        compared = self._compared_terms(measured.terms, kernel)
        products = prepared.products + prepared.offsets[:, np.newaxis]
        if len(products) == 0 or not compared.suit(products):
            return self._cpu.values(query, region, step)
        drawn = self._canvas.draw(
            Drawn.of(kernel), compared, products, region, step, has_zero=prepared.has_zero
        )
        rows, columns = (slice(part.start, part.stop, step) for part in region)
        terms = measured.terms.at((rows, columns))
        values = (
            drawn.copy()
            if isinstance(kernel, UnitLength)
            else _of_sums(drawn, terms, prepared, kernel)
        )
        if prepared.has_zero:
            values[terms.is_zero] = query.measure.limits[1]
        values[terms.is_invalid] = np.nan
        self._check(values, query, prepared, measured.terms, region, step)
        return values

    def _compared_terms(self, terms: FormTerms, kernel: UnitLength | Linear) -> ComparedTerms:
        """Return what the shader needs of the pixels; of the measure that was asked for last."""
        compared = self._compared
        if compared is None or compared.terms is not terms:
            self._compared = compared = ComparedTerms.of(terms, kernel)
        return compared

    def _check(
        self,
        values: NDArray[np.float32],
        query: Query,
        prepared: SharpQuery,
        terms: FormTerms,
        region: Region,
        step: int,
    ) -> None:
        """Compare some pixels with the CPU's."""
        weights = self._cpu.weights
        places = np.unique(np.linspace(0, values.size - 1, self._witnesses).astype(np.intp))
        rows, columns = np.divmod(places, values.shape[1])
        numbers = (region[0].start + step * rows) * weights.image_shape[1]
        numbers += region[1].start + step * columns
        expected = values_at(numbers, weights, terms, prepared, query.measure)
        raise_if_off(values[rows, columns], expected)
        self._witnesses = _WITNESSES


def _of_sums(
    sums: NDArray[np.float32], terms: FormTerms, query: SharpQuery, kernel: Linear
) -> NDArray[np.float32]:
    """Return the values of sums that are counted from those of the reference itself."""
    values = np.empty(sums.shape, np.float32)

    def fill(rows: slice) -> None:
        height = max(1, _BLOCK // sums.shape[1])
        for start in range(rows.start, rows.stop, height):
            block = (slice(start, min(start + height, rows.stop)),)
            of_block = terms.at(block)
            forms = sums[block] * of_block.factor + kernel.identical
            np.copyto(forms, of_block.shift, where=of_block.factor == 0.0)
            values[block] = query.values_of(forms, of_block)

    on_all_cores(fill, len(sums), least=max(1, _BLOCK // sums.shape[1]))
    return values
