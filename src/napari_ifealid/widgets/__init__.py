"""Dock widgets."""

from napari_ifealid.widgets.feature_similarity import FeatureSimilarity

__all__ = ["FeatureSimilarity"]
