"""The vispy visual that draws a sharp map from textures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy.gloo import Texture2D
from vispy.visuals import Visual
from vispy.visuals.shaders import Function

from napari_ifealid.engines.similarity_visual import texture
from napari_ifealid.measures import Linear, UnitLength
from napari_ifealid.shaders import load_shader
from napari_ifealid.sharpening.exact_sums import parts_of, unit_of, units_in
from napari_ifealid.sharpening.tap_layout import TapLayout
from napari_ifealid.sharpening.weights import ONE

_CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
_NONE_IS_FARTHER, _RIGHT_ANGLE = 1e30, 2.0  # squared chords


@dataclass(frozen=True)
class Drawn:
    """What becomes of the deviations in the shader.

    Parameters
    ----------
    compared : str
        The GLSL file with the function of the deviations and factors.
    value : str
        That with the function of what it returns; empty where it is drawn as it is.
    """

    compared: str
    value: str

    @classmethod
    def of(cls, kernel: UnitLength | Linear) -> Drawn:
        """Return that of a measure's kernel: values, or forms from the reference's on."""
        if isinstance(kernel, UnitLength):
            return cls("sharp_chords.glsl", kernel.shader)
        return cls("sharp_forms.glsl", "")


class SharpVisual(Visual):  # type: ignore[misc]  # vispy is not typed
    """Draws what a measure has to the nearest of some references in each pixel of an image.

    A fragment draws four pixels side by side, from a first one on, each ``step``-th.

    Parameters
    ----------
    layout : TapLayout
    drawn : Drawn
    reference_count : int
    """

    def __init__(self, layout: TapLayout, drawn: Drawn, reference_count: int) -> None:
        super().__init__(load_shader("block.vert"), load_shader("sharp.frag"))
        rows, columns = layout.stack_shape
        self._count = reference_count
        self._products = texture((reference_count * rows, columns, 4), "rgba32f")
        fragment = self.shared_program.frag
        fragment["width"] = f"{layout.image_shape[1]}.0"
        fragment["height"] = f"{layout.height}.0"
        fragment["stack_width"] = f"{columns}.0"
        fragment["stack_height"] = f"{rows}.0"
        fragment["taps"] = str(layout.taps)
        fragment["texels"] = str(layout.texels)
        fragment["references"] = str(reference_count)
        fragment["deviation"] = Function(load_shader("deviation.glsl"))
        fragment["compared"] = Function(load_shader(drawn.compared))
        fragment["value"] = Function(load_shader(drawn.value)) if drawn.value else ""
        self.shared_program["a_position"] = _CORNERS
        self.shared_program["u_products"] = self._products
        self._draw_mode = "triangle_strip"
        self.set_gl_state(blend=False, depth_test=False, cull_face=False)

    def set_products(self, products: NDArray[np.float64], *, has_zero: bool) -> None:
        """Compare with these references from now on.

        Parameters
        ----------
        products : array of float64, shape (R, P)
            Of all pixels of the stack with each reference, offsets included. As many as the visual
            was made for, or fewer.
        has_zero : bool
            Whether there is a zero reference beside them.
        """
        unit = unit_of(products)
        parts = parts_of(products, unit)
        missing = self._count - len(parts)
        parts = np.concatenate([parts, np.repeat(parts[:1], missing, axis=0)])
        self._products.set_data(parts.reshape(self._products.shape))
        self.shared_program["u_unit"] = units_in(unit)
        self.shared_program["u_scale"] = 1.0 / (units_in(unit) * ONE)
        self.shared_program["u_farthest"] = _RIGHT_ANGLE if has_zero else _NONE_IS_FARTHER

    def set_block(self, taps: Texture2D, terms: Texture2D) -> None:
        """Draw this block from now on."""
        self.shared_program["u_taps"] = taps
        self.shared_program["u_terms"] = terms

    def set_pixels(self, first: tuple[int, int], step: int) -> None:
        """Draw these pixels from now on.

        Parameters
        ----------
        first : (int, int)
            Row in the block and column of the image.
        step : int
            Each so many-th is drawn along both axes.
        """
        self.shared_program["u_first"] = float(first[1]), float(first[0])
        self.shared_program["u_step"] = float(step)

    def delete(self) -> None:
        """Give the memory of the products back."""
        self._products.delete()

    def _prepare_transforms(self, view: Any) -> None:
        """Do nothing: the block fills the framebuffer."""
