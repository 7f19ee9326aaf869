"""What comes of opening files in every way that users do: the closed list of outcomes."""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_ifealid._reader import get_reader
from napari_ifealid._session_reader import get_session_reader
from napari_ifealid.cli import info
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import (
    MetadataWarning,
    OverlayWarning,
    WebApplicationWarning,
    read_overlay,
    read_stack,
    read_stacks,
    stack_names,
)
from napari_ifealid.formats.loading import loaded, loaded_block
from napari_ifealid.layers import default_grid, layers_of
from napari_ifealid.libraries import LIBRARY_SUFFIXES, is_library_file, read_library
from napari_ifealid.session_files import (
    SessionWarning,
    missing_stacks,
    read_session_file,
    read_session_stacks,
)
from napari_ifealid.session_files.stacks import check_nothing_missing
from napari_ifealid.sharpening.weights_file import check_fit, read_weights
from napari_ifealid.stack import FeatureStack

STACK, ERROR, WARNING, NOT_OURS = "a valid result", "a clear error", "a warning", "left to others"
OUTCOMES = (STACK, ERROR, WARNING, NOT_OURS)

_DOCUMENTED = (MetadataWarning, OverlayWarning, WebApplicationWarning, SessionWarning)
_MOST_VALUES, _MOST_BLOCKS = 1 << 18, 64  # of a stack that is read whole
_MOST_STACKS = 4
_PACKAGE = "napari_ifealid"


@dataclass
class Report:
    """What came of a file.

    Parameters
    ----------
    outcomes : Counter of str
        How often each of `OUTCOMES` came of it.
    faults : list of str
        What came of it that is not on the list.
    values_size : int
        Bytes of the values of the largest stack in memory that came of it.
    is_small : bool
        Whether all stacks that came of it are read whole in no time.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    values_size: int = 0
    is_small: bool = True


def outcomes_of(path: Path, number: int | None = None) -> Report:
    """Open a file in every way that users do.

    Parameters
    ----------
    path : path
        Of the file or the folder; what comes of it depends on its ending.
    number : int, optional
        Of an input of many. Unless given, a stack is opened in all ways; else in those that napari
        and Python take, and in one of the others in turn.
    """
    report = Report()
    name = path.name
    if name.endswith(".ifealid.json"):
        ways = [_open_session]
    elif name.endswith(".weights.npz"):
        ways = [_read_weights]
    elif path.suffix in (".png", ".jpg"):
        ways = [_read_overlay]
    elif path.suffix in LIBRARY_SUFFIXES and is_library_file(path):
        ways = [_read_library, _describe]
    else:
        others = [_make_layers, _read_each, _read_another_axis, _describe]
        chosen = others if number is None else [others[number % len(others)]]
        ways = [_ask_readers, _read_all, *chosen]
    for way in ways:
        _try(way, path, report)
    gc.collect(0)
    return report


def _try(way: Callable[[Path, Report], str], path: Path, report: Report) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = way(path, report)
        except DatasetError as error:
            outcome = ERROR
            report.faults += [f"{way.__name__}: {fault}" for fault in _faults_of(error)]
        except (Exception, SystemExit) as error:
            report.faults.append(f"{way.__name__}: {_told(error)}")
            return
    documented = [one for one in caught if issubclass(one.category, _DOCUMENTED)]
    report.faults += [
        f"{way.__name__}: a warning of {Path(one.filename).name}:{one.lineno}: {one.message}"
        for one in caught
        if one not in documented and _PACKAGE in one.filename
    ]
    report.outcomes[WARNING if documented and outcome == STACK else outcome] += 1


def _told(error: BaseException) -> str:
    """Return an error and where it was raised, in a line."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    places = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}: {str(error)[:200]!r} at {places}"


def _faults_of(error: DatasetError) -> Iterator[str]:
    """Yield what is wrong with an error: it names the file, and says all in one line."""
    if not error.file:
        yield f"an error that names no file: {error}"
    if not (error.found and error.expected and error.remedy) or "\n" in str(error)[:200]:
        yield f"an unclear error: {str(error)[:300]!r}"


