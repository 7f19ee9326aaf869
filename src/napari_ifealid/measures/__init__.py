"""Measures: how two vectors are compared. One measure per file."""

from napari_ifealid.measures.cosine import COSINE
from napari_ifealid.measures.measure import Measure, Preparation
from napari_ifealid.measures.spectral_angle import SPECTRAL_ANGLE, spectral_angle_similarity

MEASURES = (SPECTRAL_ANGLE, COSINE)
"""All measures, the default one first."""

__all__ = [
    "COSINE",
    "MEASURES",
    "SPECTRAL_ANGLE",
    "Measure",
    "Preparation",
    "spectral_angle_similarity",
]
