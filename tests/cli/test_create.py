from __future__ import annotations

import json
import zipfile
from pathlib import Path

import fsspec
import numpy as np
import pytest
import zarr
from PIL import Image

from napari_ifealid import FeatureStack, read_stack, write_stack
from napari_ifealid.bands import Bands
from napari_ifealid.cli import main
from napari_ifealid.formats import restored, write_array


def create(*arguments: object) -> int:
    return main(["create", *map(str, arguments)])


def metadata(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("metadata.json"))


@pytest.mark.parametrize("precision", [8, 16, 32])
def test_output_lies_beside_the_input_and_holds_its_values(npy, array, capsys, precision):
    assert create(npy, "-p", precision) == 0
    output = npy.with_name(f"a.npy.{precision}.zip")
    stack = read_stack(output)
    step = array.max() / (2**precision - 1)
    tolerance = step / 2 + np.finfo(np.float32).eps
    np.testing.assert_allclose(restored(stack), array, rtol=0, atol=tolerance)
    assert stack.precision == precision
    told = capsys.readouterr().out
    assert told.startswith(f"Wrote {output}: 6 × 5 pixels × 9 features @ {precision} bit, ")
    assert told.count("\n") == 1


def test_precision_is_8_and_the_name_the_files_unless_given(npy):
    assert create(npy) == 0
    said = metadata(npy.with_name("a.npy.8.zip"))
    assert (said["name"], said["precision"], said["overlay"]) == ("a.npy", 8, False)


def test_dataset_of_a_zarr_array_is_that_of_a_numpy_array(npy, array):
    folder = npy.with_name("a.zarr")
    zarr.create_array(str(folder), data=array, chunks=(4, 2, 4))
    assert create(folder, "-n", "a") == create(npy, "-n", "a") == 0
    datasets = [npy.with_name(f"{name}.8.zip").read_bytes() for name in ("a.zarr", "a.npy")]
    assert datasets[0] == datasets[1]


def test_dataset_of_an_array_behind_a_url_lies_in_the_current_folder(
    npy, array, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    url = "memory://test_create/a.zarr"
    zarr.create_array(url, data=array)
    try:
        assert create(url, "-n", "a") == create(npy, "-n", "a") == 0
    finally:
        fsspec.filesystem("memory").rm("/test_create", recursive=True)
    assert (tmp_path / "a.zarr.8.zip").read_bytes() == npy.with_name("a.npy.8.zip").read_bytes()
    assert capsys.readouterr().out.startswith("Wrote a.zarr.8.zip: 6 × 5 pixels × 9 features")


def test_dataset_of_an_array_that_stays_in_its_file_is_that_of_one_in_memory(npy, free_memory):
    assert create(npy) == 0
    in_memory = npy.with_name("a.npy.8.zip").read_bytes()
    with free_memory(npy.stat().st_size):
        assert create(npy, "--force") == 0
    assert npy.with_name("a.npy.8.zip").read_bytes() == in_memory


def test_name_and_output_are_as_given(npy, tmp_path):
    assert create(npy, "-n", "Ein Name – 名", "--output", tmp_path / "b.zip") == 0
    assert metadata(tmp_path / "b.zip")["name"] == "Ein Name – 名"
    assert {path.name for path in tmp_path.iterdir()} == {"a.npy", "b.zip"}


def test_rgba_overlay_is_written(npy, picture):
    assert create(npy, "--overlay", picture) == 0
    overlay = read_stack(npy.with_name("a.npy.8.zip")).overlay
    with Image.open(picture) as image:
        difference = np.abs(overlay.astype(int) - np.asarray(image.convert("RGB")))
    assert difference.max() < 12  # JPEG


@pytest.mark.parametrize("axis", [0, 1, -3])
def test_features_may_lie_along_any_axis(npy, array, axis):
    np.save(npy, np.moveaxis(array, -1, axis))
    assert create(npy, "--axis", axis, "-p", 32) == 0
    stack = read_stack(npy.with_name("a.npy.32.zip"))
    np.testing.assert_allclose(restored(stack), array, rtol=0, atol=1e-7)
    assert stack.name == "a.npy"


def test_axis_that_is_not_there_is_refused(npy, capsys):
    assert create(npy, "--axis", "3") == 2
    assert "napari-ifealid: no axis 3" in capsys.readouterr().err


def test_array_of_several_is_chosen_by_its_name(tmp_path, array):
    path = tmp_path / "a.npz"
    np.savez(path, first=array, second=2 * array)
    assert create(path, "--array", "second") == 0
    said = metadata(tmp_path / "a.npz.8.zip")
    assert (said["name"], said["maximum"]) == ("a.npz", pytest.approx(2 * array.max()))


def test_one_of_several_arrays_has_to_be_chosen(tmp_path, array, capsys):
    np.savez(tmp_path / "a.npz", first=array, second=array)
    assert create(tmp_path / "a.npz") == 2
    error = capsys.readouterr().err
    assert "2 feature stacks, first, second" in error
    assert "--array" in error


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_or_replaced(npy, array, capsys, bad):
    array[1, 2, 3] = bad
    np.save(npy, array)
    output = npy.with_name("a.npy.8.zip")
    assert create(npy) == 2
    assert "--replace-nonfinite" in capsys.readouterr().err
    assert not output.exists()
    assert create(npy, "--replace-nonfinite", "-1.5") == 0
    assert restored(read_stack(output))[1, 2, 3] == -1.5


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "zero"])
def test_what_replaces_them_has_to_be_finite(npy, capsys, value):
    with pytest.raises(SystemExit) as exit_:
        create(npy, f"--replace-nonfinite={value}")
    assert exit_.value.code == 2
    assert f"found '{value}'; expected a finite number" in capsys.readouterr().err


