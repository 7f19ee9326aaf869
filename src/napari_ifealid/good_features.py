"""The features of a stack that are compared unless others are chosen."""

from __future__ import annotations

from napari_ifealid.measures import UsedFeatures
from napari_ifealid.stack import FeatureStack


def good_features(stack: FeatureStack) -> UsedFeatures | None:
    """Return the features that a stack's file calls good; None where it calls all or none so."""
    flags = stack.bands.is_good
    return None if flags is None else UsedFeatures.of(flags)
