from __future__ import annotations

import io
import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    BertConfig,
    ConvNextBackbone,
    Dinov2Backbone,
    Dinov2WithRegistersBackbone,
    ResNetBackbone,
    SwinBackbone,
)
from transformers.utils import logging

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import load_extractor
from napari_ifealid.extraction.backbones import backbone, backbone_stages, best_device

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
STRIDES = {
    "resnet": {"stem": 4, "stage1": 4, "stage2": 8, "stage3": 16},
    "convnext": {"stem": 4, "stage1": 4, "stage2": 8, "stage3": 16},
    "swin": {"stem": 4, "stage1": 4, "stage2": 8, "stage3": 16},
    "dinov2": {"stem": 14, "stage1": 14, "stage2": 14},
    "dinov2 with registers": {"stem": 14, "stage1": 14, "stage2": 14},
}


NETWORKS = {
    "resnet": ResNetBackbone,
    "convnext": ConvNextBackbone,
    "swin": SwinBackbone,
    "dinov2": Dinov2Backbone,
    "dinov2 with registers": Dinov2WithRegistersBackbone,
}


def own_maps(kind, folder, image, mean=MEAN, std=STD):
    """Maps by the network itself, of the image padded to a multiple of the stride."""
    stages = list(STRIDES[kind])
    module = NETWORKS[kind].from_pretrained(folder, out_features=stages).eval()
    multiple = max(STRIDES[kind].values())
    padding = [(0, -length % multiple) for length in image.shape[:2]]
    padded = np.pad(image, [*padding, (0, 0)], mode="edge")
    values = ((padded / np.float32(255) - mean) / std).astype(np.float32)
    with torch.no_grad():
        maps = module(torch.from_numpy(values.transpose(2, 0, 1)[None])).feature_maps
    return dict(zip(stages, (found[0].permute(1, 2, 0).numpy() for found in maps), strict=True))


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("size", [(64, 48), (61, 83), (5, 30)])
@pytest.mark.parametrize("kind", STRIDES)
def test_maps_are_those_of_the_network_on_the_padded_image_without_the_padding(
    kind, size, backbone_folder, photo
):
    folder, image = backbone_folder(kind), photo(*size)
    expected = own_maps(kind, folder, image)
    stacks = load_extractor(str(folder)).extract(image, name="photo")
    assert [stack.name for stack in stacks] == [f"photo {stage}" for stage in STRIDES[kind]]
    for stack, (stage, stride) in zip(stacks, STRIDES[kind].items(), strict=True):
        height, width = (-(-length // stride) for length in size)
        assert stack.spatial_shape == (height, width)
        assert stack.values.dtype == np.float32
        assert stack.placement.stride == (stride, stride)
        assert_close(stack.values, expected[stage][:height, :width])
        np.testing.assert_array_equal(stack.overlay, image)


@pytest.mark.parametrize("kind", ["convnext", "swin", "dinov2", "dinov2 with registers"])
def test_cells_of_patches_are_centred_on_them(kind, backbone_folder, photo):
    for stack in load_extractor(str(backbone_folder(kind))).extract(photo(33, 50)):
        stride = stack.placement.stride[0]
        assert stack.placement.offset == ((stride - 1) / 2,) * 2


def test_a_stage_is_the_same_whichever_others_are_asked_for(backbone_folder, photo):
    extractor = load_extractor(str(backbone_folder("resnet")))
    (alone,) = extractor.extract(photo(37, 41), ["stage1"])
    among_others, _ = extractor.extract(photo(37, 41), ["stage1", "stage3"])
    np.testing.assert_array_equal(alone.values, among_others.values)


@pytest.mark.parametrize("kind", STRIDES)
def test_the_configuration_alone_tells_the_stages(kind, backbone_folder, tmp_path):
    shutil.copy(backbone_folder(kind) / "config.json", tmp_path)
    assert backbone_stages(str(tmp_path)) == tuple(STRIDES[kind])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_weights_stored_in_half_precision_are_worked_with_in_single(
    dtype, save_backbone, photo, tmp_path
):
    folder = save_backbone("resnet", tmp_path)
    weights = {
        key: value.to(dtype) if value.is_floating_point() else value
        for key, value in load_file(folder / "model.safetensors").items()
    }
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    configuration = json.loads((folder / "config.json").read_text())
    configuration["dtype"] = str(dtype).removeprefix("torch.")
    (folder / "config.json").write_text(json.dumps(configuration))
    (stack,) = load_extractor(str(folder)).extract(photo(32, 32), ["stage3"])
    rounded = stack.values.astype(np.float16).astype(np.float32)
    assert np.isfinite(stack.values).all()
    assert not np.array_equal(stack.values, rounded)


def test_half_gives_float16(backbone_folder, photo):
    folder = str(backbone_folder("resnet"))
    (half,) = load_extractor(folder, half=True).extract(photo(40, 40), ["stage3"])
    (single,) = load_extractor(folder).extract(photo(40, 40), ["stage3"])
    assert half.values.dtype == np.float16
    np.testing.assert_array_equal(half.values, single.values.astype(np.float16))


@pytest.mark.parametrize(
    ("settings", "mean", "std"),
    [
        ({"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.6, 0.7]}, [0.1, 0.2, 0.3], None),
        ({"do_normalize": False}, [0, 0, 0], [1, 1, 1]),
        ({"do_normalize": False, "do_rescale": False}, [0, 0, 0], [1 / 255] * 3),
        ({"do_rescale": False, "image_mean": [99] * 3}, [99 / 255] * 3, STD / 255),
        ({"rescale_factor": 1 / 127.5, "image_mean": [1] * 3}, [0.5] * 3, STD / 2),
        ({"size": 224}, MEAN, STD),
    ],
    ids=str,
)
def test_the_image_is_normalised_as_the_preprocessor_says(
    settings, mean, std, save_backbone, photo, tmp_path
):
    folder = save_backbone("resnet", tmp_path)
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    image = photo(32, 32)
    std = settings["image_std"] if std is None else std
    expected = own_maps("resnet", folder, image, np.float32(mean), np.float32(std))
    (stack,) = load_extractor(str(folder)).extract(image, ["stage3"])
    assert_close(stack.values, expected["stage3"])


def test_a_damaged_preprocessor_is_refused(save_backbone, tmp_path):
    save_backbone("resnet", tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(DatasetError, match=r"preprocessor_config.json that can't be read"):
        backbone(str(tmp_path))


def test_options_of_tiling_are_passed_on(backbone_folder):
    extractor = backbone(str(backbone_folder("resnet")), most_pixels=1000, overlap=64)
    assert (extractor.most_pixels, extractor.overlap) == (1000, 64)


def test_the_best_device_can_be_computed_on():
    assert torch.ones(2, device=best_device()).sum().item() == 2


def test_nothing_is_said_of_weights_that_are_not_needed(backbone_folder, capfd):
    before = logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backbone(str(backbone_folder("convnext")))
    assert "classifier" not in "".join(capfd.readouterr())
    assert logging.get_verbosity() == before


# Code


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, marker) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def pickled(content) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def change_settings(folder, **changes) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))


def assert_has_code(model: str, found: str) -> None:
    for load in (backbone_stages, backbone):
        with pytest.raises(
            DatasetError, match=rf"^a model with code of its own \({found}"
        ) as caught:
            load(model, is_here=True)
        assert caught.value.file == model
        assert found in caught.value.found
        assert "extract_features" in caught.value.remedy


@pytest.mark.parametrize("kind", ["resnet", "evil"])
def test_a_folder_with_code_of_its_own_is_refused_and_not_run(kind, save_backbone, tmp_path):
    folder, marker = save_backbone("resnet", tmp_path / "model"), tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')")
    change_settings(folder, model_type=kind, auto_map={"AutoConfig": "evil.C"})
    assert_has_code(str(folder), "evil.py")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auto_map", {"AutoModel": "someone/else--evil.C"}),
        ("attn_implementation", "someone/kernel"),
    ],
)
def test_settings_that_name_code_elsewhere_are_refused(key, value, save_backbone, tmp_path):
    folder = save_backbone("resnet", tmp_path)
    change_settings(folder, **{key: value})
    assert_has_code(str(folder), f"'{key}' in config.json")


