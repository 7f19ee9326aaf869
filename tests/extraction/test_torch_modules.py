from __future__ import annotations

import copy
import pickle
import warnings
from concurrent.futures import CancelledError
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import ExtractionWarning, extract_features
from napari_ifealid.extraction.torch_modules import TorchExtractor
from napari_ifealid.stack import Placement

AS_IT_IS = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def stage(inputs: int, outputs: int, *before: nn.Module, **options) -> nn.Sequential:
    return nn.Sequential(*before, nn.Conv2d(inputs, outputs, **options), nn.ReLU())


def convolutions() -> nn.Sequential:
    """Return a small random network of strides 2, 4 and 8, which sees 31 pixels."""
    torch.manual_seed(5)
    network = nn.Sequential(
        stage(3, 4, kernel_size=3, stride=2, padding=1),
        nn.BatchNorm2d(4),
        stage(4, 6, kernel_size=3, stride=2, padding=1),
        nn.MaxPool2d(3, 2, 1),
        stage(6, 8, kernel_size=3, padding=1),
    )
    network[1].running_mean.uniform_()
    return network


def own_map(module, image, multiple, layers=slice(None)):
    """Return the map of a sequence of layers, of the image padded to a multiple."""
    padding = [(0, -length % multiple) for length in image.shape[:2]]
    padded = np.pad(image, [*padding, (0, 0)], mode="edge").astype(np.float32) / np.float32(255)
    with torch.no_grad():
        made = copy.deepcopy(module).eval()[layers](torch.from_numpy(padded).permute(2, 0, 1)[None])
    return made[0].permute(1, 2, 0).numpy()


@settings(max_examples=25)
@given(st.integers(2, 70), st.integers(2, 70))
def test_maps_are_those_of_the_padded_image_without_the_padding(photo, height, width):
    network, image = convolutions(), photo(height, width)
    early, late = extract_features(network, image, ["1", "4"], name="photo", **AS_IT_IS)
    assert (early.name, late.name) == ("photo 1", "photo 4")
    for stack, layers, stride in ((early, slice(0, 2), 2), (late, slice(None), 8)):
        shape = -(-height // stride), -(-width // stride)
        assert stack.spatial_shape == shape
        assert stack.placement == Placement((stride, stride), (0, 0))
        expected = own_map(network, image, 8, layers)[: shape[0], : shape[1]]
        np.testing.assert_allclose(stack.values, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(stack.overlay, image)


def test_stacks_come_in_the_order_asked_for(photo):
    stacks = extract_features(convolutions(), photo(32, 32), ["4", "0.0", "2"])
    assert [stack.name for stack in stacks] == ["image 4", "image 0.0", "image 2"]


def test_the_network_gets_the_image_normalised_and_padded_with_its_edges(photo):
    network = nn.Sequential(nn.Identity(), nn.Conv2d(3, 1, 4, 4))
    (stack,) = extract_features(network, photo(5, 6), ["0"], mean=(0.1, 0.2, 0.3), std=(2, 3, 4))
    expected = (photo(5, 6) / 255 - [0.1, 0.2, 0.3]) / [2, 3, 4]
    np.testing.assert_allclose(stack.values, expected, atol=1e-6)
    seen = []
    network[0].register_forward_hook(lambda module, inputs, output: seen.append(output))
    extract_features(network, photo(5, 6), ["0"])
    np.testing.assert_array_equal(seen[-1][0, :, 4], seen[-1][0, :, 7])
    assert seen[-1].shape == (1, 3, 8, 8)


def test_half_gives_float16_of_the_same_values(photo):
    network = convolutions()
    (half,) = extract_features(network, photo(40, 40), ["4"], half=True)
    (single,) = extract_features(network, photo(40, 40), ["4"])
    assert half.values.dtype == np.float16
    np.testing.assert_array_equal(half.values, single.values.astype(np.float16))


@pytest.mark.parametrize("precision", [torch.float64, torch.bfloat16])
def test_a_module_of_another_precision_gives_float32_of_about_the_same_values(precision, photo):
    network = convolutions()
    (expected,) = extract_features(network, photo(40, 40), ["4"])
    (found,) = extract_features(network.to(precision), photo(40, 40), ["4"])
    assert found.values.dtype == np.float32
    np.testing.assert_allclose(found.values, expected.values, atol=0.05)


def test_layers_of_a_vision_transformer_give_maps_of_its_patches(photo):
    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, 8, 14, 14)
            self.prefix = nn.Parameter(torch.rand(1, 5, 8))
            self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, image):
            tokens = self.patches(image).flatten(2).transpose(1, 2)
            return self.block(torch.cat([self.prefix, tokens], dim=1))[:, 0]

    network = Transformer().eval()
    stacks = extract_features(network, photo(28, 42), ["patches", "block"], **AS_IT_IS)
    image = torch.from_numpy(photo(28, 42).astype(np.float32) / 255).permute(2, 0, 1)[None]
    with torch.no_grad():
        tokens = network.patches(image).flatten(2).transpose(1, 2)
        tokens = network.block(torch.cat([network.prefix, tokens], dim=1))[0, 5:]
    np.testing.assert_allclose(stacks[1].values, tokens.reshape(2, 3, 8), atol=1e-5)
    for stack in stacks:
        assert stack.placement == Placement((14, 14), (6.5, 6.5))


