"""The most similar reference of each pixel, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.classes import NO_CLASS, Classes
from napari_ifealid.engines.compiled import compiled_products
from napari_ifealid.engines.cores import on_all_cores
from napari_ifealid.engines.pixel_vectors import WORTH_A_THREAD, PixelVectors
from napari_ifealid.engines.stack_facts import StackFacts
from napari_ifealid.engines.unit_values import accurate_up_to
from napari_ifealid.engines.values import values_of
from napari_ifealid.measures import Background, Linear, Measure, UnitLength
from napari_ifealid.measures.kernels import PixelTerms, ReferenceTerms
from napari_ifealid.measures.unit_vectors import unit_vectors
from napari_ifealid.query import Query, Reference, Rule

_VALUES_APART = 1.5e-4  # maps of two references are both right within a third of it
_ACCURATE = 4e-5  # of a value, and of its share beyond 1
_FLOAT32 = 2.0**-24
_BLOCK_VALUES = 1 << 18
_BLOCK = 1 << 14  # pixels whose terms and forms stay in a core's cache

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
    forms = _forms(pixels, facts, query.measure, references)
    if forms is None:
        _fill_by_maps(pixels, facts, decision, rows, classes)
    else:
        _fill_by_forms(pixels, forms, decision, rows, classes)
    if len(known) < len(query.references):
        classes.numbers[:] = np.array(numbers, np.int16)[classes.numbers]
    is_invalid = pixels.is_invalid[rows]
    classes.numbers[is_invalid], classes.values[is_invalid] = NO_CLASS, np.nan
    return classes


class _Forms(Protocol):
    """A measure as a function of forms: of each pixel ``factor · (a · v + o) + shift``."""

    reference: ReferenceTerms
    """One row per reference, those of zero as well."""

    def terms(self, rows: slice) -> PixelTerms:
        """Return the terms of some pixels."""

    def values(self, forms: NDArray[np.float64]) -> NDArray[np.floating]:
        """Return the values for forms."""

    def is_accurate(
        self, forms: NDArray[np.float64], errors: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Return whether values of forms with such errors are as accurate as they have to be."""


