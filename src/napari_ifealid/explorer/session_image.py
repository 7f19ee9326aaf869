"""The image under a session's map: the original one of its stack, or a picture of its bands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.explorer.pictures import Pictures
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.sources import full_data
from napari_ifealid.grid import Grid
from napari_ifealid.layers import default_grid, image_affine
from napari_ifealid.luminance import in_grey
from napari_ifealid.picture import PictureKind
from napari_ifealid.results.figure_content import stretched_over
from napari_ifealid.stack import FeatureStack


class SessionImage:
    """The image that belongs to a session's stack: its pixels, and where they lie.

    Parameters
    ----------
    session : Session
    stack : FeatureStack
        Its stack, see `has_image`.
    pictures : Pictures
    """

    def __init__(self, session: Session, stack: FeatureStack, pictures: Pictures) -> None:
        self.session = session
        self._stack = stack
        self._pictures = pictures
        self._colours = self._newest()

    def pixels(self, *, in_colour: bool) -> NDArray[Any]:
        """Return the picture to show. A photo whose colours are compared is never in grey.

        A picture that is still being made is empty, see `Pictures.changed`.
        """
        self._colours = self._newest()
        return self._colours if in_colour or self.session.layer.rgb else in_grey(self._colours)

    @property
    def placement(self) -> dict[str, Any]:
        """Where the pixels lie that were returned last: they move along with the features."""
        affine = self.session.stack_grid.affine
        if self._stack.overlay is not None:
            from_image = np.linalg.inv(default_grid(self._stack).affine) @ image_affine(self._stack)
            affine = affine @ from_image
        kept, units = [-3, -2, -1], self.session.layer.units
        plane = np.array(affine)[np.ix_(kept, kept)]
        if self._stack.overlay is None and not self.session.layer.rgb:
            whole = Grid(self.session.stack_grid.shape[-2:], plane)
            plane = stretched_over(whole, self._colours.shape[:2]).affine
        return {
            "affine": plane,
            "units": tuple(units[axis] for axis in self.session.grid.axes[-2:]),
        }

    def _newest(self) -> NDArray[Any]:
        if self._stack.overlay is not None:
            return self._stack.overlay
        if self.session.layer.rgb:
            return np.asarray(full_data(self.session.layer))
        picture = self._pictures.of(self.session)
        return np.zeros((1, 1, 4), np.uint8) if picture is None else picture


def has_image(session: Session, pictures: Pictures) -> bool:
    """Return whether there is an image of a session's stack: its own, or a picture of it.

    Parameters
    ----------
    session : Session
    pictures : Pictures
    """
    is_own = session.stack is not None and session.stack.overlay is not None
    return session.layer.rgb or is_own or pictures.kind_of(session) is not PictureKind.NONE
