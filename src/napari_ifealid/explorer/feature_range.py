"""Some features of a stack as a layer of their own."""

from __future__ import annotations

from dataclasses import replace

from napari.layers import Image

from napari_ifealid.explorer.session import Session
from napari_ifealid.layers import layer_data
from napari_ifealid.plain_text import one_line

_PLACEMENT = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def can_leave_out(session: Session) -> bool:
    """Return whether `layer_of_features` can make a layer: features lie along the first axis."""
    return session.stack is not None and session.axis == 0 and not session.layer.rgb


def layer_of_features(session: Session, features: range) -> Image:
    """Return a layer of some of a session's features, which lies where all of them do.

    Parameters
    ----------
    session : Session
        Its stack is loaded, with the features along the first axis of its layer.
    features : range
        Not empty, of step 1.

    Returns
    -------
    napari Image layer
        It shares its data with the session's.
    """
    stack, layer = session.original, session.layer
    assert stack is not None
    assert stack.feature_labels is not None
    labels = stack.feature_labels
    first, last = (one_line(str(labels[features[end]])) for end in (0, -1))
    name = f"{stack.name}, {first} to {last}"
    part = replace(stack.with_features(features), name=name)
    data, settings, _ = layer_data(part)[-1]
    settings |= {name: getattr(layer, name) for name in _PLACEMENT}
    return Image(data, **settings)
