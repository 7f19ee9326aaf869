"""Models that bring code of their own, which is never run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_ifealid.errors import DatasetError

_NAMES_CODE = ("auto_map", "custom_pipelines")
_ATTENTION = ("attn_implementation", "_attn_implementation")
_MOST_NAMED = 3


def check_no_code(model: str, settings: Mapping[str, Any]) -> None:
    """Raise if a model brings code of its own.

    Such code could do whatever the user may do, and nothing shows beforehand what it does.

    Parameters
    ----------
    model : str
        Name on the Hugging Face hub, or a folder.
    settings : mapping
        The content of its config.json.

    Raises
    ------
    DatasetError
        If its folder holds Python files, or if its settings name code, in Python or compiled.
    """
    files = sorted(path.name for path in Path(model).glob("*.py")) if Path(model).is_dir() else []
    keys = [key for key in _NAMES_CODE if settings.get(key)]
    keys += [key for key in _ATTENTION if "/" in str(settings.get(key, ""))]  # one on the hub
    if not files and not keys:
        return
    told = files[:_MOST_NAMED] or [f"{key!r} in config.json" for key in keys]
    raise DatasetError(
        f"a model with code of its own ({', '.join(told)}), which is not run",
        expected="a model of a kind that transformers knows, which is settings and weights alone",
        remedy="Choose another model. If you trust the code, load the model in Python and pass it "
        "to extract_features.",
        file=model,
    )
