"""GLSL sources as package files, and their loader."""

from functools import cache
from importlib.resources import files


@cache
def load_shader(name: str) -> str:
    """Return the GLSL source in a file of this package, e.g. ``"similarity.frag"``."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
