from __future__ import annotations

from napari_ifealid.engines.cores import core_count
from napari_ifealid.formats.parallel import worker_count
from napari_ifealid.threads import allowed_threads, limited_threads


def test_threads_are_limited_meanwhile():
    assert allowed_threads(8) == 8
    with limited_threads(3):
        assert allowed_threads(8) == 3
        with limited_threads(1):
            assert allowed_threads(8) == 1
        assert (allowed_threads(8), allowed_threads(2)) == (3, 2)
    assert allowed_threads(8) == 8


def test_limit_holds_for_maps_and_for_reading():
    with limited_threads(1):
        assert core_count() == worker_count() == 1
