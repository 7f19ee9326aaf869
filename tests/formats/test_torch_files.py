from __future__ import annotations

import sys
import zipfile
from collections import OrderedDict
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import array_names, looks_like_stack, read_stack, read_stacks

MAPS = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 6, 4, 5)).astype(np.float32))


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "a.pt"


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_tensor_by_itself_is_a_stack_without_a_name(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    torch.save(MAPS.requires_grad_(), path)
    assert looks_like_stack(path)
    assert array_names(path) is None
    stack = read_stack(path)
    assert stack.name == path.name
    assert stack.is_axis_guessed
    np.testing.assert_array_equal(stack.values, np.moveaxis(MAPS.detach()[0].numpy(), 0, -1))
    assert stack.values.flags.c_contiguous
    assert stack.values.flags.owndata


def test_tensors_in_dictionaries_and_lists_are_found_by_their_keys(path):
    torch.save({"out": [MAPS, MAPS[0]], "more": OrderedDict(a=torch.ones(3)), 5: "text"}, path)
    assert array_names(path) == {"out/0": True, "out/1": True, "more/a": False}
    assert [stack.name for stack in read_stacks(path)] == ["a.pt: out/0", "a.pt: out/1"]
    along_x = read_stack(path, array="out/0", feature_axis=-1)
    assert not along_x.is_axis_guessed
    np.testing.assert_array_equal(along_x.values, MAPS[0].detach())


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.bfloat16, np.float32),
        (torch.float16, np.float16),
        (torch.float64, np.float64),
        (torch.uint8, np.uint8),
    ],
)
def test_values_are_those_that_were_saved(path, dtype, expected):
    saved = (40 * MAPS.detach()).abs().to(dtype)
    torch.save({"a": saved.transpose(2, 3)}, path)
    values = read_stack(path).values
    assert values.dtype == expected
    np.testing.assert_array_equal(values, saved.double()[0].permute(2, 1, 0))


def test_weights_are_left_to_others_and_feature_maps_are_not(path):
    weights = torch.nn.Conv2d(3, 8, 3).state_dict()
    torch.save(weights, path)
    assert not looks_like_stack(path)
    assert array_names(path) == {"weight": True, "bias": False}
    torch.save({**weights, "layer3": MAPS}, path)
    assert looks_like_stack(path)


def test_tensors_without_values_in_memory_are_passed_over(path):
    torch.save({"a": MAPS, "sparse": torch.ones(3, 4, 5).to_sparse(), "z": MAPS * 1j}, path)
    assert array_names(path) == {"a": True, "z": False}


def test_cancelled_reading_ends(path):
    torch.save(MAPS, path)
    with pytest.raises(CancelledError):
        read_stack(path, track=lambda iterable, /, *, total, desc: [])


# What goes wrong


class _Code:
    def __reduce__(self):
        return print, ("code was run",)


def error_of(path: Path, found: str) -> DatasetError:
    with pytest.raises(DatasetError, match=found) as caught:
        read_stacks(path)
    assert caught.value.file == str(path)
    assert caught.value.remedy
    return caught.value


def test_code_is_not_run(path, capsys):
    torch.save({"a": MAPS, "b": _Code()}, path)
    error = error_of(path, "nothing that can be read without running its code")
    assert "weights_only" not in str(error)  # PyTorch's own text proposes to run the code
    torch.save(torch.nn.Conv2d(3, 8, 3), path)
    error_of(path, "nothing that can be read without running its code")
    assert looks_like_stack(path)  # opening it says why it is not read
    assert "code was run" not in capsys.readouterr().out


def test_missing_pytorch_is_named_with_its_command(path, monkeypatch):
    torch.save(MAPS, path)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert error_of(path, "needs PyTorch").remedy == (
        'Install it: pip install "napari-ifealid[backbones]"'
    )


def test_file_of_an_old_pytorch_or_of_something_else_is_refused_unread(path):
    torch.save(MAPS, path, _use_new_zipfile_serialization=False)
    error_of(path, "a file that is no ZIP")
    assert not looks_like_stack(path)
    path.write_bytes(b"PK\x03\x04 and no more")
    error_of(path, "truncated or damaged ZIP")


def test_packed_file_is_refused_before_it_is_unpacked(path):
    torch.save(MAPS, path)
    with zipfile.ZipFile(path) as archive:
        contents = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in contents.items():
            archive.writestr(info.filename, content)
    error_of(path, "a packed entry")


def test_tensor_that_repeats_its_values_beyond_the_memory_is_refused(path):
    torch.save({"a": torch.ones(1, 1, 1).expand(10**5, 10**5, 10**3)}, path)
    assert path.stat().st_size < 10_000
    assert error_of(path, "a need for 40.* TB of memory").member == "a"


def test_truncated_file_is_one_error(path):
    torch.save(MAPS, path)
    path.write_bytes(path.read_bytes()[:-100])
    error_of(path, "truncated or damaged ZIP")


def test_file_without_a_stack_lists_its_tensors(path):
    torch.save({"a": torch.ones(3, 4)}, path)
    error_of(path, r"no feature stack among the arrays: a \(3, 4\) float32")
