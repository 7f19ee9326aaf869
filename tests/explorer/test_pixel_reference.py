from __future__ import annotations

import numpy as np

from napari_ifealid.explorer.pixel_reference import PixelReference
from napari_ifealid.query import Origin


def test_reference_keeps_its_description_with_its_vector():
    reference = PixelReference((1, 2), "here", Origin.PIN, -1, "#e69f00").with_vector(np.ones(3))
    found = reference.label, reference.origin, reference.sign, reference.colour
    assert found == ("here", Origin.PIN, -1, "#e69f00")
    np.testing.assert_array_equal(reference.vector, np.ones(3))


def test_key_is_that_of_the_pixel():
    assert PixelReference((1, 2), "here").key == PixelReference((1, 2), sign=-1).key
    assert PixelReference((1, 2)).key != PixelReference((2, 1)).key
