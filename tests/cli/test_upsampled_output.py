"""`napari-ifealid extract --upsample`, with up-samplers of a few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from napari_ifealid import read_stack
from napari_ifealid.cli import extract as subcommand
from napari_ifealid.cli import main
from napari_ifealid.extraction import load_extractor, load_upsampler, upsample
from napari_ifealid.formats.weights_place import weights_path
from napari_ifealid.sharpening import SharpPixels, check_fit, read_weights
from napari_ifealid.stack import Placement

PHOTO = astronaut()[100:170:2, 150:250:2]  # 35 × 50 pixels, no multiple of a stride

CODE = """
import torch
from torch.nn.functional import interpolate

class Bilinear(torch.nn.Module):
    def forward(self, image, features):
        return interpolate(features, size=image.shape[-2:], mode="bilinear")

def dense(image, features):
    count = features.shape[-2] * features.shape[-1]
    alone = torch.eye(count).reshape(1, count, *features.shape[-2:])
    return Bilinear()(image, alone).permute(0, 2, 3, 1)

def sparse(image, features):
    weights, indices = torch.topk(dense(image, features), 4, dim=-1)
    return indices, weights

def negative(image, features): return dense(image, features) - 1

def only_large(image, features):
    if features.shape[-1] < 5:
        raise ValueError("too few columns")
    return sparse(image, features)

number = 7
"""


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
def code(tmp_path) -> Path:
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path / "mine.py"


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """A small vision transformer of random weights, as a folder."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from transformers import Dinov2Backbone, Dinov2Config

    torch.manual_seed(0)
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, patch_size=7, image_size=56
    )
    folder = tmp_path_factory.mktemp("network")
    Dinov2Backbone(config).save_pretrained(folder)
    return folder


@pytest.fixture
def arguments(photo, network, code) -> list[object]:
    """Those of a run for one stage, but for the name of the up-sampler."""
    return [photo, "-m", network, "-s", "stage1", "--device", "cpu", "--upsample"]


# Features


@pytest.mark.parametrize(
    ("kind", "options"), [("npz", []), ("npy", []), ("zip", ["--precision", "32"])]
)
def test_up_sampled_features_become_the_stack(arguments, code, network, output, kind, options):
    assert extract(*arguments, f"{code}:Bilinear", "--format", kind, *options) == 0
    assert names(output) == {f"photo.png.stage1.{kind}"}
    result = read_stack(output / f"photo.png.stage1.{kind}")
    (coarse,) = load_extractor(str(network)).extract(PHOTO, ["stage1"])
    expected = upsample(coarse, load_upsampler(f"{code}:Bilinear"))
    np.testing.assert_allclose(
        result.real_values(result.values), expected.values, rtol=0, atol=1e-5
    )
    assert result.values.shape == (35, 50, 16)


def test_place_and_image_of_up_sampled_features_are_kept(arguments, code, output):
    assert extract(*arguments, f"{code}:Bilinear", "--format", "zip") == 0
    result = read_stack(output / "photo.png.stage1.zip")
    assert result.placement in (None, Placement((1.0, 1.0), (0.0, 0.0)))
    assert result.overlay.shape == PHOTO.shape


def test_half_is_kept(arguments, code, output):
    assert extract(*arguments, f"{code}:Bilinear", "--half") == 0
    assert read_stack(output / "photo.png.stage1.npz").values.dtype == np.float16


# Attention weights


@pytest.mark.parametrize("name", ["dense", "sparse"])
@pytest.mark.parametrize("kind", ["npz", "npy", "zip"])
def test_weights_are_stored_beside_the_stack_they_are_of(
    arguments, code, network, output, name, kind, capsys
):
    assert extract(*arguments, f"{code}:{name}", "--format", kind) == 0
    path = output / f"photo.png.stage1.{kind}"
    assert names(output) == {path.name, f"{path.name}.weights.npz"}
    stack, weights = read_stack(path), read_weights(weights_path(path))
    (coarse,) = load_extractor(str(network)).extract(PHOTO, ["stage1"])
    assert stack.values.shape == coarse.values.shape
    assert weights.image_shape == PHOTO.shape[:2]
    check_fit(weights, stack)
    expected = upsample(coarse, load_upsampler(f"{code}:Bilinear")).values
    sharp = SharpPixels(stack, weights)
    tolerance = 1e-3 * np.abs(expected).max() if kind != "zip" else np.ptp(expected) / 100
    for pixel in [(0, 0), (34, 49), (20, 11)]:
        np.testing.assert_allclose(sharp.vector(pixel), expected[pixel], rtol=0, atol=tolerance)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Wrote {path.name}: 5 × 8 pixels × 16 features, ")
    taps = 9 if name == "dense" else 4
    assert second.startswith(
        f"Wrote {path.name}.weights.npz: {taps} weights for each of 35 × 50 pixels, "
        "100 % of the attention, "
    )


