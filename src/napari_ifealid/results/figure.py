"""A map as a figure for a paper: PNG, SVG or PDF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from os import PathLike
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats.atomic_write import written_file
from napari_ifealid.grid import Grid
from napari_ifealid.luminance import luminance
from napari_ifealid.plain_text import one_line
from napari_ifealid.results.figure_content import FigureContent
from napari_ifealid.results.map_colours import coloured
from napari_ifealid.results.output_suffix import checked_suffix
from napari_ifealid.results.scale_bar import bar_label, bar_length
from napari_ifealid.results.world_axes import PIXEL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Box = tuple[float, float, float, float]

FIGURE_SUFFIXES = [".png", ".svg", ".pdf"]

_LARGEST_DPI = 2400
_NO_DATES: dict[str, dict[str, Any]] = {  # the same figure gives the same bytes
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}

# all lengths in inches
_LARGEST_PICTURE = np.array([6.0, 5.0])  # height, width
_MOST_OF_CAPTION = 1000  # characters
_LEAST_WIDTH = 3.5  # of the figure, for its caption
_MARGIN = 0.12
_GAP = 0.15  # beside the picture
_THRESHOLD_LABEL = 0.5
_BAR_WIDTH = 0.14
_BAR_HEIGHT = (1.5, 3.0)
_BAR_LABELS = 0.75
_SCALE_BAR = 0.32
_LINE = 0.16

_FONT_SIZE = 8.0  # points
_LETTER = 0.6  # mean width, of the font size
_BAR_LEVELS = 1024
_RING_SIZE = 9.0  # points


def save_figure(
    path: str | PathLike[str], content: FigureContent, *, dpi: float = 300, force: bool = False
) -> None:
    """Save a map as a figure, on white paper, with a colour bar.

    matplotlib's settings are the default ones meanwhile; the user's come back afterwards.

    Parameters
    ----------
    path : path
        Ends in .png, .svg or .pdf. Text in SVG and PDF stays text.
    content : FigureContent
    dpi : float, optional
        Pixels per inch, in SVG and PDF those of the map and of the image.
    force : bool, optional
        Whether an existing file is replaced.

    Raises
    ------
    DatasetError
        If matplotlib is not installed, if the name has another suffix, if there is such a file
        already and `force` is off, or if it can't be written.
    ValueError
        If there are no such pixels per inch.
    """
    suffix = checked_suffix(path, FIGURE_SUFFIXES)
    check_matplotlib()
    if not 0.0 < dpi <= _LARGEST_DPI:
        raise ValueError(f"{dpi} dpi; expected more than 0, and {_LARGEST_DPI} at most")
    buffer = BytesIO()
    with _default_settings():
        figure = _drawn(content, dpi)
        figure.savefig(buffer, format=suffix[1:], dpi=dpi, metadata=_NO_DATES[suffix])
    with written_file(path, force=force) as stream:
        stream.write(buffer.getbuffer())


def check_matplotlib() -> None:
    """Raise unless matplotlib is installed.

    Raises
    ------
    DatasetError
        With the command that installs it.
    """
    if find_spec("matplotlib") is None:
        raise DatasetError(
            "no matplotlib",
            expected="the package that figures are drawn with: a figure needs matplotlib",
            remedy='Install it: pip install "napari-ifealid[figure]"',
        )


@contextmanager
def _default_settings() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.size": _FONT_SIZE,
                "pdf.fonttype": 42,  # TrueType: text stays text
                "svg.fonttype": "none",
                "svg.hashsalt": "napari-ifealid",
            }
        )
        yield


@dataclass(frozen=True)
class _Layout:
    """Where the parts of the figure are, in inches, from the upper left corner."""

    picture: tuple[float, float]  # height, width
    bar_left: float
    bar_height: float
    size: tuple[float, float]  # height, width
    caption: list[str]

    def box(self, left: float, top: float, width: float, height: float) -> _Box:
        """Return a box as matplotlib has it: shares of the figure, from the lower left corner."""
        whole_height, whole_width = self.size
        bottom = whole_height - top - height
        return left / whole_width, bottom / whole_height, width / whole_width, height / whole_height


def _layout(content: FigureContent, view: NDArray[np.float64]) -> _Layout:
    extent = view[1] - view[0]
    height, width = (extent * np.min(_LARGEST_PICTURE / extent)).tolist()
    bar_left = _MARGIN + width + _GAP
    bar_left += 0.0 if content.threshold is None else _THRESHOLD_LABEL
    whole_width = max(bar_left + _BAR_WIDTH + _BAR_LABELS, _LEAST_WIDTH)
    letters = int((whole_width - 2 * _MARGIN) * 72.0 / (_FONT_SIZE * _LETTER))
    caption = wrap(one_line(content.caption, _MOST_OF_CAPTION), letters)
    bar_height = float(np.clip(height, *_BAR_HEIGHT))
    below = max(height + (_SCALE_BAR if _has_scale_bar(content) else 0.0), bar_height)
    room = len(caption) * _LINE + (_MARGIN if caption else 0.0)
    return _Layout(
        picture=(height, width),
        bar_left=bar_left,
        bar_height=bar_height,
        size=(below + room + 2 * _MARGIN, whole_width),
        caption=caption,
    )


def _drawn(content: FigureContent, dpi: float) -> Figure:
    from matplotlib.figure import Figure

    view = _view(content)
    layout = _layout(content, view)
    height, width = layout.size
    figure = Figure(figsize=(width, height), facecolor="white")
    picture = figure.add_axes(layout.box(_MARGIN, _MARGIN, *layout.picture[::-1]))
    _draw_picture(picture, content, np.array(layout.picture) * dpi)
    _set_view(picture, view)
    bar_box = layout.box(layout.bar_left, _MARGIN, _BAR_WIDTH, layout.bar_height)
    _draw_colour_bar(figure.add_axes(bar_box), content)
    if _has_scale_bar(content):
        _draw_scale_bar(picture, content, view, layout)
    figure.text(
        _MARGIN / width,
        _MARGIN / height,
        "\n".join(layout.caption),
        verticalalignment="bottom",
        linespacing=_LINE * 72.0 / _FONT_SIZE / 1.2,
        parse_math=False,
    )
    return figure


def _view(content: FigureContent) -> NDArray[np.float64]:
    """Return the smallest and the largest coordinates of all that is shown, shape (2, 2)."""
    grids = [content.grid] if content.overlay_grid is None else [content.grid, content.overlay_grid]
    bounds = np.array([grid.bounds for grid in grids])
    return np.array([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)])


def _set_view(axes: Axes, view: NDArray[np.float64]) -> None:
    (top, left), (bottom, right) = view
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("auto")  # the box has the right shape
    axes.set_axis_off()


def _draw_picture(axes: Axes, content: FigureContent, size: NDArray[np.float64]) -> None:
    if content.overlay is not None and content.overlay_grid is not None:
        _draw_image(axes, _in_colour(content.overlay), content.overlay_grid, size)
    rgba = coloured(content.values, content.colours, content.limits, content.threshold)
    _draw_image(axes, rgba, content.grid, size)
    for mark in content.marks:
        _draw_ring(axes, mark.place, mark.colour)


def _draw_image(
    axes: Axes, image: NDArray[Any], grid: Grid, picture_size: NDArray[np.float64]
) -> None:
    """Draw an image where its grid lies; a pixel is a block, unless several share a dot."""
    from matplotlib.transforms import Affine2D

    is_coarse = np.all(np.array(grid.shape) <= picture_size)
    flip = np.eye(3)[[1, 0, 2]]  # matplotlib's coordinates are x, y
    axes.imshow(
        image,
        interpolation="nearest" if is_coarse else "antialiased",
        transform=Affine2D(flip @ grid.affine @ flip) + axes.transData,
    )


def _in_colour(image: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(image[..., np.newaxis], 3, axis=-1) if image.ndim == 2 else image


def _draw_ring(axes: Axes, place: tuple[float, ...], colour: tuple[float, float, float]) -> None:
    from matplotlib.patheffects import withStroke

    is_light = luminance(np.array(colour)) > 0.5
    y, x = place
    axes.plot(
        [x],
        [y],
        linestyle="none",
        marker="o",
        markersize=_RING_SIZE,
        markerfacecolor="none",
        markeredgecolor=colour,
        markeredgewidth=1.6,
        clip_on=False,
        path_effects=[withStroke(linewidth=3.2, foreground="black" if is_light else "white")],
    )


def _draw_colour_bar(axes: Axes, content: FigureContent) -> None:
    low, high = content.limits
    steps = (np.arange(_BAR_LEVELS) + 0.5) / _BAR_LEVELS
    values = low + (high - low) * steps
    rgba = coloured(values, content.colours, content.limits, content.threshold)
    axes.imshow(rgba[:, np.newaxis], extent=(0.0, 1.0, low, high), origin="lower", aspect="auto")
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.locator_params(axis="y", nbins=6)
    axes.tick_params(length=2.5, width=0.6)
    axes.set_ylabel(one_line(content.title), parse_math=False)
    for spine in axes.spines.values():
        spine.set_linewidth(0.6)
    if content.threshold is not None:
        _mark_threshold(axes, content.threshold, content.limits)


def _mark_threshold(axes: Axes, threshold: float, limits: tuple[float, float]) -> None:
    place = float(np.clip(threshold, *limits))
    axes.axhspan(limits[0], place, facecolor="none", edgecolor="0.8", hatch="////", linewidth=0.0)
    axes.axhline(place, color="black", linewidth=0.8)
    axes.annotate(
        f"≥ {threshold:.4g}",
        (0.0, place),
        xytext=(-5.0, 0.0),
        textcoords="offset points",
        horizontalalignment="right",
        verticalalignment="center",
        parse_math=False,
    )
    axes.plot(
        [-0.12],
        [place],
        linestyle="none",
        marker=">",
        markersize=3.5,
        color="black",
        transform=axes.transData,
        clip_on=False,
    )
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(*limits)


def _has_scale_bar(content: FigureContent) -> bool:
    return content.unit not in (None, PIXEL)


def _draw_scale_bar(
    axes: Axes, content: FigureContent, view: NDArray[np.float64], layout: _Layout
) -> None:
    width = float(view[1, 1] - view[0, 1])
    length = bar_length(width)
    share, inch = length / width, 1.0 / layout.picture[0]
    axes.plot(
        [0.0, share],
        [-0.1 * inch] * 2,
        color="black",
        linewidth=2.0,
        solid_capstyle="butt",
        transform=axes.transAxes,
        clip_on=False,
    )
    axes.text(
        0.0,
        -0.15 * inch,
        one_line(bar_label(length, content.unit or PIXEL)),
        verticalalignment="top",
        transform=axes.transAxes,
        parse_math=False,
    )