def test_padding_is_added_for_the_web_application(npy):
    assert create(npy, "-p", "16", "--pad-for-web") == 0
    said = metadata(npy.with_name("a.npy.16.zip"))
    assert (said["features"], said["padding"]) == (13, 4)


def test_labels_are_numbers_where_they_are_some(npy, tmp_path):
    lines = ["400", "410.5", "  NIR ", "1e3", "nan", "", "ä", "-1", "last"]
    (tmp_path / "labels.txt").write_text("\ufeff" + "\r\n".join(lines) + "\n\n", "utf-8")
    assert create(npy, "--labels", tmp_path / "labels.txt") == 0
    labels = read_stack(npy.with_name("a.npy.8.zip")).feature_labels
    assert labels == (400, 410.5, "NIR", 1000.0, "nan", "", "ä", -1, "last")
    assert isinstance(labels[0], int)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"1\n2\n", "2 lines"), (b"", "0 lines"), (b"\xff", "no text"), (None, "no such file")],
)
def test_bad_labels_are_refused(npy, tmp_path, capsys, content, found):
    if content is not None:
        (tmp_path / "labels.txt").write_bytes(content)
    assert create(npy, "--labels", tmp_path / "labels.txt") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"napari-ifealid: {found}")
    assert not npy.with_name("a.npy.8.zip").exists()


@pytest.fixture
def zip_file(tmp_path, stack) -> Path:
    labelled = FeatureStack(
        values=stack.values.astype(np.int16) - 100,
        name="small",
        overlay=stack.overlay,
        feature_labels=[f"band {n}" for n in range(9)],
    )
    write_stack(tmp_path / "a.zip", labelled, precision=16)
    return tmp_path / "a.zip"


@pytest.mark.filterwarnings("ignore::napari_ifealid.formats.WebApplicationWarning")
def test_dataset_in_another_precision_keeps_all_else(zip_file):
    assert create(zip_file, "-p", "8") == 0
    before, after = read_stack(zip_file), read_stack(zip_file.with_name("a.zip.8.zip"))
    assert (after.precision, after.name) == (8, "small")
    assert after.feature_labels == before.feature_labels
    assert np.abs(after.overlay.astype(int) - before.overlay).max() < 12
    assert restored(after).dtype == np.int16
    np.testing.assert_array_equal(restored(after), restored(before))


@pytest.mark.filterwarnings("ignore::napari_ifealid.formats.WebApplicationWarning")
def test_name_and_overlay_of_a_dataset_can_be_changed(zip_file, picture, tmp_path):
    Image.new("RGB", (7, 5)).save(picture)
    output = tmp_path / "b.zip"
    assert create(zip_file, "-p", "16", "-n", "new", "--overlay", picture, "-o", output) == 0
    before, after = read_stack(zip_file), read_stack(output)
    assert (after.name, after.overlay.shape) == ("new", (5, 7, 3))
    np.testing.assert_array_equal(after.values, before.values)


def test_existing_output_is_only_replaced_by_force(npy, capsys):
    output = npy.with_name("a.npy.8.zip")
    output.write_bytes(b"old")
    assert create(npy) == 2
    assert output.read_bytes() == b"old"
    assert "--force" in capsys.readouterr().err
    assert create(npy, "--force") == 0
    assert read_stack(output).name == "a.npy"


