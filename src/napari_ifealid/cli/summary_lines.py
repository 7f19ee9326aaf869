"""The summary of a feature stack as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from napari_ifealid.numeric_labels import numeric_labels
from napari_ifealid.plain_text import one_line
from napari_ifealid.sizes import size_text
from napari_ifealid.stack import size_in_words

if TYPE_CHECKING:
    from napari_ifealid.cli.stack_summary import StackSummary

_MOST_RANGES = 8
_MOST_COLOURS = 10


def stack_lines(summary: StackSummary) -> Iterator[tuple[str, str]]:
    """Yield what is told in each line, and how.

    Parameters
    ----------
    summary : StackSummary
    """
    yield "name", one_line(summary.name)
    if summary.array is not None:
        yield "array", one_line(summary.array)
    yield "size", size_in_words(summary.shape)
    if summary.is_axis_guessed:
        yield (
            "axis of features",
            "a guess: nothing in the file tells it (convert --axis chooses another one)",
        )
    if summary.padding_features:
        yield "padding features", f"{summary.padding_features}, all zero and hidden"
    yield from _features(summary)
    yield "overlay", _overlay(summary)
    if summary.picture is not None:
        yield "picture of bands", summary.picture
    yield from _place(summary)
    yield from _earth(summary)
    yield "stored as", _storage(summary)
    if summary.gain != 1.0:
        yield "scale factor", f"{summary.gain:g}, from stored values to real ones"
    yield "values", f"{_number(summary.minimum)} to {_number(summary.maximum)}"
    yield from _pixels(summary)
    yield "memory on the CPU", size_text(summary.cpu_memory_bytes)
    yield "memory on the GPU", _gpu_memory(summary)


def _features(summary: StackSummary) -> Iterator[tuple[str, str]]:
    labels, ends, unit = summary.feature_labels, summary.wavelength_range, summary.wavelength_unit
    if ends is not None:
        yield "wavelengths", f"{ends[0]:g} … {ends[1]:g} {unit}, {summary.features} bands"
    elif labels is not None:
        first, last = (one_line(str(labels[end])) for end in (0, -1))
        yield "labels", f"{first} … {last}"
    widths = [width for width in summary.band_widths or () if width is not None]
    if widths:
        low, high = f"{min(widths):g}", f"{max(widths):g}"
        span = low if low == high else f"{low} to {high}"
        yield "band widths", f"{span} {unit}" if unit else span
    if summary.bad_bands is not None:
        yield "bad bands", _bad_bands(summary, summary.bad_bands)
    if summary.shown_bands:
        yield "proposed bands", ", ".join(map(str, summary.shown_bands))
    if summary.channel_colours is not None:
        colours = ", ".join(summary.channel_colours[:_MOST_COLOURS])
        yield "channel colours", colours + (" …" if summary.features > _MOST_COLOURS else "")


def _bad_bands(summary: StackSummary, bad: Sequence[int]) -> str:
    """Return how many bands are bad, and which, by number and by wavelength."""
    if not bad:
        return f"none of {summary.features}"
    known = None
    if summary.wavelength_range is not None and summary.feature_labels is not None:
        known = numeric_labels(summary.feature_labels)
    runs = _runs(bad)
    told = []
    for first, last in runs[:_MOST_RANGES]:
        text = _span(str(first), str(last))
        if known is not None:
            ends = (f"{known.numbers[band]:g}" for band in (first, last))
            text += f" ({_span(*ends)} {known.unit})"
        told.append(text)
    more = f" and {len(runs) - _MOST_RANGES} more ranges" if len(runs) > _MOST_RANGES else ""
    return f"{len(bad)} of {summary.features}: {', '.join(told)}{more}, counted from 0"


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last number of each run of consecutive ones."""
    gaps = [at for at, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1]
    starts, stops = [0, *gaps], [*gaps, len(numbers)]
    return [(numbers[start], numbers[stop - 1]) for start, stop in zip(starts, stops, strict=True)]


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}–{last}"


def _earth(summary: StackSummary) -> Iterator[tuple[str, str]]:
    if summary.pixel_size is not None:
        height, width = summary.pixel_size
        whose = "" if summary.overlay_height is None else ", of the overlay"
        yield "pixel size", f"{height:g} × {width:g} {summary.pixel_unit} (y × x){whose}"
    if summary.upper_left is not None:
        x, y = summary.upper_left
        system = summary.reference_system or "an unknown reference system"
        yield "place on the earth", f"upper left corner at x {x:.10g}, y {y:.10g}, {system}"


def _pixels(summary: StackSummary) -> Iterator[tuple[str, str]]:
    where = " of a good band" if summary.bad_bands else ""
    if summary.missing_value is not None:
        yield "missing value", f"{summary.missing_value:g}"
    if summary.missing_value is not None or summary.pixels_without_values:
        share = f"{summary.share_of_pixels_without_values:.2%}"
        yield "without values", f"{summary.pixels_without_values:,} pixels, {share} of all"
    share = f"{summary.share_of_all_zero_pixels:.2%}"
    yield "all-zero pixels", f"{summary.all_zero_pixels:,}, {share} of all"
    if summary.nonfinite_pixels:
        yield "not finite", f"{summary.nonfinite_pixels:,} pixels with a NaN or an infinity{where}"


def _overlay(summary: StackSummary) -> str:
    if summary.overlay_height is None or summary.overlay_width is None:
        return "none"
    return f"{summary.overlay_height} × {summary.overlay_width} pixels"


def _place(summary: StackSummary) -> Iterator[tuple[str, str]]:
    if summary.shown_stride is None or summary.shown_offset is None:
        yield "place on the image", "not known"
        return
    is_stored = summary.stride is not None
    (step_y, step_x), (first_y, first_x) = summary.shown_stride, summary.shown_offset
    last_y = first_y + (summary.height - 1) * step_y
    last_x = first_x + (summary.width - 1) * step_x
    yield (
        "place on the image",
        "stored with the features" if is_stored else "not stored; their outer edges are joined",
    )
    yield "stride", f"{step_y:g} × {step_x:g} pixels of the image (y × x) for each of the map"
    yield (
        "offset",
        f"the first pixel is centred on {first_y:g}, {first_x:g} of the image (y, x), "
        f"the last one on {last_y:g}, {last_x:g}",
    )


def _storage(summary: StackSummary) -> str:
    if summary.precision_bits is None:
        return summary.stored_dtype
    return f"{summary.precision_bits} bit, for values of type {summary.real_dtype}"


def _number(value: float | None) -> str:
    match value:
        case None:
            return "beyond the largest float"
        case int():
            return str(value)
        case _:
            return f"{value:.6g}"


def _gpu_memory(summary: StackSummary) -> str:
    if summary.gpu_memory_bytes is None:
        return "too many features for a texture"
    return size_text(summary.gpu_memory_bytes)
