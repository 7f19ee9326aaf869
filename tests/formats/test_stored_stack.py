from __future__ import annotations

import numpy as np
import pytest

from napari_ifealid.formats import features_last
from napari_ifealid.formats.stored_stack import StoredStack
from napari_ifealid.tracking import untracked

CUBE = np.arange(60).reshape(3, 4, 5)


@pytest.mark.parametrize("fits", [True, False])
def test_stack_has_its_features_last_and_what_is_known_of_it(monkeypatch, fits):
    monkeypatch.setattr(features_last, "fits_memory", lambda _: fits)
    stored = StoredStack(CUBE, 0, (3, 2, 2), {"gain": 0.5, "feature_labels": ("a", "b", "c")})
    stack = stored.read("cube", untracked)
    assert (stack.name, stack.gain, stack.feature_labels) == ("cube", 0.5, ("a", "b", "c"))
    assert stack.is_lazy != fits
    np.testing.assert_array_equal(np.asarray(stack.values), np.moveaxis(CUBE, 0, -1))
