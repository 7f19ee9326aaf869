"""The original image that a session's stack has the features of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.sources import full_data
from napari_ifealid.layers import default_grid, image_affine
from napari_ifealid.luminance import grey_image
from napari_ifealid.stack import FeatureStack


class SessionImage:
    """The image that belongs to a session's stack: its pixels, and where they lie.

    Parameters
    ----------
    session : Session
    stack : FeatureStack
        Its stack. It has an overlay, or is a photo itself.
    """

    def __init__(self, session: Session, stack: FeatureStack) -> None:
        self.session = session
        self._stack = stack
        self._colours = _pixels_of(session, stack)

    def pixels(self, *, in_colour: bool) -> NDArray[Any]:
        """Return the picture to show. A photo whose colours are compared is never in grey."""
        is_grey = self._stack.overlay is not None and not in_colour
        return _grey(self._colours) if is_grey else self._colours

    @property
    def placement(self) -> dict[str, Any]:
        """Where it lies: it moves along with the features."""
        affine = self.session.grid.affine
        if self._stack.overlay is not None:
            from_image = np.linalg.inv(default_grid(self._stack).affine) @ image_affine(self._stack)
            affine = affine @ from_image
        kept, units = [-3, -2, -1], self.session.layer.units
        return {
            "affine": np.array(affine)[np.ix_(kept, kept)],
            "units": tuple(units[axis] for axis in self.session.grid.axes[-2:]),
        }


def _pixels_of(session: Session, stack: FeatureStack) -> NDArray[Any]:
    if stack.overlay is not None:
        return stack.overlay
    return np.asarray(full_data(session.layer))


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey_image(image)[..., np.newaxis], 3, axis=-1)
