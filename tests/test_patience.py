from __future__ import annotations

from threading import Event

import pytest

from napari_ifealid.patience import within


def test_result_is_returned():
    assert within(10, lambda: 3) == 3


def test_error_of_the_work_is_raised():
    with pytest.raises(KeyError, match="no"):
        within(10, lambda: {}["no"])


def test_work_that_takes_too_long_is_given_up():
    is_over = Event()
    with pytest.raises(TimeoutError):
        within(0.05, is_over.wait)
    is_over.set()
