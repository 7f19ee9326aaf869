from __future__ import annotations

import os

import pytest

from napari_ifealid.utf8 import to_utf8


@pytest.mark.parametrize("text", ["", "Blätter 🍃\n", "x" * 255])
def test_text_is_encoded(text):
    assert to_utf8(text).decode() == text


def test_bytes_of_a_file_name_that_are_no_utf8_are_replaced():
    assert to_utf8(os.fsdecode(b"caf\xe9.npy")).decode() == "caf�.npy"
