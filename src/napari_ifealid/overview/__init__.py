"""A picture of the whole stack: principal components as colours, k-means segments as labels."""

from napari_ifealid.overview.aspect import Aspect
from napari_ifealid.overview.components import PrincipalComponents, principal_components
from napari_ifealid.overview.picture import components_picture
from napari_ifealid.overview.segmentation import Segments, segments

__all__ = [
    "Aspect",
    "PrincipalComponents",
    "Segments",
    "components_picture",
    "principal_components",
    "segments",
]
