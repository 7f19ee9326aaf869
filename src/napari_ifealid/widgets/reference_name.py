"""What all pixels are compared with, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from napari_ifealid.explorer import AskedKind, Explorer, Session
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.explorer.region_reference import RegionReference
from napari_ifealid.explorer.session_question import AnyReference
from napari_ifealid.grid import Pixel
from napari_ifealid.query import Origin, Rule
from napari_ifealid.widgets.pixel_text import joined, pixel_text

_NOUNS = {
    Origin.PIN: "pin",
    Origin.REGION: "region",
    Origin.LIBRARY: "library entry",
    Origin.STACK: "pixel of another stack",
    Origin.GIVEN: "vector",
    Origin.CURSOR: "pixel",
}
_PLURALS = {
    Origin.LIBRARY: "library entries",
    Origin.STACK: "pixels of another stack",
}


def reference_name(explorer: Explorer) -> str:
    """Return what all pixels are compared with, such as "pixel 65, 61 at 262, 246".

    Of a reference that is held in another stack, that stack is named.
    """
    asking = explorer.asking
    if asking is None or asking is explorer.session:
        return _name_in(explorer, asking)
    return f"{_name_in(explorer, asking)} of {asking.layer.name}"


def _name_in(explorer: Explorer, session: Session | None) -> str:
    asked = explorer.asked
    if asked is None or session is None:
        return ""
    if asked.kind is AskedKind.CURSOR:
        return _cursor_name(explorer, session)
    rule = "mean" if asked.rule is Rule.MEAN else "best"
    name = _group_name(explorer, session, asked.liked, rule)
    if asked.unliked:
        name += f", unlike {_group_name(explorer, session, asked.unliked, rule)}"
    return name


def reference_pixel(explorer: Explorer) -> Pixel | None:
    """Return the pixel of what is compared with, of the last one of several; None without any."""
    asked, session = explorer.asked, explorer.session
    if asked is None or session is None:
        return None
    last = asked.liked[-1]
    is_here = explorer.asking is session
    if is_here and isinstance(last, PixelReference):
        return last.pixel
    if is_here and isinstance(last, RegionReference):
        return last.middle(session.grid.shape)
    values = session.map_values  # what lies elsewhere: the pixel most like it is meant
    if values is None or np.isnan(values).all():
        return None
    return tuple(int(x) for x in np.unravel_index(np.nanargmax(values), values.shape))


def _cursor_name(explorer: Explorer, session: Session) -> str:
    pixel = explorer.pixel
    assert pixel is not None
    window = explorer.state.window
    start = "" if window == 1 else f"mean of {window}×{window} around "
    if explorer.is_outside:
        return f"{start}pixel {joined(pixel)} (middle)"
    return f"{start}pixel {pixel_text(pixel, explorer.cursor.place, session.grid)}"


def _group_name(
    explorer: Explorer, session: Session, references: Sequence[AnyReference], rule: str
) -> str:
    """Return the name of references of one sign, also of how many of the pins they are."""
    total = Counter(reference.origin for reference in references)
    total[Origin.PIN] = sum(pin.sign == references[0].sign for pin in explorer.pins.pins)
    if total.total() == 1:
        return _single_name(explorer, session, references[0])
    counts = Counter(reference.origin for reference in references)
    texts = [
        _count_text(counts[origin], total[origin], origin) for origin in total if total[origin]
    ]
    window = _window_text(explorer) if counts[Origin.PIN] else ""
    return f"{rule} of {' and '.join(texts)}{window}"


def _single_name(explorer: Explorer, session: Session, reference: AnyReference) -> str:
    if reference.origin is Origin.PIN:
        pixel, pin = next(one for one in explorer.pinned if one[1].sign == reference.sign)
        return f"pin {pixel_text(pixel, pin.place, session.grid)}" + _window_text(explorer)
    if isinstance(reference, RegionReference):
        return f"{reference.label} ({len(reference.pixels)} px)"
    if not reference.label:
        return f"1 {_NOUNS[reference.origin]}"
    is_in_library = reference.origin is Origin.LIBRARY
    return f"{reference.label} (library)" if is_in_library else reference.label


def _window_text(explorer: Explorer) -> str:
    window = explorer.state.window
    return "" if window == 1 else f" (mean of {window}×{window})"


def _count_text(count: int, total: int, origin: Origin) -> str:
    noun = _NOUNS[origin]
    if total > 1:
        noun = _PLURALS.get(origin, f"{noun}s")
    return f"{count} of {total} {noun}" if count < total else f"{total} {noun}"
