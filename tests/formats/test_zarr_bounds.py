from __future__ import annotations

import bz2
import gzip
import pickle
import struct
import sys
import zlib
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, ZstdCodec
from zarr.codecs import numcodecs as of_numcodecs

from limited_memory import MEGABYTE, outcome
from napari_ifealid.errors import DatasetError
from napari_ifealid.formats import read_stack, read_stacks
from napari_ifealid.formats.loading import loaded
from napari_ifealid.formats.zarr_bounds import bounded

pytestmark = pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr")

VALUES = np.random.default_rng(0).integers(0, 9, (6, 8, 20)).astype(np.uint16)
CHUNKS = (3, 4, 20)


def with_codecs_of_version_3() -> dict[str, dict[str, object]]:
    every = {
        "none": [],
        "gzip": [GzipCodec()],
        "zstd": [ZstdCodec()],
        "blosc": [BloscCodec()],
        "zlib": [of_numcodecs.Zlib()],
        "bz2": [of_numcodecs.BZ2()],
        "lzma": [of_numcodecs.LZMA()],
        "lz4": [of_numcodecs.LZ4()],
        "several": [BloscCodec(), GzipCodec(), ZstdCodec(), Crc32cCodec()],
    }
    found = {name: {"compressors": codecs} for name, codecs in every.items()}
    found["shards"] = {"compressors": [GzipCodec()], "shards": VALUES.shape}
    scaled = of_numcodecs.FixedScaleOffset(offset=0, scale=1, dtype="<u2", astype="<f8")
    found["filter"] = {"filters": [scaled], "compressors": [GzipCodec()]}
    return found


def with_codecs_of_version_2() -> dict[str, dict[str, object]]:
    every = {
        "none": None,
        "gzip": numcodecs.GZip(),
        "zstd": numcodecs.Zstd(),
        "blosc": numcodecs.Blosc(),
        "zlib": numcodecs.Zlib(),
        "bz2": numcodecs.BZ2(),
        "lzma": numcodecs.LZMA(),
        "lz4": numcodecs.LZ4(),
    }
    found = {name: {"compressors": codec} for name, codec in every.items()}
    scaled = numcodecs.FixedScaleOffset(offset=0, scale=1, dtype="<u2", astype="<f8")
    found["filter"] = {"filters": [scaled], "compressors": numcodecs.Zlib()}
    found["delta"] = {"filters": [numcodecs.Delta("<u2"), numcodecs.Zlib()], "compressors": None}
    return {name: options | {"zarr_format": 2} for name, options in found.items()}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cube.zarr"


@pytest.mark.parametrize(
    "options",
    [*with_codecs_of_version_3().values(), *with_codecs_of_version_2().values()],
    ids=[*with_codecs_of_version_3(), *(f"{name} of 2" for name in with_codecs_of_version_2())],
)
def test_values_are_those_that_zarr_itself_reads(path, options):
    zarr.create_array(str(path), data=VALUES, chunks=CHUNKS, **options)
    array = bounded(zarr.open_array(str(path), mode="r"))
    np.testing.assert_array_equal(array[...], VALUES)
    np.testing.assert_array_equal(array.oindex[4, 5, :], VALUES[4, 5])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[...], VALUES)
    (stack,) = read_stacks(path)
    np.testing.assert_array_equal(loaded(stack).values, VALUES)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_texts_of_any_length_are_read(path, zarr_format):
    texts = np.array(["a", "b" * 100_000], object)
    made = zarr.create_array(str(path), shape=(2,), dtype=str, zarr_format=zarr_format)
    made[...] = texts
    array = bounded(zarr.open_array(str(path), mode="r"))
    assert array[...].tolist() == texts.tolist()


def zstd_of_zeros(blocks: int) -> bytes:
    """A frame that does not tell its size, with blocks of 128 kB that four bytes each stand for."""
    repeated = [struct.pack("<I", (1 << 20) | 2 | (n == blocks - 1))[:3] for n in range(blocks)]
    return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(one + b"\0" for one in repeated)


