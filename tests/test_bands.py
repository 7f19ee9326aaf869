from __future__ import annotations

import pytest

from napari_ifealid.bands import Bands
from napari_ifealid.errors import DatasetError

BANDS = Bands(widths=(1.0, 2.0, 3.0, 4.0), is_good=(True, True, False, True), shown=(3, 1, 0))


def test_bands_of_some_features_are_in_their_order():
    part = BANDS.of([0, 1, 3])
    assert part == Bands(widths=(1.0, 2.0, 4.0), is_good=(True, True, True), shown=(2, 1, 0))


def test_picture_that_lacks_a_band_is_none():
    assert BANDS.of(range(3)).shown == ()


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        (BANDS, "4 widths"),
        (Bands(is_good=(True,)), "1 flags"),
        (Bands(colours=("#ffffff",)), "1 colours"),
        (Bands(shown=(0, 1)), "(0, 1)"),
        (Bands(shown=(0, 1, 5)), "(0, 1, 5)"),
    ],
)
def test_bands_that_do_not_fit_the_features_are_refused(bands, found):
    with pytest.raises(DatasetError) as caught:
        bands.check(5)
    assert found in caught.value.found
