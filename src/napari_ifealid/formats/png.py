"""PNG images as raw numbers: four bytes a pixel, exactly as they are stored."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import deflate
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from napari_ifealid.errors import DatasetError
from napari_ifealid.memory import out_of_memory

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED_CHUNKS = (b"IHDR", b"IDAT", b"IEND")
COLOUR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}

HEADER_LENGTH = 26
"""Bytes at the start of a PNG that tell its size."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_MOST_PER_BYTE = 1040  # bytes that deflate packs into one
_ALLOWANCE = 1 << 20  # bytes of pixels that never matter
_SAMPLED_BANDS = 3
_BAND_ROWS = 6

_AGAIN = "Create the dataset again, or download it again."


def decode_rgba(content: bytes, *, width: int, height: int) -> NDArray[np.uint32]:
    """Return the pixels of an 8-bit RGBA PNG, unchanged by any colour management.

    Parameters
    ----------
    content : bytes
        The contents of the file.
    width, height : int
        The size that the image must have.

    Returns
    -------
    array of uint32, shape (height, width)
        The four bytes of each pixel, in the order R, G, B, A in memory.

    Raises
    ------
    DatasetError
        If it is no PNG, a damaged one, one of another size or mode, or an animated one.
    """
    bare = _bare_png(content, width, height)
    try:
        pixels = PngImagePlugin.PngImageFile(BytesIO(bare)).tobytes()
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise _wrong(f"a damaged PNG ({error})", "a complete PNG") from error
    except MemoryError as error:  # also of rows too long for the decoder
        raise out_of_memory("a PNG") from error
    return np.frombuffer(pixels, np.uint32).reshape(height, width)


def encode_rgba(pixels: NDArray[np.uint32]) -> bytes:
    """Return an 8-bit RGBA PNG.

    Features are noisy: most often the bytes as they are, with nothing but Huffman's codes, take
    the least room, and a tenth of the time of the usual search for repetitions. What is smallest
    is tried out on a sample of the rows.

    Parameters
    ----------
    pixels : array of uint32, shape (height, width)
        The four bytes of each pixel, in the order R, G, B, A in memory.

    Returns
    -------
    bytes
        The same ones for the same pixels.
    """
    height, width = pixels.shape
    sample = pixels[_sampled_rows(height)]
    filtered, packed = min(_WAYS, key=lambda way: len(way[1](way[0](sample))))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    content = packed(filtered(pixels))
    parts = ((b"IHDR", header), (b"IDAT", content), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, part) for kind, part in parts)


def _sampled_rows(height: int) -> NDArray[np.intp]:
    """Return rows in bands, so that repetitions from row to row are seen."""
    starts = np.linspace(0, max(0, height - _BAND_ROWS), _SAMPLED_BANDS).astype(np.intp)
    rows = np.unique(starts[:, np.newaxis] + np.arange(_BAND_ROWS))
    return rows[rows < height]


def _unfiltered(pixels: NDArray[np.uint32]) -> bytes:
    return _with_filter(0, _bytes_of(pixels))


def _less_the_left(pixels: NDArray[np.uint32]) -> bytes:
    values = _bytes_of(pixels)
    return _with_filter(1, np.diff(values, axis=1, prepend=np.zeros_like(values[:, :1])))


def _less_the_upper(pixels: NDArray[np.uint32]) -> bytes:
    values = _bytes_of(pixels)
    return _with_filter(2, np.diff(values, axis=0, prepend=np.zeros_like(values[:1])))


def _filtered_by_row(pixels: NDArray[np.uint32]) -> bytes:
    """Return the rows with the filter that Pillow chooses for each."""
    stream = BytesIO()
    Image.fromarray(_bytes_of(pixels)).save(stream, "PNG", compress_level=0)
    content = stream.getvalue()
    chunks = ((kind, content[start + 8 : stop - 4]) for kind, start, stop in _chunks(content))
    return zlib.decompress(b"".join(part for kind, part in chunks if kind == b"IDAT"))