def test_existing_output_is_refused_before_the_input_is_read(tmp_path, capsys):
    (tmp_path / "b.zip").write_bytes(b"old")
    assert create(tmp_path / "missing.npy", "--output", tmp_path / "b.zip") == 2
    assert "a file of this name: b.zip" in capsys.readouterr().err


def test_folder_that_is_not_there_is_refused_before_the_input_is_read(tmp_path, capsys):
    assert create(tmp_path / "missing.npy", "--output", tmp_path / "folder" / "b.zip") == 2
    assert "napari-ifealid: a place where nothing can be written" in capsys.readouterr().err


def test_output_of_another_kind_is_refused(npy, tmp_path, capsys):
    assert create(npy, "--output", tmp_path / "b.npy") == 2
    assert "expected .zip" in capsys.readouterr().err


def test_the_same_input_gives_the_same_bytes(npy, picture, tmp_path):
    for name in ("b.zip", "c.zip"):
        assert create(npy, "--overlay", picture, "--output", tmp_path / name) == 0
    assert (tmp_path / "b.zip").read_bytes() == (tmp_path / "c.zip").read_bytes()


def test_signed_values_are_a_plain_warning(npy, array, capsys):
    np.save(npy, array - 0.5)
    assert create(npy) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("napari-ifealid: warning: a.npy has values from -0.5 to ")
    assert "web application" in warning


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 5), (0, 3, 4)])
def test_array_of_another_shape_is_one_clear_line_and_status_2(npy, capsys, shape):
    np.save(npy, np.ones(shape))
    assert create(npy) == 2
    error = capsys.readouterr().err
    assert "expected" in error
    assert error.count("\n") == 1


def test_bad_input_is_status_2_of_the_process(run_command, tmp_path):
    done = run_command("create", tmp_path / "missing.npy")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("napari-ifealid: no such file: missing.npy; ")
    assert done.stderr.count("\n") == 1


def test_overlay_is_a_picture_of_the_bands_where_that_is_asked_for(npy, array, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"{440 + 30 * number} nm" for number in range(9)))
    output = tmp_path / "a.zip"
    options = ("--labels", labels, "--output", output, "--overlay-from-bands")
    assert create(npy, *options) == 0
    overlay = read_stack(output).overlay
    assert overlay.shape == (6, 5, 3)
    assert np.ptp(overlay.astype(int), axis=-1).max() > 50  # in colour


def test_overlay_from_bands_beside_an_overlay_is_refused(npy, tmp_path, capsys):
    Image.new("RGB", (5, 6)).save(tmp_path / "o.png")
    assert create(npy, "--overlay", tmp_path / "o.png", "--overlay-from-bands") == 2
    assert "one of the two" in capsys.readouterr().err


def test_volume_has_no_overlay_from_bands(tmp_path, capsys):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).random((2, 3, 4, 5)))
    assert create(tmp_path / "v.npy", "--overlay-from-bands") == 2
    assert "no picture" in capsys.readouterr().err


def test_bad_bands_are_left_out_on_request_and_missing_values_replaced(tmp_path, capsys):
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    values[..., 1], values[0, 0] = -1, -1
    stack = FeatureStack(
        values=values,
        name="cube",
        feature_labels=["450.5 nm", "550.0 nm", "650.0 nm", "750.0 nm"],
        bands=Bands(is_good=(True, False, True, True)),
        nodata=-1,
    )
    cube, output = tmp_path / "cube.hdr", tmp_path / "a.zip"
    write_array(cube, stack)
    assert create(cube, "--output", output) == 2
    told = capsys.readouterr().err
    assert told.startswith("napari-ifealid: 9 missing values (-1 or NaN) and 0 infinities among 24")
    assert "create --bands good" in told
    assert "create --replace-nonfinite 0" in told
    assert create(cube, "--output", output, "--bands", "good") == 2
    assert "3 missing values (-1 or NaN)" in capsys.readouterr().err
    options = ["--output", output, "--bands", "good", "--replace-nonfinite", "0"]
    assert create(cube, *options) == 0
    assert capsys.readouterr().err == ""
    again = read_stack(output)
    assert again.feature_labels == ("450.5 nm", "650.0 nm", "750.0 nm")
    values[0, 0] = 0
    np.testing.assert_allclose(restored(again), values[..., [0, 2, 3]], atol=0.05)


def test_all_bands_are_good_where_the_file_does_not_tell(npy):
    assert create(npy, "--bands", "good") == 0
    assert read_stack(npy.with_name("a.npy.8.zip")).feature_count == 9
