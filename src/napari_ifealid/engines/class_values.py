"""The most similar reference of each pixel, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.classes import NO_CLASS, Classes
from napari_ifealid.engines.compiled import compiled_two_best
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import IN_CACHE, WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.engines.values import values_of
from napari_ifealid.measures import Background, Linear, Measure, UnitLength
from napari_ifealid.measures.kernels import PixelTerms, ReferenceTerms
from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.query import Query, Reference, Rule

_VALUES_APART = 1.5e-4  # maps of two references are both right within a third of it
_ACCURATE = 4e-5  # of a value, and of its share beyond 1
_FLOAT32 = 2.0**-24
_BLOCK_VALUES = 1 << 18

_pixels_may_be_not_finite = partial(np.errstate, invalid="ignore", over="ignore")


def class_values(pixels: PixelVectors, facts: StackFacts, query: Query, rows: slice) -> Classes:
    """Return the most similar reference of some pixels, that of the definition of the measure.

    The two best references of each pixel are found in float32; where they are too close to each
    other to tell, the definition decides.

    Parameters
    ----------
    pixels : PixelVectors
    facts : StackFacts
        About these pixels.
    query : Query
        Each of its references is a class, whatever the rule and their signs.
    rows : slice

    Returns
    -------
    Classes
        Of shape (N,).
    """
    classes = Classes.empty((rows.stop - rows.start,))
    known = [
        (number, replace(reference, sign=1))
        for number, reference in enumerate(query.references)
        if np.isfinite(pixels.of_used(reference.vector)).all()
    ]
    if not known:
        return classes
    numbers, references = zip(*known, strict=True)
    kernel, background = query.measure.kernel, None
    if isinstance(kernel, Linear):
        background, _ = facts.of_linear(query.measure, kernel)
    decision = _Decision(pixels, query.measure, background, references)
    if isinstance(kernel, UnitLength) or (isinstance(kernel, Linear) and not kernel.is_even):
        forms = _forms(pixels, facts, query.measure, references)
        _fill_by_forms(pixels, forms, decision, rows, classes)
    else:
        _fill_by_maps(pixels, facts, decision, rows, classes)
    is_invalid = pixels.is_invalid[rows]
    classes.numbers[is_invalid] = 0
    classes.numbers[:] = np.array(numbers, np.int16)[classes.numbers]
    classes.numbers[is_invalid], classes.values[is_invalid] = NO_CLASS, np.nan
    return classes


@dataclass(frozen=True, eq=False)
class _Forms:
    """A measure as ``from_forms(factor · (a · v + o) + shift)``.

    Parameters
    ----------
    pixel : PixelTerms
        Of all pixels.
    reference : ReferenceTerms
        One row per reference, those of zero as well.
    from_forms : callable
    """

    pixel: PixelTerms
    reference: ReferenceTerms
    from_forms: Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _forms(
    pixels: PixelVectors, facts: StackFacts, measure: Measure, references: tuple[Reference, ...]
) -> _Forms:
    vectors = pixels.of_used(np.array([reference.vector for reference in references]))
    match measure.kernel:
        case Linear() as kernel:
            background, terms = facts.of_linear(measure, kernel)
            with np.errstate(over="ignore", invalid="ignore"):
                reference = kernel.reference_terms(vectors * pixels.unit, background)
            multiplied = np.where(reference.is_zero[:, np.newaxis], 0.0, reference.vectors)
            offsets = np.where(reference.is_zero, 0.0, reference.offsets)
            reference = ReferenceTerms(multiplied, offsets, reference.is_zero)
            return _Forms(terms, reference, kernel.from_forms)
        case UnitLength() as kernel:
            lengths = pixels.inverse_lengths.astype(np.float64)
            terms = PixelTerms(lengths, np.zeros(len(lengths)), pixels.is_zero)
            units = unit_vectors(vectors)
            reference = ReferenceTerms(units, np.zeros(len(units)), (vectors == 0.0).all(axis=1))
            return _Forms(terms, reference, partial(_from_cosines, kernel))
    raise AssertionError(measure.name)


def _from_cosines(kernel: UnitLength, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    values = cosines.astype(np.float32)
    kernel.from_cosines(values)
    return values.astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Decision:
    """Decides by the definition where float32 can't tell."""

    pixels: PixelVectors
    measure: Measure
    background: Background | None
    references: tuple[Reference, ...]

    def decide(self, first: int, rows: NDArray[np.intp], classes: Classes) -> None:
        """Fill the classes of some rows, those of the references of the largest value."""
        for part in self._parts(rows):
            values = np.stack([self._values(part + first, one) for one in self.references])
            numbers = values.argmax(axis=0)
            classes.numbers[part] = numbers
            with np.errstate(over="ignore"):  # of a measure without bounds
                classes.values[part] = values[numbers, np.arange(len(part))]

    def measure_again(self, first: int, rows: NDArray[np.intp], classes: Classes) -> None:
        """Fill the values of some rows, whose classes are known."""
        for part in self._parts(rows):
            numbers = classes.numbers[part]
            match self.measure.kernel:
                case UnitLength() as kernel:
                    squared = self._squared_chords(part + first, numbers)
                    classes.values[part] = kernel.from_squared_chords(squared)
                case _:
                    for number in np.unique(numbers):
                        chosen = part[numbers == number]
                        values = self._values(chosen + first, self.references[number])
                        with np.errstate(over="ignore"):
                            classes.values[chosen] = values

    def _parts(self, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        step = max(1, _BLOCK_VALUES // self.pixels.feature_count)
        return [rows[start : start + step] for start in range(0, len(rows), step)]

    def _values(self, rows: NDArray[np.intp], reference: Reference) -> NDArray[np.float64]:
        stack = self.pixels.stack
        vectors = stack.real_values(self.pixels.stored[rows])
        return self.measure.values(vectors, reference.vector, self.background)

    def _squared_chords(
        self, rows: NDArray[np.intp], numbers: NDArray[np.int16]
    ) -> NDArray[np.float32]:
        pixels = self.pixels
        lengths = pixels.inverse_lengths[rows] * pixels.scale
        units = pixels.as_float32(rows) * lengths[:, np.newaxis]
        vectors = pixels.of_used(np.array([one.vector for one in self.references]))
        units -= unit_vectors(vectors).astype(np.float32)[numbers]
        squared: NDArray[np.float32] = np.einsum("pc,pc->p", units, units)
        return squared


class _ByForms:
    """Finds the best reference by one product with each, and its value from that."""

    def __init__(
        self,
        pixels: PixelVectors,
        forms: _Forms,
        decision: _Decision,
        rows: slice,
        classes: Classes,
    ) -> None:
        self._pixels = pixels
        self._forms = forms
        self._decision = decision
        self._rows = rows
        self._classes = classes
        terms = forms.reference
        self._reach = float(np.sqrt(np.einsum("rc,rc->r", terms.vectors, terms.vectors)).max())
        self._farthest = float(np.abs(terms.offsets).max())
        with np.errstate(over="ignore"):  # what float32 can't hold is left to the definition
            self._vectors = terms.vectors.astype(np.float32) * pixels.scale
            self._offsets = terms.offsets.astype(np.float32)
        is_read_first = pixels.is_scaled or pixels.spoils_products
        compiled = None if is_read_first else compiled_two_best(pixels.stored)
        is_ready = compiled is not None and compiled.done()
        self._compiled = compiled.result() if compiled is not None and is_ready else None
        zero = np.flatnonzero(terms.is_zero)
        limits = decision.measure.limits
        self._of_zero = (zero[0], limits[1]) if len(zero) else (0, 0.0)

    def fill(self, part: slice) -> None:
        """Fill a part of the classes; called in several threads."""
        with _pixels_may_be_not_finite():  # anew in each thread
            for start in range(part.start, part.stop, IN_CACHE):
                self._fill(slice(start, min(start + IN_CACHE, part.stop)))

    def _fill(self, part: slice) -> None:
        first = self._rows.start + part.start
        rows = slice(first, first + part.stop - part.start)
        classes = Classes(self._classes.numbers[part], self._classes.values[part])
        best, second = self._two_best(first, classes.numbers)
        terms, from_forms = self._forms.pixel.of_rows(rows), self._forms.from_forms
        forms = best * terms.factor.astype(np.float64) + terms.shift
        errors = self._errors(rows, terms)
        values = from_forms(forms)
        classes.values[:] = values
        upwards = np.sign(terms.factor) * errors
        largest = from_forms(forms + upwards)
        is_open = ~((best - second) * np.abs(terms.factor) > 2.0 * errors + 1e-9)
        measure = self._decision.measure
        if measure.is_bounded:
            # none is above the least value: all are equal, and the first wins
            chosen = np.minimum(classes.numbers, len(self._vectors) - 1)
            is_least = self._forms.reference.is_zero[chosen] & (values == measure.limits[0])
            is_least &= ~is_open
            is_least |= largest == measure.limits[0]
            classes.numbers[is_least], classes.values[is_least] = 0, measure.limits[0]
            is_open &= ~is_least
        is_sure = np.abs(largest - from_forms(forms - upwards)) <= 2.0 * _ACCURATE * np.maximum(
            1.0, np.abs(values)
        )
        is_sure &= largest < measure.limits[1] - _ACCURATE  # else it could be the reference
        is_sure |= values > measure.limits[1] + _ACCURATE + errors
        is_settled = self._pixels.is_invalid[rows] | terms.is_zero
        classes.numbers[terms.is_zero], classes.values[terms.is_zero] = self._of_zero
        again = np.flatnonzero(~(is_sure | is_open | is_settled))
        self._decision.measure_again(first, again, classes)
        self._decision.decide(first, np.flatnonzero(is_open & ~is_settled), classes)

    def _errors(self, rows: slice, terms: PixelTerms) -> NDArray[np.float64]:
        inverse = self._pixels.inverse_lengths[rows].astype(np.float64)
        lengths = 1.0 / np.where(inverse > 0.0, inverse, np.inf)
        rounding = (2.0 + sqrt(self._pixels.feature_count)) * _FLOAT32
        products = rounding * self._reach * lengths + _FLOAT32 * self._farthest
        errors: NDArray[np.float64] = np.abs(terms.factor) * products
        return errors

    def _two_best(
        self, first: int, numbers: NDArray[np.int16]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fill the numbers of the best references; return the products with the two best."""
        best, second = np.empty(len(numbers), np.float32), np.empty(len(numbers), np.float32)
        if self._compiled is not None:
            stored, vectors = self._pixels.stored, self._pixels.expanded(self._vectors)
            self._compiled(stored, vectors, self._offsets, best, second, numbers, first)
            return best, second
        for block in self._pixels.blocks(slice(0, len(numbers))):
            rows = slice(first + block.start, first + block.stop)
            products = self._pixels.as_float32(rows) @ self._vectors.T + self._offsets
            numbers[block] = products.argmax(axis=1)
            every = np.arange(len(products)), numbers[block]
            best[block] = products[every]
            products[every] = -np.inf
            second[block] = products.max(axis=1)
        return best, second


def _fill_by_forms(
    pixels: PixelVectors, forms: _Forms, decision: _Decision, rows: slice, classes: Classes
) -> None:
    by_forms = _ByForms(pixels, forms, decision, rows, classes)
    least = max(1, WORTH_A_THREAD // pixels.feature_count)
    on_all_cores(by_forms.fill, len(classes.numbers), least=least)


def _fill_by_maps(
    pixels: PixelVectors, facts: StackFacts, decision: _Decision, rows: slice, classes: Classes
) -> None:
    """Compare the maps of all references."""
    best = np.full(len(classes.values), -np.inf, np.float32)
    second = best.copy()
    for number, reference in enumerate(decision.references):
        alone = Query((reference,), Rule.BEST, decision.measure)
        values = values_of(pixels, facts, alone, rows)
        is_better = values > best
        second = np.where(is_better, best, np.fmax(second, values))
        best[is_better] = values[is_better]
        classes.numbers[is_better] = number
    classes.values[:] = best
    apart = _VALUES_APART * np.maximum(1.0, np.abs(best))
    with _pixels_may_be_not_finite():
        is_open = ~(best - second > apart) & ~pixels.is_invalid[rows]
    decision.decide(rows.start, np.flatnonzero(is_open), classes)
