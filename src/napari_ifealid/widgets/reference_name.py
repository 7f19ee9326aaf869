"""What all pixels are compared with, in words."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ifealid.explorer import Explorer, ReferenceMode
from napari_ifealid.explorer.session import PixelReference
from napari_ifealid.query import Origin, Reference
from napari_ifealid.widgets.pixel_text import joined, pixel_text


def reference_name(explorer: Explorer) -> str:
    """Return what all pixels are compared with, such as "pixel 65, 61 at 262, 246"."""
    mode, session, pixel = explorer.state.reference, explorer.session, explorer.pixel
    pinned, total = explorer.pinned, len(explorer.pins.pins)
    if session is None or pixel is None:
        return ""
    others = [one for one in explorer.collected if one.origin is not Origin.PIN]
    if others and not explorer.asks_cursor:
        return _name_of_several(mode, others, len(pinned))
    if mode is ReferenceMode.CURSOR or not pinned:
        if explorer.is_outside:
            return f"pixel {joined(pixel)} (middle)"
        return f"pixel {pixel_text(pixel, explorer.cursor.place, session.grid)}"
    if total == 1:
        return f"pin {pixel_text(pinned[0][0], pinned[0][1].place, session.grid)}"
    rule = "mean" if mode is ReferenceMode.MEAN else "best"
    count = f"{len(pinned)} of {total}" if len(pinned) < total else total
    return f"{rule} of {count} pins"


def _name_of_several(
    mode: ReferenceMode, others: Sequence[PixelReference | Reference], pins: int
) -> str:
    count = len(others) + pins
    if count == 1:
        name = others[0].label or "entry without a name"
        return f"{name} (library)" if others[0].origin is Origin.LIBRARY else name
    return f"{'mean' if mode is ReferenceMode.MEAN else 'best'} of {count} references"
