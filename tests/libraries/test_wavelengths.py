from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.libraries.wavelengths import shared_scale
from napari_ifealid.numeric_labels import NumericLabels


def scale(library, library_unit, stack, stack_unit):
    return shared_scale(
        NumericLabels(np.array(library), library_unit), NumericLabels(np.array(stack), stack_unit)
    )


def test_micrometres_become_nanometres():
    found = scale([0.45, 0.5], "µm", [450.0], "nm")
    np.testing.assert_allclose(found.library, [450, 500])
    assert found.assumption == ""


def test_other_units_have_no_factor():
    assert scale([1.0], "cm-1", [1.0], "nm") is None
    assert scale([1.0], "cm-1", [1.0], "eV") is None


@pytest.mark.parametrize(
    ("library_unit", "stack_unit", "stack", "assumption"),
    [
        ("µm", "", [0.46], "the stack's numbers taken as µm"),
        ("µm", "", [460.0], "the stack's numbers taken as nm"),
        ("", "nm", [460.0], "the library's numbers taken as µm"),
    ],
)
def test_missing_unit_is_what_makes_them_overlap(library_unit, stack_unit, stack, assumption):
    found = scale([0.45, 0.5], library_unit, stack, stack_unit)
    assert found.assumption == assumption
    assert found.library[0] < found.stack[0] < found.library[1]


def test_missing_unit_that_makes_no_overlap_is_not_guessed():
    assert scale([0.45, 0.5], "µm", [7.0], "") is None
