"""What the user can choose in the explorer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from napari.layers import Image
from psygnal import SignalGroupDescriptor

from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer.preview_builder import default_budget
from napari_ifealid.explorer.ramps import FIRE
from napari_ifealid.explorer.wanted import Reference


@dataclass
class ExplorerState:
    """The explorer's settings. Each change is told by a signal in ``events``.

    Parameters
    ----------
    layer : napari Image layer, optional
        The layer whose features are compared.
    feature_axis : int
        Its axis along which the features lie.
    colormap : str
        Name of a napari colormap, or of IFeaLiD's own.
    threshold : float
        Similarity below it is transparent.
    opacity : float
        Of the whole similarity layer.
    base : float
        Opacity of the least similar pixels; it rises to 1 for the most similar ones.
    stretch : bool
        Whether the colours run from each map's minimum to its maximum, else from 0 to 1.
    overlay_in_colour : bool
        Whether the original image is shown in colour, else in grey.
    follow : bool
        Whether the reference follows the cursor.
    engine : EngineChoice
    reference : Reference
        What all pixels are compared with.
    preview_memory : int
        Megabytes that the preview of a large stack may take; 0 for no preview.
    feature : int, optional
        A single feature whose image is shown instead of the similarity.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layer: Image | None = None
    feature_axis: int = 0
    colormap: str = FIRE
    threshold: float = 0.0
    opacity: float = 1.0
    base: float = 1.0
    stretch: bool = True
    overlay_in_colour: bool = False
    follow: bool = True
    engine: EngineChoice = EngineChoice.AUTOMATIC
    reference: Reference = Reference.CURSOR
    preview_memory: int = field(default_factory=default_budget)
    feature: int | None = None
