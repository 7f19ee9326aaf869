"""The explorer's settings: what the user can choose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from napari.layers import Image
from psygnal import SignalGroupDescriptor

from napari_ifealid.colour_limits import ColourRange, Limits
from napari_ifealid.engines import EngineChoice
from napari_ifealid.explorer.alpha_colormaps import FIRE
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.preview_builder import default_budget
from napari_ifealid.measures import SIMILARITY, SPECTRAL_ANGLE, Measure, Scale
from napari_ifealid.preprocessing import Step
from napari_ifealid.sharpness import Sharpness


@dataclass
class ExplorerState:
    """The explorer's settings. A signal in ``events`` reports each change.

    Parameters
    ----------
    layer : napari Image layer, optional
        The layer whose features are compared.
    feature_axis : int, optional
        Its axis along which the features lie. None: still to be chosen, nothing is compared.
    colormap : str
        Name of a napari colormap, or of IFeaLiD's own.
    threshold : float
        Values below it are transparent.
    opacity : float
        Of the whole map layer.
    base : float
        Opacity of the least similar pixels; it rises to 1 for the most similar ones.
    colour_range : ColourRange
        Between which values the colours run.
    own_limits : (float, float)
        Values of the lowest and the highest colour that the user has set.
    overlay_in_colour : bool
        Whether the original image is shown in colour, else in grey.
    follow : bool
        Whether the reference follows the cursor.
    engine : EngineChoice
    reference : ReferenceMode
        What all pixels are compared with.
    window : int
        How many pixels long and wide the square around the cursor and each pin is whose mean is
        compared with, an odd number.
    measure : Measure
        How they are compared.
    preprocessing : Step, optional
        What is done to the vectors before that.
    scale : Scale
        How the values are told.
    preview_memory : int
        Megabytes that the preview of a large stack may take; 0 for no preview.
    sharp : bool, optional
        Whether maps are on the pixels of the image. None: where the stack is coarse.
    sharpness : Sharpness
        How its weights fall.
    feature : int, optional
        A single feature whose image is shown instead of the similarity.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layer: Image | None = None
    feature_axis: int | None = None
    colormap: str = FIRE
    threshold: float = SPECTRAL_ANGLE.limits[0]
    opacity: float = 1.0
    base: float = 1.0
    colour_range: ColourRange = ColourRange.EACH_MAP
    own_limits: Limits = SPECTRAL_ANGLE.limits
    overlay_in_colour: bool = False
    follow: bool = True
    engine: EngineChoice = EngineChoice.AUTOMATIC
    reference: ReferenceMode = ReferenceMode.CURSOR
    window: int = 1
    measure: Measure = SPECTRAL_ANGLE
    preprocessing: Step | None = None
    scale: Scale = SIMILARITY
    preview_memory: int = field(default_factory=default_budget)
    sharp: bool | None = None
    sharpness: Sharpness = field(default_factory=Sharpness)
    feature: int | None = None

    def adapt_to_measure(self) -> None:
        """Keep the scale where the measure has it; values mean something else from now on."""
        self.scale = self.measure.scale_like(self.scale)
        self.threshold = self.measure.limits[0]
        if self.colour_range is ColourRange.MINE:
            self.colour_range = ColourRange.EACH_MAP
        self.own_limits = self.measure.limits
