"""What the tests of batches share."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_files import SHAPE, make_file

from napari_ifealid import read_stack
from napari_ifealid.query import Rule
from napari_ifealid.session_files import (
    PlaceReference,
    SavedSession,
    SavedStack,
    write_session_file,
)


@pytest.fixture
def files(tmp_path) -> list[Path]:
    """Four datasets of the same features."""
    return [make_file(tmp_path / "in" / f"{name}.zip", ord(name)) for name in "abcd"]


@pytest.fixture
def session(files) -> SavedSession:
    """The best of two pins in the first dataset, with a threshold."""
    stack = read_stack(files[0])
    return SavedSession(
        stacks=(SavedStack(stack.source, SHAPE),),
        references=(PlaceReference((1.0, 2.0), "#e69f00"), PlaceReference((5.0, 0.0), "#56b4e9")),
        rule=Rule.BEST,
        threshold=0.7,
    )


@pytest.fixture
def session_file(session, tmp_path) -> Path:
    write_session_file(tmp_path / "s.ifealid.json", session)
    return tmp_path / "s.ifealid.json"
