"""The map of a session by its definition in NumPy, for what the panel and the layers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from napari.components import Dims
from numpy.typing import NDArray

from napari_ifealid.engines.pixel_vectors import PixelVectors
from napari_ifealid.explorer import Explorer, ReferenceMode, Session
from napari_ifealid.explorer.links import is_linked_by_place
from napari_ifealid.explorer.shown_region import displayed_axes, shown_region
from napari_ifealid.explorer.sources import full_data, opened_stack
from napari_ifealid.grid import Region, window_around
from napari_ifealid.libraries import Match
from napari_ifealid.measures import Background, Measure, Needs, UsedFeatures, used_values
from napari_ifealid.preprocessing import Transform, transform_of
from napari_ifealid.sharpening import weight_steps
from napari_ifealid.stack import FeatureStack

Vectors = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ComparedVectors:
    """The vectors of a session's pixels, read off its layer.

    Parameters
    ----------
    original, compared : array of float64, shape (..., C)
        Of the pixels that maps are of: as the layer has them, and preprocessed.
    own : array of float64, shape (..., C)
        Of the stack's own pixels, preprocessed.
    used : UsedFeatures or None
    transform : Transform or None
    """

    original: Vectors
    compared: Vectors
    own: Vectors
    used: UsedFeatures | None
    transform: Transform | None

    @classmethod
    def of(cls, session: Session, explorer: Explorer) -> ComparedVectors:
        """Read the layer of a session, and prepare its vectors as the panel says."""
        stack = _stack(session)
        real = stack.real_values(np.asarray(stack.values))
        used, step = explorer.feature_use.of(session.layer, stack), explorer.state.preprocessing
        transform = None if step is None else transform_of(stack, step, used)
        own = real if transform is None else transform.of(real)
        if not session.is_sharp:
            return cls(real, own, own, used, transform)
        *_, weights = weight_steps(PixelVectors.of(stack, used), explorer.state.sharpness)
        assert weights is not None
        matrix, shape = weights.rows(slice(None)).toarray(), (*weights.image_shape, -1)
        original, compared = (
            (matrix @ vectors.reshape(-1, stack.feature_count)).reshape(shape)
            for vectors in (real, own)
        )
        return cls(original, compared, own, used, transform)

    def mean(self, numbers: NDArray[np.intp]) -> Vectors:
        """Return the mean of some pixels that have data, preprocessed like any vector."""
        vectors = self.original.reshape(-1, self.original.shape[-1])[numbers]
        known = vectors[self.has_data(vectors)]
        mean = known.mean(axis=0) if len(known) else np.full(vectors.shape[1], np.nan)
        return self.prepared(mean)

    def prepared(self, vector: Vectors) -> Vectors:
        """Return what is compared of a vector that comes from elsewhere."""
        return vector if self.transform is None else self.transform.of(vector)

    def has_data(self, vectors: Vectors) -> NDArray[np.bool_]:
        """Return which vectors are finite where they are compared."""
        return np.isfinite(used_values(vectors, self.used)).all(axis=-1)


@dataclass(frozen=True, eq=False)
class AskedVectors:
    """Vectors that all pixels are compared with.

    Parameters
    ----------
    like, unlike : sequence of array of float64, shape (C,)
    is_cursor : bool
        Whether the first one is that of the cursor.
    has_data : bool
        Whether all of them can be compared with.
    """

    like: Sequence[Vectors]
    unlike: Sequence[Vectors]
    is_cursor: bool
    has_data: bool


class ExpectedMaps:
    """What the maps of a window are to be.

    Parameters
    ----------
    explorer : Explorer
        Of its panel.
    dims : napari Dims
        Of its viewer.
    """

    def __init__(self, explorer: Explorer, dims: Dims) -> None:
        self.explorer = explorer
        self.dims = dims

    def asked_in(self, session: Session) -> AskedVectors:
        """Return what is compared with, taken in a session, as panel and layers say."""
        vectors, mode = ComparedVectors.of(session, self.explorer), self.explorer.state.reference
        collected = [] if mode is ReferenceMode.CURSOR else self._collected(session, vectors)
        known = [(sign, one) for sign, one in collected if vectors.has_data(one)]
        like = [one for sign, one in known if sign > 0]
        unlike = [one for sign, one in known if sign < 0]
        if not like:
            cursor = self._at(session, vectors, self.cursor_pixel(session))
            return AskedVectors([cursor], [], True, bool(vectors.has_data(cursor)))
        if mode is ReferenceMode.MEAN:
            return AskedVectors([np.mean(like, axis=0)], [], False, True)
        return AskedVectors(like, unlike if mode is ReferenceMode.DIFFERENCE else [], False, True)

    def map_of(self, session: Session) -> Vectors | None:
        """Return the map that a session is to show, over all of space; None where there is none."""
        asking = self.explorer.asking
        assert asking is not None
        is_own = session is asking or is_linked_by_place(session, asking)
        if not is_own and self.explorer.why_not_comparable(session):
            return None
        asked = self.asked_in(session if is_own else asking)
        here = ComparedVectors.of(session, self.explorer)
        finite = all(here.has_data(one) for one in (*asked.like, *asked.unlike))
        if not (asked.has_data and finite):
            return None
        measure = self.explorer.state.measure.over(here.used)
        values = _best(here, measure, asked.like)
        if asked.unlike:
            values = np.mean(measure.limits) + (values - _best(here, measure, asked.unlike)) / 2.0
        return values

    def features_of(self, session: Session, features: range) -> Vectors:
        """Return the mean of some features, over all of space."""
        compared = ComparedVectors.of(session, self.explorer).compared
        return compared[..., features.start : features.stop].mean(axis=-1)

    def region_of(self, session: Session) -> Region:
        """Return the pixels of a session that the window shows."""
        return shown_region(self.dims, session.grid)

    def cursor_pixel(self, session: Session) -> tuple[int, ...]:
        place, grid = self.explorer.cursor.place, session.grid
        pixel = None if place is None else grid.pixel_at(place)
        if pixel is not None:
            return pixel
        shown = shown_region(self.dims, grid)
        return tuple(
            length // 2 if part.stop - part.start > 1 else part.start
            for length, part in zip(grid.shape, shown, strict=True)
        )

    def _at(self, session: Session, vectors: ComparedVectors, pixel: tuple[int, ...]) -> Vectors:
        """Return the vector of a pixel, or the mean of the window around it."""
        length, grid = self.explorer.state.window, session.grid
        if length == 1:
            return vectors.compared[pixel]
        axes = displayed_axes(self.dims, grid)
        return vectors.mean(window_around(pixel, length, grid.shape, axes))

    def _collected(self, session: Session, vectors: ComparedVectors) -> list[tuple[int, Vectors]]:
        """Return signs and vectors of pins, of regions and of ticked entries of the library."""
        found = []
        for pin in self.explorer.pins.pins:
            pixel = session.grid.pixel_at(pin.place)
            if pixel is not None:
                found.append((pin.sign, self._at(session, vectors, pixel)))
        for region in self.explorer.regions.regions_in(session):
            if len(region.pixels):
                found.append((region.sign, vectors.mean(region.pixels)))
        library = self.explorer.library
        match = library.match_in(session)
        if isinstance(match, Match) and library.is_compared_in(session):
            entries = match.apply(library.library.vectors)
            for tick, vector in zip(library.ticks, entries, strict=True):
                if tick is not None:
                    found.append((tick.sign, vectors.prepared(vector)))
        return found


def _best(here: ComparedVectors, measure: Measure, references: Sequence[Vectors]) -> Vectors:
    background = None
    if measure.needs is not Needs.NOTHING:
        background = Background.of(used_values(here.own, here.used))
    with np.errstate(all="ignore"):
        maps = [measure.values(here.compared, one, background) for one in references]
    return np.fmax.reduce(maps)


def _stack(session: Session) -> FeatureStack:
    """Return the stack that a layer shows, in memory."""
    layer, axis = session.layer, -1 if session.layer.rgb else session.axis
    values = np.moveaxis(np.asarray(full_data(layer)), axis, -1)
    opened = None if layer.rgb else opened_stack(layer)
    if opened is None:
        return FeatureStack(values=values, name="a layer")
    if axis == 0:
        return replace(opened, values=values)
    return FeatureStack(values=values, name="a layer", **opened.storage)
