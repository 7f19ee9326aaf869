from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
from dataset_files import dataset, write
from PIL import Image

from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import OverlayWarning, read_overlay, read_stacks
from napari_ifealid.formats.images import read_image
from napari_ifealid.formats.jpeg import MOST_SCANS, check_scans

COLOURS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
VALUES = np.ones((3, 4, 5), np.uint8)


def progressive(scans: int, size: int = 64) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are so many."""
    content = jpeg(Image.new("RGB", (size, size)), progressive=True)
    starts = [found.start() for found in re.finditer(rb"\xff\xda", content)]
    last = content[starts[-1] : -2]
    return content[:-2] + last * (scans - len(starts)) + content[-2:]


def jpeg(image: Image.Image, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


@pytest.mark.parametrize("quality", [10, 95])
@pytest.mark.parametrize("is_progressive", [False, True])
def test_images_as_programs_write_them_are_read(quality, is_progressive):
    image = Image.fromarray(COLOURS)
    check_scans(jpeg(image, quality=quality, progressive=is_progressive, restart_marker_blocks=1))


def test_as_many_scans_as_are_allowed_are_read(tmp_path):
    path = write(tmp_path / "a.jpg", progressive(MOST_SCANS))
    assert read_overlay(path).shape == (64, 64, 3)


def test_one_scan_too_many_is_refused():
    with pytest.raises(DatasetError, match=f"more than {MOST_SCANS} scans"):
        check_scans(progressive(MOST_SCANS + 1))


def test_what_looks_like_a_scan_in_other_parts_or_behind_the_image_counts_for_nothing():
    content = jpeg(Image.fromarray(COLOURS))
    profile = b"\xff\xda" * 1000
    with_profile = content[:2] + b"\xff\xe1" + (len(profile) + 2).to_bytes(2, "big") + profile
    check_scans(with_profile + content[2:] + profile)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xda", b"PNG"]
)
def test_what_ends_too_early_is_left_to_the_decoder(content):
    check_scans(content)


@pytest.mark.timeout(60)
def test_image_of_few_bytes_that_takes_minutes_is_refused_at_once(tmp_path):
    content = progressive(20_000, size=1024)
    path = write(tmp_path / "a.jpg", content)
    for read in (read_overlay, read_image):
        with pytest.raises(DatasetError, match=r"scans: a\.jpg"):
            read(path)


@pytest.mark.timeout(60)
def test_dataset_with_such_an_overlay_is_opened_without_it(tmp_path):
    members = {"overlay.jpg": progressive(20_000, size=1024)}
    file = dataset(VALUES, fields={"overlay": True}, members=members)
    with pytest.warns(OverlayWarning, match="scans"):
        (stack,) = read_stacks(write(tmp_path / "tiny.zip", file))
    assert stack.overlay is None