def _ask_readers(path: Path, report: Report) -> str:
    assert get_session_reader(str(path)) is None
    reader = get_reader(str(path))
    if reader is None:
        return NOT_OURS
    assert reader(str(path))
    return STACK


def _make_layers(path: Path, report: Report) -> str:
    for one in layers_of(read_stacks(path)[:_MOST_STACKS]):
        _check_layer(one)
    return STACK


def _read_all(path: Path, report: Report) -> str:
    stacks = read_stacks(path)
    for stack in stacks[:_MOST_STACKS]:
        _check_stack(stack, report)
    return STACK


def _read_each(path: Path, report: Report) -> str:
    names = stack_names(path)
    if names is None:
        return NOT_OURS
    for name in names[:_MOST_STACKS]:
        _check_stack(read_stack(path, array=name), report, is_known=True)
    return STACK


def _read_another_axis(path: Path, report: Report) -> str:
    names = stack_names(path)
    stack = read_stack(path, array=names[0] if names else None, feature_axis=0)
    _check_stack(stack, report, is_known=True)
    return STACK


def _describe(path: Path, report: Report) -> str:
    if not report.is_small:  # all of them are read, however long that takes
        return NOT_OURS
    with contextlib.redirect_stdout(io.StringIO()):
        info.run(argparse.Namespace(file=str(path), json=True))
    return STACK


def _check_stack(stack: FeatureStack, report: Report, is_known: bool = False) -> None:
    """Read pixels of a stack, all of a small one, and make its grid."""
    shape = stack.values.shape
    blocks = prod(stack.values.numblocks) if stack.is_lazy else 1
    is_small = prod(shape) <= _MOST_VALUES and blocks <= _MOST_BLOCKS
    report.is_small &= is_small
    if not stack.is_lazy:
        report.values_size = max(report.values_size, stack.values.nbytes)
    assert len(stack.feature_labels or ()) == stack.feature_count == shape[-1]
    assert np.isfinite(default_grid(stack).affine).all()
    if is_known:
        return
    for corner in ((0,) * len(shape[:-1]), tuple(length - 1 for length in shape[:-1])):
        block = (*(slice(at, at + 1) for at in corner), slice(None))
        vector = stack.real_values(loaded_block(stack, block))
        assert vector.shape == (*(1,) * len(corner), shape[-1])
    if is_small:
        whole = loaded(stack)
        region = (0,) * (len(shape) - 3) + (slice(None),) * 2
        assert whole.feature_image(0, region).shape == shape[-3:-1]
        assert whole.mean_image(range(shape[-1]), region).shape == shape[-3:-1]


def _check_layer(data: tuple[Any, dict[str, Any], str]) -> None:
    """Make a layer of napari's, hidden ones are looked at when they are shown."""
    layer = Layer.create(*data)
    assert np.isfinite(layer.extent.world).all()
    assert np.isfinite(layer.contrast_limits).all()


def _open_session(path: Path, report: Report) -> str:
    assert get_reader(str(path)) is None
    if get_session_reader(str(path)) is None:
        return NOT_OURS
    session = read_session_file(path)
    missing_stacks(session)
    check_nothing_missing(session, path)
    read_session_stacks(session.stacks)
    return STACK


def _read_weights(path: Path, report: Report) -> str:
    weights = read_weights(path)
    check_fit(weights, FeatureStack(values=np.ones((2, 3, 4)), name=str(path)))
    return STACK


def _read_overlay(path: Path, report: Report) -> str:
    image = read_overlay(path)
    assert image.ndim == 3
    assert image.dtype == np.uint8
    stack = FeatureStack(values=np.ones((2, 3, 4)), name="a", overlay=image)
    for one in layers_of([stack]):
        _check_layer(one)
    return STACK


def _read_library(path: Path, report: Report) -> str:
    library = read_library(path)
    for entry in library.entries:
        assert entry.vector.shape == (len(library.features),)
    return STACK
