from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzz_inputs import kept
from fuzz_worker import FREE_MEMORY, MEMORY_FOLDER, measured

KEPT = sorted((Path(__file__).parent / "kept").glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_input_that_failed_once_comes_to_a_known_outcome_within_the_limits(
    path, free_memory, all_imported
):
    with free_memory(FREE_MEMORY), TemporaryDirectory(dir=MEMORY_FOLDER) as folder:
        assert measured(None, kept(path), Path(folder)).faults == []