def test_taps_limit_the_weights_and_what_is_left_out_is_told(arguments, code, output, capsys):
    assert extract(*arguments, f"{code}:dense", "--taps", "2") == 0
    assert read_weights(output / "photo.png.stage1.npz.weights.npz").taps == 2
    told = capsys.readouterr().out.splitlines()[1]
    assert "2 weights for each of 35 × 50 pixels" in told
    assert "100 %" not in told


def test_existing_weights_block_another_stack_unless_forced(arguments, code, output, capsys):
    old = output / "photo.png.stage1.npz.weights.npz"
    old.write_bytes(b"old")
    for upsampler in (["--upsample", f"{code}:dense"], []):
        assert extract(*arguments[:-1], *upsampler) == 1
        assert names(output) == {old.name}
        assert old.read_bytes() == b"old"
        assert "--force" in capsys.readouterr().err
    assert extract(*arguments, f"{code}:dense", "--force") == 0
    assert read_weights(old).image_shape == PHOTO.shape[:2]


def test_weights_go_with_the_stack_that_is_replaced_without_any(arguments, code, output):
    assert extract(*arguments, f"{code}:dense") == 0
    assert extract(*arguments[:-1], "--force") == 0
    assert names(output) == {"photo.png.stage1.npz"}


def test_ctrl_c_leaves_no_weights_beside_another_stack(arguments, code, output, monkeypatch):
    def interrupted(iterable: Iterable[object], /, *, total: int, desc: str) -> Iterator[object]:
        for item in iterable:
            yield item
            if desc.startswith("Writing"):
                raise KeyboardInterrupt

    assert extract(*arguments, f"{code}:dense") == 0
    monkeypatch.setattr(subcommand, "terminal_progress", interrupted)
    assert extract(*arguments, f"{code}:sparse", "--force") == 130
    assert names(output) == {"photo.png.stage1.npz"}


# What is wrong


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("negative", "a negative attention weight"),
        ("only_large", "an up-sampler that fails (ValueError: too few columns)"),
    ],
)
def test_image_that_cannot_be_up_sampled_is_told_and_the_others_are_done(
    arguments, code, tmp_path, output, name, found, capsys
):
    Image.fromarray(PHOTO[:, :20]).save(tmp_path / "narrow.png")
    assert extract(tmp_path / "narrow.png", *arguments, f"{code}:{name}") == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"napari-ifealid: {found}")
    assert "narrow.png stage1" in errors
    assert ("photo.png.stage1.npz" in names(output)) is (name == "only_large")
    assert not any(name.startswith("narrow") for name in names(output))


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("mine.py", "the up-sampler 'mine.py'"),
        ("missing.py:dense", "no such file: missing.py"),
        ("no_such_module:dense", "an up-sampler that can't be imported"),
        ("{code}:other", "no 'other' in the code"),
        ("{code}:number", "an up-sampler of type int"),
    ],
)
def test_bad_upsampler_is_one_clear_line_and_status_2(arguments, code, output, spec, found, capsys):
    assert extract(*arguments, spec.format(code=code), "-o", output / "new") == 2
    assert names(output) == set()
    told, errors = capsys.readouterr()
    assert errors.startswith(f"napari-ifealid: {found}")
    assert (told, errors.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--upsample", "{code}:dense"], "--upsample with filters"),
        (["--taps", "3"], "--taps without --upsample"),
    ],
)
def test_options_that_do_not_go_together_are_told(photo, code, output, options, found, capsys):
    words = [option.format(code=code) for option in options]
    assert extract(photo, "-m", "filters", *words) == 2
    assert names(output) == set()
    assert capsys.readouterr().err.startswith(f"napari-ifealid: {found}")


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_taps_have_to_be_a_number(arguments, code, number, capsys):
    with pytest.raises(SystemExit) as exit_:
        extract(*arguments, f"{code}:dense", f"--taps={number}")
    assert exit_.value.code == 2
    assert f"found '{number}'; expected a whole number above 0" in capsys.readouterr().err
