"""Stacks of one photo explored in turn, at random, with pins: the map is always the right one."""

from __future__ import annotations

import os
from random import Random

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from explorer_actions import CLOSE
from napari_ifealid.explorer import ReferenceMode
from napari_ifealid.measures import COSINE, SPECTRAL_ANGLE
from napari_ifealid.workarounds.canvases import canvases

STEPS = int(os.environ.get("NAPARI_IFEALID_SWITCHES", "500"))
SEED = int(os.environ.get("NAPARI_IFEALID_SEED", "1"))
PINS = 5
LOOKED_AT = 300  # pixels


class User:
    """Does something at random, and sees whether the map is what the window says."""

    def __init__(self, viewer, widget, qtbot, random: Random) -> None:
        self.viewer, self.widget, self.qtbot, self.random = viewer, widget, qtbot, random
        self.explorer = widget.explorer
        self.stacks = [layer for layer in viewer.layers if layer.name.endswith("features")]
        self.images = {
            layer.name: layer.data.copy() for layer in viewer.layers if getattr(layer, "rgb", False)
        }
        (self.canvas,) = canvases(widget)

    def switch(self) -> None:
        self.widget.choice.layer.value = self.random.choice(self.stacks)

    def hover(self) -> None:
        for _ in range(self.random.randint(1, 5)):
            self.send(QEvent.Type.MouseMove, self.random_place())

    def click(self) -> None:
        """Pin something, or remove a pin, so that there are five of them, more or less."""
        place = self.random_place()
        if len(self.explorer.pins.pins) > PINS:
            self.explorer.pins.undo()
            return
        left = Qt.MouseButton.LeftButton
        self.send(QEvent.Type.MouseMove, place)
        self.send(QEvent.Type.MouseButtonPress, place, left)
        self.send(QEvent.Type.MouseButtonRelease, place, left)

    def hold(self) -> None:
        self.widget.question.follow.value = not self.widget.question.follow.value

    def flip_sign(self) -> None:
        pins = self.explorer.pins.pins
        if pins:
            index = self.random.randrange(len(pins))
            self.explorer.pins.set_sign(index, -pins[index].sign)

    def choose_mode(self) -> None:
        self.widget.question.reference.value = self.random.choice(list(ReferenceMode))

    def choose_measure(self) -> None:
        self.explorer.state.measure = self.random.choice([SPECTRAL_ANGLE, COSINE])

    def choose_threshold(self) -> None:
        self.widget.result.threshold.value = self.random.choice([0.0, 0.5, 0.8])

    def look_at_a_feature(self) -> None:
        stack = self.explorer.stack
        if stack is not None:
            self.explorer.state.feature = self.random.choice([None, stack.feature_count - 1])

    def random_place(self) -> QPointF:
        width, height = self.canvas.width(), self.canvas.height()
        return QPointF(self.random.uniform(0, width - 1), self.random.uniform(0, height - 1))

    def send(self, kind: QEvent.Type, place: QPointF, button=Qt.MouseButton.NoButton) -> None:
        no_key = Qt.KeyboardModifier.NoModifier
        held = button if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
        event = QMouseEvent(kind, place, self.canvas.mapToGlobal(place), button, held, no_key)
        QApplication.sendEvent(self.canvas, event)

    def step(self) -> None:
        actions = {
            self.switch: 4,
            self.hover: 8,
            self.click: 3,
            self.hold: 1,
            self.choose_mode: 2,
            self.flip_sign: 1,
            self.choose_measure: 1,
            self.choose_threshold: 1,
            self.look_at_a_feature: 1,
        }
        (action,) = self.random.choices(list(actions), list(actions.values()))
        action()
        QApplication.processEvents()

    def see(self) -> None:
        """Compare what is shown with what the window says, by NumPy alone."""
        explorer, features = self.explorer, self.widget.choice.layer.value
        self.qtbot.waitUntil(lambda: explorer.stack is not None and explorer.is_idle)
        state, map_layer, real_values = (
            explorer.state,
            explorer.map_layer,
            explorer.stack.real_values,
        )
        assert map_layer.data.shape == features.data.shape[1:]
        assert np.isfinite(map_layer.data).all()
        seen = [self.random.choices(range(length), k=LOOKED_AT) for length in map_layer.data.shape]
        shown, real = map_layer.data[*seen], real_values(features.data[:, *seen].T)
        if state.feature is not None:
            np.testing.assert_allclose(shown, real[:, state.feature], rtol=1e-6)
        else:
            like, unlike = (
                [real_values(features.data[:, *at]) for at in pixels]
                for pixels in self.pixels(features)
            )
            if state.reference is ReferenceMode.MEAN:
                like = [np.mean(like, axis=0)]
            expected = np.max([state.measure.definition(real, one) for one in like], axis=0)
            if unlike:
                off = np.max([state.measure.definition(real, one) for one in unlike], axis=0)
                expected = np.mean(state.measure.limits) + (expected - off) / 2
            np.testing.assert_allclose(shown, expected, atol=CLOSE)
        lowest = [layer.name for layer in self.viewer.layers if layer.visible][:2]
        assert lowest == ["image under the map", map_layer.name]
        for layer in self.viewer.layers:
            if layer.name in self.images:
                np.testing.assert_array_equal(layer.data, self.images[layer.name])

    def pixels(self, features) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Return the pixels that are looked for and those that are not, from napari's layers."""
        pins, mode = self.explorer.pins.layer, self.explorer.state.reference
        found: dict[bool, list[tuple[int, ...]]] = {True: [], False: []}
        for row, symbol in () if pins is None else zip(pins.data, pins.symbol, strict=True):
            pixel = self.pixel(features, pins.data_to_world(row))
            if pixel is not None:
                found[str(symbol) != "x"].append(pixel)
        if mode is not ReferenceMode.CURSOR and found[True]:
            return found[True], found[False] if mode is ReferenceMode.DIFFERENCE else []
        place = self.explorer.cursor.place
        held = None if place is None else self.pixel(features, place[-2:])
        return [held or tuple(length // 2 for length in features.data.shape[1:])], []

    @staticmethod
    def pixel(features, place) -> tuple[int, ...] | None:
        position = features.world_to_data((0.0, *place))[1:]
        pixel = tuple(np.floor(np.add(position, 0.5)).astype(int).tolist())
        inside = zip(pixel, features.data.shape[1:], strict=True)
        return pixel if all(0 <= x < length for x, length in inside) else None


@pytest.mark.timeout(max(300, STEPS))
def test_map_is_the_right_one_however_stacks_are_switched(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    viewer.open_sample("napari-ifealid", "chelsea")
    _, widget = viewer.window.add_plugin_dock_widget("napari-ifealid", "Feature similarity")
    qtbot.waitUntil(lambda: widget.explorer.is_idle)
    viewer.reset_view()
    user = User(viewer, widget, qtbot, Random(SEED))
    for number in range(STEPS):
        user.step()
        if number % 4 == 0:
            user.see()
    user.see()