def zeros_of(codec: str, count: int) -> bytes:
    """So many million zeros, packed."""
    zeros = bytes(MEGABYTE)
    if codec == "bz2":
        packer = bz2.BZ2Compressor()
        return b"".join(packer.compress(zeros) for _ in range(count)) + packer.flush()
    if codec in ("zlib", "gzip"):
        packer = zlib.compressobj(wbits=31 if codec == "gzip" else 15)
        return b"".join(packer.compress(zeros) for _ in range(count)) + packer.flush()
    if codec == "zstd without a size":
        return zstd_of_zeros(8 * count)
    by_name = {"zstd": numcodecs.Zstd(), "lz4": numcodecs.LZ4(), "blosc": numcodecs.Blosc()}
    return bytes(by_name[codec].encode(np.zeros(count * MEGABYTE, np.uint8)))


CODECS = ["zlib", "gzip", "bz2", "zstd", "lz4", "blosc", "zstd without a size"]


def put_bomb(path: Path, codec: str, zarr_format: int, count: int) -> None:
    """Write an array whose first chunk is one."""
    name = codec.split()[0]
    if zarr_format == 2:
        options = {"zarr_format": 2, "compressors": numcodecs.get_codec({"id": name})}
    else:
        own = {"gzip": GzipCodec, "zstd": ZstdCodec, "blosc": BloscCodec}
        other = {"zlib": of_numcodecs.Zlib, "bz2": of_numcodecs.BZ2, "lz4": of_numcodecs.LZ4}
        options = {"compressors": [(own | other)[name]()]}
    zarr.create_array(str(path), data=VALUES, chunks=CHUNKS, **options)
    first = path / ("0.0.0" if zarr_format == 2 else "c/0/0/0")
    assert first.is_file()
    first.write_bytes(zeros_of(codec, count))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("codec", CODECS)
def test_chunk_that_holds_more_than_its_shape_needs_is_refused(path, codec, zarr_format):
    put_bomb(path, codec, zarr_format, 2)
    stack = read_stack(path)
    with pytest.raises(DatasetError, match=r"unpacks to|too small"):
        loaded(stack)
    np.testing.assert_array_equal(stack.values[5, 7].compute(), VALUES[5, 7])


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
@pytest.mark.parametrize(
    ("codec", "zarr_format"), [("zlib", 2), ("bz2", 3), ("zstd without a size", 3)]
)
def test_first_pixel_of_a_bomb_takes_no_gigabyte(path, codec, zarr_format):
    put_bomb(path, codec, zarr_format, 250)
    reader = (
        "import dask.array, zarr\nfrom napari_ifealid.formats.loading import loaded_block\n"
        "import napari_ifealid.formats.zarr_bounds\nfrom napari_ifealid.formats import read_stack"
    )
    tell = "print(loaded_block(read_stack(path), (0, 0)))"
    found = outcome(reader, tell, path, spare=150 * MEGABYTE)
    assert "unpacks to more than" in found or "too small" in found


def test_zstd_without_a_size_is_read_where_it_is_that_of_the_chunk(path):
    values = np.zeros((1, 1, MEGABYTE), np.uint8)
    zarr.create_array(str(path), data=values + 1, chunks=values.shape, compressors=[ZstdCodec()])
    (path / "c/0/0/0").write_bytes(zstd_of_zeros(8))
    np.testing.assert_array_equal(loaded(read_stack(path)).values, values)


def test_chunk_for_which_memory_is_short_is_not_unpacked(path, free_memory):
    shape = (1, 1, 70 * MEGABYTE)
    zarr.create_array(
        str(path), shape=shape, chunks=shape, dtype=np.uint8, compressors=[GzipCodec()]
    )
    (path / "c/0/0").mkdir(parents=True)
    (path / "c/0/0/0").write_bytes(gzip.compress(b""))
    stack = read_stack(path)
    with free_memory(10 * MEGABYTE), pytest.raises(DatasetError, match="of memory"):
        stack.vector((0, 0))
