from __future__ import annotations

import pytest

from napari_ifealid.explorer.asked import AskedKind, what_is_asked
from napari_ifealid.explorer.map_request import ReferenceMode
from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.query import Origin, Rule

CURSOR = PixelReference((0, 0))
LIKE = PixelReference((1, 1), "a", Origin.PIN, 1)
ALSO = PixelReference((1, 2), "b", Origin.PIN, 1)
UNLIKE = PixelReference((2, 2), "c", Origin.PIN, -1)
PINS = AskedKind.COLLECTED


@pytest.mark.parametrize(
    ("mode", "collected", "kind", "references", "rule"),
    [
        (ReferenceMode.CURSOR, [LIKE], AskedKind.CURSOR, [CURSOR], Rule.BEST),
        (ReferenceMode.MEAN, [LIKE, UNLIKE, ALSO], PINS, [LIKE, ALSO], Rule.MEAN),
        (ReferenceMode.BEST, [LIKE, UNLIKE, ALSO], PINS, [LIKE, ALSO], Rule.BEST),
        (ReferenceMode.DIFFERENCE, [LIKE, UNLIKE], PINS, [LIKE, UNLIKE], Rule.DIFFERENCE),
        (ReferenceMode.DIFFERENCE, [LIKE, ALSO], PINS, [LIKE, ALSO], Rule.BEST),
        *(
            (mode, [UNLIKE], AskedKind.CURSOR, [CURSOR], Rule.BEST)
            for mode in (ReferenceMode.MEAN, ReferenceMode.BEST, ReferenceMode.DIFFERENCE)
        ),
    ],
)
def test_what_is_asked_is_as_near_to_the_mode_as_it_can_be(mode, collected, kind, references, rule):
    asked = what_is_asked(mode, CURSOR, collected)
    assert (asked.kind, list(asked.references), asked.rule) == (kind, references, rule)


def test_signs_are_told_apart():
    asked = what_is_asked(ReferenceMode.DIFFERENCE, CURSOR, [LIKE, UNLIKE])
    assert (asked.liked, asked.unliked) == ([LIKE], [UNLIKE])
