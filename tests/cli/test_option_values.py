from __future__ import annotations

from argparse import ArgumentTypeError
from math import inf

import pytest

from napari_ifealid.cli.option_values import finite_number, number, whole_number


def test_numbers_are_those_of_the_text():
    assert whole_number("12") == 12
    assert finite_number("-1e3") == number("-1e3") == -1000.0
    assert number("inf") == inf


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((whole_number, text) for text in ("0", "-1", "1.5", "x", "")),
        *((number, text) for text in ("nan", "x", "")),
        *((finite_number, text) for text in ("nan", "inf", "-inf", "x")),
    ],
)
def test_other_texts_are_refused_with_what_was_found(read, text):
    with pytest.raises(ArgumentTypeError, match=f"found '{text}'; expected a "):
        read(text)
