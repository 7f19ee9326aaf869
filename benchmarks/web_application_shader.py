"""The baseline of the GPU engine: a shader that works as that of the IFeaLiD web application.

Four features lie in a texel and the groups of four beside each other, as tiles of one atlas
texture. A fragment draws one pixel: of every tile it reads the texel of its own pixel and that of
the reference, and takes three dot products, so that both norms are computed anew on each hover.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.visuals import Visual

from napari_ifealid.engines.gl_context import OffscreenContext
from napari_ifealid.shaders import load_shader

FRAGMENT = """
uniform sampler2D u_atlas;
uniform vec2 u_reference;  // in pixels of the map

void main() {
    vec2 corner = vec2(0.0);  // of the tile
    vec3 products = vec3(0.0);
    for (int tile = 0; tile < $tiles; tile++) {
        vec4 a = texture2D(u_atlas, (corner + gl_FragCoord.xy) / $atlas);
        vec4 b = texture2D(u_atlas, (corner + u_reference) / $atlas);
        products += vec3(dot(a, b), dot(a, a), dot(b, b));
        corner.x += $size.x;
        if (corner.x > $atlas.x - 0.5) {
            corner = vec2(0.0, corner.y + $size.y);
        }
    }
    float cosine = products.x / sqrt(products.y * products.z);
    float similarity = 1.0 - acos(min(cosine, 1.0)) / 1.5707963267948966;
    gl_FragColor = vec4(max(similarity, 0.0));
}
"""


class WebApplicationVisual(Visual):
    """Draws the similarity of all pixels to one of them, one pixel a fragment.

    Parameters
    ----------
    values : array of uint8, shape (H, W, C)
    max_side : int
        Longest side of a texture, in texels.
    """

    def __init__(self, values: NDArray[np.uint8], max_side: int) -> None:
        height, width, features = values.shape
        tiles = -(-features // 4)
        columns = min(tiles, max_side // width)
        rows = -(-tiles // columns)
        padded = np.zeros((height, width, 4 * rows * columns), np.uint8)
        padded[..., :features] = values
        atlas = padded.reshape(height, width, rows, columns, 4).transpose(2, 0, 3, 1, 4)
        super().__init__(load_shader("block.vert"), FRAGMENT)
        fragment = self.shared_program.frag
        fragment["tiles"] = str(tiles)
        fragment["size"] = f"vec2({width}, {height})"
        fragment["atlas"] = f"vec2({columns * width}, {rows * height})"
        self.shared_program["u_atlas"] = gloo.Texture2D(
            np.ascontiguousarray(atlas).reshape(rows * height, columns * width, 4),
            interpolation="nearest",
            internalformat="rgba8",
        )
        self.shared_program["a_position"] = np.array(
            [[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32
        )
        self._draw_mode = "triangle_strip"
        self.set_gl_state(blend=False, depth_test=False, cull_face=False)

    def set_reference(self, pixel: tuple[int, int]) -> None:
        """Compare with this pixel, a row and a column, from now on."""
        row, column = pixel
        self.shared_program["u_reference"] = (column + 0.5, row + 0.5)

    def _prepare_transforms(self, view: Any) -> None:
        """Nothing to transform: the map fills the framebuffer."""


class WebApplicationEngine:
    """Makes similarity maps as the web application does.

    Parameters
    ----------
    values : array of uint8, shape (H, W, C)
    max_side : int
        Longest side of a texture, in texels.
    """

    def __init__(self, values: NDArray[np.uint8], max_side: int) -> None:
        height, width, _ = values.shape
        self._viewport = (0, 0, width, height)
        self._context = OffscreenContext()
        with self._context.current():
            self._visual = WebApplicationVisual(values, max_side)
            target = gloo.Texture2D((height, width, 4), internalformat="rgba32f")
            self._frame = gloo.FrameBuffer(target)

    def similarity_map(self, pixel: tuple[int, int]) -> NDArray[np.float32]:
        """Return the similarity of all pixels to one of them, shape (H, W)."""
        with self._context.current(), self._frame:
            gloo.set_viewport(*self._viewport)
            self._visual.set_reference(pixel)
            self._visual.draw()
            drawn = gloo.read_pixels(self._viewport, alpha=True, out_type="float")
        # gloo turns pictures upside down
        similarity: NDArray[np.float32] = np.ascontiguousarray(drawn[::-1, :, 0])
        return similarity
