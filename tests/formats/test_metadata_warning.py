from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.metadata_warning import MetadataWarning, unless_wrong

WRONG = DatasetError("the value 'x'", expected="a number", remedy="Correct it.", member="bbl")


def wrong() -> int:
    raise WRONG


def test_what_is_right_is_returned_without_a_warning():
    assert unless_wrong(lambda: 3, 5) == 3


def test_what_is_wrong_is_replaced_and_the_warning_says_what_and_where():
    with pytest.warns(MetadataWarning) as caught:
        assert unless_wrong(wrong, 5, "a/b.tif") == 5
    (warning,) = caught
    assert str(warning.message) == (
        "Opened without wrong metadata: the value 'x': b.tif, bbl; expected a number. "
        "Correct it. In full: a/b.tif"
    )
