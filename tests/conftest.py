"""What all tests share."""

from __future__ import annotations

import gc
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import settings
from napari.components import ViewerModel
from napari.layers import Image, Layer
from npe2 import PluginManager
from qtpy import API_NAME, QT_VERSION

from napari_ifealid.errors import DatasetError
from napari_ifealid.layers import layer_data
from napari_ifealid.stack import FeatureStack
from napari_ifealid.widgets import preferences
from napari_ifealid.workarounds.lost_none import give_none_references, loses_none

# a busy machine makes any example slow; what hangs meets pytest's own time limit
# the same examples in each run; HYPOTHESIS_PROFILE=random has others each time
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


_TOLD = ("napari", "numpy", "zarr")  # packages whose versions a report tells

_NO_TORCH = re.compile(r"No module named '(torch|transformers|efficientnet\w*)'|no torch; expected")


class _ModuleWithoutTorch(pytest.Module):
    """A file of tests where PyTorch is not installed, as with `--group test-without-torch`."""

    def collect(self) -> Any:
        try:
            return super().collect()
        except (self.CollectError, DatasetError) as error:
            if _NO_TORCH.search(str(error)):
                pytest.skip("PyTorch is not installed", allow_module_level=True)
            raise


if find_spec("torch") is None:

    def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module:
        return _ModuleWithoutTorch.from_parent(parent, path=module_path)


@pytest.fixture(autouse=True, scope="session")
def told_versions(record_testsuite_property) -> None:
    """A report of all tests tells what they ran with."""
    told = [f"{API_NAME} {QT_VERSION}", *(f"{one} {version(one)}" for one in _TOLD)]
    record_testsuite_property("versions", ", ".join([f"Python {python_version()}", *told]))


@pytest.fixture(autouse=True, scope="module")
def quick_collections() -> None:
    """Leaves what pytest and others have imported out of collections of garbage.

    napari collects garbage whenever a layer or a window goes, a third of a second at each else.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def qtbot(qtbot):
    """Waits for longer than the usual five seconds, which a window on a busy machine may take."""
    qtbot.waitUntil = partial(qtbot.waitUntil, timeout=20_000)
    return qtbot


@pytest.fixture(autouse=True)
def references_to_none() -> None:
    """Keeps tests alive that open no panel, where Qt's binding takes references to None away."""
    if loses_none():
        give_none_references()


@pytest.fixture(autouse=True)
def blocks_unless_chosen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets maps be sharp where a test chooses so: most tests are about exact blocks."""
    if request.node.get_closest_marker("sharp_by_itself") is None:
        monkeypatch.setattr("napari_ifealid.explorer.sharp_maps.is_worth_it", lambda *_: False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = (Path(__file__).resolve().parents[1] / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip(f"the test data are not here: {folder} is missing")
    return folder


@pytest.fixture(scope="session")
def free_memory() -> Callable[[int], AbstractContextManager[None]]:
    """Gives a context in which so many bytes of memory are free."""

    @contextmanager
    def free(count: int) -> Iterator[None]:
        memory = psutil.virtual_memory
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psutil, "virtual_memory", lambda: memory()._replace(available=count))
            yield

    return free


@pytest.fixture(scope="session")
def plugins() -> None:
    """Lets napari find its plugins, as it does when a window opens."""
    PluginManager.instance().discover()


ODD_NAMES = {
    "spaces": " two  spaces ",
    "umlauts": "Blätter äöü ß",
    "emoji": "leaf 🍃",
    "new line": "two\nlines",
    "255 bytes": None,
    "invalid UTF-8": os.fsdecode(b"caf\xe9"),
}


@pytest.fixture(params=ODD_NAMES.values(), ids=ODD_NAMES)
def odd_name(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives a name of a file that ends in a suffix and that programs are often not made for."""
    odd: str | None = request.param

    def with_suffix(suffix: str) -> str:
        name = f"{'x' * (255 - len(suffix)) if odd is None else odd}{suffix}"
        folder = tmp_path / "odd"
        folder.mkdir(exist_ok=True)
        try:
            (folder / name).touch()
        except (OSError, UnicodeError):
            pytest.skip("this file system knows no such names")
        shutil.rmtree(folder)
        return name

    return with_suffix


@pytest.fixture
def stack() -> FeatureStack:
    """A small stack with an overlay four times its size, an all-zero pixel at (0, 0)."""
    rng = np.random.default_rng(7)
    values = rng.integers(0, 256, (6, 5, 9)).astype(np.uint8)
    values[0, 0] = 0
    overlay = rng.integers(0, 256, (24, 20, 3)).astype(np.uint8)
    return FeatureStack(values=values, name="small", overlay=overlay)


@pytest.fixture
def add_stack() -> Callable[[ViewerModel, FeatureStack], Image]:
    """Adds a stack's layers as a reader does, and returns the features."""

    def add(viewer: ViewerModel, stack: FeatureStack) -> Image:
        return [viewer.add_layer(Layer.create(*data)) for data in layer_data(stack)][-1]

    return add


@pytest.fixture(autouse=True)
def settings_of_napari(monkeypatch) -> Callable[[], Any]:
    """What was folded is not remembered in the user's settings; returns how they are found."""
    found = preferences._settings
    monkeypatch.setattr(preferences, "_settings", lambda: None)
    monkeypatch.setattr(preferences, "_in_this_run", {})
    return found
