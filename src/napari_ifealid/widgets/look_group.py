"""How the map and the image under it look."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import CheckBox, ComboBox, FloatSlider, SpinBox
from qtpy.QtWidgets import QAbstractSpinBox, QFormLayout, QWidget

from napari_ifealid.explorer import ColourRange, Explorer
from napari_ifealid.explorer.alpha_colormaps import colormap_names
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.picture import PictureKind
from napari_ifealid.widgets.binding import bind_both_ways
from napari_ifealid.widgets.narrow_combo_box import make_narrow
from napari_ifealid.widgets.status_texts import StatusTexts

_GREY = PictureKind.MEAN, PictureKind.NONE
_SHORT = {  # what a narrow dock would cut
    ColourRange.EACH_MAP: "min to max",
    ColourRange.PERCENTILES: "1 % to 99 %",
    ColourRange.ALL: "all possible",
}
_NUMBER_WIDTH = 40  # pixels, for "1.00"


class LookGroup(QWidget):
    """Controls of the colours.

    Parameters
    ----------
    explorer : Explorer
    texts : StatusTexts
        Of which the group shows the one about the colours.
    """

    def __init__(self, explorer: Explorer, texts: StatusTexts) -> None:
        super().__init__()
        self._explorer = explorer
        self._connections = Connections()
        self.colormap = ComboBox(
            choices=self._colormap_choices,
            tooltip="Colours from the least to the most similar pixels",
        )
        self.opacity = _fraction("Opacity of the whole heat map")
        self.base = _fraction(
            "Opacity of the least similar pixels; it rises to 1 for the most similar ones"
        )
        self.colour_range = ComboBox(
            choices=[(_SHORT.get(choice, choice.value), choice) for choice in ColourRange],
            tooltip="Values of the first and of the last colour. From the smallest to the largest "
            "of each map they change with each hover; the others can be compared. napari's own "
            "contrast limits set yours",
        )
        self.overlay_in_colour = CheckBox(
            text="Image in colour",
            tooltip="Show the original image under the heat map in colour, else in grey",
        )
        self.picture = ComboBox(
            choices=self._picture_choices,
            tooltip="Picture of a stack without an original image, under the heat map: of bands "
            "or channels that its file does not call bad",
        )
        self.shows_feature = CheckBox(
            text="Single feature",
            tooltip="Show the image of one feature instead of the similarity. A click in the "
            "chart chooses one, too",
        )
        self.feature = SpinBox(min=0, max=0, tooltip="Number of the feature")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Colormap", self.colormap.native)
        form.addRow("Colours", self.colour_range.native)
        line = texts.colours.fontMetrics().lineSpacing()
        texts.colours.setMinimumHeight(2 * line + 4)  # so that nothing moves when it changes
        form.addRow(texts.colours)
        form.addRow("Opacity", self.opacity.native)
        form.addRow("Base opacity", self.base.native)
        form.addRow("Picture", self.picture.native)
        form.addRow(self.overlay_in_colour.native)
        form.addRow(self.shows_feature.native, self.feature.native)
        for control in (self.colormap, self.colour_range, self.opacity, self.base, self.picture):
            if (label := form.labelForField(control.native)) is not None:
                label.setToolTip(control.tooltip)
        for control in (self.colormap, self.colour_range, self.picture):
            make_narrow(control.native)
        self._bind()

    def stop(self) -> None:
        """Stop following the explorer."""
        self._connections.close()

    def _bind(self) -> None:
        state = self._explorer.state
        self._show_colormap()
        bind_both_ways(
            state,
            opacity=self.opacity,
            base=self.base,
            colour_range=self.colour_range,
            overlay_in_colour=self.overlay_in_colour,
        )
        for name in ("colormap", "feature"):
            getattr(self, name).changed.connect_setattr(state, name, maxargs=1)
        self.shows_feature.changed.connect(self._on_shows_feature)
        self.picture.changed.connect(self._on_picture)
        # also the one that is chosen already, which is perhaps shown in grey
        self.picture.native.activated.connect(lambda _: self._on_picture(self.picture.value))
        for signal, callback in (
            (state.events.colormap, self._show_colormap),
            (state.events.feature, self._show_feature),
            (self._explorer.stack_changed, self._show_stack),
            (self._explorer.pictures.chosen, self._show_stack),
        ):
            self._connections.connect(signal, callback)
        self._show_stack()

    def _colormap_choices(self, _: Any) -> list[str]:
        names = colormap_names()
        chosen = self._explorer.state.colormap
        return names if chosen in names else [*names, chosen]

    def _show_colormap(self) -> None:
        with self.colormap.changed.blocked():
            self.colormap.reset_choices()
            self.colormap.value = self._explorer.state.colormap

    def _show_stack(self) -> None:
        stack = self._explorer.stack
        self.shows_feature.enabled = self.feature.enabled = stack is not None
        self._show_picture()
        is_picture = self.picture.value is not PictureKind.NONE
        self.overlay_in_colour.enabled = is_picture or (
            stack is not None and stack.overlay is not None
        )
        with self.feature.changed.blocked():
            self.feature.max = 0 if stack is None else stack.feature_count - 1

    def _picture_choices(self, _: Any) -> list[tuple[str, PictureKind]]:
        session = self._explorer.session
        if session is None or self._has_own_image:
            return [("original image", PictureKind.NONE)]
        kinds = self._explorer.pictures.kinds_of(session)
        return [(kind.value, kind) for kind in kinds]

    @property
    def _has_own_image(self) -> bool:
        session, stack = self._explorer.session, self._explorer.stack
        is_photo = session is not None and bool(session.layer.rgb)
        return is_photo or (stack is not None and stack.overlay is not None)

    def _show_picture(self) -> None:
        session = self._explorer.session
        with self.picture.changed.blocked():
            self.picture.reset_choices()
            if session is not None:
                self.picture.value = self._explorer.pictures.kind_of(session)
        self.picture.enabled = len(self.picture.choices) > 1

    def _on_picture(self, kind: PictureKind) -> None:
        if self._explorer.session is not None:
            self._explorer.pictures.choose(self._explorer.session.layer, kind)
            if kind not in _GREY:
                self._explorer.state.overlay_in_colour = True

    def _on_shows_feature(self, shows: bool) -> None:
        self._explorer.state.feature = self.feature.value if shows else None

    def _show_feature(self, feature: int | None) -> None:
        if feature is not None:
            self.feature.value = feature
        with self.shows_feature.changed.blocked():
            self.shows_feature.value = feature is not None


def _fraction(tooltip: str) -> FloatSlider:
    slider = FloatSlider(tooltip=tooltip, min=0.0, max=1.0, step=0.01)
    slider.native.setToolTip(tooltip)  # also of the number beside it
    number = slider.native.findChild(QAbstractSpinBox)
    width = f"min-width: {_NUMBER_WIDTH}px; max-width: {_NUMBER_WIDTH}px"
    number.setStyleSheet(f"{number.styleSheet()} {width}")  # else it is as wide as the slider
    return slider
