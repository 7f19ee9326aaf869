"""The features whose image is shown for a while: those that the user points at in the chart."""

from __future__ import annotations

from napari_ifealid.explorer.state import ExplorerState


class PointedFeatures:
    """Knows which features are shown instead of the similarity.

    Parameters
    ----------
    state : ExplorerState
        It has the single feature that is kept.
    """

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._hovered: int | None = None
        self._selected: range | None = None

    @property
    def shown(self) -> range | None:
        """What is shown: what is pointed at goes first. None: the similarity is."""
        if self._hovered is None and self._selected is not None:
            return self._selected
        feature = self._state.feature if self._hovered is None else self._hovered
        return None if feature is None else range(feature, feature + 1)

    def hover(self, feature: int | None) -> bool:
        """Point at a single feature, or at none; return whether that is a change."""
        is_change, self._hovered = feature != self._hovered, feature
        return is_change

    def select(self, features: range | None) -> bool:
        """Select several features, or none; return whether that is a change."""
        is_change, self._selected = features != self._selected, features
        return is_change

    def forget(self) -> None:
        """Point at nothing."""
        self._hovered = self._selected = None
