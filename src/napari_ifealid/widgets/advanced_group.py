"""What few people need: the engine, the preview's memory, saving, help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from magicgui.widgets import ComboBox, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QMessageBox, QPushButton, QWidget

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer import KEYS, Explorer
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.sharpness import MOST_TAPS
from napari_ifealid.widgets.binding import bind_both_ways
from napari_ifealid.widgets.chart_panel import CHART_HELP
from napari_ifealid.widgets.plain_label import PlainLabel
from napari_ifealid.widgets.save_dialog import SaveDialog
from napari_ifealid.widgets.save_folder import SAVE_FOLDER
from napari_ifealid.widgets.status_texts import StatusTexts

_MOUSE_HELP = (
    "<p>Move over the picture to compare with the pixel under the cursor. Click to pin a pixel, "
    "click its pin to remove it.</p><p><b>Chart.</b> {}</p>"
    "<p>Keys, while the mouse is over the picture:</p>"
).format(CHART_HELP.replace("\n", "<br>"))


class AdvancedGroup(QWidget):
    """The engine and why it runs, memory, *Save dataset…* and the keys.

    Parameters
    ----------
    explorer : Explorer
    texts : StatusTexts
        Of which the group shows the one about the engine.
    show_chart : callable
        Shows the chart again, after the user has closed its dock.
    save_session : QWidget
        Saves a session.
    """

    def __init__(
        self,
        explorer: Explorer,
        texts: StatusTexts,
        show_chart: Callable[[], None],
        save_session: QWidget,
    ) -> None:
        super().__init__()
        self._explorer = explorer
        self._connections = Connections()
        self.engine = ComboBox(
            choices=[(choice.value, choice) for choice in EngineChoice],
            tooltip="What computes the similarity. Automatic takes the graphics card where there "
            "is one and the stack fits",
        )
        self.preview_memory = SpinBox(
            min=0,
            max=0,
            step=10,
            tooltip="Memory that a compressed copy of the features may take. It gives a preview of "
            "the map at once, the more accurate the larger it is. 0: no preview",
        )
        self.preview_memory.native.setKeyboardTracking(False)  # half a number is none
        self._preview_label = PlainLabel("Preview, MB")
        self.taps = SpinBox(
            min=1,
            max=MOST_TAPS,
            tooltip="Of how many pixels of the stack a pixel of a sharp map is made: more are "
            "smoother, and take more memory",
        )
        self.taps.native.setKeyboardTracking(False)
        self._taps_label = PlainLabel("Sharp, taps")
        self.help_button = QPushButton("Keys…")
        self.help_button.setToolTip("What keys, clicks and the wheel do")
        self.chart_button = QPushButton("Show chart")
        self.chart_button.setToolTip("Show the chart at the bottom, if you have closed it")
        self.chart_button.clicked.connect(lambda _: show_chart())
        self.save_button = QPushButton("Save dataset…")
        self.save_button.setToolTip("Save the features as an IFeaLiD ZIP")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Engine", self.engine.native)
        if (label := form.labelForField(self.engine.native)) is not None:
            label.setToolTip(self.engine.tooltip)
        self._preview_label.setToolTip(self.preview_memory.tooltip)
        form.addRow(texts.engine)
        form.addRow(self._preview_label, self.preview_memory.native)
        self._taps_label.setToolTip(self.taps.tooltip)
        form.addRow(self._taps_label, self.taps.native)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.help_button, self.chart_button, self.save_button):
            button.setStyleSheet("padding: 4px 2px")  # else three do not fit into a narrow dock
            buttons.addWidget(button)
        form.addRow(buttons)
        form.addRow(save_session)
        self._bind()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _bind(self) -> None:
        explorer, state = self._explorer, self._explorer.state
        bind_both_ways(state, engine=self.engine)
        self.preview_memory.changed.connect_setattr(state, "preview_memory", maxargs=1)
        self.taps.changed.connect(self._on_taps)
        self.help_button.clicked.connect(self._show_help)
        self.save_button.clicked.connect(self._save)
        for signal, callback in (
            (state.events.preview_memory, self._show_preview_memory),
            (explorer.preview_changed, self._show_preview_memory),
            (explorer.stack_changed, self._show_stack),
            (explorer.sharpness_changed, self._show_taps),
            (state.events.sharpness, self._show_taps),
        ):
            self._connections.connect(signal, callback)
        self._show_stack()
        self._show_preview_memory()
        self._show_taps()

    def _show_stack(self) -> None:
        self.save_button.setDisabled(self._explorer.stack is None)

    def _on_taps(self, taps: int) -> None:
        state = self._explorer.state
        state.sharpness = replace(state.sharpness, taps=taps)

    def _show_taps(self) -> None:
        session = self._explorer.session
        is_built_here = (
            session is not None and session.sharp.are_wanted and not session.sharp.learned_from
        )
        self._taps_label.setVisible(is_built_here)
        self.taps.native.setVisible(is_built_here)
        with self.taps.changed.blocked():
            self.taps.value = self._explorer.state.sharpness.taps

    def _show_preview_memory(self) -> None:
        session = self._explorer.session
        previews = None if session is None else session.previews
        has_preview = previews is not None and previews.is_begun
        self._preview_label.setVisible(has_preview)
        self.preview_memory.native.setVisible(has_preview)
        if previews is not None:
            with self.preview_memory.changed.blocked():
                self.preview_memory.max = previews.largest
                wanted = self._explorer.state.preview_memory
                self.preview_memory.value = min(wanted, previews.largest)

    def _show_help(self) -> None:
        rows = (f"<tr><td><b>{key}</b></td><td>{text}</td></tr>" for key, text in KEYS.items())
        box = QMessageBox(self)
        box.setWindowTitle("Keys and mouse")
        box.setText(f"{_MOUSE_HELP}<table cellpadding=4>{''.join(rows)}</table>")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()  # without stopping the window

    def _save(self) -> None:
        session, layer = self._explorer.session, self._explorer.state.layer
        stack = None if session is None else session.original
        if stack is not None and layer is not None:
            SaveDialog(stack, SAVE_FOLDER.starting_at(layer.source.path), self).open()
