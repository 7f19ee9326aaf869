"""Asks sessions for the maps that are wanted."""

from __future__ import annotations

from dataclasses import replace

from napari.components import Dims

from napari_ifealid.explorer.comparable_features import mismatch
from napari_ifealid.explorer.links import is_linked_by_place
from napari_ifealid.explorer.pointed_features import PointedFeatures
from napari_ifealid.explorer.references import References
from napari_ifealid.explorer.session import Session
from napari_ifealid.explorer.shown_region import shown_region
from napari_ifealid.explorer.state import ExplorerState
from napari_ifealid.grid import Region
from napari_ifealid.query import Origin


class Inquiry:
    """Asks a session for the map of its own references, or of those of another image's stack.

    Parameters
    ----------
    dims : napari Dims
        Of the viewer: which slice is shown.
    state : ExplorerState
    references : References
    pointed : PointedFeatures
        What is shown instead of the similarity.
    """

    def __init__(
        self, dims: Dims, state: ExplorerState, references: References, pointed: PointedFeatures
    ) -> None:
        self._dims = dims
        self._state = state
        self._references = references
        self._pointed = pointed

    def ask(self, session: Session, asking: Session) -> bool:
        """Ask a session for the map that is wanted; return whether that is one of similarity.

        Parameters
        ----------
        session : Session
            One whose stack is still to be loaded is not asked.
        asking : Session
            The one that the references are taken in.
        """
        stack = session.stack
        if stack is None:
            return False
        region, features = shown_region(self._dims, session.grid), self._pointed.shown
        if features is not None and features.stop <= stack.feature_count:
            session.show_features(features, region)
            return False
        if asking is session or is_linked_by_place(session, asking):
            asked = self._references.asked_of(session)
            session.compare(asked.references, asked.rule, self._state.measure, region)
        else:
            self._ask_for_vectors(session, asking, region)
        return True

    def _ask_for_vectors(self, session: Session, asking: Session, region: Region) -> None:
        """Ask a stack for the references of another image's, if it has the same features."""
        if asking.stack is None:
            session.wait()
            return
        if why_not_comparable(session, asking):
            session.clear()
            return
        asked = self._references.asked_of(asking)
        known = [asking.reference(one) for one in asked.references]
        vectors = [replace(one, origin=Origin.STACK) for one in known if one is not None]
        if len(vectors) == len(known):
            session.compare(vectors, asked.rule, self._state.measure, region)
        else:
            session.wait()


def why_not_comparable(session: Session, asking: Session) -> str:
    """Return why a session can't be asked for the references of another; empty if it can.

    Parameters
    ----------
    session : Session
    asking : Session
        The one that the references are taken in.
    """
    if session is asking or is_linked_by_place(session, asking):
        return ""
    if session.stack is None or asking.stack is None:
        return ""
    return mismatch(session.stack, asking.stack)
