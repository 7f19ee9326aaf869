"""What is explored, as the content of a session file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import Dims, ViewerModel
from napari.layers import Image, Layer
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.feature_axis import known_axis
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.explorer.session_vectors import as_vectors, saved_vectors
from napari_ifealid.explorer.sources import has_features, is_opened_overlay, opened_stack
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.layers import layer_units, world_placement
from napari_ifealid.left_out_features import Ranges, left_out_ranges
from napari_ifealid.measures import used_values
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedCursor,
    SavedLook,
    SavedPlacement,
    SavedReference,
    SavedSession,
    SavedStack,
)
from napari_ifealid.stack import FeatureStack, StackSource

_ROUNDED = 1e-4  # a preprocessed stack is float32

RULES = {
    ReferenceMode.CURSOR: None,
    ReferenceMode.MEAN: Rule.MEAN,
    ReferenceMode.BEST: Rule.BEST,
    ReferenceMode.DIFFERENCE: Rule.DIFFERENCE,
}
"""How references are joined; None: the cursor is compared with, not they."""


def layers_without_file(viewer: ViewerModel) -> list[Layer]:
    """Return the layers of features that no session file can name: they came from no file.

    So have those whose values or whose file were changed by hand since they were opened.
    """
    return [layer for layer in _feature_layers(viewer) if _source(layer) is None]


def captured_session(explorer: Explorer, viewer: ViewerModel) -> SavedSession:
    """Return what is explored as the content of a session file.

    Layers that came from no file are left out, see `layers_without_file`. Pins are places, all
    else that is compared with are vectors. Where the reference is held in a stack of another image,
    it is a vector, too, and the pins are left out, which are not compared with then.

    Parameters
    ----------
    explorer : Explorer
    viewer : napari viewer

    Raises
    ------
    DatasetError
        If no stack is explored, or it came from no file; if a reference is not finite or still
        being read, or is held in another stack and preprocessed otherwise there; or if there is a
        window along other axes than those that are shown at first.
    """
    explored, session = explorer.state.layer, explorer.session
    if explored is None or session is None or session.stack is None:
        raise DatasetError(
            "no feature stack that is compared",
            expected="one that has been loaded",
            remedy="Open a feature stack first.",
        )
    if _source(explored) is None:
        raise DatasetError(
            "a layer that came from no file",
            expected="a stack that a session can name by its file",
            remedy="Save it with Save dataset…, and open that file.",
            file=explored.name,
        )
    _check_window(explorer, viewer)
    state = explorer.state
    references, rule = _saved_references(explorer, session)
    layers = [layer for layer in _feature_layers(viewer) if _source(layer) is not None]
    linked = [one.layer for one in explorer.sessions]
    return SavedSession(
        stacks=tuple(
            _saved_stack(
                layer,
                axis=explorer.axis_of(layer) if layer == explored or layer in linked else None,
                is_linked=layer != explored and layer in linked,
                left_out=_left_out(explorer, layer),
            )
            for layer in layers
        ),
        explored=next(number for number, layer in enumerate(layers) if layer == explored),
        references=references,
        cursor=_saved_cursor(explorer, viewer, session),
        rule=rule,
        window=state.window,
        measure=state.measure,
        preprocessing=state.preprocessing,
        threshold=state.threshold if state.threshold > state.measure.limits[0] else None,
        look=_saved_look(state),
        sharpness=state.sharpness if session.is_sharp else None,
        shown_slice=_saved_slice(viewer.dims, session),
    )


def placement_of(layer: Image) -> SavedPlacement:
    """Return where a layer lies in the world."""
    return SavedPlacement(
        scale=_row(layer.scale),
        translate=_row(layer.translate),
        rotate=tuple(map(_row, layer.rotate)),
        shear=_row(layer.shear),
        affine=tuple(map(_row, layer.affine.affine_matrix)),
        units=tuple(map(str, layer.units)),
    )


def placement_by_reader(stack: FeatureStack) -> SavedPlacement:
    """Return where a reader puts the features of a stack."""
    scale, translate = world_placement(stack)
    count = stack.values.ndim
    return SavedPlacement(
        scale=_row([1.0, *scale]),
        translate=_row([0.0, *translate]),
        rotate=tuple(map(_row, np.eye(count))),
        shear=_row(np.zeros(count * (count - 1) // 2)),
        affine=tuple(map(_row, np.eye(count + 1))),
        units=layer_units(stack),
    )


def _feature_layers(viewer: ViewerModel) -> list[Image]:
    return [
        layer for layer in viewer.layers if has_features(layer) and not is_opened_overlay(layer)
    ]


def _source(layer: Layer) -> StackSource | None:
    stack = opened_stack(layer)
    return None if stack is None else stack.source


def _left_out(explorer: Explorer, layer: Image) -> Ranges | None:
    """Return which features the user has left out; None if the file decides."""
    use = explorer.feature_use
    explored = explorer.stack if layer == explorer.state.layer else None
    stack = explored or opened_stack(layer)
    if stack is None or not use.is_chosen(layer, stack):
        return None
    return left_out_ranges(use.chosen(layer, stack))


def _saved_stack(
    layer: Image, *, axis: int | None, is_linked: bool, left_out: Ranges | None
) -> SavedStack:
    stack = opened_stack(layer)
    assert stack is not None
    assert stack.source is not None
    placement = placement_of(layer)
    return SavedStack(
        source=stack.source,
        shape=tuple(stack.values.shape),
        placement=None if placement == placement_by_reader(stack) else placement,
        compared_axis=None if axis == known_axis(layer) else axis,
        is_linked=is_linked,
        left_out=left_out,
    )


def _check_window(explorer: Explorer, viewer: ViewerModel) -> None:
    dims = viewer.dims
    is_rolled = set(dims.displayed[-2:]) != {dims.ndim - 2, dims.ndim - 1}
    if explorer.state.window > 1 and is_rolled:
        raise DatasetError(
            "a window along other axes than the last two",
            expected="rows and columns as they are shown at first",
            remedy="Bring the axes back into their order, or choose the window 1×1.",
        )


def _saved_references(
    explorer: Explorer, session: Session
) -> tuple[tuple[SavedReference, ...], Rule | None]:
    """Return what is compared with, and how it is joined."""
    asking, asked = explorer.asking, explorer.asked
    if asking is None or asking is session:
        pins = [PlaceReference(pin.place, pin.colour, pin.sign) for pin in explorer.pins.pins]
        references: tuple[SavedReference, ...] = (*pins, *saved_vectors(explorer, session))
        return references, RULES[explorer.state.reference]
    if asked is None or explorer.pixel is None:
        return (), None
    place = f"pixel {', '.join(map(str, explorer.pixel))} of {asking.layer.name}"
    named = [one if one.label else replace(one, label=place) for one in asked.references]
    vectors = tuple(as_vectors(asking, named))
    for one, saved in zip(named, vectors, strict=True):
        _check_preprocessed(session, asking, one, np.array(saved.values))
    return vectors, asked.rule


def _check_preprocessed(
    session: Session, asking: Session, one: AnyReference, original: NDArray[np.float64]
) -> None:
    """Check that the explored stack makes the same of a vector as the one that it was taken in."""
    compared, transform = asking.reference(one), session.transform
    if transform is None or compared is None:
        return
    there = used_values(compared.vector, session.features)
    here = used_values(transform.of(original), session.features)
    if not np.allclose(here, there, rtol=_ROUNDED, atol=_ROUNDED * float(np.abs(there).max())):
        raise DatasetError(
            f"a reference held in {asking.layer.name}, of which {transform.step.name} makes "
            "something else there",
            expected="one that is preprocessed in the same way in both stacks",
            remedy="Take the reference in the explored stack, or preprocess nothing.",
            file=session.layer.name,
        )


def _saved_cursor(explorer: Explorer, viewer: ViewerModel, session: Session) -> SavedCursor | None:
    place, pixel = explorer.cursor.place, explorer.pixel
    if place is None and pixel is not None:  # the one in the middle, until the mouse moves
        place = session.grid.moved_to(viewer.dims.point, pixel)
    if place is None or not np.isfinite(place).all():
        return None
    return SavedCursor(position=place, is_held=not explorer.state.follow)


def _saved_slice(dims: Dims, session: Session) -> tuple[float | None, ...]:
    """Return the coordinates of the slice along the axes of space that are not displayed."""
    sliced = {dims.ndim + axis for axis in session.grid.axes} - set(dims.displayed)
    if not sliced:
        return ()
    return tuple(float(dims.point[axis]) if axis in sliced else None for axis in range(dims.ndim))


def _saved_look(state: ExplorerState) -> SavedLook:
    low, high = state.own_limits
    return SavedLook(
        colormap=state.colormap,
        colour_range=state.colour_range,
        own_limits=(float(low), float(high)),
        opacity=float(state.opacity),
        base_opacity=float(state.base),
        image_in_colour=state.overlay_in_colour,
        scale=state.scale.name,
    )


def _row(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