def test_maps_with_the_features_last_are_told_from_others_where_all_sides_are_equal(photo):
    class Permuted(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1)

    network = nn.Sequential(nn.Conv2d(3, 8, 4, 4), Permuted(), nn.Linear(8, 8))
    expected, found = extract_features(network, photo(32, 32), ["0", "1"])
    np.testing.assert_array_equal(found.values, expected.values)


def test_a_network_that_needs_a_multiple_of_its_largest_stride_gets_it(photo):
    class Ladder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 4, 8, 8)
            self.up = nn.ConvTranspose2d(4, 4, 8, 8)
            self.head = nn.Conv2d(7, 2, 1)

        def forward(self, image):
            return self.head(torch.cat([image, self.up(self.down(image))], dim=1))

    (stack,) = extract_features(Ladder(), photo(21, 30), ["head"])
    assert stack.values.shape == (21, 30, 2)
    assert stack.placement == Placement((1, 1), (0, 0))


def test_the_last_output_counts_of_a_layer_that_runs_more_than_once(photo):
    shared = nn.Conv2d(3, 3, 1)
    twice, once = nn.Sequential(shared, nn.ReLU(), shared), nn.Sequential(shared)
    (last,) = extract_features(twice, photo(9, 9), ["0"])
    (first,) = extract_features(once, photo(9, 9), ["0"])
    values = nn.functional.conv2d(
        torch.from_numpy(first.values).relu().permute(2, 0, 1)[None], shared.weight, shared.bias
    )
    np.testing.assert_allclose(last.values, values[0].permute(1, 2, 0).detach(), atol=1e-5)


def test_progress_counts_tiles_and_tells_the_name(photo):
    told = []

    def track(iterable, *, total, desc):
        told.append((total, desc))
        return iterable

    arguments = {"track": track, "name": "photo", "overlap": 0}
    extract_features(convolutions(), photo(64, 64), ["4"], **arguments)
    extract_features(convolutions(), photo(64, 64), ["4"], most_pixels=1024, **arguments)
    assert told == [(1, "Extracting features of photo"), (4, "Extracting features of photo")]


POSITIONS = {
    "symmetric padding": lambda: nn.Sequential(
        stage(3, 2, kernel_size=7, stride=2, padding=3),
        nn.MaxPool2d(3, 2, 1),
        stage(2, 2, kernel_size=3, stride=2, padding=1),
        stage(2, 2, kernel_size=3, stride=2, padding=1),
    ),
    "padding at the end, as in TensorFlow": lambda: nn.Sequential(
        *(
            stage(features, 2, nn.ZeroPad2d((0, 1, 0, 1)), kernel_size=3, stride=2)
            for features in (3, 2, 2)
        )
    ),
    "no padding": lambda: nn.Sequential(
        *(stage(features, 2, kernel_size=3, stride=2) for features in (3, 2, 2))
    ),
    "patches": lambda: nn.Sequential(
        stage(3, 2, kernel_size=4, stride=4), stage(2, 2, kernel_size=2, stride=2)
    ),
    "upsampling": lambda: nn.Sequential(
        stage(3, 2, kernel_size=5, stride=4, padding=2),
        stage(2, 2, nn.Upsample(scale_factor=2), kernel_size=3, padding=1),
    ),
}


