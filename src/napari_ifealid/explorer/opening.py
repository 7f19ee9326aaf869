"""A layer's features loaded, and an engine started for them, without stopping the window."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from napari.layers import Image

from napari_ifealid.engines import (
    EngineChoice,
    PreparedBlocks,
    PreparedStack,
    Renderer,
    RunningEngine,
    find_renderer,
    plan_engine,
    prepare_stack,
    start_in_steps,
)
from napari_ifealid.errors import DatasetError
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.sources import feature_stack, full_data
from napari_ifealid.layers import STACK_KEY
from napari_ifealid.measures import UsedFeatures
from napari_ifealid.preprocessing import Step, Transform, preprocessed, transform_of
from napari_ifealid.stack import FeatureStack

MOST_FEATURES = 1 << 20
"""Of a pixel that is compared: the chart, the references and the preview take memory for each."""


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a layer, as they are compared.

    Parameters
    ----------
    original : FeatureStack
        As the layer has them.
    stack : FeatureStack
        What is compared: the same one, unless it is preprocessed.
    transform : Transform or None
        What was done to it.
    """

    original: FeatureStack
    stack: FeatureStack
    transform: Transform | None


Prepared = tuple[Features, PreparedStack | PreparedBlocks]


class Opening:
    """Loads the features of a layer and starts an engine, until it is cancelled.

    Parameters
    ----------
    layer : napari Image layer
    axis : int
        The one along which its features lie.
    choice : EngineChoice
    step : Step or None
        What is done to the features before they are compared.
    used_in : callable
        `used_in(stack)`: the features of it that are compared. Called in another thread.
    scheduler : Scheduler
    opened : callable
        `opened(features, running)`, called at the end; the callback owns the engine.
    progressed : callable
        `progressed(share)`, called with the share of the features that is on the GPU.
    failed : callable
        `failed(error)`
    """

    def __init__(
        self,
        layer: Image,
        axis: int,
        choice: EngineChoice,
        step: Step | None,
        used_in: Callable[[FeatureStack], UsedFeatures | None],
        scheduler: Scheduler,
        *,
        opened: Callable[[Features, RunningEngine], None],
        progressed: Callable[[float], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._scheduler = scheduler
        self._opened = opened
        self._progressed = progressed
        self._failed = failed
        self._is_cancelled = False
        self._load = _Load(
            data=full_data(layer),
            opened=None if layer.rgb else layer.metadata.get(STACK_KEY),
            axis=axis,
            name=layer.name,
            choice=choice,
            step=step,
            used_in=used_in,
            renderer=find_renderer(),
        )

    def begin(self) -> None:
        """Load the features."""
        self._scheduler.in_background(
            self._load, self._start, self._on_failed, f"Loading {self._load.name}"
        )

    def cancel(self) -> None:
        """Cancel: no callback is called from now on."""
        self._is_cancelled = True

    def _start(self, prepared: Prepared) -> None:
        if not self._is_cancelled:
            features, to_start = prepared
            self._advance(features, start_in_steps(to_start))

    def _advance(self, features: Features, steps: Generator[float, None, RunningEngine]) -> None:
        """Do one step between the window's events."""
        if self._is_cancelled:
            steps.close()
            return
        try:
            share = next(steps)
        except StopIteration as end:
            self._opened(features, end.value)
        else:
            self._progressed(share)
            self._scheduler.soon(lambda: self._advance(features, steps))

    def _on_failed(self, error: Exception) -> None:
        if not self._is_cancelled:
            self._failed(error)


@dataclass(frozen=True, eq=False)
class _Load:
    """The work for another thread. It holds only what it needs, and no layer."""

    data: Any
    opened: FeatureStack | None
    axis: int
    name: str
    choice: EngineChoice
    step: Step | None
    used_in: Callable[[FeatureStack], UsedFeatures | None]
    renderer: Renderer | None

    def __call__(self) -> Prepared:
        _check_count(self.data.shape[self.axis], self.name)
        stack = original = feature_stack(self.data, self.opened, self.axis, self.name)
        transform = None
        if self.step is not None:
            transform = transform_of(stack, self.step, self.used_in(stack))
            stack = preprocessed(stack, transform)
        prepared = prepare_stack(stack, plan_engine(self.choice, stack, self.renderer))
        return Features(original, stack, transform), prepared


def _check_count(features: int, name: str) -> None:
    if features > MOST_FEATURES:
        raise DatasetError(
            f"{features:,} features of each pixel",
            expected=f"at most {MOST_FEATURES:,}",
            remedy="Choose another axis for the features.",
            file=name,
        )
