"""Pictures of stacks that have no image of their own, made in the background."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
from napari.components import Dims
from napari.layers import Image
from numpy.typing import NDArray
from psygnal import Signal

from napari_ifealid.explorer.connections import Connections
from napari_ifealid.explorer.schedulers import Scheduler
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.shown_region import plane_position
from napari_ifealid.formats.loading import cannot_read
from napari_ifealid.grid import Pixel
from napari_ifealid.picture import PictureKind, PictureMaker, default_kind, possible_kinds
from napari_ifealid.stack import FeatureStack


@dataclass(eq=False)
class _Picture:
    """The picture of a session that was asked for last."""

    stack: FeatureStack
    kind: PictureKind
    position: Pixel
    pixels: NDArray[np.uint8] | None
    """Those of another kind, if there were any, until its own are there."""

    cancel: Callable[[], None] = lambda: None

    def is_of(self, stack: FeatureStack, position: Pixel) -> bool:
        return self.stack is stack and self.position == position


class Pictures:
    """Makes pictures of stacks without an image, and remembers which ones the user chose.

    Parameters
    ----------
    dims : napari Dims
        Tell which slice of a volume is shown.
    scheduler : Scheduler
    """

    chosen = Signal(object)
    """Another picture was chosen: an Image layer."""

    changed = Signal(object)
    """The picture of a session is there, or is one of another slice: ask for it again."""

    failed = Signal(object)
    """A picture could not be made: an exception."""

    def __init__(self, dims: Dims, scheduler: Scheduler) -> None:
        self._dims = dims
        self._scheduler = scheduler
        self._chosen: WeakKeyDictionary[Image, PictureKind] = WeakKeyDictionary()
        self._pictures: WeakKeyDictionary[Session, _Picture] = WeakKeyDictionary()
        self._connections = Connections()
        self._connections.connect(dims.events.current_step, self._on_slice)

    def kinds_of(self, session: Session) -> list[PictureKind]:
        """Return the pictures that a session's stack can have; only none where it has an image.

        Parameters
        ----------
        session : Session
        """
        stack = session.original
        if stack is None or stack.overlay is not None or session.layer.rgb:
            return [PictureKind.NONE]
        return possible_kinds(stack)

    def kind_of(self, session: Session) -> PictureKind:
        """Return the picture that a session's stack has: the one chosen, where it is possible.

        Parameters
        ----------
        session : Session
        """
        kinds = self.kinds_of(session)
        chosen = self._chosen.get(session.layer)
        if chosen in kinds:
            return chosen
        stack = session.original
        return kinds[0] if stack is None or len(kinds) == 1 else default_kind(stack)

    def choose(self, layer: Image, kind: PictureKind) -> None:
        """Show this picture of a layer's stack from now on."""
        self._chosen[layer] = kind
        self.chosen.emit(layer)

    def of(self, session: Session) -> NDArray[np.uint8] | None:
        """Return the picture of a session's stack in the slice that is shown.

        Parameters
        ----------
        session : Session
            Its stack is loaded.

        Returns
        -------
        array of uint8, shape (h, w, 4), or None
            RGBA. While it is being made, another kind of picture of the same slice, if there was
            one; else None. `changed` is emitted once it is there.
        """
        stack, kind = session.original, self.kind_of(session)
        if stack is None or kind is PictureKind.NONE:
            return None
        position = plane_position(self._dims, session.grid)
        known = self._pictures.get(session)
        is_same_place = known is not None and known.is_of(stack, position)
        if known is None or not is_same_place or known.kind is not kind:
            before = known.pixels if known is not None and is_same_place else None
            if known is not None:
                known.cancel()
            known = self._pictures[session] = _Picture(stack, kind, position, before)
            self._begin(session, known)
        return known.pixels

    def close(self) -> None:
        """Make no more pictures."""
        self._connections.close()
        for picture in self._pictures.values():
            picture.cancel()
        self._pictures.clear()

    def _begin(self, session: Session, picture: _Picture) -> None:
        maker = PictureMaker(picture.stack, picture.kind, picture.position)
        picture.cancel = self._scheduler.in_steps(
            maker.steps,
            partial(self._on_step, session, picture),
            lambda: None,
            partial(self._on_failed, picture),
            f"Picture of {picture.stack.name}",
            len(maker),
        )

    def _on_step(
        self, session: Session, picture: _Picture, item: float | NDArray[np.uint8]
    ) -> None:
        if session.original is None:  # it was closed
            picture.cancel()
        elif not isinstance(item, float):
            picture.pixels = item
            self.changed.emit(session)

    def _on_failed(self, picture: _Picture, error: Exception) -> None:
        if isinstance(error, CancelledError):
            return
        stack = picture.stack
        self.failed.emit(cannot_read(stack.name, error) if stack.is_lazy else error)

    def _on_slice(self) -> None:
        for session, picture in list(self._pictures.items()):
            if session.original is None:
                del self._pictures[session]
            elif plane_position(self._dims, session.grid) != picture.position:
                self.changed.emit(session)
