"""What was explored and is gone takes no memory any more."""

from __future__ import annotations

import gc
from weakref import ref

import numpy as np
import psutil
import pytest
from napari.layers import Layer

from napari_ifealid.engines import EngineChoice
from napari_ifealid.layers import layer_data
from napari_ifealid.stack import FeatureStack

STACKS = 50
FIRST = 10  # of them, after which all that is kept once is there
SHAPE = (160, 200, 128)  # 4 MB


def make_stack(number: int) -> FeatureStack:
    rng = np.random.default_rng(number)
    values = rng.integers(0, 256, (40, 50, 16)).astype(np.uint8)
    overlay = rng.integers(0, 256, (80, 100, 3)).astype(np.uint8)
    return FeatureStack(values=values, name=f"stack {number}", overlay=overlay)


class Window:
    """A viewer with the dock widget open."""

    def __init__(self, viewer, qtbot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        _, self.widget = viewer.window.add_plugin_dock_widget(
            "napari-ifealid", "Feature similarity"
        )

    def wait(self) -> None:
        explorer = self.widget.explorer
        self.qtbot.waitUntil(lambda: explorer.is_idle, timeout=20_000)
        self.qtbot.wait(50)

    def open(self, stack: FeatureStack) -> list[Layer]:
        """Open a stack, and wait for its first map."""
        layers = [self.viewer.add_layer(Layer.create(*data)) for data in layer_data(stack)]
        explorer = self.widget.explorer
        self.qtbot.waitUntil(lambda: explorer.stack is stack, timeout=20_000)
        self.wait()
        return layers

    def explore(self, stack: FeatureStack, engine: EngineChoice) -> dict[str, ref]:
        """Open a stack, use all that there is, and return weak references to what it needs."""
        self.widget.advanced.engine.value = engine
        layers = self.open(stack)
        explorer = self.widget.explorer
        explorer.toggle_pin_at((3, 3))
        for pixel in ((5, 5), (6, 7)):
            explorer.show_pixel(pixel)
            self.wait()
        explorer.state.feature = 3
        self.wait()
        explorer.state.feature = None
        self.wait()
        session = explorer.session
        return {
            "stack": ref(stack),
            "values": ref(stack.values),
            "features": ref(layers[-1]),
            "overlay": ref(layers[0]),
            "map layer": ref(explorer.map_layer),
            "session": ref(session),
            "map maker": ref(session._running.maker),
            "engine": ref(session._running.owner.engine),
        }

    def clear(self) -> None:
        self.viewer.layers.clear()
        self.wait()


@pytest.fixture
def window(make_napari_viewer, qtbot) -> Window:
    # shown, since vispy keeps the data of what it has not yet drawn
    return Window(make_napari_viewer(show=True), qtbot)


def check_gone(qtbot, references: dict[str, ref]) -> None:
    """Wait until nothing is left after a collection: on a busy machine timers are late."""

    def is_gone() -> None:
        gc.collect()
        assert [name for name, left in references.items() if left() is not None] == []

    qtbot.waitUntil(is_gone)


@pytest.mark.parametrize("engine", [EngineChoice.CPU, EngineChoice.GPU])
def test_nothing_of_a_stack_stays_when_its_layers_are_removed(window, engine):
    references = window.explore(make_stack(0), engine)
    window.clear()
    check_gone(window.qtbot, references)


def test_nothing_of_a_stack_stays_when_another_is_explored(window):
    references = window.explore(make_stack(0), EngineChoice.CPU)
    window.viewer.layers.remove("stack 0 features")
    window.viewer.layers.remove("stack 0 overlay")
    window.explore(make_stack(1), EngineChoice.CPU)
    check_gone(window.qtbot, references)


def test_nothing_of_the_explorer_stays_when_the_dock_is_closed(window):
    references = window.explore(make_stack(0), EngineChoice.CPU)
    explorer = window.widget.explorer
    references = {name: references[name] for name in ("session", "map maker", "engine")}
    references |= {"explorer": ref(explorer), "state": ref(explorer.state)}
    window.viewer.window.remove_dock_widget(window.widget)
    window.widget.deleteLater()
    del window.widget, explorer
    window.qtbot.wait(100)
    check_gone(window.qtbot, references)


def test_nothing_stays_when_the_viewer_is_closed(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    window = Window(viewer, qtbot)
    references = window.explore(make_stack(0), EngineChoice.CPU)
    references |= {"explorer": ref(window.widget.explorer)}
    viewer.close()
    window.viewer = window.widget = None
    viewer.layers.clear()  # the test's own fixture keeps the viewer
    qtbot.wait(100)
    check_gone(qtbot, references)


def test_fifty_stacks_in_a_row_leave_the_memory_flat(window):
    memory = psutil.Process().memory_full_info
    before = 0
    for number in range(STACKS):
        values = np.full(SHAPE, number + 1, np.uint8)
        window.open(FeatureStack(values=values, name=f"stack {number}"))
        del values
        window.clear()
        if number == FIRST:
            gc.collect()
            before = memory().uss
    gc.collect()
    assert memory().uss - before < 6 * np.prod(SHAPE)
