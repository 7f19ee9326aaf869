"""Steps that change layers and the view, also those layers that the plugin has made."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from window_steps import NUMBERS, SHARES, PointlessStepError, WindowSteps, one_of, step

from napari_ifealid.explorer.sources import MAP_KEY

_NAMES = ("", "similarity", "references", "<b>x</b>", "ä\n", "a" * 300)
_PLACES = ("scale", "stretch", "translate", "turn", "shear", "affine", "flat")


class LayerSteps(WindowSteps):
    """Removes, hides, renames, moves and changes layers."""

    @step(number=NUMBERS)
    def delete_layer(self, number: int) -> None:
        self.layers.remove(self.layer(number))

    @step(bits=NUMBERS)
    def delete_selected(self, bits: int) -> None:
        chosen = {one for number, one in enumerate(self.layers) if bits >> number & 1}
        self.layers.selection = chosen
        self.layers.remove_selected()

    @step(is_meant=st.booleans())
    def delete_all(self, is_meant: bool) -> None:
        if not is_meant:
            raise PointlessStepError
        self.layers.clear()

    @step(number=NUMBERS)
    def select_layer(self, number: int) -> None:
        self.layers.selection.active = self.layer(number)

    @step(number=NUMBERS, name=st.sampled_from(_NAMES))
    def rename(self, number: int, name: str) -> None:
        self.layer(number).name = name

    @step(number=NUMBERS)
    def show_or_hide(self, number: int) -> None:
        layer = self.layer(number)
        layer.visible = not layer.visible

    @step(number=NUMBERS, to=NUMBERS)
    def reorder(self, number: int, to: int) -> None:
        self.layers.move(self.layers.index(self.layer(number)), to % (len(self.layers) + 1))

    @step(number=NUMBERS, how=st.sampled_from(_PLACES), share=SHARES)
    def transform(self, number: int, how: str, share: float) -> None:
        layer = self.layer(number)
        count = layer.ndim
        match how:
            case "scale":
                layer.scale = [0.2 + 2.0 * share] * count
            case "stretch":
                layer.scale = np.linspace(0.3, 1.0 + 2.0 * share, count)
            case "translate":
                layer.translate = [20.0 * (share - 0.5)] * count
            case "turn" if count == 2:
                layer.rotate = 360.0 * share
            case "shear" if count == 2:
                layer.shear = [share]
            case "affine":
                matrix = np.eye(count + 1)
                matrix[-2, -1], matrix[0, 0] = 5.0 * share, 1.0 + share
                layer.affine = matrix
            case "flat":
                layer.scale = [1.0] * (count - 1) + [1e-3]

    @step(number=NUMBERS, how=st.sampled_from(["half", "nothing", "other", "smaller type"]))
    def change_values(self, number: int, how: str) -> None:
        users = [one for one in self.layers if one in self.window.current.users]
        layer = one_of([one for one in users if not one.multiscale and not one.rgb], number)
        self.window.forget(layer)
        values = np.asarray(layer.data)
        match how:
            case "half":
                layer.data = values[..., : max(1, values.shape[-1] // 2)]
            case "nothing":
                layer.data = values * 0
            case "other":
                layer.data = np.random.default_rng(9).normal(size=values.shape)
            case "smaller type":
                layer.data = np.nan_to_num(values, posinf=0.0).astype(np.int16)
        self.window.remember(layer)

    @step(
        how=st.sampled_from(["limits", "colormap", "opacity", "interpolation", "colorbar", "gamma"])
    )
    def change_the_maps_look(self, how: str) -> None:
        layer = one_of([one for one in self.layers if MAP_KEY in one.metadata], 0)
        match how:
            case "limits":
                layer.contrast_limits = 0.2, 0.3
            case "colormap":
                layer.colormap = "viridis"
            case "opacity":
                layer.opacity = 0.4
            case "interpolation":
                layer.interpolation2d = "linear"
            case "colorbar":
                layer.colorbar.visible = not layer.colorbar.visible
            case "gamma":
                layer.gamma = 1.5


class ViewSteps(WindowSteps):
    """Changes what of the layers is in view."""

    @step(is_volume=st.booleans())
    def show_volume(self, is_volume: bool) -> None:
        self.window.viewer.dims.ndisplay = 3 if is_volume else 2

    @step(is_on=st.booleans())
    def show_grid(self, is_on: bool) -> None:
        self.window.viewer.grid.enabled = is_on

    @step(axis=NUMBERS, share=SHARES)
    def move_slider(self, axis: int, share: float) -> None:
        dims = self.window.viewer.dims
        axis %= dims.ndim
        dims.set_current_step(axis, round(share * (dims.nsteps[axis] - 1)))

    @step(seed=NUMBERS)
    def change_order_of_axes(self, seed: int) -> None:
        dims = self.window.viewer.dims
        dims.order = tuple(np.random.default_rng(seed).permutation(dims.ndim).tolist())

    @step(share=SHARES)
    def zoom(self, share: float) -> None:
        self.window.viewer.camera.zoom = 0.05 + 40.0 * share

    @step()
    def reset_view(self) -> None:
        self.window.viewer.reset_view()

    @step(width=st.sampled_from([620, 800, 1000]), height=st.sampled_from([320, 460, 600]))
    def resize(self, width: int, height: int) -> None:
        self.window.viewer.window.resize(width, height)

    @step(canvas_only=st.booleans())
    def take_screenshot(self, canvas_only: bool) -> None:
        if self.canvas:
            self.window.viewer.screenshot(flash=False, canvas_only=canvas_only)
