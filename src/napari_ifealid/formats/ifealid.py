"""The format of the IFeaLiD web application: a ZIP file of PNG images."""

from __future__ import annotations

from pathlib import Path

from napari_ifealid.formats.details import Detail
from napari_ifealid.formats.format import Format, no_such_axis
from napari_ifealid.formats.ifealid_writer import write_stack
from napari_ifealid.formats.ifealid_zip import is_ifealid, read_ifealid_zip
from napari_ifealid.formats.location import Location
from napari_ifealid.formats.zip_archive import member_names
from napari_ifealid.stack import FeatureStack
from napari_ifealid.tracking import Track


def _read(
    location: Location,
    *,
    array: str | None,  # noqa: ARG001  # there is one only
    feature_axis: int | None,
    track: Track,
) -> list[FeatureStack]:
    stack = read_ifealid_zip(location, track=track)
    if feature_axis not in (None, -1, 2):
        raise no_such_axis(feature_axis, stack.values.shape, location)
    return [stack]


def _write(path: Path, stack: FeatureStack, *, force: bool, track: Track) -> None:
    write_stack(path, stack, force=force, track=track)


IFEALID = Format(
    name="IFeaLiD dataset",
    suffixes=(".zip",),
    claims=lambda _: True,
    looks_like_stack=lambda location: is_ifealid(member_names(location)),
    read=_read,
    array_names=lambda _: None,
    write=_write,
    keeps=lambda _: frozenset({Detail.LABELS, Detail.PLACEMENT, Detail.OVERLAY}),
)
"""A dataset at 8, 16 or 32 bit; written at the fewest bits that lose nothing, or at 32."""