class _LinearForms:
    """Forms of a linear measure."""

    def __init__(
        self,
        pixels: PixelVectors,
        facts: StackFacts,
        measure: Measure,
        kernel: Linear,
        vectors: NDArray[np.float64],
    ) -> None:
        self.values = kernel.from_forms
        self._largest = measure.limits[1]
        background, self._terms = facts.of_linear(measure, kernel)
        with np.errstate(over="ignore", invalid="ignore"):
            terms = kernel.reference_terms(vectors * pixels.unit, background)
        multiplied = np.where(terms.is_zero[:, np.newaxis], 0.0, terms.vectors)
        offsets = np.where(terms.is_zero, 0.0, terms.offsets)
        self.reference = ReferenceTerms(multiplied, offsets, terms.is_zero)

    def terms(self, rows: slice) -> PixelTerms:
        return self._terms.of_rows(rows)

    def is_accurate(
        self, forms: NDArray[np.float64], errors: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        values, one, other = (self.values(each) for each in (forms, forms + errors, forms - errors))
        change = np.abs(one - other)
        is_accurate = change <= 2.0 * _ACCURATE * np.maximum(1.0, np.abs(values))
        # else it could be the reference
        is_accurate &= np.maximum(one, other) < self._largest - _ACCURATE
        is_accurate |= values > self._largest + _ACCURATE + errors
        return is_accurate


class _CosineForms:
    """Forms of a measure of unit vectors: their cosines."""

    def __init__(
        self, pixels: PixelVectors, kernel: UnitLength, vectors: NDArray[np.float64]
    ) -> None:
        self._pixels = pixels
        self._kernel = kernel
        units = unit_vectors(vectors)
        zeros = np.zeros(len(units))
        self.reference = ReferenceTerms(units, zeros, (vectors == 0.0).all(axis=1))
        self._accurate_up_to = accurate_up_to(_rounding(pixels))

    def terms(self, rows: slice) -> PixelTerms:
        lengths = self._pixels.inverse_lengths[rows].astype(np.float64)
        return PixelTerms(lengths, np.zeros(len(lengths)), self._pixels.is_zero[rows])

    def values(self, forms: NDArray[np.float64]) -> NDArray[np.float32]:
        values = forms.astype(np.float32)
        self._kernel.from_cosines(values)
        return values

    def is_accurate(
        self,
        forms: NDArray[np.float64],
        errors: NDArray[np.float64],  # noqa: ARG002
    ) -> NDArray[np.bool_]:
        return forms <= self._accurate_up_to


def _forms(
    pixels: PixelVectors, facts: StackFacts, measure: Measure, references: tuple[Reference, ...]
) -> _Forms | None:
    """Return the forms of a measure, None where its best reference is not that of the largest."""
    vectors = pixels.of_used(np.array([reference.vector for reference in references]))
    match measure.kernel:
        case Linear(is_even=False) as kernel:
            return _LinearForms(pixels, facts, measure, kernel, vectors)
        case UnitLength() as kernel:
            return _CosineForms(pixels, kernel, vectors)
        case _:
            return None


def _rounding(pixels: PixelVectors) -> float:
    """Return the error of a product in float32, in products of the lengths of both vectors."""
    return (2.0 + sqrt(pixels.feature_count)) * _FLOAT32


@dataclass(frozen=True, eq=False)
class _Decision:
    """Tells by the definition, and from chords, what products in float32 can't tell."""

    pixels: PixelVectors
    measure: Measure
    background: Background | None
    references: tuple[Reference, ...]

    def settle(
        self,
        first: int,
        is_open: NDArray[np.bool_],
        is_inaccurate: NDArray[np.bool_],
        classes: Classes,
    ) -> None:
        """Find the classes of open pixels, and measure the values of these and of others.

        Parameters
        ----------
        first : int
            The first pixel of the classes among all.
        is_open, is_inaccurate : array of bool, shape (N,)
        classes : Classes
        """
        match self.measure.kernel:
            case UnitLength() as kernel:
                near, left = np.flatnonzero(is_inaccurate & ~is_open), np.flatnonzero(is_open)
                self._in_parts(near, lambda part: self._by_chords(kernel, first, part, classes))
            case _:
                left = np.flatnonzero(is_inaccurate | is_open)
        self._in_parts(left, lambda part: self._by_definition(first, part, is_open[part], classes))

    def _in_parts(
        self, numbers: NDArray[np.intp], settle: Callable[[NDArray[np.intp]], None]
    ) -> None:
        step = max(1, _BLOCK_VALUES // self.pixels.feature_count)

        def settle_share(share: slice) -> None:
            with _pixels_may_be_not_finite():  # anew in each thread
                for start in range(share.start, share.stop, step):
                    settle(numbers[start : min(start + step, share.stop)])

        on_all_cores(settle_share, len(numbers), least=step)

    def _by_definition(
        self, first: int, part: NDArray[np.intp], is_open: NDArray[np.bool_], classes: Classes
    ) -> None:
        numbers = classes.numbers[part]
        vectors = self.pixels.stack.real_values(self.pixels.stored[part + first])
        values = np.full((len(self.references), len(part)), -np.inf)
        for number, reference in enumerate(self.references):
            asked = is_open | (numbers == number)
            if asked.any():
                arguments = vectors[asked], reference.vector, self.background
                values[number, asked] = self.measure.values(*arguments)
        numbers = np.where(is_open, values.argmax(axis=0), numbers)
        classes.numbers[part], classes.values[part] = numbers, values[numbers, np.arange(len(part))]

    def _by_chords(
        self, kernel: UnitLength, first: int, part: NDArray[np.intp], classes: Classes
    ) -> None:
        squared = self._squared_chords(part + first, classes.numbers[part])
        classes.values[part] = kernel.from_squared_chords(squared)

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
        self.is_open = np.empty(len(classes.numbers), np.bool_)
        self.is_inaccurate = np.empty_like(self.is_open)
        terms = forms.reference
        self._reach = float(np.sqrt(np.einsum("rc,rc->r", terms.vectors, terms.vectors)).max())
        self._farthest = float(np.abs(terms.offsets).max())
        with np.errstate(over="ignore"):  # what float32 can't hold is left to the definition
            self._vectors = terms.vectors.astype(np.float32) * pixels.scale
            self._offsets = terms.offsets.astype(np.float32)
        is_read_first = pixels.is_scaled or pixels.spoils_products
        compiled = None if is_read_first else compiled_products(pixels.stored)
        is_ready = compiled is not None and compiled.done()
        self._compiled = compiled.result() if compiled is not None and is_ready else None
        zero = np.flatnonzero(terms.is_zero)
        limits = decision.measure.limits
        self._of_zero = (zero[0], limits[1]) if len(zero) else (0, 0.0)

    def fill(self, part: slice) -> None:
        """Fill a part of the classes; called in several threads."""
        with _pixels_may_be_not_finite():  # anew in each thread
            for start in range(part.start, part.stop, _BLOCK):
                self._fill_block(slice(start, min(start + _BLOCK, part.stop)))

    def _fill_block(self, block: slice) -> None:
        rows = slice(self._rows.start + block.start, self._rows.start + block.stop)
        classes = Classes(self._classes.numbers[block], self._classes.values[block])
        best, second = self._two_best(rows.start, classes.numbers)
        terms = self._forms.terms(rows)
        forms = best * terms.factor + terms.shift
        factor = np.abs(terms.factor)
        errors = factor * self._product_errors(rows)
        values = self._forms.values(forms)
        classes.values[:] = values
        is_open = ~((best - second) * factor > 2.0 * errors + 1e-9)
        if self._decision.measure.is_bounded:
            least = np.flatnonzero(values == self._decision.measure.limits[0])
            upwards = np.sign(terms.factor[least]) * errors[least]
            self._fill_least(least, forms[least] + upwards, is_open, classes)
        is_settled = self._pixels.is_invalid[rows] | terms.is_zero
        classes.numbers[terms.is_zero], classes.values[terms.is_zero] = self._of_zero
        is_accurate = self._forms.is_accurate(forms, errors)
        self.is_open[block] = is_open & ~is_settled
        self.is_inaccurate[block] = ~(is_accurate | is_settled)

    def _fill_least(
        self,
        least: NDArray[np.intp],
        largest: NDArray[np.float64],
        is_open: NDArray[np.bool_],
        classes: Classes,
    ) -> None:
        """Fill pixels of the least value that none exceeds: all are equal, and the first wins.

        Parameters
        ----------
        least : array of int
            Pixels of the least value.
        largest : array of float64
            The largest forms that they may have.
        is_open : array of bool
            Of all pixels; what is filled here is open no more.
        """
        is_zero = self._forms.reference.is_zero[classes.numbers[least]]
        is_equal = self._forms.values(largest) == self._decision.measure.limits[0]
        equal = least[is_equal | (is_zero & ~is_open[least])]
        classes.numbers[equal], is_open[equal] = 0, False

    def _product_errors(self, rows: slice) -> NDArray[np.float64]:
        """Return what products may be off by."""
        inverse = self._pixels.inverse_lengths[rows].astype(np.float64)
        lengths = np.divide(1.0, inverse, out=np.zeros_like(inverse), where=inverse > 0.0)
        return _rounding(self._pixels) * self._reach * lengths + _FLOAT32 * self._farthest

    def _two_best(
        self, first: int, numbers: NDArray[np.int16]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fill the numbers of the best references; return the products with the two best."""
        best, second = np.empty(len(numbers), np.float32), np.empty(len(numbers), np.float32)
        if self._compiled is not None:
            stored, vectors = self._pixels.stored, self._pixels.expanded(self._vectors)
            self._compiled.fill_two_largest(
                stored, vectors, self._offsets, best, second, numbers, first
            )
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
    decision.settle(rows.start, by_forms.is_open, by_forms.is_inaccurate, classes)


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
    decision.settle(rows.start, is_open, np.zeros_like(is_open), classes)
