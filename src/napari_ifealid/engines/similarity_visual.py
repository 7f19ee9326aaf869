"""The vispy visual that draws a map from textures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy.gloo import Texture2D
from vispy.visuals import Visual
from vispy.visuals.shaders import Function

from napari_ifealid.engines.texture_blocks import BlockLayout
from napari_ifealid.engines.used_texels import UsedTexels, counting_text
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.shaders import load_shader

MOST_REFERENCES = 8
"""References that are drawn in one pass over the features."""

_CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
_NONE_IS_FARTHER, _RIGHT_ANGLE = 1e30, 2.0  # squared distances
_NOT_USED = 1e30  # in the place of a feature of the first reference


class SimilarityVisual(Visual):  # type: ignore[misc]  # vispy is not typed
    """Draws a measure of a block's pixels to the nearest of some references.

    Parameters
    ----------
    layout : BlockLayout
    used : UsedFeatures or None
        The features that are compared; None for all.
    value : str
        The GLSL file with the function of the squared distance.
    has_shifts : bool
        Whether something is added to the features of each pixel.
    reference_count : int
        No more than MOST_REFERENCES.
    """

    def __init__(
        self,
        layout: BlockLayout,
        used: UsedFeatures | None,
        value: str,
        has_shifts: bool,
        reference_count: int,
    ) -> None:
        super().__init__(load_shader("block.vert"), load_shader("similarity.frag"))
        self._layout = layout
        self._used = used
        self._references = texture((reference_count, layout.texels, 4), "rgba32f")
        fragment = self.shared_program.frag
        fragment["width"] = f"{layout.width}.0"
        fragment["height"] = f"{layout.height}.0"
        fragment["texels"] = str(layout.texels)
        fragment["group"] = f"{layout.group}.0"
        fragment["references"] = str(reference_count)
        fragment["mark"] = str(_NOT_USED / 10.0)
        # in the text, not as uniforms: two milliseconds less for an eighth of a million pixels on a
        # software renderer
        texels = UsedTexels.of(used, layout.texels)
        fragment["whole"], fragment["whole_count"] = _counted(texels.whole)
        fragment["mixed"], fragment["mixed_count"] = _counted(texels.mixed)
        fragment["value"] = Function(load_shader(value))
        point = Function(load_shader("shifted.glsl" if has_shifts else "scaled.glsl"))
        if has_shifts:
            point["features"] = f"{layout.feature_count}.0"
        fragment["point"] = point
        fragment["shifts"] = "texture2D(u_shifts, fragment)" if has_shifts else "vec4(0.0)"
        self._has_shifts = has_shifts
        self.shared_program["a_position"] = _CORNERS
        self.shared_program["u_references"] = self._references
        self._draw_mode = "triangle_strip"
        self.set_gl_state(blend=False, depth_test=False, cull_face=False)

    def set_references(self, units: NDArray[np.float32], *, has_zero: bool) -> None:
        """Compare with these from now on.

        Parameters
        ----------
        units : array of float32, shape (R, C)
            Of the features that are used. As many as the visual was made for, or fewer.
        has_zero : bool
            Whether there is a zero reference beside them.
        """
        missing = self._references.shape[0] - len(units)
        units = np.concatenate([units, np.repeat(units[:1], missing, axis=0)])
        if self._used is not None:
            marked = self._used.expanded(units[:1], _NOT_USED)
            units = np.concatenate([marked, self._used.expanded(units[1:])])
        self._references.set_data(self._layout.pack_references(units))
        self.shared_program["u_farthest"] = _RIGHT_ANGLE if has_zero else _NONE_IS_FARTHER

    def set_block(
        self, features: Texture2D, factors: Texture2D, shifts: Texture2D | None = None
    ) -> None:
        """Draw this block from now on."""
        self.shared_program["u_features"] = features
        self.shared_program["u_factors"] = factors
        if self._has_shifts:
            self.shared_program["u_shifts"] = shifts

    def delete(self) -> None:
        """Give the memory of the references back."""
        self._references.delete()

    def _prepare_transforms(self, view: Any) -> None:
        """Do nothing: the block fills the framebuffer."""


def _counted(texels: tuple[int, ...]) -> tuple[str, str]:
    return counting_text(texels), str(len(texels))


def visual_size(reference_count: int) -> int:
    """Return for how many references a visual is made that draws so many: there are few kinds."""
    return min(1 << (reference_count - 1).bit_length(), MOST_REFERENCES)


def texture(data: NDArray[Any] | tuple[int, ...], internal_format: str) -> Texture2D:
    """Return a texture whose texels are read as they are."""
    return Texture2D(data, interpolation="nearest", internalformat=internal_format)
