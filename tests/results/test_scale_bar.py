from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ifealid.results.scale_bar import bar_label, bar_length


@given(width=st.floats(1e-9, 1e9))
def test_bar_is_a_round_number_between_a_tenth_and_a_quarter_of_the_picture(width):
    length = bar_length(width)
    assert 0.0999 * width <= length <= 0.25001 * width
    assert f"{length:e}"[0] in "125"
    assert float(f"{length:.0e}") == pytest.approx(length)


@pytest.mark.parametrize(("width", "length"), [(4.0, 1.0), (7.9, 1.0), (8.0, 2.0), (400.0, 100.0)])
def test_bar_may_be_exactly_a_quarter(width, length):
    assert bar_length(width) == length


@pytest.mark.parametrize(
    ("length", "unit", "label"),
    [(50.0, "micrometer", "50 µm"), (0.2, "nm", "0.2 nm"), (1000.0, "parsec", "1000 parsec")],
)
def test_label_is_the_length_with_its_unit(length, unit, label):
    assert bar_label(length, unit) == label
