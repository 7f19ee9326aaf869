"""What a picture of a stack can be made of."""

from __future__ import annotations

from enum import Enum


class PictureKind(Enum):
    """What a picture of a stack is made of. The first that is possible is shown at first."""

    TRUE_COLOUR = "true colour"
    """As the eye sees the spectra in daylight."""

    PROPOSED = "proposed bands"
    """The bands that the file names: red, green and blue, or a single one in grey."""

    INFRARED = "colour infrared"
    """Near infrared, red and green as red, green and blue: plants are red."""

    CHANNELS = "channels"
    """Each channel in the colour that the file gives it, added up."""

    MEAN = "mean"
    """The mean of all features in grey."""

    NONE = "none"
    """No picture."""
