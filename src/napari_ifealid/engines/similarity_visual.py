"""The vispy visual that draws a similarity map from textures."""

from __future__ import annotations

from typing import Any

import numpy as np
from vispy.gloo import Texture2D
from vispy.visuals import Visual
from vispy.visuals.shaders import Function

from napari_ifealid.engines.texture_blocks import BlockLayout
from napari_ifealid.shaders import load_shader

_CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)


class SimilarityVisual(Visual):  # type: ignore[misc]  # vispy is not typed
    """Draws the similarity of a block's pixels to a reference, four pixels a fragment.

    Parameters
    ----------
    layout : BlockLayout
    """

    def __init__(self, layout: BlockLayout) -> None:
        super().__init__(load_shader("block.vert"), load_shader("similarity.frag"))
        fragment = self.shared_program.frag
        fragment["width"] = f"{layout.width}.0"
        fragment["height"] = f"{layout.height}.0"
        fragment["texels"] = str(layout.texels)
        fragment["group"] = f"{layout.group}.0"
        fragment["similarity"] = Function(load_shader("chord_similarity.glsl"))
        self.shared_program["a_position"] = _CORNERS
        self._draw_mode = "triangle_strip"
        self.set_gl_state(blend=False, depth_test=False, cull_face=False)

    def set_reference(self, reference: Texture2D) -> None:
        """Compare with this vector from now on."""
        self.shared_program["u_reference"] = reference

    def set_block(self, features: Texture2D, inverse_lengths: Texture2D) -> None:
        """Draw this block from now on."""
        self.shared_program["u_features"] = features
        self.shared_program["u_inverse_lengths"] = inverse_lengths

    def _prepare_transforms(self, view: Any) -> None:
        """Nothing to transform: the block fills the framebuffer."""
