from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from batch_files import SHAPE, make_file

from explorer_actions import CLOSE
from napari_ifealid import read_stack
from napari_ifealid.batch import InTurn, apply_question, apply_session, question_of
from napari_ifealid.batch.compare_file import compare_file
from napari_ifealid.errors import DatasetError
from napari_ifealid.measures import SPECTRAL_ANGLE
from napari_ifealid.results import region_table, threshold_regions


class Counting:
    """Compares in turn, and notes what."""

    def __init__(self) -> None:
        self.compared: list[str] = []

    def run(self, jobs, question):
        for job in jobs:
            self.compared.append(job.stem)
            yield compare_file(job, question)


@pytest.fixture
def question(session, session_file):
    return question_of(session, session_file)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def apply(question, files, out):
    """Applies the session; returns the report and what was compared, not done before."""

    def apply(paths=files, *, asked=question, **options):
        runner = Counting()
        report = apply_question(asked, paths, out, runner=runner, **options)
        return report, runner.compared

    return apply


def expected(question, path) -> np.ndarray:
    stack = read_stack(path)
    values = stack.real_values(stack.values)
    references = question.of_stacks[0].references
    return np.max([SPECTRAL_ANGLE.definition(values, one.vector) for one in references], axis=0)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_each_file_gets_its_map_its_mask_and_its_table(apply, question, files, out):
    report, _ = apply()
    assert report.problems == []
    for path in files:
        values = np.load(out / f"{path.stem}.map.npy")
        np.testing.assert_allclose(values, expected(question, path), atol=CLOSE)
        labels = tifffile.imread(out / f"{path.stem}.mask.tif")
        regions = threshold_regions(values, 0.7, mode="connected regions")
        np.testing.assert_array_equal(labels, regions)
        table = pd.read_csv(out / f"{path.stem}.regions.csv")
        pd.testing.assert_frame_equal(table, region_table(regions, values), check_dtype=False)
    assert len(names(out)) == 3 * len(files) + 1


def test_summary_is_over_all_files(apply, files, out):
    report, _ = apply()
    table = pd.read_csv(report.summary)
    assert table["file"].tolist() == list(map(str, files))
    for _, row in table.iterrows():
        values = np.load(out / row["map"])
        assert row["pixels"] == values.size
        assert row["pixels_above"] == np.count_nonzero(values >= np.float32(0.7))
        np.testing.assert_allclose(row["mean"], values.mean(), rtol=1e-5)
    assert table["problem"].isna().all()


def test_without_a_threshold_there_are_maps_only(apply, question, out):
    apply(asked=replace(question, threshold=None), map_suffix=".tif")
    assert names(out) == ["a.map.tif", "b.map.tif", "c.map.tif", "d.map.tif", "summary.csv"]


def test_what_is_complete_is_not_done_again(apply, out):
    _, compared = apply()
    assert compared == ["a", "b", "c", "d"]
    summary = (out / "summary.csv").read_bytes()
    again, compared = apply()
    assert compared == []
    assert again.done_before == 4
    assert (out / "summary.csv").read_bytes() == summary


def test_what_is_asked_for_again_is_done_again(apply):
    apply()
    assert apply(again=True)[1] == ["a", "b", "c", "d"]


def test_other_files_are_added(apply, files):
    apply(files[:2])
    assert apply(files)[1] == ["c", "d"]


def test_changed_file_is_done_again(apply, files):
    apply()
    files[1].unlink()
    make_file(files[1], 77)
    assert apply()[1] == ["b"]


def test_missing_output_is_done_again(apply, out):
    apply()
    (out / "c.mask.tif").unlink()
    assert apply()[1] == ["c"]
    assert (out / "c.mask.tif").exists()


def test_other_question_is_asked_of_all_and_leaves_nothing_of_the_first(apply, question, out):
    apply()
    _, compared = apply(asked=replace(question, threshold=None), map_suffix=".tif")
    assert compared == ["a", "b", "c", "d"]
    assert names(out) == ["a.map.tif", "b.map.tif", "c.map.tif", "d.map.tif", "summary.csv"]


def test_bad_file_is_reported_and_the_others_are_done(apply, files, tmp_path, out):
    bad = tmp_path / "in" / "bad.zip"
    bad.write_bytes(files[0].read_bytes()[:500])
    report, _ = apply([files[0], bad, tmp_path / "missing.zip", files[1]])
    damaged, missing = report.problems
    assert "damaged" in damaged.found
    assert missing.found == "no such file"
    assert [one.location for one in report.outcomes if one.problem is None] == [
        str(files[0]),
        str(files[1]),
    ]
    table = pd.read_csv(out / "summary.csv")
    assert table["problem"].notna().tolist() == [False, True, True, False]


def test_bad_file_is_tried_again(apply, files):
    content = files[2].read_bytes()
    files[2].write_bytes(content[:500])
    assert len(apply()[0].problems) == 1
    files[2].write_bytes(content)
    report, compared = apply()
    assert (report.problems, compared) == ([], ["c"])


