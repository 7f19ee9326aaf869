from __future__ import annotations

import pytest
from overview_stacks import as_lazy, random_stack

from napari_ifealid import DatasetError
from napari_ifealid.overview.run_steps import last_of


def steps(*items):
    for item in items:
        if isinstance(item, Exception):
            raise item
        yield item


def test_result_is_what_comes_after_the_progress():
    assert last_of(steps(0.5, 1.0, "result"), random_stack((2, 3, 4))) == "result"


def test_error_of_a_lazy_stack_is_one_of_reading():
    with pytest.raises(DatasetError, match=r"values that can't be read \(gone\): random"):
        last_of(steps(0.5, OSError("gone")), as_lazy(random_stack((2, 3, 4))))


def test_error_of_a_stack_in_memory_is_raised_as_it_is():
    with pytest.raises(OSError, match="gone"):
        last_of(steps(0.5, OSError("gone")), random_stack((2, 3, 4)))
