from __future__ import annotations

import weakref
from functools import partial

import numpy as np

from napari_ifealid.widgets.let_go import Listeners, Once


def test_function_is_let_go_of_once_it_has_been_called():
    values = np.ones(3)
    gone = weakref.ref(values)
    once = Once(partial(np.sum, values))
    del values
    assert once.call() == 3.0
    assert gone() is None


def test_listeners_are_told_until_they_are_forgotten():
    told = []
    listeners = Listeners(returned=told.append)
    listeners.tell("returned", 1)
    listeners.tell("errored", 2)
    listeners.forget()
    listeners.tell("returned", 3)
    assert told == [1]
