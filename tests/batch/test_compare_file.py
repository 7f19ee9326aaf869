from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from explorer_actions import CLOSE
from napari_ifealid import read_stack
from napari_ifealid.batch import compare_file as module
from napari_ifealid.batch import question_of
from napari_ifealid.batch.compare_file import Job, compare_file, record_key
from napari_ifealid.batch.records import NOTES
from napari_ifealid.georeference import Georeference
from napari_ifealid.measures import ACE, CEM, EUCLIDEAN, SPECTRAL_ANGLE, Background


@pytest.fixture
def question(session, session_file):
    return question_of(session, session_file)


@pytest.fixture
def job(files, tmp_path) -> Job:
    (tmp_path / "out" / NOTES).mkdir(parents=True)
    return Job(str(files[1]), str(tmp_path / "out"), "b", ".npy")


@pytest.mark.parametrize(
    ("measure", "threshold"), [(ACE, -0.02), (CEM, 1.5), (EUCLIDEAN, 0.4), (SPECTRAL_ANGLE, 2.0)]
)
def test_map_and_mask_are_those_of_the_measure_with_the_files_own_statistics(
    job, session, session_file, files, measure, threshold
):
    chosen = replace(
        session, measure=measure, threshold=threshold, references=session.references[:1]
    )
    outcome = compare_file(job, question_of(chosen, session_file))
    assert outcome.problem is None
    stack = read_stack(files[1])
    vector, values = read_stack(files[0]).vector((1, 2)), stack.real_values(stack.values)
    expected = measure.values(values, vector, Background.of(values.reshape(-1, values.shape[-1])))
    (row,) = outcome.rows
    found = np.load(Path(job.folder) / row["map"])
    np.testing.assert_allclose(found, expected, atol=CLOSE)
    assert row["pixels_above"] == np.count_nonzero(found >= threshold)


def test_map_and_mask_of_a_stack_on_the_earth_are_geotiffs(job, question, monkeypatch):
    place = Georeference((30.0, 0.0, 100.0, 0.0, -30.0, 900.0))
    module_read = module.read_stacks

    def read_on_the_earth(location):
        return [replace(stack, georeference=place, overlay=None) for stack in module_read(location)]

    monkeypatch.setattr(module, "read_stacks", read_on_the_earth)
    outcome = compare_file(replace(job, map_suffix=".tif"), replace(question, threshold=0.5))
    (row,) = outcome.rows
    for name in (row["map"], row["mask"]):
        with tifffile.TiffFile(Path(job.folder) / name) as tiff:
            assert tiff.pages[0].tags[33922].value == (0.0, 0.0, 0.0, 100.0, 900.0, 0.0)


def test_file_that_changes_meanwhile_is_reported_and_has_no_record(
    job, question, files, tmp_path, monkeypatch
):
    def changed(location):
        stacks = module_read(location)
        files[1].write_bytes(b"another")
        return stacks

    module_read = module.read_stacks
    monkeypatch.setattr(module, "read_stacks", changed)
    outcome = compare_file(job, question)
    assert "changed or replaced" in outcome.problem.found
    assert not list((tmp_path / "out" / NOTES).iterdir())


@pytest.mark.parametrize(
    ("error", "found"), [(MemoryError(), "too little memory"), (KeyError("x"), "a failure (KeyEr")]
)
def test_failure_of_any_kind_is_reported_with_the_file(
    job, question, files, monkeypatch, error, found
):
    def fail(location):
        raise error

    monkeypatch.setattr(module, "read_stacks", fail)
    outcome = compare_file(job, question)
    assert outcome.problem.found.startswith(found)
    assert outcome.problem.file == str(files[1])


def test_warnings_of_the_reader_are_returned(job, question, monkeypatch):
    from napari_ifealid.formats import OverlayWarning

    read = module.read_stacks

    def warn(location):
        import warnings

        warnings.warn("without its overlay", OverlayWarning, stacklevel=1)
        warnings.warn("of somebody else", UserWarning, stacklevel=1)
        return read(location)

    monkeypatch.setattr(module, "read_stacks", warn)
    assert compare_file(job, question).warnings == ("without its overlay",)


def test_key_is_that_of_the_question_and_of_how_it_is_written(question):
    assert record_key(question, ".npy") == record_key(question, ".npy")
    assert record_key(question, ".npy") != record_key(question, ".tif")


def test_summary_says_how_many_features_are_compared(job, session, session_file):
    stacks = (replace(session.stacks[0], left_out=((0, 1),)),)
    for asked, count in ((session, 9), (replace(session, stacks=stacks), 7)):
        (row,) = compare_file(job, question_of(asked, session_file)).rows
        assert row["features"] == count
