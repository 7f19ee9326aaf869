"""One opened stack: its grid, its engine, its preview, its vectors and its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import nan

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.engines import RunningEngine
from napari_ifealid.explorer.answers import Answers
from napari_ifealid.explorer.classifier import Classifier
from napari_ifealid.explorer.compared_pixels import ComparedPixels
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.engine_owner import EngineOwner
from napari_ifealid.explorer.feature_use import FeatureUse
from napari_ifealid.explorer.map_maker import MapMaker
from napari_ifealid.explorer.map_place import MapPlace, place_of_image, place_of_stack
from napari_ifealid.explorer.map_previews import MapPreviews
from napari_ifealid.explorer.map_request import FeatureRequest, MapRequest, SimilarityRequest
from napari_ifealid.explorer.opening import Features, Opening
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.preview_builder import PreviewBuilder
from napari_ifealid.explorer.reference_vectors import ReferenceVectors
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session_question import AnyReference, Question
from napari_ifealid.explorer.sharp_maps import SharpMaps
from napari_ifealid.explorer.sharp_previews import SharpPreviews
from napari_ifealid.explorer.sharpener import Sharpened, SharpenerState
from napari_ifealid.explorer.shown_map import Shown, ShownMap
from napari_ifealid.explorer.sources import MAP_NAME, SHARP_NAME, grid_of
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.formats.loading import cannot_read
from napari_ifealid.georeference import Georeference
from napari_ifealid.grid import Grid, Pixel, Region
from napari_ifealid.layers import image_grid, stack_georeference
from napari_ifealid.measures import Measure, UsedFeatures, used_values
from napari_ifealid.notices import show_warning
from napari_ifealid.preprocessing import Transform
from napari_ifealid.query import Origin, Query, Reference, Rule
from napari_ifealid.region_vector import RegionVector
from napari_ifealid.stack import FeatureStack

PLACEMENT_EVENTS = ("scale", "translate", "rotate", "shear", "affine")


class Session:
    """Opens the features of a layer and answers what is asked of them, in a map layer.

    It knows nothing of the cursor, of pins and of other sessions.

    Parameters
    ----------
    viewer : napari viewer
    layer : napari Image layer
    axis : int
        The one along which its features lie.
    state : ExplorerState
        The user's settings.
    scheduler : Scheduler
    use : FeatureUse, optional
        Which features are compared.
    """

    stack_changed = Signal()
    """The stack has been loaded, or is gone."""

    map_changed = Signal()
    """The map layer shows something else, see `shown`."""

    failed = Signal(object)
    """The stack could not be loaded, or a map not be made: an exception."""

    moved = Signal()
    """The grid lies elsewhere in the world."""

    engine_changed = Signal(str)
    """Which engine runs and why, in words for the user; empty while none does."""

    preview_changed = Signal()
    """A preview is needed, has been built or is gone."""

    features_changed = Signal()
    """Other features are compared."""

    sharpness_changed = Signal()
    """Maps are sharp or not, what they need is being built, or they can't be."""

    vectors_read = Signal()
    """Vectors that were asked for have been read."""

    eye_clicked = Signal(bool)
    """The map layer has been shown or hidden, and not by the session."""

    def __init__(
        self,
        viewer: ViewerModel,
        layer: Image,
        axis: int,
        state: ExplorerState,
        scheduler: Scheduler,
        use: FeatureUse | None = None,
    ) -> None:
        self.layer = layer
        self.axis = axis
        self._viewer = viewer
        self._state = state
        self._scheduler = scheduler
        self._use = FeatureUse() if use is None else use
        self._own_grid = grid_of(layer, axis)
        self._opening: Opening | None = None
        self._features: Features | None = None
        self._blocks: Answers | None = None  # about the stack's own pixels
        self._asked: Answers | None = None  # those that were asked last
        self._previews: PreviewBuilder | None = None
        self._question: Question | FeatureRequest | None = None
        self._image_grid: Grid | None = None  # while there are sharp maps
        self._is_waiting = False  # for vectors that are read
        self._is_resting = False  # makes no maps, since nobody sees them
        self._map = ShownMap(viewer, layer, lambda: self.map_place, state, scheduler)
        self._map.eye_clicked.connect(self.eye_clicked.emit)
        self._connections = Connections()
        self._connections.connect(self._use.changed, self._on_use)
        self._sharp = SharpMaps(
            layer,
            axis,
            state,
            scheduler,
            focus=self._looked_at,
            new_answers=self._new_sharp_answers,
            changed=self._on_sharp,
            failed=self.failed.emit,
        )
        self._connections.connect(state.events.measure, self._on_sharp)
        for name in PLACEMENT_EVENTS:
            self._connections.connect(getattr(layer.events, name), self._on_moved)

    @property
    def _running(self) -> Answers | None:
        """What answers questions now; None before the stack is loaded."""
        return self._sharp.answers if self.is_sharp else self._blocks

    @property
    def stack(self) -> FeatureStack | None:
        """The stack that is compared, once it is loaded: preprocessed, if that is chosen."""
        return None if self._features is None else self._features.stack

    @property
    def original(self) -> FeatureStack | None:
        """The stack as its layer has it, once it is loaded."""
        return None if self._features is None else self._features.original

    @property
    def transform(self) -> Transform | None:
        """What is done to the vectors before they are compared."""
        return None if self._features is None else self._features.transform

    @property
    def features(self) -> UsedFeatures | None:
        """The features that are compared; None for all of them."""
        return None if self.original is None else self._use.of(self.layer, self.original)

    @property
    def grid(self) -> Grid:
        """Where in the world the pixels lie that maps and references are of."""
        return self._image_grid if self.is_sharp and self._image_grid else self._own_grid

    @property
    def stack_grid(self) -> Grid:
        """Where in the world the stack's own pixels lie."""
        return self._own_grid

    @property
    def map_place(self) -> MapPlace:
        """Where maps lie, and of what shape they are."""
        if self.is_sharp:
            return place_of_image(self.layer, self.grid)
        return place_of_stack(self.layer, self.axis)

    @property
    def georeference(self) -> Georeference | None:
        """Where the pixels lie on the earth that maps are of, None where it is not known."""
        if self.original is None:
            return None
        return self.original.georeference if self.is_sharp else stack_georeference(self.original)

    @property
    def is_sharp(self) -> bool:
        """Whether maps and references are of the pixels of the image."""
        return self._sharp.are_shown

    @property
    def sharp(self) -> SharpMaps:
        """Whether sharp maps are wanted and possible, and what is being built for them."""
        return self._sharp

    @property
    def map_layer(self) -> Image | None:
        """The layer that the maps are written into."""
        return self._map.layer

    @property
    def shown(self) -> Shown | None:
        """Description of what the map layer shows."""
        return self._map.shown

    @property
    def map_values(self) -> NDArray[np.float32] | None:
        """A copy of the map that is shown, over all of space: NaN where it was not asked for."""
        return self._map.values

    @property
    def shown_values(self) -> NDArray[np.float32] | None:
        """The part of the map that was asked for. Not a copy."""
        return self._map.shown_values

    @property
    def spread(self) -> float | None:
        """Spread of the stack's vectors in its own units, once a measure has needed it."""
        return None if self._running is None else self._running.owner.spread

    @property
    def is_behind(self) -> bool:
        """Whether the map shown is not yet that of what was asked last."""
        if self._running is None or self.shown is None or self._is_waiting:
            return True
        return self.shown.request != self._running.maker.wanted

    @property
    def has_no_data(self) -> bool:
        """Whether a reference that was asked for last has no data: there is no map of it."""
        question = self._question
        if not isinstance(question, Question) or self._running is None:
            return False
        return self._running.is_whole and any(map(self.lacks_data, question.references))

    @property
    def is_resting(self) -> bool:
        """Whether no maps are made, since nobody sees them."""
        return self._is_resting

    @property
    def is_exact(self) -> bool:
        """Whether the map shown is the exact one of what was asked last."""
        return not self.is_behind and self.shown is not None and self.shown.error is None

    @property
    def previews(self) -> PreviewBuilder | None:
        """The preview of the stack and what builds it."""
        return self._previews

    @property
    def classifier(self) -> Classifier[AnyReference] | None:
        """What tells which of several references each pixel is most similar to."""
        return None if self._running is None else self._running.classifier

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        if self._running is None:
            return self._opening is None
        is_sharpened = self._sharp.building is not SharpenerState.BUILDING
        return self._running.is_idle and is_sharpened and not self._is_waiting

    def open(self) -> None:
        """Load the features and start the engine that is chosen; anew if that was done before."""
        was_sharp = self.is_sharp
        self._stop()
        if was_sharp:
            self._leave_image()
        self._opening = Opening(
            self.layer,
            self.axis,
            self._state.engine,
            self._state.preprocessing,
            self._use.chooser(self.layer),
            self._scheduler,
            opened=self._on_opened,
            progressed=lambda share: self.engine_changed.emit(f"GPU: {share:.0%} loaded"),
            failed=self._on_not_opened,
        )
        self._opening.begin()

    def title_of(self, measure: Measure) -> str:
        """Return by what pixels are compared, as in "cosine, 197 of 224 features, unit sum, sharp".

        Parameters
        ----------
        measure : Measure
            Of the features that are compared.
        """
        parts = [measure.title]
        if self.transform is not None:
            parts.append(self.transform.step.name)
        if self.is_sharp:
            parts.append("sharp")
        return ", ".join(parts)

    def open_anew(self) -> None:
        """Open the features again, since vectors mean something else; no map is shown till then."""
        self._forget()
        self.open()

    def original_vector(self, one: AnyReference) -> NDArray[np.float64] | None:
        """Return the vector of a reference before anything was done to it; None if not loaded.

        It is read now.
        """
        if isinstance(one, Reference):
            return one.vector
        if self._running is None:
            return None
        original = self._running.pixels.original
        if isinstance(one, RegionReference):
            return original.region_vector(one.pixels, self.features).mean
        return original.vector(one.pixel)

    def vector(self, pixel: Pixel) -> NDArray[np.float64] | None:
        """Return the real values of a pixel; None if they are still to be read."""
        return None if self._running is None else self._running.vectors.of_pixel(pixel)

    def region_vector(self, region: RegionReference) -> RegionVector | None:
        """Return the mean vector of a region; None if it is still to be read."""
        return None if self._running is None else self._running.vectors.of_region(region)

    def compare(
        self,
        references: Sequence[AnyReference],
        rule: Rule,
        measure: Measure,
        region: Region,
    ) -> None:
        """Show the map of a query.

        Parameters
        ----------
        references : sequence of PixelReference, RegionReference or Reference
            The session's own pixels, or vectors.
        rule : Rule
        measure : Measure
            Of the features that are compared.
        region : tuple of slice
            The pixels that are shown.
        """
        question = Question(tuple(references), rule, measure.over(self.features), region)
        is_known = isinstance(self._question, Question) and self._question.key == question.key
        self._question = question
        self._ask(is_known=is_known)

    def show_features(self, features: range, region: Region) -> None:
        """Show the values of a single feature, or the mean of several.

        Parameters
        ----------
        features : range
            Not empty, of step 1.
        region : tuple of slice
            The pixels that are shown.
        """
        self._question, self._is_waiting = FeatureRequest(features, region), False
        self._ask(is_known=False)

    def wait(self) -> None:
        """Answer nothing until something else is asked: its references are still to be read."""
        self._question, self._is_waiting = None, True
        if self._running is not None:
            self._running.maker.wait_with(None)

    def clear(self) -> None:
        """Show no map until something else is asked."""
        self._question, self._is_waiting = None, False
        self._forget()

    def rest(self) -> None:
        """Hide the map, and make none until `wake`; what is asked meanwhile is remembered."""
        self._is_resting = True
        if self._running is not None and not self.is_exact:
            self._is_waiting = False
            self._running.maker.wait_with(None)
        self._map.set_visible(not self._is_resting)

    def wake(self) -> None:
        """Show the map of what was asked last, and of what is asked from now on."""
        is_change, self._is_resting = self._is_resting, False
        self._map.set_visible(not self._is_resting)
        if is_change:
            self._answer()

    def answer(self) -> None:
        """Make the map of what was asked last, though nobody sees it."""
        if self._is_resting and not self.is_exact:
            self._answer()

    def tell(self) -> None:
        """Emit what is known already, for whoever has connected late."""
        if self._running is not None:
            self.engine_changed.emit(self._running.owner.description)
            self.stack_changed.emit()
            self.preview_changed.emit()

    def reference(self, one: AnyReference) -> Reference | None:
        """Return a reference with its vector; None if that is still to be read."""
        return None if self._running is None else self._running.vectors.reference(one)

    def lacks_data(self, one: AnyReference) -> bool:
        """Return whether a reference is known to be NaN or infinite where it is compared.

        Parameters
        ----------
        one : PixelReference, RegionReference or Reference
        """
        reference = self.reference(one)
        return reference is not None and self._is_void(reference.vector)

    def set_preview_memory(self, megabytes: int) -> None:
        """Let the preview take so much memory."""
        if self._previews is not None:
            self._previews.set_budget(megabytes)

    def close(self, *, keeps_map: bool = False) -> None:
        """Stop all that is under way, give back the engine and remove the map layer.

        Parameters
        ----------
        keeps_map : bool, optional
            Leave the map layer to the user.
        """
        self._connections.close()
        self._sharp.close()
        self._stop()
        self._features = None
        self._map.close(keeps_map=keeps_map)

    def _stop(self) -> None:
        """Drop the engine and whatever is under way."""
        self._question, self._is_waiting = None, False  # its pixels may be those of the image
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        self._sharp.release()
        if self._blocks is not None:
            self._blocks.close()
        self._blocks = self._asked = self._previews = None

    def _on_opened(self, features: Features, running: RunningEngine) -> None:
        self._opening = None
        stack = features.stack
        owner = EngineOwner(running, self._tell_engine)
        previews = PreviewBuilder(
            stack,
            owner,
            self._scheduler,
            budget=self._state.preview_memory,
            changed=self.preview_changed.emit,
            failed=self._report,
            features=self._use.of(self.layer, stack),
            source=self.layer.source.path,
        )
        self._features = features
        self._previews = previews
        self._blocks = self._new_answers(ComparedPixels.of(features), owner, previews)
        self._asked = self._blocks
        if stack.is_lazy:
            previews.begin()
        self._tell_engine(running)
        self.stack_changed.emit()
        self._sharp.open(features, self.features)

    def _new_answers(
        self, pixels: ComparedPixels, owner: EngineOwner, previews: MapPreviews
    ) -> Answers:
        """Return what answers questions about these pixels."""
        assert self._features is not None
        name = self._features.stack.name
        maker = MapMaker(
            name,
            owner,
            previews,
            self._scheduler,
            show=partial(self._show, pixels),
            failed=self._on_failed,
        )
        vectors = ReferenceVectors(
            pixels,
            self._scheduler,
            self._on_vectors_read,
            self._on_vectors_not_read,
            self._use.of(self.layer, self._features.original),
        )
        classifier = Classifier[AnyReference](
            name, owner, self._scheduler, resolve=vectors.reference, failed=self._report
        )
        return Answers(pixels, owner, vectors, maker, classifier)

    def _new_sharp_answers(self, sharpened: Sharpened) -> Answers:
        """Return what answers questions about the pixels of the image."""
        assert self._features is not None
        self._image_grid = image_grid(self._features.original, self._own_grid)
        pixels = ComparedPixels.of(self._features, sharpened.weights)
        owner = EngineOwner(sharpened.running, self._tell_engine)
        previews = SharpPreviews(sharpened.engine, self._map.seen)
        answers = self._new_answers(pixels, owner, previews)
        return replace(answers, is_whole=sharpened.is_whole)

    def _looked_at(self) -> Pixel | None:
        """Return the pixel of the image under the cursor, if nothing else is compared with."""
        question = self._question
        if not self.is_sharp or not isinstance(question, Question) or len(question.references) > 1:
            return None
        (reference,) = question.references
        if isinstance(reference, PixelReference) and reference.origin is Origin.CURSOR:
            return reference.pixel
        return None

    def _leave_image(self) -> None:
        """Lie on the stack's own pixels until there are sharp maps again, with no map as yet."""
        if self.shown is not None:
            self._blank()
        self._map.place()
        self.moved.emit()

    def _on_sharp(self) -> None:
        """Ask for maps on the pixels that they are of by now, if these are others."""
        if self._running is not self._asked:
            for answers in (self._asked, self._running):
                if answers is not None:
                    answers.maker.forget()
                    answers.classifier.rest()
            self._asked = self._running
            self._question, self._is_waiting = None, False
            if self.shown is not None:
                self._blank()
            self._map.place()
            if self._running is not None:
                self.engine_changed.emit(self._running.owner.description)
            self.moved.emit()
        self.sharpness_changed.emit()

    def _on_use(self, layer: Image) -> None:
        if layer is not self.layer or (self._opening is None and self._running is None):
            return
        if self._running is None or self.transform is not None:
            self.open_anew()  # what is done to a vector depends on its features
        else:
            for answers in (self._blocks, self._sharp.answers):
                if answers is not None:
                    answers.vectors.set_features(self.features)
            if self._previews is not None:
                self._previews.set_features(self.features)
        self.features_changed.emit()

    def _on_not_opened(self, error: Exception) -> None:
        self._opening = None
        self.failed.emit(error)

    def _tell_engine(self, running: RunningEngine) -> None:
        if self._running is not None:
            self.engine_changed.emit(self._running.owner.description)
        if running.is_stand_in:
            show_warning(f"The similarity is computed on the CPU, since {running.reason}.")

    def _ask(self, *, is_known: bool) -> None:
        """Answer what was asked, unless nobody sees it."""
        if not self._is_resting:
            self._answer()
        elif not is_known:
            self._is_waiting = False
            self._forget()  # else a wrong map would be seen for a moment later on

    def _answer(self) -> None:
        """Ask the map maker for what was asked last, as far as its vectors are known."""
        question, running = self._question, self._running
        if question is None or running is None:
            return
        if isinstance(question, FeatureRequest):
            running.maker.want(question)
            return
        self._is_waiting = True
        references = [self.reference(one) for one in question.references]
        if not self._is_waiting:
            return  # what was read at once is answered, or could not be read
        known = tuple(reference for reference in references if reference is not None)
        self._is_waiting = len(known) < len(references)
        if self._is_waiting:
            preview = None if self._previews is None else self._previews.preview
            running.maker.wait_with(running.vectors.approximate(question, preview))
        elif any(self._is_void(reference.vector) for reference in known):
            self._forget()
        else:
            query = Query(known, question.rule, question.measure)
            running.maker.want(SimilarityRequest(query, question.region))

    def _is_void(self, vector: NDArray[np.float64]) -> bool:
        """Return whether a vector, as it is compared, is NaN or infinite in a feature in use."""
        return not np.isfinite(used_values(vector, self.features)).all()

    def _on_vectors_read(self) -> None:
        self.vectors_read.emit()
        if self._running is not None:
            self._running.classifier.resume()
        if self._is_waiting:
            self._answer()

    def _on_vectors_not_read(self, error: Exception) -> None:
        has_no_classes = self._running is not None and self._running.classifier.give_up()
        if self._is_waiting and self._question is not None:
            self._is_waiting = False
            self._on_failed(error)
        elif has_no_classes:
            self._report(error)

    def _on_failed(self, error: Exception) -> None:
        self._blank()
        self._report(error)

    def _report(self, error: Exception) -> None:
        is_read = self.stack is not None and self.stack.is_lazy
        self.failed.emit(cannot_read(self.layer.name, error) if is_read else error)

    def _blank(self) -> None:
        """Show no map: the one shown is not that of what was asked."""
        self._map.blank()
        self.map_changed.emit()

    def _show(
        self,
        pixels: ComparedPixels,
        request: MapRequest,
        values: NDArray[np.float32],
        error: float | None,
    ) -> None:
        """Show a map of these pixels, if they are those that maps are of."""
        if self.stack is None or self._running is None or self._running.pixels is not pixels:
            return
        if isinstance(request, SimilarityRequest):
            name = SHARP_NAME if self.is_sharp else MAP_NAME
        else:
            name = self.stack.features_name(request.features)
        if error is None and not self._running.is_whole:
            error = nan  # there are values in a window alone
        self._map.show(self.grid.shape, name, request, values, error)
        self.map_changed.emit()

    def _forget(self) -> None:
        """Show no map, and make none."""
        if self._running is not None:
            self._running.maker.forget()
        if self.shown is not None:
            self._blank()

    def _on_moved(self) -> None:
        self._own_grid = grid_of(self.layer, self.axis)
        if self._sharp.answers is not None and self.original is not None:
            self._image_grid = image_grid(self.original, self._own_grid)
        self._map.place()
        self.moved.emit()
