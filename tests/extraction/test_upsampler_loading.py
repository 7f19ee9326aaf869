from __future__ import annotations

from pathlib import Path

import pytest

from napari_ifealid.errors import DatasetError
from napari_ifealid.extraction import load_upsampler

CODE = """
from __future__ import annotations
from dataclasses import dataclass
from functools import partial

def upsampler(image, features): return "function"

def optional(image=None, features=None): return "optional"

def make(): return upsampler

class Made:
    def __call__(self, image, features): return "class"

@dataclass
class WithSettings:
    taps: int = 3
    def __call__(self, image, features): return f"{self.taps} taps"
    class Inner:
        def __call__(self, image, features): return "inner"

bound = partial(lambda settings, image, features: settings, "bound")
instance = WithSettings(5)
number = 7

class Demanding:
    def __init__(self, weights): pass

def failing(): raise RuntimeError("no weights here\\nsecond line")
"""


@pytest.fixture
def file(tmp_path) -> Path:
    (tmp_path / "my_code.py").write_text(CODE)
    return tmp_path / "my_code.py"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("upsampler", "function"),
        ("optional", "optional"),
        ("make", "function"),
        ("Made", "class"),
        ("WithSettings", "3 taps"),
        ("WithSettings.Inner", "inner"),
        ("bound", "bound"),
        ("instance", "5 taps"),
    ],
)
def test_name_is_that_of_an_upsampler_or_of_what_makes_one(file, name, answer):
    assert load_upsampler(f"{file}:{name}")(None, None) == answer


def test_module_is_found_where_python_finds_it(file, monkeypatch):
    monkeypatch.syspath_prepend(str(file.parent))
    assert load_upsampler("my_code:upsampler")(None, None) == "function"


def test_file_in_the_current_folder_is_found_by_its_name(file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert load_upsampler("my_code.py:upsampler")(None, None) == "function"


def test_file_is_read_again_each_time(file):
    load_upsampler(f"{file}:upsampler")
    file.write_text("def upsampler(image, features): return 'a longer answer than before'")
    assert load_upsampler(f"{file}:upsampler")(None, None) == "a longer answer than before"


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("my_code", "the up-sampler 'my_code'"),
        (":upsampler", "the up-sampler ':upsampler'"),
        ("my_code.py:", "the up-sampler 'my_code.py:'"),
        ("missing.py:upsampler", "no such file"),
        (
            "no_such_module:upsampler",
            "an up-sampler that can't be imported (ModuleNotFoundError: No module named "
            "'no_such_module')",
        ),
        ("my_code.py:other", "no 'other' in the code"),
        ("my_code.py:WithSettings.Other", "no 'WithSettings.Other' in the code"),
        ("my_code.py:number", "an up-sampler of type int"),
        (
            "my_code.py:failing",
            "an up-sampler that can't be made (RuntimeError: no weights here)",
        ),
    ],
)
def test_what_is_no_upsampler_is_told(file, spec, found, monkeypatch):
    monkeypatch.chdir(file.parent)
    with pytest.raises(DatasetError) as caught:
        load_upsampler(spec)
    assert caught.value.found == found


def test_class_that_needs_arguments_is_told(file):
    with pytest.raises(DatasetError, match=r"can't be made .* missing 1 required"):
        load_upsampler(f"{file}:Demanding")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("def upsampler(:", "SyntaxError: "),
        ("raise OSError('weights are missing')", "OSError: weights are missing"),
    ],
)
def test_code_that_fails_is_told(file, code, found):
    file.write_text(code)
    with pytest.raises(DatasetError) as caught:
        load_upsampler(f"{file}:upsampler")
    assert caught.value.found.startswith(f"an up-sampler that can't be imported ({found}")
    assert caught.value.file == str(file)