@pytest.mark.parametrize("kind", POSITIONS)
@settings(max_examples=20)
@given(st.data())
def test_the_largest_response_to_a_bright_square_lies_on_it(kind, peaked, data):
    network = peaked(POSITIONS[kind]())
    height, width = (data.draw(st.integers(60, 130), label) for label in ("height", "width"))
    side = data.draw(st.integers(3, 9), "side")
    top, left = (data.draw(st.integers(0, n - side), "corner") for n in (height, width))
    image = np.zeros((height, width, 3), np.uint8)
    image[top : top + side, left : left + side] = 255
    layers = [str(number) for number in range(len(network))]
    for stack in extract_features(network, image, layers, **AS_IT_IS):
        response = stack.values.sum(axis=-1)
        brightest = np.unravel_index(response.argmax(), response.shape)
        for axis, start in enumerate((top, left)):
            stride, offset = stack.placement.stride[axis], stack.placement.offset[axis]
            first, last = offset, stride * (response.shape[axis] - 1) + offset
            # beyond the outermost centres, the nearest may be further away
            assume(first - stride / 2 <= start and start + side - 1 <= last + stride / 2)
            centre = stride * brightest[axis] + offset
            assert start - stride / 2 - 0.5 <= centre <= start + side - 0.5 + stride / 2


@pytest.fixture
def sizes_seen():
    """Gives a network, and the numbers of pixels that it was given, but for the first time."""
    network, seen = convolutions(), []
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[-2:].numel()))
    return network, seen


@settings(max_examples=15)
@given(st.integers(100, 200), st.integers(100, 200), st.integers(6400, 12000))
def test_tiles_make_no_difference_where_they_overlap_by_what_a_cell_sees(
    photo, height, width, most_pixels
):
    network, layers = convolutions(), ["0", "2", "4"]
    whole = extract_features(network, photo(height, width), layers)
    tiled = extract_features(
        network, photo(height, width), layers, most_pixels=most_pixels, overlap=64
    )
    for found, expected in zip(tiled, whole, strict=True):
        assert found.placement == expected.placement
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-5, atol=1e-5)


def test_tiles_that_do_not_overlap_differ_along_their_edges_alone(photo):
    (whole,) = extract_features(convolutions(), photo(128, 192), ["4"])
    (tiled,) = extract_features(
        convolutions(), photo(128, 192), ["4"], most_pixels=64 * 64, overlap=0
    )
    differs = ~np.isclose(tiled.values, whole.values, rtol=1e-5, atol=1e-5).all(axis=-1)
    is_near = np.zeros(differs.shape, bool)
    for edge in (8, 16):  # cells on both sides of the inner edges, as far as they see
        is_near[edge - 2 : edge + 2] = True
        is_near[:, edge - 2 : edge + 2] = True
    assert differs.any()
    assert not differs[~is_near].any()


@pytest.mark.parametrize("most_pixels", [60_000, 90_000])
def test_no_tile_is_larger_than_told(most_pixels, sizes_seen, photo):
    network, seen = sizes_seen
    extract_features(network, photo(500, 400), ["4"], most_pixels=most_pixels, overlap=32)
    assert len(seen) > 3
    assert max(seen) <= most_pixels


def test_pooling_to_a_fixed_size_is_placed_but_refused_in_tiles(photo):
    network = nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.AdaptiveAvgPool2d(8))
    (stack,) = extract_features(network, photo(112, 168), ["1"])
    assert stack.values.shape == (8, 8, 4)
    assert stack.placement == Placement((14, 21), (6.5, 10))
    with pytest.raises(DatasetError, match=r"a map of 8 × 8 pixels for a tile of .*layer '1'"):
        extract_features(network, photo(112, 168), ["1"], most_pixels=56 * 56, overlap=0)


def test_a_map_too_large_for_the_memory_is_refused(photo, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=0))
    with pytest.raises(DatasetError, match=r"a need for .* of memory"):
        extract_features(convolutions(), photo(64, 64), ["4"], most_pixels=1024, overlap=0)