def test_file_of_other_features_is_reported_and_not_compared(apply, files, tmp_path, out):
    other = make_file(tmp_path / "other.zip", 3, (6, 5, 8))
    report, _ = apply([other, files[0]])
    (problem,) = report.problems
    assert problem.found == "8 features"
    assert problem.file == str(other)
    assert not any(name.startswith("other") for name in names(out))


def test_files_of_one_name_in_different_folders_have_outputs_of_their_own(
    apply, question, tmp_path, out
):
    paths = [make_file(tmp_path / folder / "x.zip", seed) for seed, folder in enumerate("pq")]
    np.save(tmp_path / "p" / "x.npy", read_stack(paths[0]).values)
    _, compared = apply([*paths, tmp_path / "p" / "x.npy"])
    assert compared == ["x", "x.zip", "x.npy"]
    for stem, path in zip(compared, paths, strict=False):
        values = np.load(out / f"{stem}.map.npy")
        np.testing.assert_allclose(values, expected(question, path), atol=CLOSE)
    assert apply(list(reversed(paths)))[1] == []


def test_same_file_twice_is_done_once(apply, files):
    assert apply([files[0], files[0]])[1] == ["a"]


@pytest.mark.parametrize("name", ["b.map.npy", "b.mask.tif", "b.regions.csv", "b.map.tif"])
@pytest.mark.parametrize("again", [False, True])
def test_file_of_the_user_is_never_replaced(apply, out, name, again):
    out.mkdir()
    (out / name).write_text("mine")
    report, compared = apply(again=again)
    assert compared == ["a", "c", "d"]
    (problem,) = report.problems
    assert problem.file == str(out / name)
    assert (out / name).read_text() == "mine"
    assert len(apply(again=again)[0].problems) == 1
    assert (out / name).read_text() == "mine"


@pytest.mark.parametrize("again", [False, True])
def test_output_that_the_user_has_changed_is_never_replaced(apply, out, again):
    apply()
    (out / "b.mask.tif").write_text("mine")
    report, _ = apply(again=again)
    assert [problem.file for problem in report.problems] == [str(out / "b.mask.tif")]
    assert (out / "b.mask.tif").read_text() == "mine"


def test_summary_of_the_user_is_an_error_before_anything_is_compared(apply, out):
    out.mkdir()
    (out / "summary.csv").write_text("mine")
    with pytest.raises(DatasetError, match=r"has not written.*: summary\.csv"):
        apply()
    assert names(out) == ["summary.csv"]


def test_summary_that_was_changed_is_an_error(apply, out):
    apply()
    (out / "summary.csv").write_text("mine")
    with pytest.raises(DatasetError, match=r"summary\.csv"):
        apply()


def test_outputs_without_a_record_are_those_of_a_batch_that_was_killed(apply, out):
    apply()
    (out / ".napari-ifealid" / "b.done.json").unlink()
    report, compared = apply()
    assert (report.problems, compared) == ([], ["b"])


def test_file_of_several_stacks_has_outputs_of_each(apply, question, files, tmp_path, out):
    first, second = (stack.real_values(stack.values) for stack in map(read_stack, files[:2]))
    np.savez(tmp_path / "two.npz", first=first, **{"se/cond": second})
    report, _ = apply([tmp_path / "two.npz"])
    assert report.problems == []
    for name, path in zip(("first", "se_cond"), files, strict=False):
        values = np.load(out / f"two.{name}.map.npy")
        np.testing.assert_allclose(values, expected(question, path), atol=CLOSE)
    assert apply([tmp_path / "two.npz"])[1] == []


def test_stack_of_other_features_beside_a_good_one_is_reported(apply, files, tmp_path):
    good = read_stack(files[0]).values
    np.savez(tmp_path / "two.npz", good=good, other=good[..., :4])
    report, _ = apply([tmp_path / "two.npz"])
    (outcome,) = report.outcomes
    assert len(outcome.rows) == 1
    assert outcome.problem.found == "4 features"


def test_file_in_which_nothing_is_finite_where_it_matters_has_a_map_of_nan(apply, tmp_path, out):
    values = np.full(SHAPE, np.nan)
    values[..., 0] = 1.0
    np.save(tmp_path / "nan.npy", values)
    report, _ = apply([tmp_path / "nan.npy"])
    assert report.problems == []
    assert np.isnan(np.load(out / "nan.map.npy")).all()


def test_session_file_is_applied_in_one_call(session_file, files, out):
    report = apply_session(session_file, files, out, jobs=1)
    assert report.problems == []
    assert report.summary == out / "summary.csv"


def test_cancelled_batch_keeps_what_it_has_done(question, files, out):
    def two_only(iterable, /, *, total, desc):
        for _, item in zip(range(2), iterable, strict=False):
            yield item

    with pytest.raises(CancelledError):
        apply_question(question, files, out, runner=InTurn(), track=two_only)
    runner = Counting()
    apply_question(question, files, out, runner=runner)
    assert 0 < len(runner.compared) < 4
