from __future__ import annotations

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.memory import check_memory, fits_memory


@pytest.mark.parametrize(("needed", "fits"), [(0, True), (500, True), (501, False)])
def test_half_of_the_free_memory_is_for_a_stack(free_memory, needed, fits):
    with free_memory(1000):
        assert fits_memory(needed) is fits


def test_no_more_than_the_free_memory_may_be_needed(free_memory):
    with free_memory(2_500_000):
        check_memory(2_500_000)
        with pytest.raises(DatasetError) as caught:
            check_memory(3_000_000)
    assert caught.value.found == "a need for 3 MB of memory"
    assert caught.value.expected == "at most the 2.5 MB that are free"
    assert caught.value.remedy
