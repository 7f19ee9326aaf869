"""What all pixels are compared with, in words."""

from __future__ import annotations

from napari_ifealid.explorer import Explorer, ReferenceMode, Session
from napari_ifealid.widgets.pixel_text import joined, pixel_text


def reference_name(explorer: Explorer) -> str:
    """Return what all pixels are compared with, such as "pixel 65, 61 at 262, 246".

    Of a reference that is held in another stack, that stack is named.
    """
    asking = explorer.asking
    if asking is None or asking is explorer.session:
        return _name_in(explorer, asking)
    return f"{_name_in(explorer, asking)} of {asking.layer.name}"


def _name_in(explorer: Explorer, session: Session | None) -> str:
    mode, pixel = explorer.state.reference, explorer.pixel
    pinned, total = explorer.pinned, len(explorer.pins.pins)
    if session is None or pixel is None:
        return ""
    if mode is ReferenceMode.CURSOR or not pinned:
        if explorer.is_outside:
            return f"pixel {joined(pixel)} (middle)"
        return f"pixel {pixel_text(pixel, explorer.cursor.place, session.grid)}"
    if total == 1:
        return f"pin {pixel_text(pinned[0][0], pinned[0][1].place, session.grid)}"
    rule = "mean" if mode is ReferenceMode.MEAN else "best"
    count = f"{len(pinned)} of {total}" if len(pinned) < total else total
    return f"{rule} of {count} pins"
