from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.sizes import size_text

UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (4_340_000, "4.34 MB"),
        (43_400_000, "43.4 MB"),
        (434_400_000, "434 MB"),
        (5_000_000_000, "5 GB"),
        (7_250_000_000_000, "7.25 TB"),
    ],
)
def test_size_has_three_digits_and_a_unit(count, text):
    assert size_text(count) == text


@given(st.integers(0, 10**15 - 10**12))
def test_size_is_right_within_half_a_percent(count):
    number, unit = size_text(count).split()
    assert float(number) * UNITS[unit] == pytest.approx(count, rel=5e-3)


def test_size_beyond_all_floats_has_a_text():
    assert size_text(10**400).endswith(" TB")
