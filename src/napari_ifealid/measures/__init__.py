"""Measures: how two vectors are compared. One measure per file."""

from napari_ifealid.measures.ace import ACE
from napari_ifealid.measures.background import Background
from napari_ifealid.measures.cem import CEM
from napari_ifealid.measures.cosine import COSINE
from napari_ifealid.measures.divergence import INFORMATION_DIVERGENCE
from napari_ifealid.measures.euclidean import EUCLIDEAN
from napari_ifealid.measures.kernels import Divergence, Linear, UnitLength
from napari_ifealid.measures.matched_filter import MATCHED_FILTER
from napari_ifealid.measures.measure import Measure, Needs
from napari_ifealid.measures.moments import Moments
from napari_ifealid.measures.pearson import PEARSON
from napari_ifealid.measures.scale import SIMILARITY, Scale
from napari_ifealid.measures.spectral_angle import SPECTRAL_ANGLE, spectral_angle_similarity
from napari_ifealid.measures.used_features import UsedFeatures, used_values

MEASURES = (
    SPECTRAL_ANGLE,
    COSINE,
    PEARSON,
    EUCLIDEAN,
    INFORMATION_DIVERGENCE,
    ACE,
    CEM,
    MATCHED_FILTER,
)
"""All measures, the default one first."""


def measure_named(name: str) -> Measure:
    """Return the measure of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    known = {one.name: one for one in MEASURES}
    if name not in known:
        raise ValueError(f"the measure {name!r}; expected one of {', '.join(known)}")
    return known[name]


__all__ = [
    "ACE",
    "CEM",
    "COSINE",
    "EUCLIDEAN",
    "INFORMATION_DIVERGENCE",
    "MATCHED_FILTER",
    "MEASURES",
    "PEARSON",
    "SIMILARITY",
    "SPECTRAL_ANGLE",
    "Background",
    "Divergence",
    "Linear",
    "Measure",
    "Moments",
    "Needs",
    "Scale",
    "UnitLength",
    "UsedFeatures",
    "measure_named",
    "spectral_angle_similarity",
    "used_values",
]
