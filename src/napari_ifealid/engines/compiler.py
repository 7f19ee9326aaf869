"""What numba compiles in a thread of its own: accelerators, never needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from typing import Generic, TypeVar

T = TypeVar("T")

_compiler = ThreadPoolExecutor(1, thread_name_prefix="compiler")


@cache
def has_numba() -> bool:
    """Return whether numba is installed; it is not imported."""
    return find_spec("numba") is not None


class Compiled(Generic[T]):
    """Functions that are compiled once somebody asks for them.

    Parameters
    ----------
    compile_ : callable
        Returns them. It may import numba, and fail in any way: then there are none.
    """

    def __init__(self, compile_: Callable[[], T]) -> None:
        self._compile = compile_
        self._begun: Future[T | None] | None = None

    def begin(self) -> Future[T | None]:
        """Compile in another thread, which takes some seconds; numba keeps the result on disk.

        Returns
        -------
        Future
            Of None where numba is missing.
        """
        if self._begun is None:
            self._begun = _compiler.submit(self._compiled)
        return self._begun

    @property
    def ready(self) -> T | None:
        """The functions; None unless they are compiled."""
        begun = self._begun
        return begun.result() if begun is not None and begun.done() else None

    def _compiled(self) -> T | None:
        if not has_numba():
            return None
        try:
            return self._compile()
        except Exception:  # numba fails in many ways on new systems, and nothing depends on it
            return None
