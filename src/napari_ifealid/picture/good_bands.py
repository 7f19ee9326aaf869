"""The bands of a stack that a picture may use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.stack import FeatureStack


def good_bands(stack: FeatureStack) -> NDArray[np.intp]:
    """Return the numbers of the features that the stack's file does not call bad, rising."""
    flags = stack.bands.is_good
    return np.arange(stack.feature_count) if flags is None else np.flatnonzero(flags)
