"""The content of a session file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from napari_ifealid.colour_limits import ColourRange, Limits
from napari_ifealid.grid import Place
from napari_ifealid.left_out_features import Ranges
from napari_ifealid.measures import SIMILARITY, SPECTRAL_ANGLE, Measure
from napari_ifealid.numeric_labels import FeatureNumbers
from napari_ifealid.preprocessing import Step
from napari_ifealid.query import Rule
from napari_ifealid.sharpness import Sharpness
from napari_ifealid.stack import StackSource

Row = tuple[float, ...]
Label = str | float


@dataclass(frozen=True)
class SavedPlacement:
    """Where a layer lies in the world, if its file does not say so: napari's own terms.

    Parameters
    ----------
    scale, translate, shear : tuple of float
    rotate, affine : tuple of tuple of float
        Matrices, row by row.
    units : tuple of str
        Of each axis.
    """

    scale: Row
    translate: Row
    rotate: tuple[Row, ...]
    shear: Row
    affine: tuple[Row, ...]
    units: tuple[str, ...]


@dataclass(frozen=True)
class SavedStack:
    """A feature stack, by the file that it is in.

    Parameters
    ----------
    source : StackSource
    shape : tuple of int
        (..., C). A file whose stack has another shape is not what was saved.
    placement : SavedPlacement, optional
        Where its layer lies, unless that is where a reader puts it.
    compared_axis : int, optional
        The axis of its layer along which the features lie, where the user has chosen one.
    is_linked : bool
        Whether it follows the cursor and the references, too, while another stack is explored.
    left_out : tuple of (int, int), optional
        First and last number of each range of features that are not compared, of those along the
        axis that is. None: those that the file calls bad.
    """

    source: StackSource
    shape: tuple[int, ...]
    placement: SavedPlacement | None = None
    compared_axis: int | None = None
    is_linked: bool = False
    left_out: Ranges | None = None

    @property
    def feature_count(self) -> int:
        """How many features are compared at most: those along the axis that is compared."""
        axis = 0 if self.compared_axis is None else self.compared_axis
        return (self.shape[-1], *self.shape[:-1])[axis]  # a layer has the features first


@dataclass(frozen=True)
class PlaceReference:
    """A place in the world, whose pixel is compared with: a pin.

    Parameters
    ----------
    position : tuple of float
        One coordinate for each axis of the world.
    colour : str
        As in ``"#e69f00"``.
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    """

    position: Place
    colour: str
    sign: int = 1


@dataclass(frozen=True)
class VectorReference:
    """A vector to compare with, in stacks of the same features.

    Parameters
    ----------
    values : tuple of float
        Real values.
    name : str
    sign : {1, -1}
        1: pixels like it are looked for; -1: pixels unlike it.
    feature_labels : tuple of str or float, optional
        Label of each feature; unless given, their numbers from 0.
    colour : str, optional
        As in ``"#e69f00"``; one of the plugin's own unless given.
    """

    values: Row
    name: str = ""
    sign: int = 1
    feature_labels: tuple[Label, ...] | None = None
    colour: str = ""

    @property
    def labels(self) -> Sequence[Label]:
        """The label of each feature, its number where it has none."""
        return self.feature_labels or FeatureNumbers(len(self.values))


SavedReference = PlaceReference | VectorReference


@dataclass(frozen=True)
class SavedCursor:
    """The place that all pixels are compared with unless references are.

    Parameters
    ----------
    position : tuple of float
        One coordinate for each axis of the world.
    is_held : bool
        Whether it stays where it is when the mouse moves.
    """

    position: Place
    is_held: bool = False


@dataclass(frozen=True)
class SavedLook:
    """How the map and the image under it look.

    Parameters
    ----------
    colormap : str
        Name of a napari colormap, or of IFeaLiD's own.
    colour_range : ColourRange
        Between which values the colours run.
    own_limits : (float, float)
        Those that the user has set.
    opacity : float
        Of the whole map, 0 to 1.
    base_opacity : float
        Of the least similar pixels, 0 to 1.
    image_in_colour : bool
        Whether the image is shown in colour, else in grey.
    scale : str
        Name of the scale by which values are told.
    """

    colormap: str
    colour_range: ColourRange = ColourRange.EACH_MAP
    own_limits: Limits = (0.0, 1.0)
    opacity: float = 1.0
    base_opacity: float = 1.0
    image_in_colour: bool = False
    scale: str = SIMILARITY.name


@dataclass(frozen=True, kw_only=True)
class SavedSession:
    """What was compared with what, how, and how it looked.

    Parameters
    ----------
    stacks : tuple of SavedStack
    explored : int
        Which of them is explored.
    references : tuple of PlaceReference or VectorReference
    cursor : SavedCursor, optional
        None: the pixel in the middle is compared with.
    rule : Rule, optional
        How references are joined. None: the cursor is compared with, not they.
    window : int
        How many pixels long and wide the square around each place, and around the cursor, is whose
        mean is compared with, one of `WINDOWS`.
    measure : Measure
    preprocessing : Step, optional
        What is done to vectors before that. Those of the references are as they are stored.
    threshold : float, optional
        Smallest value that is shown; None: all are.
    look : SavedLook
    sharpness : Sharpness, optional
        Of maps on the pixels of the image. None: they are of the stack's own pixels.
    shown_slice : tuple of float or None
        The slice of a volume that is shown: one coordinate for each axis of the world, None along
        those that are displayed. Empty where there is nothing but one slice.
    """

    stacks: tuple[SavedStack, ...]
    explored: int = 0
    references: tuple[SavedReference, ...] = ()
    cursor: SavedCursor | None = None
    rule: Rule | None = None
    window: int = 1
    measure: Measure = field(default=SPECTRAL_ANGLE)
    preprocessing: Step | None = None
    threshold: float | None = None
    look: SavedLook = field(default=SavedLook("IFeaLiD fire"))
    sharpness: Sharpness | None = None
    shown_slice: tuple[float | None, ...] = ()
