from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.data import astronaut

from napari_ifealid import extraction, read_stack
from napari_ifealid.cli import extract as subcommand
from napari_ifealid.cli import main
from napari_ifealid.extraction import ExtractionWarning, filter_features, load_extractor
from napari_ifealid.formats import images, restored

PHOTO = astronaut()[100:170:2, 150:250:2]
GREY = PHOTO[..., 0]
DEEP_GREY = GREY.astype(np.uint16) * 150 + 77
STAGES = ("stem", "stage1", "stage2", "stage3", "stage4")


def extract(*arguments: object) -> int:
    return main(["extract", *map(str, arguments)])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def output(tmp_path, monkeypatch) -> Path:
    """The current folder, which is empty."""
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def photo(tmp_path) -> Path:
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def photos(photo) -> list[Path]:
    """Three photos, the last turned."""
    paths = [photo, photo.with_name("second.png"), photo.with_name("third.png")]
    Image.fromarray(PHOTO[::-1]).save(paths[1])
    Image.fromarray(np.rot90(PHOTO)).save(paths[2])
    return paths


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """A small network of random weights, as a folder."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from transformers import ResNetBackbone, ResNetConfig

    torch.manual_seed(0)
    config = ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 24, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    folder = tmp_path_factory.mktemp("network")
    ResNetBackbone(config).save_pretrained(folder)
    return folder


# Filters


@pytest.mark.parametrize("suffix", ["npz", "npy"])
def test_array_holds_the_features(photo, output, suffix, capsys):
    assert extract(photo, "-m", "filters", "--format", suffix) == 0
    path = output / f"photo.png.filters.{suffix}"
    assert names(output) == {path.name}
    np.testing.assert_array_equal(read_stack(path).values, filter_features(PHOTO).values)
    told, errors = capsys.readouterr()
    assert told.startswith(f"Wrote {path.name}: 35 × 50 pixels × 48 features, ")
    assert (told.count("\n"), errors) == (1, "")


def test_format_is_npz_unless_given(photo, output):
    assert extract(photo, "-m", "filters") == 0
    assert names(output) == {"photo.png.filters.npz"}


@pytest.mark.parametrize(
    ("options", "precision"),
    [([], 8), (["--precision", "8"], 8), (["--precision", "16"], 16), (["--precision", "32"], 32)],
)
def test_dataset_holds_the_features_at_its_precision_over_the_image(
    photo, output, options, precision
):
    assert extract(photo, "-m", "filters", "--format", "zip", *options) == 0
    stack = read_stack(output / "photo.png.filters.zip")
    assert (stack.name, stack.precision) == ("photo.png filters", precision)
    assert np.abs(stack.overlay.astype(float) - PHOTO).max() < 12  # JPEG
    expected = filter_features(PHOTO)
    assert stack.feature_labels == expected.feature_labels
    step = np.ptp(expected.values) / (2**precision - 1)
    np.testing.assert_allclose(restored(stack), expected.values, rtol=0, atol=step / 2 + 1e-5)


def test_dataset_is_padded_for_the_web_application_on_request(photo, output):
    assert (
        extract(photo, "-m", "filters", "--format", "zip", "--precision", "16", "--pad-for-web")
        == 0
    )
    path = output / "photo.png.filters.zip"
    with ZipFile(path) as archive:
        padding = json.loads(archive.read("metadata.json"))["padding"]
    assert padding > 0
    assert read_stack(path).feature_count == 48


@pytest.mark.parametrize(
    ("name", "stored", "seen"),
    [
        ("grey.png", GREY, GREY),
        ("deep.png", DEEP_GREY, DEEP_GREY),
        ("opacity.png", np.dstack([PHOTO, GREY]), PHOTO),
        ("grey.tif", GREY, GREY),
        ("deep.tif", DEEP_GREY, DEEP_GREY),
        ("float.tif", DEEP_GREY / 1e5 - 0.1, DEEP_GREY),
    ],
)
def test_image_of_any_kind_is_extracted(tmp_path, output, name, stored, seen):
    path = tmp_path / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, stored)
    else:
        Image.fromarray(stored).save(path)
    assert extract(path, "-m", "filters") == 0
    values = read_stack(output / f"{name}.filters.npz").values
    np.testing.assert_allclose(values, filter_features(seen).values, rtol=0, atol=0.01)


def test_folder_for_the_output_is_made(photo, tmp_path, output):
    assert extract(photo, "-m", "filters", "-o", tmp_path / "new" / "folder") == 0
    assert names(tmp_path / "new" / "folder") == {"photo.png.filters.npz"}
    assert names(output) == set()


# Networks


def test_network_gives_a_file_for_each_stage(photo, network, output):
    assert extract(photo, "-m", network) == 0
    expected = load_extractor(str(network)).extract(PHOTO, name="photo.png")
    assert names(output) == {f"photo.png.{stage}.npz" for stage in STAGES}
    for stage, stack in zip(STAGES, expected, strict=True):
        result = read_stack(output / f"photo.png.{stage}.npz")
        assert result.values.dtype == np.float32
        np.testing.assert_allclose(result.values, stack.values, rtol=0, atol=1e-6)
        assert result.placement == stack.placement
        assert result.placement is not None


def test_stages_can_be_chosen_and_keep_their_place_in_datasets(photo, network, output):
    arguments = [photo, "-m", network, "-s", "stage2", "stem", "-s", "stage2", "--format", "zip"]
    assert extract(*arguments) == 0
    assert names(output) == {"photo.png.stage2.zip", "photo.png.stem.zip"}
    (expected,) = load_extractor(str(network)).extract(PHOTO, ["stage2"])
    result = read_stack(output / "photo.png.stage2.zip")
    assert result.placement == expected.placement
    step = np.ptp(expected.values) / 255
    np.testing.assert_allclose(restored(result), expected.values, rtol=0, atol=step / 2 + 1e-6)


@pytest.mark.parametrize("kind", ["npy", "zip"])
def test_half_gives_float16(photo, network, output, kind):
    options = ["-s", "stage1", "--half", "--device", "cpu", "--format", kind]
    assert extract(photo, "-m", network, *options) == 0
    assert restored(read_stack(output / f"photo.png.stage1.{kind}")).dtype == np.float16


def test_progress_is_shown_over_images_and_the_tiles_of_each(photos, network, monkeypatch):
    seen: list[tuple[str, int]] = []

    def recorded(iterable: Iterable[object], /, *, total: int, desc: str) -> Iterable[object]:
        seen.append((desc, total))
        return iterable

    monkeypatch.setattr(subcommand, "terminal_progress", recorded)
    Image.fromarray(np.tile(PHOTO, (10, 1, 1))).save(photos[1])  # 350 pixels high
    options = ["-s", "stem", "--most-pixels", "1000"]
    assert extract(*photos[:2], "-m", network, *options) == 0
    told = [(desc, total) for desc, total in seen if not desc.startswith("Writing")]
    assert told[0] == ("Extracting", 2)
    (first, one), (second, several) = told[1:]
    assert (first, one) == ("Extracting features of photo.png", 1)
    assert second == "Extracting features of second.png"
    assert several > 1


# Some of the input is bad


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (Path.unlink, "no such file"),
        (lambda path: path.write_text("no image"), "no image"),
        (lambda path: path.write_bytes(path.read_bytes()[:-100]), "no image"),
        (lambda path: Image.new("L", (1, 1)).save(path), "an array of shape (1, 1, 3)"),
        (lambda path: tifffile.imwrite(path, np.ones((7, 9, 8), "u2")), "7 images in one file"),
        (
            lambda path: tifffile.imwrite(path, np.full((9, 8), np.nan)),
            "NaN or infinity in the image",
        ),
    ],
    ids=str.split("missing text truncated tiny stack nan"),
)
def test_bad_image_is_told_and_the_others_are_extracted(photos, output, spoil, found, capsys):
    spoil(photos[1])
    assert extract(*photos, "-m", "filters") == 1
    assert names(output) == {"photo.png.filters.npz", "third.png.filters.npz"}
    told, errors = capsys.readouterr()
    assert told.count("Wrote") == 2
    assert errors.startswith(f"napari-ifealid: {found}")
    assert errors.count("\n") == 1


def test_image_without_enough_memory_is_told_and_the_others_are_extracted(
    photos, output, capsys, monkeypatch
):
    def read(path: Path) -> np.ndarray:
        return np.empty(2**60, np.uint8) if path == photos[0] else PHOTO

    monkeypatch.setattr(images, "read_image", read)
    assert extract(*photos, "-m", "filters") == 1
    assert names(output) == {"second.png.filters.npz", "third.png.filters.npz"}
    assert capsys.readouterr().err.startswith("napari-ifealid: too little memory")


def test_status_is_1_even_if_all_images_are_bad(tmp_path, capsys):
    assert extract(tmp_path / "a.png", tmp_path / "b.png", "-m", "filters") == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_existing_output_is_only_replaced_by_force(photos, output, capsys):
    old = output / "photo.png.filters.npz"
    old.write_bytes(b"old")
    assert extract(*photos[:2], "-m", "filters") == 1
    assert old.read_bytes() == b"old"
    assert names(output) == {old.name, "second.png.filters.npz"}
    assert "--force" in capsys.readouterr().err
    assert extract(*photos[:2], "-m", "filters", "--force") == 0
    np.testing.assert_array_equal(read_stack(old).values, filter_features(PHOTO).values)


def test_no_stage_is_written_where_the_output_of_a_later_one_exists(photo, network, output):
    (output / "photo.png.stage4.npz").write_bytes(b"old")
    assert extract(photo, "-m", network) == 1
    assert names(output) == {"photo.png.stage4.npz"}


# All of the input is bad


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["-m", "filters", "-s", "stage1"], "no layer 'stage1'"),
        (["-m", "filters", "--half"], "--half with filters"),
        (["-m", "filters", "--most-pixels", "9"], "--most-pixels with filters"),
        (["-m", "filters", "--precision", "8"], "--precision with the format npz"),
        (["-m", "filters", "--pad-for-web"], "--pad-for-web with the format npz"),
        (["-m", "./missing/folder"], "no such folder"),
        (["-m", "filters", "-o", f"{__file__}/new"], "no folder, and none can be made"),
    ],
    ids=lambda options: " ".join(options[-2:]) if isinstance(options, list) else "",
)
def test_bad_arguments_are_one_clear_line_and_status_2(photo, output, options, found, capsys):
    assert extract(photo, *options) == 2
    assert names(output) == set()
    told, errors = capsys.readouterr()
    assert errors.startswith(f"napari-ifealid: {found}")
    assert (told, errors.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["-s", "stage1", "stage9"], "no layer 'stage9'"),
        (["--device", "toaster"], "no device 'toaster'"),
        (["--device", "meta"], "no device 'meta'"),
    ],
    ids=["stage", "name of a device", "device"],
)
def test_bad_arguments_of_a_network_are_status_2(photo, network, output, options, found, capsys):
    assert extract(photo, "-m", network, "-o", output / "new", *options) == 2
    assert names(output) == set()
    told, errors = capsys.readouterr()
    assert errors.startswith(f"napari-ifealid: {found}")
    assert (told, errors.count("\n")) == ("", 1)


def test_images_of_one_name_are_refused(photo, tmp_path, output, capsys):
    assert extract(photo, tmp_path / "elsewhere" / photo.name, "-m", "filters") == 2
    assert names(output) == set()
    assert "2 images of the name photo.png" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many"])
def test_most_pixels_have_to_be_a_number(photo, number, capsys):
    with pytest.raises(SystemExit) as exit_:
        extract(photo, "-m", "filters", f"--most-pixels={number}")
    assert exit_.value.code == 2
    assert f"found '{number}'; expected a whole number above 0" in capsys.readouterr().err


def test_model_has_to_be_given(photo, capsys):
    with pytest.raises(SystemExit) as exit_:
        extract(photo)
    assert exit_.value.code == 2
    assert "-m/--model" in capsys.readouterr().err


# What happens on the way


def test_warning_of_each_image_is_a_plain_line(photos, capsys, monkeypatch):
    class ShortOfMemory:
        layers = ("filters",)

        def extract(self, image, layers, *, name, track):
            warnings.warn(f"{name}: memory is short", ExtractionWarning, stacklevel=1)
            return [filter_features(image, name=name)]

    monkeypatch.setattr(extraction, "load_extractor", lambda model: ShortOfMemory())
    assert extract(*photos, "-m", "filters") == 0
    assert capsys.readouterr().err.splitlines() == [
        f"napari-ifealid: warning: {path.name}: memory is short" for path in photos
    ]


@pytest.mark.parametrize("kind", ["zip", "npz", "npy"])
def test_ctrl_c_while_a_file_is_written_leaves_the_complete_ones_alone(
    photos, output, kind, capsys, monkeypatch
):
    def interrupted(iterable: Iterable[object], /, *, total: int, desc: str) -> Iterator[object]:
        for item in iterable:
            yield item
            if desc.startswith("Writing second.png"):
                raise KeyboardInterrupt

    monkeypatch.setattr(subcommand, "terminal_progress", interrupted)
    assert extract(*photos, "-m", "filters", "--format", kind) == 130
    assert names(output) == {f"photo.png.filters.{kind}"}
    assert "stopped by SIGINT" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["create", "--help"], ["extract", "--help"]])
def test_help_imports_none_of_the_large_packages(arguments):
    code = (
        "import sys, json\n"
        "from napari_ifealid.cli import main\n"
        f"try: main({arguments})\n"
        "except SystemExit as exit_: print(json.dumps([exit_.code, list(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    assert {"torch", "transformers", "skimage", "napari", "qtpy"}.isdisjoint(modules)


def test_filters_import_no_network(photo):
    code = (
        "import sys\n"
        "from napari_ifealid.cli import main\n"
        f"assert main(['extract', {str(photo)!r}, '-m', 'filters']) == 0\n"
        "assert {'torch', 'transformers', 'napari', 'qtpy'}.isdisjoint(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], timeout=120, check=True)
