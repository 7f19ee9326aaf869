"""What the tests of the command share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

RunCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Path:
    return Path(sys.executable).with_name("napari-ifealid")


@pytest.fixture(scope="session")
def run_command(command) -> RunCommand:
    """Runs the command in a process of its own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(command), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=240,
            env={**os.environ, "NAPARI_CONFIG": ""},
        )

    return run


@pytest.fixture
def array() -> np.ndarray:
    """Values of a stack, (6, 5, 9) float32, with two all-zero pixels."""
    values = np.random.default_rng(3).random((6, 5, 9), np.float32)
    values[0, 0] = values[5, 4] = 0
    return values


@pytest.fixture
def npy(tmp_path, array) -> Path:
    """The array as a file."""
    np.save(tmp_path / "a.npy", array)
    return tmp_path / "a.npy"


@pytest.fixture
def picture(tmp_path) -> Path:
    """An original image as a file."""
    pixels = np.random.default_rng(4).integers(0, 256, (24, 20, 4), np.uint8)
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    return tmp_path / "a.png"
