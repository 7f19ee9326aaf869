"""Mean and scatter of the pixels of a block that have what counts."""

from __future__ import annotations

from napari_ifealid.measures import Moments
from napari_ifealid.overview.aspect import Aspect, parts_of
from napari_ifealid.stack import FeatureStack


def block_moments(block: FeatureStack, aspect: Aspect) -> Moments:
    """Return the moments of all pixels of a block that have what counts.

    Parameters
    ----------
    block : FeatureStack
        In memory.
    aspect : Aspect
    """
    moments = Moments.none(block.feature_count)
    for _, vectors, is_known in parts_of(block, aspect):
        known = vectors if is_known.all() else vectors[is_known]
        moments = moments.joined(Moments.of(known))
    return moments
