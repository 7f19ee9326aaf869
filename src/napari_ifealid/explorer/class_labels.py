"""Labels of the most similar reference, in the references' colours."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.classifier import Classifier, ClassMap
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.drawn_regions import DERIVED_KEY
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.map_labels import MEASURE_KEY, place_like_map
from napari_ifealid.explorer.named_labels import (
    CLASSIFIED_KEY,
    UNCLASSIFIED,
    ClassifiedPart,
    has_names,
)
from napari_ifealid.explorer.reference_colours import reference_colours
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.explorer.shown_region import shown_region
from napari_ifealid.grid import Region
from napari_ifealid.plain_text import never_markup, shown_name
from napari_ifealid.query import Query, Reference

_TRANSPARENT = np.zeros(4, np.float32)
_DRAWN_AS_IT_IS = np.uint16  # napari maps labels of more bytes anew at each change
_LONGEST_NAME = 40  # characters
_UNFINISHED = "classes (unfinished)"


class ClassLabels:
    """Makes a Labels layer of the classes, which follows references, measure and threshold.

    It does so until it is frozen, at the latest when another stack is explored. What is not yet
    known is blank. A layer that is frozen before all of it is known says so by its name; where the
    user cancels, there is none.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    """

    changed = Signal()
    """There are other classes, they follow, or they do no longer."""

    def __init__(self, viewer: ViewerModel, explorer: Explorer) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._layer: Labels | None = None
        self._own_name = ""
        self._session: Session | None = None
        self._written: Region | None = None  # whose classes the layer shows
        self._classifier: Classifier[AnyReference] | None = None
        self._connections = Connections()  # while the labels follow
        self._to_classifier = Connections()
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """The labels made last, if they are still there."""
        return self._layer

    @property
    def follows(self) -> bool:
        """Whether the labels follow the references."""
        return self._session is not None

    @property
    def can_be_made(self) -> bool:
        """Whether there is a reference that is looked for, and a map to lie on."""
        session = self._explorer.session
        return session is not None and session.map_layer is not None and bool(self._liked(session))

    @property
    def names(self) -> list[str]:
        """Name of each label that is shown, from 0."""
        references = () if self.classes is None else self.classes.query.references
        return [UNCLASSIFIED, *map(_name, references, range(1, len(references) + 1))]

    @property
    def classes(self) -> ClassMap | None:
        """What the labels show before the threshold is applied; None until it is known."""
        return None if self._classifier is None else self._classifier.shown

    @property
    def frozen(self) -> Labels | None:
        """Labels with names that follow nothing: those selected, else those made last."""
        for layer in (self._viewer.layers.selection.active, self._layer):
            if isinstance(layer, Labels) and has_names(layer):
                if DERIVED_KEY not in layer.metadata:
                    return layer
                return None
        return None

    def make(self) -> None:
        """Classify the pixels of the explored stack from now on."""
        self.freeze()
        session = self._explorer.session
        if session is None or session.map_layer is None:
            return
        self._session = session
        self._written = None
        self._layer = _layer(session, session.map_layer.data.shape)
        layers = self._viewer.layers
        selected = set(layers.selection)
        self._viewer.add_layer(self._layer)
        self._own_name = self._layer.name
        layers.move(len(layers) - 1, layers.index(session.map_layer) + 1)  # under the pins
        layers.selection = selected
        self._connections.connect(self._explorer.asked_anew, self._ask)
        self._connections.connect(self._explorer.stack_changed, self._on_stack)
        self._connections.connect(self._explorer.state.events.preprocessing, self._ask)
        self._connections.connect(self._explorer.state.events.threshold, self._write)
        self._connections.connect(session.moved, self._place)
        self._ask()
        self.changed.emit()

    def freeze(self) -> None:
        """Leave the labels as they are."""
        session, self._session = self._session, None
        if session is None:
            return
        self._connections.close()
        self._to_classifier.close()
        if self._classifier is not None:
            classifier, self._classifier = self._classifier, None
            classifier.rest()
        if self._layer is not None:
            self._finish(self._layer, session)
        self._explorer.regions.candidates_changed.emit()
        self.changed.emit()

    def close(self) -> None:
        """Leave the labels to the user."""
        self.freeze()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _finish(self, layer: Labels, session: Session) -> None:
        """Note in the layer what it has; it claims no classes where these are not known."""
        layer.metadata.pop(DERIVED_KEY, None)
        if self._written is not None:
            part = ClassifiedPart.of(self._written, session, layer)
            layer.metadata[CLASSIFIED_KEY] = part
        else:
            layer.features = pd.DataFrame()
            if layer.name == self._own_name:
                layer.name = _UNFINISHED

    def _on_cancelled(self) -> None:
        if self._layer is not None:
            self._viewer.layers.remove(self._layer)

    def _liked(self, session: Session) -> list[AnyReference]:
        return [one for one in self._explorer.counted_in(session) if one.sign > 0]

    def _on_stack(self) -> None:
        if self._explorer.session is not self._session:
            self.freeze()

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer:
            self._layer = None
            self.freeze()

    def _ask(self) -> None:
        """Ask for the classes of the references that there are now."""
        session = self._session
        if session is None or session is not self._explorer.session:
            self.freeze()
            return
        classifier = session.classifier
        if classifier is not self._classifier:
            self._to_classifier.close()
            self._classifier = classifier
            if classifier is not None:
                self._to_classifier.connect(classifier.changed, self._write)
                self._to_classifier.connect(classifier.cancelled, self._on_cancelled)
            self._write()
        if classifier is None:
            return  # the engine is being started, and this is called again then
        measure = self._explorer.state.measure.over(session.features)
        region = shown_region(self._viewer.dims, session.grid)
        classifier.ask(self._liked(session), measure, region)

    def _place(self) -> None:
        layer, session = self._layer, self._session
        if layer is not None and session is not None:
            if layer.data.size == prod(session.grid.shape):
                place_like_map(layer, session)
            else:
                self.freeze()  # maps are of other pixels by now

    def _write(self) -> None:
        """Write the classes above the threshold; other slices have none."""
        layer, session, classes = self._layer, self._session, self.classes
        if layer is None or session is None or session.stack is None:
            return
        if layer.data.size != prod(session.grid.shape):
            self.freeze()  # maps are of other pixels by now
            return
        numbers = layer.data.reshape(session.grid.shape)
        numbers[...] = 0
        self._written = None if classes is None else classes.region
        if classes is not None:
            numbers[classes.region] = classes.above(self._explorer.state.threshold)
            layer.metadata[MEASURE_KEY] = session.title_of(classes.query.measure)
            self._show_names(layer, classes.query)
        layer.refresh(thumbnail=False, extent=False, highlight=False)
        self.changed.emit()

    def _show_names(self, layer: Labels, query: Query) -> None:
        """Name the labels after the references that they are of, in their colours."""
        names = self.names
        # napari shows them in its status bar
        shown = [never_markup(name) for name in names]
        table = pd.DataFrame({"index": range(len(names)), "name": shown})
        if not table.equals(layer.features):
            layer.features = table
        colours = {0: _TRANSPARENT, None: _TRANSPARENT}
        colours |= dict(enumerate(map(_rgba, reference_colours(query.references)), start=1))
        before = getattr(layer.colormap, "color_dict", {})
        if before.keys() != colours.keys() or any(
            not np.array_equal(before[label], colour) for label, colour in colours.items()
        ):
            layer.colormap = DirectLabelColormap(color_dict=colours)
        if layer.name == self._own_name:
            is_sharp = self._session is not None and self._session.is_sharp
            kind = "sharp classes" if is_sharp else "classes"
            layer.name = shown_name(_shortened(f"{kind}: {', '.join(names[1:])}"))
            self._own_name = layer.name


def _layer(session: Session, shape: tuple[int, ...]) -> Labels:
    """Return an empty Labels layer that lies where the map of a session lies."""
    return Labels(
        np.zeros(shape, _DRAWN_AS_IT_IS),
        name="classes",
        metadata={DERIVED_KEY: True},
        opacity=0.7,
        **session.map_place.placement,
    )


def _name(reference: Reference, number: int) -> str:
    return reference.label or f"reference {number}"


def _rgba(colour: str) -> NDArray[np.float32]:
    levels = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8)
    return np.append(levels / np.float32(255.0), np.float32(1.0)).astype(np.float32)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1].rstrip(', ')}…"
