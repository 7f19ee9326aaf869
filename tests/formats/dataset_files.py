"""IFeaLiD datasets for the tests, good and bad."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TYPES = {8: "u1", 16: "<u2", 32: "<u4"}


def png(pixels: NDArray[np.uint8], mode: str = "RGBA") -> bytes:
    """Return a PNG of pixels, shape (height, width, bytes of a pixel)."""
    size = (pixels.shape[1], pixels.shape[0])
    stream = BytesIO()
    Image.frombytes(mode, size, pixels.tobytes()).save(stream, "PNG")
    return stream.getvalue()


def wide_png(width: int) -> bytes:
    """Return a PNG that tells of a row of RGBA pixels and has next to none."""
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, 1, 8, 6, 0, 0, 0),
        b"IDAT": zlib.compress(bytes(100)),
        b"IEND": b"",
    }
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def image_file(image: Image.Image, kind: str) -> bytes:
    stream = BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def with_chunk(content: bytes, kind: bytes, body: bytes) -> bytes:
    """Return a PNG with one more chunk after its header."""
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    chunk = struct.pack(">I", len(body)) + kind + body + checksum
    return content[:33] + chunk + content[33:]


def dataset(
    values: NDArray[Any],
    *,
    fields: dict[str, Any] | None = None,
    members: dict[str, bytes | None] | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """Return a dataset of unsigned integers, shape (height, width, C).

    Fields of the metadata and members of the ZIP are replaced as given, or left out for None.
    """
    height, width, features = values.shape
    metadata = {
        "name": "tiny",
        "width": width,
        "height": height,
        "features": features,
        "precision": values.itemsize * 8,
        "overlay": False,
    }
    metadata.update(fields or {})
    kept = {key: value for key, value in metadata.items() if value is not None}
    contents: dict[str, bytes | None] = {"metadata.json": json.dumps(kept).encode()}
    a_file = 4 // values.itemsize
    padded = np.pad(values, ((0, 0), (0, 0), (0, -features % a_file)))
    for number, start in enumerate(range(0, features, a_file)):
        part = np.ascontiguousarray(padded[..., start : start + a_file])
        little_endian = part.astype(TYPES[values.itemsize * 8])
        contents[f"{number}.png"] = png(little_endian.view(np.uint8))
    contents.update(members or {})
    return zipped(contents, compression)


def zipped(contents: dict[str, bytes | None], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)
    return stream.getvalue()


def with_header_field(content: bytes, offset: int, value: int) -> bytes:
    """Return a ZIP with a two-byte field of all its entries' headers changed.

    The offset is the one in the header before an entry.
    """
    changed = bytearray(content)
    for signature, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = content.find(signature)
        while start >= 0:
            struct.pack_into("<H", changed, start + offset + shift, value)
            start = content.find(signature, start + 4)
    return bytes(changed)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
