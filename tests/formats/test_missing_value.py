from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats.missing_value import missing_value


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (-9999.0, "i2", -9999.0),
        (-9999.0, "u2", None),
        (0.5, "i2", None),
        (np.nan, "i2", None),
        (np.inf, "i2", None),
        (1.0, "?", None),
        (0.1, "f4", float(np.float32(0.1))),
        (-np.inf, "f4", -np.inf),
        (-1.7976931348623157e308, "f4", None),
        (float(2**64 - 1), "u8", 2**64 - 1),
        (float(2**63 - 1), "i8", 2**63 - 1),
        (-(2.0**63), "i8", -(2**63)),
        (2.0**65, "u8", None),
    ],
)
def test_value_for_none_is_one_of_the_type(value, dtype, expected):
    assert missing_value(value, np.dtype(dtype)) == expected


def test_nan_stands_for_none_among_floats():
    assert np.isnan(missing_value(np.nan, np.dtype("f4")))
