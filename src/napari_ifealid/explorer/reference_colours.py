"""A colour for each reference."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ifealid.explorer.palette import next_colour
from napari_ifealid.explorer.session_question import AnyReference


def reference_colours(references: Sequence[AnyReference]) -> list[str]:
    """Return the references' own colours, and others for those that have none.

    Parameters
    ----------
    references : sequence of PixelReference, RegionReference or Reference

    Returns
    -------
    list of str
        Such as ``"#e69f00"``.
    """
    own = [one.colour for one in references]
    used, colours = [colour for colour in own if colour], []
    for colour in own:
        if not colour:
            colour = next_colour(used)
            used.append(colour)
        colours.append(colour)
    return colours
