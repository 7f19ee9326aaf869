"""Steps that open and close files, arrays, sessions, panels and windows."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from abuse_files import ARRAYS, FILES, array_of
from hypothesis import strategies as st
from napari.layers import Layer
from window_steps import NUMBERS, PointlessStepError, WindowSteps, step

from napari_ifealid import open_session
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.session_capture import captured_session
from napari_ifealid.session_files import write_session_file

_OTHERS = ("labels", "points", "shapes", "similarity", "flat")


class OpeningSteps(WindowSteps):
    """Opens and closes whatever there is."""

    @step(file=st.sampled_from(FILES))
    def open_file(self, file: str) -> None:
        self._open([str(self.window.folder / file)])

    @step()
    def open_two_of_one_image(self) -> None:
        self._open([str(self.window.folder / f"cat {when}.zip") for when in ("early", "late")])

    @step(kind=st.sampled_from(ARRAYS))
    def add_array(self, kind: str) -> None:
        self.window.remember(self.window.viewer.add_image(**array_of(kind)))

    @step(kind=st.sampled_from(_OTHERS))
    def add_another_layer(self, kind: str) -> None:
        viewer, rng = self.window.viewer, np.random.default_rng(3)
        match kind:
            case "labels":
                viewer.add_labels(rng.integers(0, 4, (10, 9)))
            case "points":
                viewer.add_points(rng.normal(size=(5, 2)) * 5.0, name="references")
            case "shapes":
                viewer.add_shapes([[[0, 0], [5, 0], [5, 5], [0, 5]]], shape_type="rectangle")
            case _:
                self.window.remember(viewer.add_image(rng.normal(size=(11, 12)), name=kind))

    @step(number=NUMBERS)
    def add_a_layer_twice(self, number: int) -> None:
        copied = Layer.create(*self.layer(number).as_layer_data_tuple())
        self.window.viewer.add_layer(copied)

    @step()
    def open_panel(self) -> None:
        self.window.open_panel()

    @step(by_its_button=st.booleans())
    def close_panel(self, by_its_button: bool) -> None:
        self.window.close_panel(by_its_button=by_its_button)

    @step(floats=st.booleans())
    def float_panel(self, floats: bool) -> None:
        if self.panel:
            self.window.current.dock.setFloating(floats)

    @step(is_visible=st.booleans())
    def hide_panel(self, is_visible: bool) -> None:
        if self.panel:
            self.window.current.dock.setVisible(is_visible)

    @step()
    def save_session(self) -> None:
        try:
            session = captured_session(self.explorer, self.window.viewer)
        except DatasetError as error:  # the user is told why
            raise PointlessStepError from error
        write_session_file(self.saved, session, force=True)

    @step()
    def open_saved_session(self) -> None:
        if self.panel and not self.saved.exists():
            raise PointlessStepError
        open_session(self.window.viewer, self.saved)

    @step(may_open=st.integers(0, 2))
    def go_to_another_window(self, may_open: int) -> None:
        if may_open and len(self.window.windows) == 1:
            raise PointlessStepError  # a new one takes a second
        self.window.open_another()
        self.window.open_panel()

    @step()
    def close_another_window(self) -> None:
        self.window.close_another()

    @property
    def saved(self) -> Path:
        """The session file of this sequence."""
        return self.window.folder / "saved.ifealid.json"

    def _open(self, paths: list[str]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layers = self.window.viewer.open(paths, plugin="napari-ifealid")
        self.window.remember(*layers)
