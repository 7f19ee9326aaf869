"""The features of the chart: their labels, and where they lie in their own order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.numeric_labels import NumericLabels, are_mere_numbers, numeric_labels
from napari_ifealid.plain_text import one_line
from napari_ifealid.wavelength_units import NANOMETRES, known_unit
from napari_ifealid.widgets.feature_places import FeaturePlaces


@dataclass(frozen=True, eq=False)
class ChartFeatures:
    """The features that a chart has along its axis.

    Parameters
    ----------
    given : sequence of str or float, length C
        A label for each feature, e.g. its wavelength; its number where it has none. Numbers of
        one unit, such as ``"450 nm"``, make a numeric axis.
    """

    given: Sequence[str | float]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The label of each feature, as a text."""
        return tuple(map(_label_text, self.given))

    @cached_property
    def shown_labels(self) -> tuple[str, ...]:
        """The labels as they are shown: on one line each, and cut where they are long."""
        return tuple(map(one_line, self.labels))

    @cached_property
    def widest(self) -> str:
        """The longest of the labels that are shown."""
        labels = self.shown_labels[-1:] if self.are_numbered else self.shown_labels
        return max(labels, key=len, default="")

    @cached_property
    def are_numbered(self) -> bool:
        """Whether the labels are the features' numbers."""
        return are_mere_numbers(self.given)

    @cached_property
    def numeric(self) -> NumericLabels | None:
        """The labels as numbers of one unit; None if they are not."""
        return numeric_labels(self.given)

    @cached_property
    def places(self) -> FeaturePlaces:
        """The features in their own order: by their labels where these are numbers."""
        if self.numeric is None:
            return FeaturePlaces.in_order(np.arange(len(self.given)))
        return FeaturePlaces.at(self.numeric.numbers)

    def check(self, feature: int) -> None:
        """Raise a ValueError if there is no such feature."""
        if not 0 <= feature < len(self.given):
            raise ValueError(f"no feature {feature}: there are {len(self.given)}")

    def checked_order(self, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return an order as an array.

        Raises
        ------
        ValueError
            If it does not name each feature once.
        """
        count, order = len(self.given), np.array(order, np.intp)
        if not np.array_equal(np.sort(order), np.arange(count)):
            raise ValueError(f"the order must name each of the features 0 to {count - 1} once")
        return order

    def title(self, *, is_numeric: bool) -> str:
        """Return the title of the axis: what the numbers along it are, or nothing.

        Parameters
        ----------
        is_numeric : bool
            Whether the axis has the labels as numbers.
        """
        if self.are_numbered:
            return "feature"
        if not is_numeric or self.numeric is None or not self.numeric.unit:
            return ""
        unit = self.numeric.unit
        return f"wavelength in {unit}" if known_unit(unit) in NANOMETRES else f"in {unit}"

    def text(self, feature: int, value: float | None) -> str:
        """Return the label of a feature and its value, such as "450 nm: 0.3"."""
        label = f"feature {feature}" if self.are_numbered else self.shown_labels[feature]
        return label if value is None else f"{label}: {value:.6g}"


def _label_text(label: str | float) -> str:
    return label if isinstance(label, str) else f"{label:.10g}"