class Limited(nn.Module):
    """Takes no images of more pixels."""

    def __init__(self, most_pixels: int, error: Exception | None = None) -> None:
        super().__init__()
        self.network = convolutions()
        self.most_pixels = most_pixels
        self.error = error or torch.OutOfMemoryError("CUDA out of memory.")

    def forward(self, image):
        if image.shape[-2:].numel() > self.most_pixels:
            raise self.error
        return self.network(image)


def real_shortage() -> Exception:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        MemoryError(),
        real_shortage(),
    ],
    ids=lambda error: str(error)[:40],
)
def test_smaller_tiles_are_taken_where_memory_is_short(error, photo):
    image = photo(640, 520)
    with pytest.warns(ExtractionWarning, match="^photo: memory is short on cpu; going on in tiles"):
        (stack,) = extract_features(Limited(100_000, error), image, ["network.4"], name="photo")
    (expected,) = extract_features(convolutions(), image, ["4"])
    np.testing.assert_allclose(stack.values, expected.values, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("fits", [10, 60_000], ids=["nothing", "the smallest tiles not"])
def test_what_does_not_fit_at_all_is_refused_with_a_remedy(fits, photo):
    error = r"^too little memory for the network \(CUDA out of .*: photo;.*Close other programs"
    with (
        warnings.catch_warnings(action="ignore", category=ExtractionWarning),
        pytest.raises(DatasetError, match=error),
    ):
        extract_features(Limited(fits), photo(640, 520), ["network.4"], name="photo")


def test_an_image_as_small_as_the_smallest_tile_is_not_tried_again(photo):
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(DatasetError, match=r"on 65,280 pixels"),
    ):
        extract_features(Limited(60_000), photo(256, 255), ["network.4"])


def test_the_cpu_goes_on_where_the_device_is_too_small(photo):
    devices = []

    def run(image, layers):
        devices.append(image.device.type)
        if devices[-1] != "cpu":  # it has no memory at all
            raise torch.OutOfMemoryError("out of memory")
        return {"half": nn.functional.avg_pool2d(image, 2)}

    extractor = TorchExtractor(nn.Identity(), ("half",), run, device=torch.device("meta"))
    with pytest.warns(ExtractionWarning, match="photo: memory is short on meta; going on on the C"):
        (stack,) = extractor.extract(photo(40, 40), name="photo")
    assert devices == ["meta", "cpu", "cpu"]
    (expected,) = TorchExtractor(nn.Identity(), ("half",), run).extract(photo(40, 40))
    np.testing.assert_array_equal(stack.values, expected.values)


@pytest.mark.parametrize(
    ("layer", "likely"), [("5", "4"), ("layer2", "0|1|2"), ("0.O", r"0\.0"), ("", "0|1|2")]
)
def test_an_unknown_layer_is_refused_and_others_are_named(layer, likely, photo):
    with pytest.raises(DatasetError, match=f"no layer '{layer}'; expected .* ({likely})"):
        extract_features(convolutions(), photo(8, 8), [layer])


def test_a_layer_that_never_runs_is_refused(photo):
    network = nn.Sequential(nn.Conv2d(3, 3, 1))
    network[0].unused = nn.ModuleList([nn.ReLU()])
    for layer in ("0.unused", "0.unused.0"):
        with pytest.raises(DatasetError, match=f"no output by the layer '{layer}'; expected a map"):
            extract_features(network, photo(8, 8), [layer])


@pytest.mark.parametrize("size", [(8, 8), (600, 600)])
@pytest.mark.parametrize(
    ("layer", "found"),
    [("2", "an output of shape (1, 4)"), ("1", "a single pixel for an image of 224 × 224 pixels")],
)
def test_what_is_pooled_over_the_image_is_refused(layer, found, size, photo):
    network = nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(DatasetError) as caught:
        extract_features(network, photo(*size), [layer])
    assert str(caught.value).startswith(f"{found} by the layer '{layer}'; expected a map")


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(4, 1, 1),
        nn.Sequential(nn.Flatten(), nn.Linear(100, 3)),
        nn.Bilinear(1, 1, 1),
        nn.ModuleList(),
    ],
    ids=["other features", "other size", "other arguments", "no network"],
)
def test_a_network_that_fails_is_refused_with_the_shape_and_the_reason(module, photo):
    network = nn.Sequential(nn.Identity(), module)
    with pytest.raises(
        DatasetError, match=r"fails on .* shape \(1, 3, 224, 224\) \(\w+Err"
    ) as caught:
        extract_features(network, photo(8, 8), ["0"])
    assert caught.value.__cause__ is not None


