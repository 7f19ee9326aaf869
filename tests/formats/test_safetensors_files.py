from __future__ import annotations

import json
import pickle
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import array_names, looks_like_stack, read_stack, read_stacks
from napari_ifealid.formats.safetensors_files import LARGEST_HEADER

MAPS = np.random.default_rng(0).normal(size=(1, 6, 4, 5)).astype(np.float32)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "a.safetensors"


def write(path: Path, header: Any, values: bytes = b"", *, length: int | None = None) -> Path:
    """Write a file with any header, and any length told of it."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    start = (len(content) if length is None else length).to_bytes(8, "little")
    path.write_bytes(start + content + values)
    return path


TYPES = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.float32, torch.float64, torch.bfloat16),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_values_of_each_type_are_those_that_were_saved(path, free_memory, dtype, is_lazy):
    saved = torch.from_numpy(40 * MAPS).to(dtype)
    save_file({"a": saved, "b": saved[0].clone()}, path)
    with free_memory(0 if is_lazy else 10**9):
        first, second = read_stacks(path)
    assert first.is_lazy == is_lazy
    expected = np.moveaxis((saved.float() if dtype == torch.bfloat16 else saved)[0].numpy(), 0, -1)
    for stack in (first, second):
        assert stack.values.dtype == expected.dtype
        np.testing.assert_array_equal(stack.values, expected)
        np.testing.assert_array_equal(stack.vector((2, 3)), expected[2, 3])
        np.testing.assert_array_equal(stack.values[1, :, 2], expected[1, :, 2])
        assert stack.is_axis_guessed
    assert (first.name, second.name) == ("a.safetensors: a", "a.safetensors: b")
    if is_lazy:
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(first.values)), expected)


def test_axis_and_tensor_may_be_named(path):
    save_file({"a": torch.from_numpy(MAPS), "b": torch.ones(3)}, path)
    assert array_names(path) == {"a": True, "b": False}
    stack = read_stack(path, array="a", feature_axis=3)
    assert stack.name == "a.safetensors"
    assert not stack.is_axis_guessed
    np.testing.assert_array_equal(stack.values, MAPS[0])
    with pytest.raises(DatasetError, match=r"no axis 0.*a\.safetensors, a"):
        read_stack(path, feature_axis=0)


def test_weights_are_left_to_others_and_feature_maps_are_not(path):
    weights = {
        "conv.weight": torch.ones(8, 3, 3, 3),
        "fp8": torch.ones(3, 9, 9).to(torch.float8_e4m3fn),
    }
    save_file(weights, path, metadata={"format": "pt"})
    assert not looks_like_stack(path)
    assert array_names(path) == {"conv.weight": True, "fp8": False}
    save_file({**weights, "layer3": torch.from_numpy(MAPS)}, path)
    assert looks_like_stack(path)


def test_file_that_has_changed_is_named(path, free_memory):
    save_file({"a": torch.from_numpy(MAPS)}, path)
    with free_memory(0):
        stack = read_stack(path)
    save_file({"a": torch.from_numpy(MAPS + 1)}, path)
    with pytest.raises(DatasetError, match="changed or replaced"):
        stack.values.compute()


# Damaged files

GOOD = {"dtype": "F32", "shape": [2, 2, 2], "data_offsets": [0, 32]}


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"not JSON", "a header that is no JSON"),
        (b"[" * 100_000, "a header that is no JSON"),
        (b"\xff\xfe{}", "a header that is no JSON"),
        ([], r"the description \[\] of a tensor"),
        ({"a": 7}, "the description 7 of a tensor"),
        ({"a": {**GOOD, "shape": "222"}}, "the description"),
        ({"a": {**GOOD, "shape": [2, -2, 2]}}, "the description"),
        ({"a": {**GOOD, "shape": [2, True, 2]}}, "the description"),
        ({"a": {**GOOD, "data_offsets": [0]}}, "the description"),
        ({"a": {**GOOD, "dtype": None}}, "the description"),
        ({"a": {**GOOD, "shape": [10**9, 10**9, 3]}}, "32 bytes from"),
        ({"a": {**GOOD, "shape": [2, 2, 20_000], "data_offsets": [0, 320_000]}}, "320,000 bytes"),
        ({"a": {**GOOD, "data_offsets": [32, 0]}}, "-32 bytes"),
        ({"a": {**GOOD, "data_offsets": [8, 40]}}, "32 bytes from"),
        ({"__metadata__": {}}, "no feature stack among the arrays: none"),
        ({"a": {**GOOD, "dtype": "C64"}}, r"no feature stack.*a \(2, 2, 2\) c64"),
    ],
)
def test_damaged_header_is_one_error(path, header, found):
    write(path, header, bytes(32))
    with pytest.raises(DatasetError, match=found) as caught:
        read_stacks(path)
    assert caught.value.file == str(path)


@pytest.mark.parametrize("length", [0, 1, 41, LARGEST_HEADER + 1, 2**63])
def test_header_that_is_not_in_the_file_is_not_read(path, length):
    write(path, b"{}".ljust(40), length=length)
    start = monotonic()
    with pytest.raises(DatasetError, match=f"a header of {length:,} bytes in a file of 48"):
        read_stacks(path)
    assert monotonic() - start < 2


@pytest.mark.parametrize("content", [b"", b"\x02", b"PK\x03\x04 and more"])
def test_file_of_another_content_is_one_error(path, content):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="a header of"):
        read_stacks(path)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_damage_anywhere_raises_no_other_error(tmp_path_factory, at, damage):
    path = write(tmp_path_factory.mktemp("damaged") / "a.safetensors", {"a": GOOD}, bytes(32))
    content = path.read_bytes()
    at %= len(content)
    path.write_bytes(content[:at] + damage + content[at + len(damage) :])
    try:
        read_stacks(path)
    except DatasetError as error:
        assert error.file == str(path)  # noqa: PT017
