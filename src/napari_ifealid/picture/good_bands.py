"""The bands of a stack that a picture may use, and their wavelengths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.stack import FeatureStack
from napari_ifealid.wavelength_units import NANOMETRES, known_unit


def good_bands(stack: FeatureStack) -> NDArray[np.intp]:
    """Return the numbers of the features that the stack's file does not call bad, rising."""
    flags = stack.bands.is_good
    return np.arange(stack.feature_count) if flags is None else np.flatnonzero(flags)


def wavelengths_of(stack: FeatureStack) -> NDArray[np.float64] | None:
    """Return the wavelength of each feature in nm; None unless all labels have one.

    Parameters
    ----------
    stack : FeatureStack

    Returns
    -------
    array of float64, shape (C,), or None
    """
    assert stack.feature_labels is not None
    labels = numeric_labels(stack.feature_labels)
    factor = None if labels is None else NANOMETRES.get(known_unit(labels.unit))
    return None if labels is None or factor is None else labels.numbers * factor
