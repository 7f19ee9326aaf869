from __future__ import annotations

import warnings

import fuzz_outcomes
import numpy as np
import pytest
from fuzz_inputs import write_files
from fuzz_mutations import damaged
from fuzz_outcomes import ERROR, NOT_OURS, STACK, WARNING, outcomes_of
from fuzz_seeds import seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ifealid.errors import DatasetError

SEEDS = seeds()


def raising(error: Exception):
    def read(*arguments, **options):
        raise error

    return read


@pytest.fixture
def cube(tmp_path):
    np.save(tmp_path / "cube.npy", np.ones((3, 4, 5)))
    return tmp_path / "cube.npy"


def test_every_good_file_has_a_valid_result(all_imported):
    assert min(all_imported.values()) > 0


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_file_comes_to_a_known_outcome(seed, random, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    path = write_files(damaged(random, seed, SEEDS).seed, folder)
    assert outcomes_of(path).faults == []


def test_outcome_of_a_good_file_is_a_valid_result(cube):
    report = outcomes_of(cube)
    assert report.outcomes == {STACK: 5, NOT_OURS: 1}
    assert report.values_size == 3 * 4 * 5 * 8


def test_outcome_of_a_damaged_file_is_a_clear_error(cube):
    cube.write_bytes(cube.read_bytes()[:-1])
    report = outcomes_of(cube)
    assert set(report.outcomes) == {ERROR, NOT_OURS}
    assert report.faults == []


def test_documented_warning_is_an_outcome_of_its_own(tmp_path):
    (seed,) = [seed for seed in SEEDS if seed.name == "tiny.zip"]
    header = write_files(seed, tmp_path)
    content = header.read_bytes().replace(b'"overlay": false', b'"overlay": true ')
    header.write_bytes(content)
    assert outcomes_of(header).outcomes[ERROR]  # its checksum is wrong
    (seed,) = [seed for seed in SEEDS if seed.name == "bip.raw"]
    path = write_files(seed, tmp_path)
    path.with_suffix(".hdr").write_text(
        path.with_suffix(".hdr").read_text().replace("fwhm = {1,", "fwhm = {")
    )
    report = outcomes_of(path)
    assert report.outcomes[WARNING]
    assert report.faults == []


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), OSError("x"), SystemExit()])
def test_any_other_error_is_a_fault(cube, monkeypatch, error):
    monkeypatch.setattr(fuzz_outcomes, "read_stacks", raising(error))
    fault, *_ = outcomes_of(cube).faults
    assert fault.startswith(f"_read_all: {type(error).__name__}")


def test_error_that_names_no_file_is_a_fault(cube, monkeypatch):
    error = DatasetError("a cat", expected="a dog", remedy="Ask the dog.")
    monkeypatch.setattr(fuzz_outcomes, "read_stacks", raising(error))
    fault, *_ = outcomes_of(cube).faults
    assert "names no file" in fault


def test_warning_of_the_package_that_is_not_documented_is_a_fault(cube, monkeypatch):
    def read(path):
        warnings.warn_explicit("odd", RuntimeWarning, "napari_ifealid/stack.py", 1)
        return []

    monkeypatch.setattr(fuzz_outcomes, "read_stacks", read)
    fault, *_ = outcomes_of(cube).faults
    assert "a warning of stack.py:1: odd" in fault
