"""What all pixels are compared with."""

from __future__ import annotations

from magicgui.widgets import CheckBox
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_ifealid.explorer import FOLLOW_KEY, Explorer, ReferenceMode
from napari_ifealid.widgets.binding import bind_both_ways
from napari_ifealid.widgets.measure_choice import MeasureChoice
from napari_ifealid.widgets.pin_list import PinList
from napari_ifealid.widgets.segmented_choice import SegmentedChoice
from napari_ifealid.widgets.status_texts import StatusTexts

_TOOLTIPS = {
    ReferenceMode.CURSOR: "Compare with the pixel under the cursor",
    ReferenceMode.MEAN: "Compare with the mean of the pins' vectors",
    ReferenceMode.BEST: "Similarity of each pixel to the pin that it is most like",
    ReferenceMode.DIFFERENCE: "Like the pins that are looked for, and unlike the others",
}


class QuestionGroup(QWidget):
    """The kind of reference, the measure, and the pins.

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
            text=f"Follow the cursor ({FOLLOW_KEY} holds it)",
            tooltip=f"Compare with the pixel under the cursor. The key {FOLLOW_KEY} holds the "
            "reference where it is, and releases it; the arrow keys move it then",
        )
        self.measure = MeasureChoice(explorer)
        self.pins = PinList(explorer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (
            self.reference,
            self.follow.native,
            texts.reference,
            self.measure,
            self.pins,
        ):
            layout.addWidget(part)
        bind_both_ways(explorer.state, reference=self.reference, follow=self.follow)

    def stop(self) -> None:
        """Stop following the explorer."""
        self.measure.stop()
        self.pins.stop()
