"""The sharp maps of a session: whether they are wanted and possible, and what answers for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari.layers import Image

from napari_ifealid.explorer.answers import Answers
from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.opening import Features
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.sharpener import Sharpened, Sharpener, SharpenerState
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Pixel
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.sharpening import is_worth_it, refusal_of, why_not_sharp


class SharpMaps:
    """Builds what sharp maps of a stack need, as the settings say, and releases it.

    Parameters
    ----------
    layer : napari Image layer
    axis : int
        The one along which its features lie.
    state : ExplorerState
        The user's settings.
    scheduler : Scheduler
    focus : callable
        `focus()`: the pixel of the image that is looked at, which is sharpened first; None where
        all of the image is needed at once.
    new_answers : callable
        `new_answers(sharpened)`: what answers questions about the pixels of the image.
    changed : callable
        Called when other pixels are asked from now on, or something is being built.
    failed : callable
        `failed(error)`
    """

    def __init__(
        self,
        layer: Image,
        axis: int,
        state: ExplorerState,
        scheduler: Scheduler,
        *,
        focus: Callable[[], Pixel | None],
        new_answers: Callable[[Sharpened], Answers],
        changed: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._has_own_axis = axis == 0 and not layer.rgb
        self._state = state
        self._scheduler = scheduler
        self._focus = focus
        self._new_answers = new_answers
        self._changed = changed
        self._failed = failed
        self._features: Features | None = None
        self._used: UsedFeatures | None = None
        self._sharpener: Sharpener | None = None
        self._answers: Answers | None = None
        self._answering: Sharpened | None = None  # what they use
        self._connections = Connections()
        for signal in (state.events.sharp, state.events.sharpness):
            self._connections.connect(signal, self._update)

    @property
    def answers(self) -> Answers | None:
        """What answers questions about the pixels of the image, once it is built."""
        return self._answers

    @property
    def are_shown(self) -> bool:
        """Whether maps are sharp: what they need is there, and the measure has them."""
        return self._answers is not None and not refusal_of(self._state.measure)

    @property
    def are_wanted(self) -> bool:
        """Whether maps are to be sharp as soon as the measure allows it."""
        if self._features is None or self._state.sharp is False or self._why_never():
            return False
        is_chosen = bool(self._state.sharp)
        return is_chosen or is_worth_it(self._features.stack, self._state.sharpness)

    @property
    def why_not(self) -> str:
        """Why there can be none now, in words for the user; empty if there can."""
        return self._why_never() or refusal_of(self._state.measure)

    @property
    def building(self) -> SharpenerState:
        """State of what sharp maps need."""
        return SharpenerState.NONE if self._sharpener is None else self._sharpener.state

    @property
    def learned_from(self) -> Path | None:
        """The file of an up-sampler's weights that maps are made with, if there is one."""
        sharpened = None if self._sharpener is None else self._sharpener.sharpened
        return None if sharpened is None else sharpened.learned_from

    def open(self, features: Features, used: UsedFeatures | None) -> None:
        """Build what is needed for a stack that has been loaded.

        Parameters
        ----------
        features : Features
        used : UsedFeatures or None
            Those that the first map compares.
        """
        self._features, self._used = features, used
        self._update()

    def release(self) -> None:
        """Release all, without a word: the stack is gone, or is loaded again."""
        self._features = None
        self._drop()

    def close(self) -> None:
        """Release all, and follow the settings no longer."""
        self._connections.close()
        self.release()

    def _why_never(self) -> str:
        """Return why there can be none, whatever the measure is."""
        if self._features is None:
            return "the stack is still to be loaded"
        if not self._has_own_axis:
            return "the features are no stack of their own"
        return why_not_sharp(self._features.stack, self._state.sharpness)

    def _update(self) -> None:
        """Build what is needed, or release it, as the user wants."""
        if self._features is None:
            return
        if not self.are_wanted:
            self._drop()
            self._changed()
            return
        if self._sharpener is None:
            self._sharpener = Sharpener(
                self._features.stack,
                self._features.original.source,
                self._state.engine,
                self._scheduler,
                self._on_sharpener,
                self._failed,
            )
        measure = self._state.measure.over(self._used)
        self._sharpener.want(self._state.sharpness, measure, self._focus())

    def _on_sharpener(self) -> None:
        if self._sharpener is None:
            return
        sharpened = self._sharpener.sharpened
        if sharpened is not self._answering:
            self._close_answers()
            self._answering = sharpened
            self._answers = None if sharpened is None else self._new_answers(sharpened)
        self._changed()

    def _drop(self) -> None:
        if self._sharpener is not None:
            self._sharpener.forget()
            self._sharpener = None
        self._close_answers()

    def _close_answers(self) -> None:
        if self._answers is not None:
            self._answers.close()
            self._answers = self._answering = None
