"""What all pixels are compared with."""

from __future__ import annotations

from magicgui.widgets import CheckBox, ComboBox
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_ifealid.explorer import FOLLOW_KEY, Explorer, ReferenceMode
from napari_ifealid.grid import WINDOWS
from napari_ifealid.widgets.binding import bind_both_ways
from napari_ifealid.widgets.measure_choice import MeasureChoice
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.pin_list import PinList
from napari_ifealid.widgets.preprocessing_choice import PreprocessingChoice
from napari_ifealid.widgets.region_list import RegionList
from napari_ifealid.widgets.segmented_choice import SegmentedChoice
from napari_ifealid.widgets.sharp_choice import SharpChoice
from napari_ifealid.widgets.status_texts import StatusTexts

_TOOLTIPS = {
    ReferenceMode.CURSOR: "Compare with the pixel under the cursor",
    ReferenceMode.MEAN: "Compare with the mean of the references that are looked for",
    ReferenceMode.BEST: "Similarity of each pixel to the reference that it is most like, of those "
    "that are looked for",
    ReferenceMode.DIFFERENCE: "Like what is looked for, and unlike the others: half of the best "
    "similarity to the ones minus that to the others, from the middle of the scale. It needs a "
    "reference of each sign: +/− changes the sign",
}


class QuestionGroup(QWidget):
    """The kind of reference, the window around it, the measure, how sharp, pins and regions.

    Parameters
    ----------
    explorer : Explorer
    texts : StatusTexts
        Of which the group shows the one about the reference.
    """

    def __init__(self, explorer: Explorer, texts: StatusTexts) -> None:
        super().__init__()
        self.reference = SegmentedChoice(_TOOLTIPS)
        self.follow = CheckBox(
            text="Follow cursor",
            tooltip=f"Compare with the pixel under the cursor. The key {FOLLOW_KEY} holds the "
            "reference where it is, and releases it; the arrow keys move it then",
        )
        self.window_size = ComboBox(
            choices=[(f"window {length}×{length}", length) for length in WINDOWS],
            tooltip="Compare with the mean of so many pixels around the cursor, and around each "
            "pin, as far as there are any",
        )
        self.measure = MeasureChoice(explorer)
        self.preprocessing = PreprocessingChoice(explorer)
        self.sharp = SharpChoice(explorer)
        self.pins = PinList(explorer)
        self.regions = RegionList(explorer)
        make_narrow(self.window_size.native)
        window = QHBoxLayout()
        window.setSpacing(4)
        window.addWidget(self.follow.native)
        window.addWidget(self.window_size.native, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.reference)
        layout.addLayout(window)
        choices = self.measure, self.preprocessing, self.sharp
        for part in (texts.reference, *choices, self.pins, self.regions):
            layout.addWidget(part)
        bind_both_ways(
            explorer.state, reference=self.reference, follow=self.follow, window=self.window_size
        )

    def stop(self) -> None:
        """Stop following the explorer."""
        self.measure.stop()
        self.preprocessing.stop()
        self.sharp.stop()
        self.pins.stop()
        self.regions.stop()
