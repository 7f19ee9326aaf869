from __future__ import annotations

from collections.abc import Iterator
from inspect import isfunction, signature

import numpy as np
import pytest

from napari_ifealid.engines import BlockwiseEngine, CpuEngine, Engine, whole_map
from napari_ifealid.engines.engine import MapPart
from napari_ifealid.engines.gpu import GpuEngine

REGION = (slice(2, 5), slice(10, 14))
VALUES = np.arange(12, dtype=np.float32).reshape(3, 4)


def parts_of(*places: tuple[slice, slice]) -> Iterator[MapPart]:
    """Yield the values of places that are counted from the first pixel of all."""
    for rows, columns in places:
        inside = slice(rows.start - 2, rows.stop - 2), slice(columns.start - 10, columns.stop - 10)
        yield (rows, columns), VALUES[inside]


def test_parts_of_a_region_are_put_together_in_any_order():
    left, top = (slice(2, 5), slice(10, 11)), (slice(2, 3), slice(11, 14))
    rest = (slice(3, 5), slice(11, 14))
    for order in ((left, top, rest), (rest, left, top)):
        whole = whole_map(parts_of(*order), REGION)
        assert whole.dtype == np.float32
        np.testing.assert_array_equal(whole, VALUES)


def test_map_in_a_single_part_is_not_copied():
    assert np.shares_memory(whole_map(parts_of(REGION), REGION), VALUES)


def test_what_no_part_has_is_nan():
    whole = whole_map(parts_of((slice(2, 4), slice(10, 14))), REGION)
    np.testing.assert_array_equal(whole[:2], VALUES[:2])
    assert np.isnan(whole[2]).all()


@pytest.mark.parametrize("kind", [CpuEngine, GpuEngine, BlockwiseEngine])
def test_every_engine_offers_all_and_takes_the_same_arguments(kind):
    for name, promised in vars(Engine).items():
        if name.startswith("_"):
            continue
        assert hasattr(kind, name)
        if isfunction(promised):
            assert list(signature(getattr(kind, name)).parameters) == list(
                signature(promised).parameters
            )


def test_engines_have_names_of_their_own():
    names = {kind.name for kind in (CpuEngine, GpuEngine, BlockwiseEngine)}
    assert len(names) == 3


def test_only_opengl_needs_the_thread_of_the_window():
    assert GpuEngine.needs_gui_thread
    assert not CpuEngine.needs_gui_thread
    assert not BlockwiseEngine.needs_gui_thread
