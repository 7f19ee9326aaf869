"""An OpenGL context without a window, beside napari's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vispy.gloo import Texture2D, gl
from vispy.gloo.context import FakeCanvas, forget_canvas, set_current_canvas

from napari_ifealid.engines.engine import EngineUnavailableError

_FREE_KIB_NVIDIA = 0x9049  # GPU_MEMORY_INFO_CURRENT_AVAILABLE_VIDMEM_NVX
_FREE_KIB_AMD = 0x87FC  # TEXTURE_FREE_MEMORY_ATI: in all, the largest block, and both shared
_SOFTWARE_RENDERERS = ("llvmpipe", "softpipe", "swiftshader", "swr", "gdi generic", "basic render")


@dataclass(frozen=True)
class Renderer:
    """OpenGL's renderer on this machine.

    Parameters
    ----------
    name : str
        As the driver gives it.
    max_texture_side : int
        Texels along a side of a texture.
    free_memory : int, optional
        Bytes of GPU memory that were free when asked, where the driver tells.
    """

    name: str
    max_texture_side: int
    free_memory: int | None

    @property
    def is_software(self) -> bool:
        """Whether it runs on the CPU."""
        return any(word in self.name.lower() for word in _SOFTWARE_RENDERERS)


class OffscreenContext:
    """An OpenGL context of its own, to be used from the thread of the window.

    A hidden vispy canvas would do until napari's event loop runs, and fail from then on.

    Raises
    ------
    EngineUnavailableError
        If no context can be made.
    """

    def __init__(self) -> None:
        from qtpy.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

        if QGuiApplication.instance() is None:
            raise EngineUnavailableError("OpenGL needs a Qt application")
        self._surface = QOffscreenSurface()
        self._surface.create()
        self._context = QOpenGLContext()
        if not self._context.create():
            raise EngineUnavailableError("OpenGL does not start here")
        self._canvas = FakeCanvas()
        forget_canvas(self._canvas)
        with self.current():
            pass  # else the first use would fail

    def hold(self, texture: Texture2D) -> None:
        """Create a texture in this context now; gloo would wait until it is first drawn."""
        self._canvas.context.glir.associate(texture.glir)

    def raise_on_error(self, doing: str) -> None:
        """Raise if OpenGL has met an error.

        Parameters
        ----------
        doing : str
            What was done, such as "loading the features".

        Raises
        ------
        EngineUnavailableError
        """
        with self.current():
            error = gl.glGetError()
        if error != gl.GL_NO_ERROR:
            raise EngineUnavailableError(f"OpenGL error {error:#06x} while {doing}")

    @contextmanager
    def current(self) -> Iterator[None]:
        """Make the context current for gloo, and afterwards the one that was before."""
        previous = type(self._context).currentContext()
        surface = previous.surface() if previous is not None else None
        if not self._context.makeCurrent(self._surface):
            raise EngineUnavailableError("the OpenGL context can't be used")
        set_current_canvas(self._canvas)
        try:
            yield
            self._canvas.flush()
        finally:
            forget_canvas(self._canvas)
            self._context.doneCurrent()
            if previous is not None:
                previous.makeCurrent(surface)


def find_renderer() -> Renderer | None:
    """Return OpenGL's renderer on this machine, None if OpenGL does not work."""
    try:
        context = OffscreenContext()
    except EngineUnavailableError:
        return None
    with context.current():
        return Renderer(
            name=str(gl.glGetParameter(gl.GL_RENDERER)),
            max_texture_side=int(gl.glGetParameter(gl.GL_MAX_TEXTURE_SIZE)),
            free_memory=_free_memory(),
        )


def _free_memory() -> int | None:
    """Return the bytes of GPU memory that are free, where the driver tells."""
    extensions = str(gl.glGetParameter(gl.GL_EXTENSIONS)).split()
    if "GL_NVX_gpu_memory_info" in extensions:
        return 1024 * int(gl.glGetParameter(_FREE_KIB_NVIDIA))
    if "GL_ATI_meminfo" in extensions:
        return 1024 * int(gl.glGetParameter(_FREE_KIB_AMD)[0])
    return None