def test_a_model_of_the_hub_with_code_of_its_own_is_refused(save_backbone, tmp_path, monkeypatch):
    model, commit = "someone/evil", "0" * 40
    kept = tmp_path / "models--someone--evil"
    folder = save_backbone("resnet", kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert backbone_stages(model, is_here=True)
    change_settings(folder, auto_map={"AutoBackbone": "evil.C"})
    assert_has_code(model, "'auto_map' in config.json")


def test_a_pickle_that_would_run_code_is_refused_and_not_run(save_backbone, tmp_path):
    folder, marker = save_backbone("resnet", tmp_path / "model"), tmp_path / "ran"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickled({"x": Evil(marker)}))
    with pytest.raises(DatasetError, match="hold code, which is not run") as caught:
        backbone(str(folder))
    assert "weights_only" not in str(caught.value)
    assert not marker.exists()


def test_safetensors_are_preferred_to_a_pickle(save_backbone, tmp_path):
    folder, marker = save_backbone("resnet", tmp_path / "model"), tmp_path / "ran"
    (folder / "pytorch_model.bin").write_bytes(pickled({"x": Evil(marker)}))
    backbone(str(folder))
    assert not marker.exists()


def test_a_pickle_of_nothing_but_weights_is_read(save_backbone, tmp_path, photo):
    folder = save_backbone("resnet", tmp_path)
    (expected,) = backbone(str(folder)).extract(photo(64, 64), ["stage1"])
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickled(weights))
    (found,) = backbone(str(folder)).extract(photo(64, 64), ["stage1"])
    np.testing.assert_array_equal(found.values, expected.values)


