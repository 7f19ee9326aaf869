"""Where the weights of up-sampled features are: in a file beside that of their stack."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

SUFFIX = ".weights.npz"
"""What the name of such a file ends in."""


def weights_path(stack_file: str | PathLike[str]) -> Path:
    """Return the path of the weights of a stack, which need not be there.

    Parameters
    ----------
    stack_file : path
        Of the stack; its whole name is a part of the other's.
    """
    path = Path(stack_file)
    return path.with_name(f"{path.name}{SUFFIX}")
