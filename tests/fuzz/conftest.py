"""What the tests of the fuzzer share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fuzz_inputs import write_files
from fuzz_outcomes import STACK, outcomes_of
from fuzz_seeds import Seed, seeds


@pytest.fixture(scope="session")
def good() -> list[Seed]:
    """The good files."""
    return seeds()


@pytest.fixture(scope="session")
def all_imported(
    good: list[Seed],
    tmp_path_factory: pytest.TempPathFactory,
    free_memory: Callable[[int], AbstractContextManager[None]],
) -> dict[str, int]:
    """Opens each good file, so that what comes later takes no time to import packages.

    Returns how many valid results came of each.
    """
    results = {}
    for seed in good:
        folder: Path = tmp_path_factory.mktemp("good")
        report = outcomes_of(write_files(seed, folder))
        assert report.faults == []
        results[seed.name] = report.outcomes[STACK]
    return results
