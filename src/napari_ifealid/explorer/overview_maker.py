"""Makes overviews of the explored stack in the background."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial

from napari.components import ViewerModel
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.error_reports import ErrorReports
from napari_ifealid.explorer.explorer import Explorer
from napari_ifealid.explorer.overview_layers import Overview, add_overview
from napari_ifealid.explorer.schedulers import ImmediateScheduler, Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.formats.loading import cannot_read
from napari_ifealid.notices import show_error
from napari_ifealid.overview import (
    Aspect,
    PrincipalComponents,
    Segments,
    components_picture,
)
from napari_ifealid.overview.components import component_steps
from napari_ifealid.overview.segmentation import segment_steps
from napari_ifealid.stack import FeatureStack


@dataclass(frozen=True)
class ComponentsRequest:
    """The wish for a picture of the principal components."""

    aspect: Aspect

    def steps(self, stack: FeatureStack) -> Generator[float | Overview]:
        """Yield how much is done, 0 to 1, then the overview."""
        for item in component_steps(stack, self.aspect):
            yield item if isinstance(item, float) else self._overview(item)

    def _overview(self, components: PrincipalComponents) -> Overview:
        count = len(components.variances)
        shares = ", ".join(f"{100 * share:.3g} %" for share in components.explained)
        name = "PC1" if count == 1 else f"PC1–{count}"
        return Overview(
            _named("components", self.aspect),
            components_picture(components),
            f"{name}: {shares} of the variance",
        )


@dataclass(frozen=True)
class SegmentsRequest:
    """The wish for so many segments."""

    count: int
    aspect: Aspect

    def steps(self, stack: FeatureStack) -> Generator[float | Overview]:
        """Yield how much is done, 0 to 1, then the overview."""
        for item in segment_steps(stack, self.count, self.aspect):
            yield item if isinstance(item, float) else self._overview(item)

    def _overview(self, found: Segments) -> Overview:
        count, sizes = len(found.centres), found.sizes
        summary = f"{count} {'segment' if count == 1 else 'segments'}"
        if count:
            largest, smallest = (100 * size / found.labels.size for size in sizes[[0, -1]])
            summary += f", from {largest:.3g} % to {smallest:.3g} % of the pixels"
        if count < self.count:
            summary += ": there are no more different ones"
        name = f"{count} {'segment' if count == 1 else 'segments'}"
        return Overview(_named(name, self.aspect), found.labels, summary)


OverviewRequest = ComponentsRequest | SegmentsRequest


@dataclass(eq=False)
class _Run:
    """The overview that is being made."""

    request: OverviewRequest
    session: Session
    stack: FeatureStack
    share: float = 0.0
    cancel: Callable[[], None] = lambda: None

    @property
    def is_outdated(self) -> bool:
        """Whether something else is done to the vectors by now."""
        return self.session.stack is not self.stack


class OverviewMaker:
    """Makes overviews of the explored stack, one at a time, as layers.

    Parameters
    ----------
    viewer : napari viewer
    explorer : Explorer
    scheduler : Scheduler, optional
        Runs the work. Without one, all is done at once.
    """

    changed = Signal()
    """An overview has been begun, is further or has ended, or another stack is explored."""

    def __init__(
        self, viewer: ViewerModel, explorer: Explorer, scheduler: Scheduler | None = None
    ) -> None:
        self._viewer = viewer
        self._explorer = explorer
        self._scheduler = scheduler or ImmediateScheduler()
        self._run: _Run | None = None
        self._summary = ""
        self._about: tuple[Session | None, FeatureStack | None] = None, None  # of the summary
        self._errors = ErrorReports(show_error)
        self._connections = Connections()
        self._connections.connect(explorer.stack_changed, self._on_stack)

    @property
    def is_running(self) -> bool:
        """Whether an overview is being made."""
        return self._run is not None

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return 0.0 if self._run is None else self._run.share

    @property
    def can_begin(self) -> bool:
        """Whether there is a stack, and nothing is being made."""
        return self._run is None and self._explorer.stack is not None

    @property
    def summary(self) -> str:
        """What there is to say about the overview of the explored stack that was made last."""
        return self._summary

    def make(self, request: OverviewRequest) -> None:
        """Make an overview, unless one is being made or there is no stack.

        Parameters
        ----------
        request : ComponentsRequest or SegmentsRequest
        """
        session, stack = self._explorer.session, self._explorer.stack
        if self._run is not None or session is None or stack is None:
            return
        self._errors.forget()
        self._summary = ""
        run = self._run = _Run(request, session, stack)
        self.changed.emit()
        run.cancel = self._scheduler.in_steps(
            partial(request.steps, stack),
            partial(self._on_step, run),
            lambda: None,
            partial(self._on_failed, run),
        )

    def cancel(self) -> None:
        """Make nothing of what has been begun."""
        if self._run is not None:
            run, self._run = self._run, None
            run.cancel()
            self.changed.emit()

    def close(self) -> None:
        """Stop all that is under way, and leave the layers to the user."""
        self._connections.close()
        self.cancel()
        self._about = None, None

    def _on_stack(self) -> None:
        """End what is of another stack than the one explored, or of other data."""
        run, session, stack = self._run, self._explorer.session, self._explorer.stack
        if run is not None and (run.session is not session or run.is_outdated):
            self.cancel()
        if self._about[0] is not session or self._about[1] is not stack:
            self._about, self._summary = (session, stack), ""
        self.changed.emit()

    def _on_step(self, run: _Run, item: float | Overview) -> None:
        if run is not self._run:
            return
        if run.is_outdated:
            self.cancel()
            return
        if isinstance(item, float):
            run.share = item
        else:
            self._run = None
            self._about, self._summary = (run.session, run.stack), item.summary
            add_overview(self._viewer, run.session, run.stack, item, run.request)
        self.changed.emit()

    def _on_failed(self, run: _Run, error: Exception) -> None:
        if run is not self._run:
            return
        self._run = None
        self.changed.emit()
        name = run.session.layer.name
        self._errors.report(cannot_read(name, error) if run.stack.is_lazy else error)


def _named(name: str, aspect: Aspect) -> str:
    return name if aspect is Aspect.DIRECTIONS else f"{name} by {aspect.value}"
