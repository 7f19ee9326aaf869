"""Steps that change settings in the panel, pins, regions and the library."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from napari.layers import Labels, Shapes
from window_steps import NUMBERS, SHARES, PointlessStepError, WindowSteps, one_of, step

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import ColourRange, ReferenceMode
from napari_ifealid.explorer.pins import PINS_KEY
from napari_ifealid.grid import WINDOWS
from napari_ifealid.measures import MEASURES, UsedFeatures
from napari_ifealid.preprocessing import STEPS

_MODES = tuple(mode.name for mode in ReferenceMode)


class QuestionSteps(WindowSteps):
    """Chooses in the panel."""

    @step(number=NUMBERS)
    def choose_stack(self, number: int) -> None:
        layer = self.panel.choice.layer
        layer.value = one_of(layer.choices, number)

    @step(number=NUMBERS)
    def choose_feature_axis(self, number: int) -> None:
        axis = self.panel.choice.axis
        axis.value = one_of(axis.choices, number)
        self.panel.choice.compare.native.click()

    @step(mode=st.sampled_from(_MODES))
    def choose_mode(self, mode: str) -> None:
        self.panel.question.reference.value = ReferenceMode[mode]

    @step(follows=st.booleans())
    def follow(self, follows: bool) -> None:
        self.panel.question.follow.value = follows

    @step(number=NUMBERS)
    def choose_window(self, number: int) -> None:
        self.panel.question.window_size.value = WINDOWS[number % len(WINDOWS)]

    @step(number=NUMBERS)
    def choose_measure(self, number: int) -> None:
        box = self.panel.question.measure.measure
        box.setCurrentIndex(number % len(MEASURES))

    @step(number=NUMBERS)
    def choose_preprocessing(self, number: int) -> None:
        box = self.panel.question.preprocessing.box
        box.setCurrentIndex(number % (len(STEPS) + 1))

    @step(is_sharp=st.booleans())
    def choose_sharp(self, is_sharp: bool) -> None:
        self.panel.question.sharp.sharp.value = is_sharp

    @step(position=st.integers(0, 100))
    def choose_sharpness(self, position: int) -> None:
        self.panel.question.sharp.sharpness.setValue(position)

    @step(number=NUMBERS)
    def choose_engine(self, number: int) -> None:
        engines = tuple(EngineChoice)
        self.panel.advanced.engine.value = engines[number % len(engines)]

    @step(bits=NUMBERS)
    def leave_features_out(self, bits: int) -> None:
        flags = [bits >> number & 1 for number in range(self.explored.stack.feature_count)]
        self.explorer.feature_use.choose(self.explored.layer, UsedFeatures.of(flags))

    @step()
    def take_features_back(self) -> None:
        self.explorer.feature_use.undo(self.explored.layer)

    @step(number=NUMBERS, shows=st.booleans())
    def show_a_feature(self, number: int, shows: bool) -> None:
        look = self.panel.look
        look.feature.value = number % self.explored.stack.feature_count
        look.shows_feature.value = shows

    @step(share=SHARES)
    def choose_threshold(self, share: float) -> None:
        low, high = self.explorer.state.measure.limits
        self.panel.result.threshold.value = round(low + share * (high - low), 2)

    @step(
        setting=st.sampled_from(["colours", "opacity", "base", "memory", "in colour", "colormap"])
    )
    def choose_look(self, setting: str) -> None:
        state = self.explorer.state
        match setting:
            case "colours":
                state.colour_range = ColourRange.ALL
            case "opacity":
                state.opacity = 0.5
            case "base":
                state.base = 0.2
            case "memory":
                state.preview_memory = 5
            case "in colour":
                state.overlay_in_colour = not state.overlay_in_colour
            case "colormap":
                state.colormap = "viridis"


class ReferenceSteps(WindowSteps):
    """Changes pins, regions and the library."""

    @step(
        how=st.sampled_from(["add", "remove", "away", "move", "nowhere", "red", "add mode", "hide"])
    )
    def change_pins(self, how: str) -> None:
        layer = one_of([one for one in self.layers if PINS_KEY in one.metadata], 0)
        match how:
            case "add":
                layer.add([[2.0] * layer.ndim])
            case "remove":
                layer.selected_data = {0} if len(layer.data) else set()
                layer.remove_selected()
            case "away":
                layer.data = np.asarray(layer.data) + 1000.0
            case "move":
                layer.data = np.asarray(layer.data) + 1.0
            case "nowhere":
                layer.data = np.full((2, layer.ndim), np.nan)
            case "red":
                layer.face_color = "red"
            case "add mode":
                layer.mode = "add" if layer.mode != "add" else "pan_zoom"
            case "hide":
                layer.visible = not layer.visible

    @step(number=NUMBERS)
    def flip_a_pins_sign(self, number: int) -> None:
        pins = self.explorer.pins
        number = one_of(range(len(pins.pins)), number)
        pins.set_sign(number, -pins.pins[number].sign)

    @step()
    def undo_pins(self) -> None:
        self.explorer.pins.undo()

    @step()
    def make_regions(self) -> None:
        self.click_button(self.panel.question.regions.new)

    @step(number=NUMBERS)
    def choose_regions(self, number: int) -> None:
        layer = self.panel.question.regions.layer
        layer.value = one_of(layer.choices, number)

    @step(kind=st.sampled_from(["rectangle", "ellipse", "polygon", "line"]), number=NUMBERS)
    def draw_a_shape(self, kind: str, number: int) -> None:
        layer = self.layer(number, Shapes)
        corners = np.zeros((2 if kind == "line" else 4, layer.ndim))
        corners[:, -2:] = np.array([(1, 1), (4, 1), (4, 5), (1, 5)])[: len(corners)]
        corners[:, -2:] += number % 3
        layer.add(corners, shape_type=kind)

    @step(number=NUMBERS)
    def delete_a_shape(self, number: int) -> None:
        layer = self.layer(number, Shapes)
        layer.selected_data = {one_of(range(len(layer.data)), number)}
        layer.remove_selected()

    @step(number=NUMBERS, label=st.integers(0, 5))
    def paint(self, number: int, label: int) -> None:
        layer = self.layer(number, Labels)
        if not layer.editable:
            raise PointlessStepError
        layer.paint((1,) * layer.ndim, label)

    @step(number=NUMBERS)
    def flip_a_regions_sign(self, number: int) -> None:
        regions = self.explorer.regions
        region = one_of(regions.regions_in(self.explored), number)
        regions.set_sign(region.number, -region.sign)

    @step()
    def add_to_library(self) -> None:
        self.explorer.add_to_library()

    @step(
        number=NUMBERS, how=st.sampled_from(["tick", "untick", "unlike", "remove", "undo", "move"])
    )
    def change_library(self, number: int, how: str) -> None:
        library = self.explorer.library
        number = one_of(range(len(library.entries)), number)
        match how:
            case "tick" | "untick":
                library.tick(number, how == "tick")
            case "unlike":
                library.set_sign([number], -1)
            case "remove":
                library.remove([number])
            case "undo":
                library.undo()
            case "move":
                library.move(number, 1)

    @step()
    def agree_to_compare_the_library(self) -> None:
        self.explorer.library.agree(self.explored)