def test_a_network_that_takes_no_small_images_tells_their_shape(photo):
    with pytest.raises(DatasetError, match=r"fails on an image of shape \(1, 3, 5, 6\)"):
        extract_features(nn.Sequential(nn.Conv2d(3, 3, 7)), photo(5, 6), ["0"])


def test_an_array_that_is_no_image_is_refused():
    with pytest.raises(DatasetError, match="an array of shape"):
        extract_features(convolutions(), np.zeros(5), ["0"])


def fails(iterable, *, total, desc):
    raise CancelledError


def ends_early(iterable, *, total, desc):
    return iter(())


class FailingError(Exception):
    pass


def fails_within(iterable, *, total, desc):
    yield from iterable
    raise FailingError


ENDS = {
    "done": ({}, None),
    "cancelled": ({"track": fails}, CancelledError),
    "ended early": ({"track": ends_early}, CancelledError),
    "failed": ({"track": fails_within}, FailingError),
    "no map": ({"layers": ["head"]}, DatasetError),
}


@pytest.fixture
def training() -> nn.Sequential:
    """A network in training, part of which is kept out of it."""
    network = convolutions()
    network.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Dropout()))
    network.train()
    network[1].eval()
    return network


@pytest.mark.parametrize("end", ENDS)
def test_the_module_is_left_as_it_was(end, training, photo):
    options, error = ENDS[end]
    modes = {name: part.training for name, part in training.named_modules()}
    state = copy.deepcopy(training.state_dict())
    arguments = {"layers": ["0", "4"]} | options
    if error is None:
        extract_features(training, photo(32, 32), **arguments)
    else:
        with pytest.raises(error):
            extract_features(training, photo(32, 32), **arguments)
    assert {name: part.training for name, part in training.named_modules()} == modes
    assert len(set(modes.values())) == 2
    assert all(torch.equal(value, state[key]) for key, value in training.state_dict().items())
    assert all(weights.requires_grad for weights in training.parameters())
    pickle.dumps(training)  # which hooks would prevent


def test_the_module_is_left_as_it_was_when_it_fails(training, photo):
    training.append(nn.Conv2d(5, 5, 1))
    with pytest.raises(DatasetError):
        extract_features(training, photo(32, 32), ["0"])
    assert training.training
    assert not training[1].training
    pickle.dumps(training)


def test_features_are_those_of_evaluation_without_gradients(training, photo):
    modes = []
    training[0].register_forward_pre_hook(
        lambda module, _: modes.append((module.training, torch.is_grad_enabled()))
    )
    first, second = (extract_features(training, photo(32, 32), ["4"])[0] for _ in range(2))
    np.testing.assert_array_equal(first.values, second.values)
    assert set(modes) == {(False, False)}
    assert torch.is_grad_enabled()


def test_a_module_that_keeps_something_can_be_trained_afterwards(photo):
    class Keeping(nn.Module):
        kept = None

        def forward(self, x):
            self.kept = torch.ones(3) if self.kept is None else self.kept
            return x * self.kept.view(1, 3, 1, 1)

    network = nn.Sequential(nn.Conv2d(3, 3, 1), Keeping())
    extract_features(network, photo(8, 8), ["1"])
    network(torch.rand(1, 3, 8, 8)).sum().backward()
    assert network[0].weight.grad is not None


@pytest.mark.parametrize(("side", "cells"), [(24, 3), (25, 3), (28, 4), (29, 4), (32, 4)])
def test_cells_that_see_nothing_but_padding_are_cut_off(side, cells):
    halving = [(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 3, 3, stride=2)) for _ in range(3)]
    network = nn.Sequential(*(part for parts in halving for part in parts))
    (stack,) = extract_features(network, np.ones((side, 32, 3)), ["5"])
    assert stack.placement == Placement((8.0, 8.0), (7.0, 7.0))
    assert stack.values.shape == (cells, 4, 3)
