from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.sharpening.sharp_terms import FormTerms

NAMES = ("factor", "shift", "lengths", "is_zero", "is_invalid")


@pytest.mark.parametrize("is_shifted", [False, True])
def test_empty_terms_are_zero(is_shifted):
    terms = FormTerms.empty((4, 5), is_shifted=is_shifted)
    for name in NAMES:
        one = getattr(terms, name)
        assert one.shape == (4, 5)
        assert not one.any()


def test_shifts_take_memory_only_where_there_are_any():
    assert FormTerms.empty((4, 5), is_shifted=False).memory == 20 * (8 + 1 + 1)
    assert FormTerms.empty((4, 5), is_shifted=True).memory == 20 * (3 * 8 + 1 + 1)


@pytest.mark.parametrize("is_shifted", [False, True])
def test_flat_terms_are_those_of_the_image(is_shifted):
    terms = FormTerms.empty((4, 5), is_shifted=is_shifted)
    flat = terms.flat
    flat.factor[7], flat.is_zero[8], flat.is_invalid[9] = 3.0, True, True
    if is_shifted:
        flat.shift[10], flat.lengths[11] = 4.0, 5.0
        assert (terms.shift[2, 0], terms.lengths[2, 1]) == (4.0, 5.0)
    assert all(getattr(flat, name).shape == (20,) for name in NAMES)
    assert (terms.factor[1, 2], terms.is_zero[1, 3], terms.is_invalid[1, 4]) == (3.0, True, True)


@pytest.mark.parametrize("is_shifted", [False, True])
def test_part_of_the_terms_is_that_of_each_array(is_shifted):
    terms = FormTerms.empty((4, 5), is_shifted=is_shifted)
    terms.factor[:] = np.arange(20).reshape(4, 5)
    index = slice(1, 4, 2), slice(0, 5, 3)
    part = terms.at(index)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(part, name), getattr(terms, name)[index])
    assert np.shares_memory(part.factor, terms.factor)
