"""The interface of all engines."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.engines.classes import Classes
from napari_ifealid.engines.preview import Preview
from napari_ifealid.grid import Region, region_shape, within
from napari_ifealid.measures import Measure, UsedFeatures
from napari_ifealid.query import Query

MapPart = tuple[Region, NDArray[np.float32]]
"""Where a part of a map lies, and its values."""


ClassPart = tuple[Region, Classes]
"""Where a part of the classes lies, and its classes."""


class EngineUnavailableError(RuntimeError):
    """An engine can't run here, or not any more."""


class Engine(Protocol):
    """Answers queries for all pixels of a stack, in one pass over it.

    Whoever starts an engine closes it.
    """

    @property
    def name(self) -> str:
        """Name of the engine, for the user."""

    @property
    def memory(self) -> int:
        """Bytes held beside the stack."""

    @property
    def needs_gui_thread(self) -> bool:
        """Whether it must be used in the thread of the window, as OpenGL must."""

    @property
    def preview_step_count(self) -> int:
        """How many steps `preview_steps` has."""

    def part_count(self, region: Region) -> int:
        """Return how many parts a map of a region comes in."""

    @property
    def spread(self) -> float | None:
        """Spread of the stack's vectors in its own units, once a measure has needed it.

        Of the features that the last measure compared.
        """

    def refusal(self, measure: Measure) -> str:
        """Return why maps of a measure can't be made, in words for the user; empty if they can."""

    def is_prepared(self, measure: Measure) -> bool:
        """Return whether maps of a measure can be made without measuring the stack first."""

    def preparation_step_count(self, measure: Measure) -> int:
        """Return how many steps `preparation_steps` has."""

    def preparation_steps(self, measure: Measure) -> Generator[None]:
        """Measure what a measure needs to know of the stack, step by step.

        May run in any thread. A map that is made without it does all of it first. What is known is
        kept.

        Parameters
        ----------
        measure : Measure
            One that is not refused.
        """

    def parts(self, query: Query, region: Region) -> Generator[MapPart]:
        """Yield the map of a query, part by part as they are done.

        What has not begun when the generator is closed is not done.

        Parameters
        ----------
        query : Query
            Its vectors are real values, in the stack's own units. Its measure is not refused.
        region : tuple of slice
            The pixels that are asked for.

        Yields
        ------
        (region, array of float32)
            The parts don't overlap and fill the region. Their values are those of the measure's
            definition within 5e-5, and within 5e-4 where the spectral angle's exceed 0.999; of a
            value beyond 1, within that share of it. Exactly 1 at a reference, NaN where a pixel is
            not finite.

        Raises
        ------
        EngineUnavailableError
            If the engine can't run any more, or its map is wrong. Drivers and files raise errors
            of their own, too.
        """

    def class_parts(self, query: Query, region: Region) -> Generator[ClassPart]:
        """Yield which reference of a query each pixel is most similar to, part by part.

        Parameters
        ----------
        query : Query
            Each of its references is a class, whatever the rule and their signs.
        region : tuple of slice
            The pixels that are asked for.

        Yields
        ------
        (region, Classes)
            The parts don't overlap and fill the region. The class of a pixel is the first of the
            largest values of the definition; the value is as accurate as that of a map.
        """

    def feature_parts(self, features: range, region: Region) -> Generator[MapPart]:
        """Yield the mean of the real values of features, part by part as they are done.

        Parameters
        ----------
        features : range
            One or more, of step 1.
        region : tuple of slice
            The pixels that are asked for.

        Yields
        ------
        (region, array of float32)
            NaN where one of the values is.
        """

    def preview_steps(
        self, budget: int, features: UsedFeatures | None = None
    ) -> Generator[Preview | None]:
        """Build a preview step by step.

        Parameters
        ----------
        budget : int
            Bytes that it may take.
        features : UsedFeatures, optional
            Those that it is about; all of them unless given.

        Yields
        ------
        Preview or None
            None after each step but the last; then the preview, unless the budget is too small for
            any, or there is nothing but zeros.
        """

    def accelerate(self) -> None:
        """Begin to prepare, in another thread, what makes the maps to come quicker."""

    def close(self) -> None:
        """Give back what the engine holds."""


def whole_map(parts: Generator[MapPart], region: Region) -> NDArray[np.float32]:
    """Put the parts of a map together.

    Parameters
    ----------
    parts : generator of (region, array)
    region : tuple of slice
        Which they fill.

    Returns
    -------
    array of float32
        Of the region's shape. Not written to again by the engine.
    """
    values: NDArray[np.float32] | None = None
    for place, part in parts:
        if place == region:
            return part
        if values is None:
            values = np.full(region_shape(region), np.nan, np.float32)
        values[within(place, region)] = part
    assert values is not None
    return values


def classes_of(engine: Engine, query: Query, region: Region) -> Classes:
    """Return which reference of a query each pixel of a region is most similar to.

    Parameters
    ----------
    engine : Engine
    query : Query
        Each of its references is a class, whatever the rule and their signs.
    region : tuple of slice

    Returns
    -------
    Classes
        Of the region's shape.
    """
    whole = None
    for item in class_steps(engine, query, region):
        whole = item
    assert whole is not None
    return whole


def class_steps(engine: Engine, query: Query, region: Region) -> Generator[Classes | None]:
    """Find the most similar reference of each pixel of a region, part by part.

    Parameters
    ----------
    engine : Engine
    query : Query
        Each of its references is a class, whatever the rule and their signs.
    region : tuple of slice

    Yields
    ------
    Classes or None
        None after each part but the last; then the classes of the whole region.
    """
    whole: Classes | None = None
    last = engine.part_count(region)
    for number, (place, classes) in enumerate(engine.class_parts(query, region), start=1):
        if place == region:
            whole = classes
        else:
            whole = Classes.empty(region_shape(region)) if whole is None else whole
            inside = within(place, region)
            whole.numbers[inside], whole.values[inside] = classes.numbers, classes.values
        yield whole if number == last else None
