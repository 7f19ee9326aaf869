"""What a session file describes, explored again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from napari.components import Dims, ViewerModel
from napari.layers import Image, Layer

from napari_ifealid.errors import DatasetError, short_reason
from napari_ifealid.explorer.alpha_colormaps import FIRE, colormap_names
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.feature_axis import known_axis
from napari_ifealid.explorer.pins import Pin
from napari_ifealid.explorer.session_capture import RULES, placement_by_reader, placement_of
from napari_ifealid.explorer.session_vectors import restored_vectors
from napari_ifealid.explorer.sources import is_opened_overlay, opened_stack
from napari_ifealid.layers import STACK_KEY, layers_of
from napari_ifealid.left_out_features import used_without
from napari_ifealid.notices import show_warning
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    VectorReference,
)
from napari_ifealid.stack import FeatureStack

_MOST_NAMED = 5  # vectors in a message

_GIVEN_UP = (
    "The session is not opened any further, since another stack was chosen while {} was loaded. "
    "Open the session file again to compare as it does."
)

_MODES = {rule: mode for mode, rule in RULES.items()}


def restore_session(
    explorer: Explorer,
    viewer: ViewerModel,
    session: SavedSession,
    stacks: Sequence[FeatureStack],
) -> None:
    """Explore what a session file describes.

    Pins that are there are replaced, and vectors are ticked in the library instead of what was
    ticked there; an undo brings either back. Regions are let go.

    It is complete once the explored stack is loaded; nothing else of the session applies before. If
    the user chooses another stack until then, it is given up with a message.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer
    session : SavedSession
    stacks : sequence of FeatureStack
        Those of the session, in its order, see `read_session_stacks`. One whose layer is open
        already, in the same place, is not opened again.

    Raises
    ------
    DatasetError
        If a placement can't be restored. Nothing has changed then.
    """
    layers = _layers(viewer, session, stacks)
    explored, axis = layers[session.explored], session.stacks[session.explored].compared_axis
    if axis is None:
        axis = known_axis(explored)  # not what was chosen for an open layer meanwhile
    state, connections = explorer.state, Connections()

    def choose() -> None:
        if explored not in viewer.layers:
            return  # it was removed meanwhile
        state.layer = explored
        if axis is not None:
            state.feature_axis = axis
        connections.connect(explorer.stack_changed, finish)
        finish()

    def finish() -> None:
        is_chosen = state.layer == explored and axis in (None, state.feature_axis)
        if is_chosen and explorer.stack is None:
            return  # still to be loaded
        connections.close()
        if is_chosen:
            _choose_features(explorer, session, layers)
            _link(explorer, viewer, session, layers)
            _show_slice(viewer.dims, session.shown_slice)
            _apply(explorer, session)
        elif state.layer is not None:  # else it could not be loaded, which was told, or was removed
            show_warning(_GIVEN_UP.format(explored.name))

    explorer.soon(choose)


def _layers(
    viewer: ViewerModel, session: SavedSession, stacks: Sequence[FeatureStack]
) -> list[Image]:
    """Return the layer of each stack, opened now unless it was before."""
    layers = [_opened(viewer, *pair) for pair in zip(session.stacks, stacks, strict=True)]
    missing = [stack for stack, layer in zip(stacks, layers, strict=True) if layer is None]
    shown = [layer.data for layer in viewer.layers if is_opened_overlay(layer)]
    added = {}
    made = [Layer.create(*data) for data in layers_of(missing, shown)]
    for layer in made:
        stack = layer.metadata[STACK_KEY]
        if not layer.rgb:
            _place(layer, session.stacks[_index(stacks, stack)])
            added[id(stack)] = layer
    for layer in made:
        viewer.add_layer(layer)
    return [
        added[id(stack)] if layer is None else layer
        for stack, layer in zip(stacks, layers, strict=True)
    ]


def _opened(viewer: ViewerModel, saved: SavedStack, stack: FeatureStack) -> Image | None:
    """Return the layer that has a stack already, and lies where it is to lie."""
    placement = saved.placement or placement_by_reader(stack)
    for layer in viewer.layers:
        opened = opened_stack(layer)
        if opened is not None and opened.source == saved.source:
            is_same = opened is stack or _is_unchanged(opened, stack)
            if is_same and placement_of(layer) == placement:
                return layer
    return None


def _is_unchanged(opened: FeatureStack, read_again: FeatureStack) -> bool:
    """Return whether a file still has what was opened."""
    if opened.is_lazy or read_again.is_lazy:
        return opened.is_lazy and read_again.is_lazy
    return (
        opened.values.dtype == read_again.values.dtype
        and opened.storage == read_again.storage
        and opened.values.tobytes() == read_again.values.tobytes()
    )


def _place(layer: Image, saved: SavedStack) -> None:
    if saved.placement is None:
        return
    try:
        for matrix in (saved.placement.rotate, saved.placement.affine):
            np.linalg.inv(np.array(matrix, float))
        for name, value in asdict(saved.placement).items():
            setattr(layer, name, value if name == "units" else np.array(value, float))
    except Exception as error:  # matrices and units are refused in many ways
        raise DatasetError(
            f"a placement that no layer can have ({short_reason(error)})",
            expected="invertible matrices, and units that napari knows",
            remedy="Correct the placement in the session file, or leave it out.",
            file=saved.source.location,
        ) from error


def _index(stacks: Sequence[FeatureStack], wanted: FeatureStack) -> int:
    return next(number for number, stack in enumerate(stacks) if stack is wanted)


def _choose_features(explorer: Explorer, session: SavedSession, layers: Sequence[Image]) -> None:
    use = explorer.feature_use
    for saved, layer in zip(session.stacks, layers, strict=True):
        if saved.left_out is None:
            use.reset(layer)
        else:
            use.choose(layer, used_without(saved.left_out, saved.feature_count))


def _link(
    explorer: Explorer, viewer: ViewerModel, session: SavedSession, layers: Sequence[Image]
) -> None:
    following = [one.layer for one in explorer.sessions]
    for saved, layer in zip(session.stacks, layers, strict=True):
        axis = known_axis(layer) if saved.compared_axis is None else saved.compared_axis
        is_free = layer in viewer.layers and layer not in following  # not removed meanwhile
        if saved.is_linked and is_free and axis is not None:
            explorer.link(layer, axis)


def _show_slice(dims: Dims, coordinates: Sequence[float | None]) -> None:
    """Show a slice along the last axes of the world, before the cursor is moved into it."""
    point = list(dims.point)
    for axis in range(-min(len(coordinates), dims.ndim), 0):
        coordinate = coordinates[axis]
        if coordinate is not None:
            point[axis] = coordinate
    dims.point = tuple(point)


def _apply(explorer: Explorer, session: SavedSession) -> None:
    state, cursor = explorer.state, session.cursor
    explorer.regions.choose(None)  # the session has them as vectors
    explorer.pins.replace(
        [
            Pin(one.position, one.colour, one.sign)
            for one in session.references
            if isinstance(one, PlaceReference)
        ]
    )
    _list_vectors(explorer, session)
    if cursor is not None:
        state.follow = not cursor.is_held
        explorer.cursor.move_to(cursor.position)
    for name, value in _settings(session):
        setattr(state, name, value)


def _list_vectors(explorer: Explorer, session: SavedSession) -> None:
    """Tick the vectors of a session in the library, and report what can't be listed with others."""
    stack, source = explorer.stack, explorer.library
    assert stack is not None
    vectors = restored_vectors(
        [one for one in session.references if isinstance(one, VectorReference)],
        stack.feature_labels or (),
    )
    count = len(source.entries)
    before = "entry" if count == 1 else f"{count} entries"
    if source.compare_with(vectors.library, vectors.ticks):
        show_warning(
            f"The library lists the vectors of the session instead of your {before}, since the "
            "features are others. Ctrl+Z in the list brings yours back."
        )
    if vectors.left_out:
        more = len(vectors.left_out) - _MOST_NAMED
        rest = [f"and {more} more"] if more > 0 else []
        names = ", ".join([*vectors.left_out[:_MOST_NAMED], *rest])
        show_warning(
            f"Vectors of the session are left out, since their features are others: {names}. "
            "The library lists entries that share their features."
        )


def _settings(session: SavedSession) -> Iterator[tuple[str, Any]]:
    """Yield the explorer's settings in the order in which they are to be set."""
    look, least = session.look, session.measure.limits[0]
    yield "feature", None
    yield "preprocessing", session.preprocessing
    if session.sharpness is not None:
        yield "sharpness", session.sharpness
    yield "sharp", session.sharpness is not None
    yield "measure", session.measure  # which takes the threshold back
    scales = session.measure.scales
    yield "scale", next((one for one in scales if one.name == look.scale), scales[0])
    yield "threshold", least if session.threshold is None else session.threshold
    yield "window", session.window
    yield "reference", _MODES[session.rule]
    yield "colormap", look.colormap if look.colormap in colormap_names() else FIRE
    yield "own_limits", look.own_limits
    yield "colour_range", look.colour_range
    yield "opacity", look.opacity
    yield "base", look.base_opacity
    yield "overlay_in_colour", look.image_in_colour
