"""Up-samplers of the user's own, by the name of their code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import isclass, signature
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from napari_ifealid.errors import DatasetError, first_line
from napari_ifealid.regular_files import check_regular_file

_EXPECTED = "module:name or path/to/file.py:name, the name of a function or of a class"


def load_upsampler(spec: str) -> Callable[..., Any]:
    """Return an up-sampler of the user's own, see `upsample`.

    **The code is run, with all that the user may do.** It is trusted as any Python module that is
    imported: name none that you would not run. Nothing is downloaded, unless that code does so.

    Parameters
    ----------
    spec : str
        "module:name", of a module that Python finds, or "path/to/file.py:name". The file's folder
        is not searched for other modules: add it to PYTHONPATH where the code needs them. The name
        is that of an up-sampler, or of a class or a function that takes no arguments and returns
        one.

    Raises
    ------
    DatasetError
        If the code is not there or fails, or if the name is none of a callable.
    """
    place, _, name = spec.rpartition(":")
    if not place or not name:
        raise DatasetError(
            f"the up-sampler {spec!r}",
            expected=_EXPECTED,
            remedy="Add the name after a colon, e.g. my_upsampler.py:upsampler",
        )
    module = _from_file(Path(place)) if place.endswith(".py") else _from_module(place)
    found = _named(module, name, place)
    if isclass(found) or _takes_no_arguments(found):
        found = _made(found, spec)
    if not callable(found):
        raise DatasetError(
            f"an up-sampler of type {type(found).__name__}",
            expected="a callable, upsampler(image, features)",
            remedy="Name a function, or a class with the method __call__.",
            file=spec,
        )
    return found  # type: ignore[no-any-return]


def _from_file(path: Path) -> ModuleType:
    check_regular_file(path)
    if not path.exists():
        raise DatasetError(
            "no such file",
            expected="a Python file with the up-sampler",
            remedy="Check the path.",
            file=path,
        )
    name = f"napari_ifealid_upsampler_{path.stem}"
    described = spec_from_file_location(name, path)
    assert described is not None
    assert described.loader is not None
    module = module_from_spec(described)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        described.loader.exec_module(module)
    except Exception as error:  # whatever the user's code may raise
        del sys.modules[name]
        raise _cannot_import(str(path), error) from error
    return module


def _from_module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except Exception as error:  # whatever the user's code may raise
        raise _cannot_import(name, error) from error


def _cannot_import(place: str, error: Exception) -> DatasetError:
    return DatasetError(
        f"an up-sampler that can't be imported ({type(error).__name__}: {first_line(error)})",
        expected=_EXPECTED,
        remedy="Check the name, and install what the code needs or add its folder to PYTHONPATH; "
        "a file in the current folder is given with .py, as in my_upsampler.py:upsampler",
        file=place,
    )


def _named(module: ModuleType, name: str, place: str) -> Any:
    try:
        return attrgetter(name)(module)
    except AttributeError as error:
        raise DatasetError(
            f"no {name!r} in the code",
            expected="the name of a function or of a class that is there",
            remedy="Check the name after the colon.",
            file=place,
        ) from error


def _takes_no_arguments(found: Any) -> bool:
    try:
        return not signature(found).parameters
    except (TypeError, ValueError):  # no callable, or none whose arguments are known
        return False


def _made(maker: Callable[[], Any], spec: str) -> Any:
    try:
        return maker()
    except Exception as error:  # whatever the user's code may raise
        raise DatasetError(
            f"an up-sampler that can't be made ({type(error).__name__}: {first_line(error)})",
            expected="a class, or a function without parameters, that can be called as it is",
            remedy="Name a function that takes no arguments and returns the up-sampler.",
            file=spec,
        ) from error
