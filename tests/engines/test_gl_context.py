from __future__ import annotations

import pytest
from qtpy.QtGui import QOpenGLContext
from vispy import gloo
from vispy.gloo import gl
from vispy.gloo.context import FakeCanvas, forget_canvas, get_current_canvas

from napari_ifealid.engines import EngineUnavailableError, Renderer, find_renderer
from napari_ifealid.engines.gl_context import OffscreenContext

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def foreign_canvas():
    """Make a vispy canvas of someone else's current."""
    canvas = FakeCanvas()
    yield canvas
    forget_canvas(canvas)


def test_context_is_current_only_inside():
    context = OffscreenContext()
    assert QOpenGLContext.currentContext() is None
    with context.current():
        assert QOpenGLContext.currentContext() is not None
    assert QOpenGLContext.currentContext() is None


def test_making_a_context_leaves_the_current_one(make_foreign_current):
    foreign = make_foreign_current()
    OffscreenContext()
    assert QOpenGLContext.currentContext() == foreign


def test_making_a_context_leaves_no_canvas_behind(foreign_canvas):
    OffscreenContext()
    assert get_current_canvas() is foreign_canvas


def test_context_that_was_current_is_current_again(make_foreign_current):
    context = OffscreenContext()
    foreign = make_foreign_current()
    with context.current():
        assert QOpenGLContext.currentContext() != foreign
    assert QOpenGLContext.currentContext() == foreign


def test_context_that_was_current_is_current_again_after_an_error(make_foreign_current):
    context = OffscreenContext()
    foreign = make_foreign_current()
    with pytest.raises(ZeroDivisionError), context.current():
        raise ZeroDivisionError
    assert QOpenGLContext.currentContext() == foreign


def test_canvas_that_was_current_is_current_again(foreign_canvas):
    context = OffscreenContext()
    with context.current():
        assert get_current_canvas() is not foreign_canvas
    assert get_current_canvas() is foreign_canvas


def test_two_contexts_are_used_in_turn():
    first, second = OffscreenContext(), OffscreenContext()
    for context in (first, second, first):
        with context.current():
            assert gl.glGetError() == gl.GL_NO_ERROR
            assert str(gl.glGetParameter(gl.GL_VERSION))


def test_context_inside_another_gives_it_back():
    first, second = OffscreenContext(), OffscreenContext()
    with first.current():
        outer = QOpenGLContext.currentContext()
        with second.current():
            pass
        assert QOpenGLContext.currentContext() == outer


def test_context_that_can_not_be_made_is_unavailable(monkeypatch):
    monkeypatch.setattr(QOpenGLContext, "create", lambda _: False)
    with pytest.raises(EngineUnavailableError, match="OpenGL"):
        OffscreenContext()


def test_no_renderer_is_found_where_no_context_can_be_made(monkeypatch):
    monkeypatch.setattr(QOpenGLContext, "create", lambda _: False)
    assert find_renderer() is None


def test_renderer_found_tells_its_name_and_its_limit():
    renderer = find_renderer()
    assert renderer.name
    assert renderer.max_texture_side >= 1024


def test_llvmpipe_is_found_as_software():
    renderer = find_renderer()
    assert renderer.is_software == ("llvmpipe" in renderer.name)


def test_finding_a_renderer_leaves_the_current_context(make_foreign_current):
    foreign = make_foreign_current()
    find_renderer()
    assert QOpenGLContext.currentContext() == foreign


@pytest.mark.parametrize(
    ("extensions", "answers", "free"),
    [
        ("GL_ARB_sync GL_NVX_gpu_memory_info", {0x9049: 3 << 20}, 3 << 30),
        ("GL_ATI_meminfo GL_ARB_sync", {0x87FC: (5 << 20, 4 << 20, 1, 1)}, 5 << 30),
        ("GL_ARB_sync", {}, None),
    ],
    ids=["NVIDIA", "AMD", "untold"],
)
def test_free_memory_is_what_the_driver_tells(monkeypatch, extensions, answers, free):
    original = gl.glGetParameter
    answers = {gl.GL_EXTENSIONS: extensions, **answers}
    monkeypatch.setattr(gl, "glGetParameter", lambda key: answers.get(key) or original(key))
    assert find_renderer().free_memory == free


def test_texture_held_is_there_before_it_is_drawn():
    context = OffscreenContext()
    with context.current():
        texture = gloo.Texture2D((2, 3, 4))
        context.hold(texture)
    with context.current():
        assert gl.glIsTexture(1)
        texture.delete()
    with context.current():
        assert not gl.glIsTexture(1)


@pytest.mark.parametrize(
    ("name", "is_software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("Google SwiftShader", True),
        ("GDI Generic", True),
        ("Microsoft Basic Render Driver", True),
        ("NVIDIA H200/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon RX 6800 (radeonsi, navi21, LLVM 15.0.7)", False),
        ("Apple M2", False),
    ],
)
def test_software_is_known_by_its_name(name, is_software):
    assert Renderer(name, 16384, None).is_software == is_software