def test_no_code_of_others_is_ever_allowed(backbone_folder, monkeypatch):
    given = []

    def spied(load):
        def spy(*arguments, **options):
            given.append(options)
            return load(*arguments, **options)

        return spy

    for kind in (AutoConfig, ResNetBackbone):
        monkeypatch.setattr(kind, "from_pretrained", spied(kind.from_pretrained))
    backbone(str(backbone_folder("resnet")))
    of_settings, of_weights = given
    assert of_settings["trust_remote_code"] is False
    assert of_weights["trust_remote_code"] is False
    assert of_weights["weights_only"] is True


# What is no backbone


EXPECTED = "expected a backbone: its name on the Hugging Face hub, or a folder"


def assert_refused(model, *, found):
    for load in (backbone, backbone_stages):
        with pytest.raises(DatasetError, match=found) as caught:
            load(str(model))
        assert caught.value.file == str(model)
        assert EXPECTED in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", ["missing", "some/missing/folder"])
def test_a_missing_folder_is_refused(folder, tmp_path):
    assert_refused(tmp_path / folder, found="no such folder")


@pytest.mark.parametrize("model", ["nobody/no-such-model", "no-such-model", "no model", ""])
def test_a_name_that_the_hub_cannot_be_asked_for_is_refused(model):
    assert_refused(model, found=r"no model that can be read.*Check the name, the path and the conn")


@pytest.mark.parametrize(
    "configuration",
    ["", "{", "[]", "{}", '{"model_type": "no-such"}', '{"model_type": "resnet", "depths": 3}'],
)
def test_a_configuration_that_cannot_be_read_is_refused(configuration, tmp_path):
    (tmp_path / "config.json").write_text(configuration)
    assert_refused(tmp_path, found="no model that can be read")


def test_a_folder_without_a_configuration_is_refused(tmp_path):
    assert_refused(tmp_path, found="no model that can be read")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    assert_refused(tmp_path / "photo.png", found="no model that can be read")


def test_a_model_without_maps_is_refused_and_others_are_named(tmp_path):
    BertConfig().save_pretrained(tmp_path)
    assert_refused(tmp_path, found="of the kind 'bert'.*ResNet, ConvNeXt, Swin or DINOv2")


def test_a_folder_without_weights_is_refused(backbone_folder, tmp_path):
    shutil.copy(backbone_folder("resnet") / "config.json", tmp_path)
    with pytest.raises(DatasetError, match="no weights that can be read") as caught:
        backbone(str(tmp_path))
    assert caught.value.file == str(tmp_path)


def test_damaged_weights_are_refused(save_backbone, tmp_path):
    weights = save_backbone("resnet", tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(DatasetError, match="no weights that can be read"):
        backbone(str(tmp_path))


def test_weights_of_other_shapes_are_refused(save_backbone, tmp_path):
    config = save_backbone("resnet", tmp_path) / "config.json"
    settings = json.loads(config.read_text())
    config.write_text(json.dumps(settings | {"hidden_sizes": [8, 16, 32]}))
    with pytest.raises(DatasetError, match="no weights that can be read"):
        backbone(str(tmp_path))


@pytest.mark.parametrize("part", ["convolution.weight", "normalization.weight"])
def test_missing_weights_are_refused_and_named(part, save_backbone, tmp_path):
    path = save_backbone("resnet", tmp_path) / "model.safetensors"
    weights = load_file(path)
    key = next(key for key in weights if part in key)
    del weights[key]
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(DatasetError, match=f"without the weights .*{part}"):
        backbone(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_model_with_a_pipe_for_a_file_is_refused_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    for read in (backbone, backbone_stages):
        with pytest.raises(DatasetError, match=rf"a pipe \(FIFO\), not a file: {name}"):
            read(str(tmp_path))