def _bytes_of(pixels: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return the bytes of pixels, shape (height, width, 4)."""
    return np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4)


def _with_filter(number: int, values: NDArray[np.uint8]) -> bytes:
    rows = values.reshape(len(values), -1)
    return np.insert(rows, 0, number, axis=1).tobytes()


def _codes_only(content: bytes) -> bytes:
    return _deflated(content, zlib.Z_HUFFMAN_ONLY)


def _runs(content: bytes) -> bytes:
    return _deflated(content, zlib.Z_RLE)


def _repetitions(content: bytes) -> bytes:
    return bytes(deflate.zlib_compress(content, 6))


def _all_repetitions(content: bytes) -> bytes:
    # as small as zlib's at its usual level, in less than half the time
    return bytes(deflate.zlib_compress(content, 8))


_WAYS = (
    (_unfiltered, _codes_only),
    (_unfiltered, _runs),
    (_unfiltered, _repetitions),
    (_less_the_left, _codes_only),
    (_less_the_left, _repetitions),
    (_less_the_upper, _codes_only),
    (_less_the_upper, _repetitions),
    (_filtered_by_row, _codes_only),
    (_filtered_by_row, _all_repetitions),
)


def _deflated(content: bytes, strategy: int) -> bytes:
    compressor = zlib.compressobj(memLevel=9, strategy=strategy)
    return compressor.compress(content) + compressor.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
    )


def check_png(content: bytes) -> None:
    """Raise unless the chunks of a PNG are complete and as they were written.

    Raises
    ------
    DatasetError
        If it is no PNG or a damaged one.
    """
    for _ in _chunks(content):
        pass


def check_png_size(start: bytes, size: int) -> None:
    """Raise if a PNG is too short for as many pixels as it tells of.

    Parameters
    ----------
    start : bytes
        Of the file: `HEADER_LENGTH` bytes of it.
    size : int
        Of the whole file.

    Raises
    ------
    DatasetError
    """
    if len(start) < HEADER_LENGTH or not start.startswith(SIGNATURE):
        return
    width, height, bits, colour = struct.unpack_from(">IIBB", start, 16)
    needed = height * (width * bits * _CHANNELS.get(colour, 1) // 8)
    if needed > _MOST_PER_BYTE * size + _ALLOWANCE:
        raise DatasetError(
            f"a PNG of {size:,} bytes with {width} × {height} pixels",
            expected="as many pixels as such a file can hold",
            remedy="Save or download the image again.",
        )


def _bare_png(content: bytes, width: int, height: int) -> bytes:
    """Return the PNG with no more than its pixels, so that nothing else can change them."""
    kept = [SIGNATURE]
    for kind, start, stop in _chunks(content):
        if len(kept) == 1:
            _check_header(kind, content[start + 8 : stop - 4], width, height)
        elif kind == b"IHDR":
            raise _wrong("a PNG with two headers", "a PNG with one header")
        if kind == b"acTL":
            raise _wrong("an animated PNG", "a PNG of a single image")
        if kind in NEEDED_CHUNKS:
            kept.append(content[start:stop])
    return b"".join(kept)


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of each chunk, whose CRC has been checked."""
    if not content.startswith(SIGNATURE):
        raise _wrong(f"no PNG (it starts with {content[:8]!r})", "a PNG")
    view, start, kind = memoryview(content), len(SIGNATURE), b""
    while kind != b"IEND":
        try:
            length, kind = struct.unpack_from(">I4s", content, start)
            (crc,) = struct.unpack_from(">I", content, start + 8 + length)
        except struct.error as error:
            raise _wrong("a truncated PNG", "a PNG up to its end") from error
        stop = start + 12 + length
        if zlib.crc32(view[start + 4 : stop - 4]) != crc:
            raise _wrong(f"a wrong checksum of the PNG's part {kind!r}", "an unchanged PNG")
        yield kind, start, stop
        start = stop


def _check_header(kind: bytes, header: bytes, width: int, height: int) -> None:
    if kind != b"IHDR" or len(header) != 13:
        raise _wrong("a PNG without a header", "a PNG that begins with its header")
    found_width, found_height, bits, colour = struct.unpack(">IIBB", header[:10])
    if (found_width, found_height) != (width, height):
        raise _another_size(found_width, found_height, width, height)
    if (bits, colour) != (8, 6):
        mode = COLOUR_TYPES.get(colour, f"unknown (type {colour})")
        raise _wrong(f"a PNG of {bits} bits, {mode}", "a PNG of 8 bits, RGBA")


def _another_size(found_width: int, found_height: int, width: int, height: int) -> DatasetError:
    swapped = (found_width, found_height) == (height, width)
    return _wrong(
        f"an image {found_width} wide and {found_height} high",
        f"{width} wide and {height} high, as metadata.json says",
        "Swap width and height in metadata.json." if swapped else _AGAIN,
    )


def _wrong(found: str, expected: str, remedy: str = _AGAIN) -> DatasetError:
    return DatasetError(found, expected=expected, remedy=remedy)
