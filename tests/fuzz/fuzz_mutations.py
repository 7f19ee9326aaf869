"""Damage to files: bytes anywhere, and what their formats are made of."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from fuzz_seeds import Seed

NUMBERS = (0, 1, -1, 2, 127, 255, 2**15, 2**16 - 1, 2**26, 2**31 - 1, 2**31, 2**32 - 1, 2**32)
LARGE_NUMBERS = (2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**20, 10**310, -(2**63), -(10**310))
FLOATS = (1e308, -1e308, 1e-308, 5e-324, 1e39, 0.5, -0.0, float("nan"), float("inf"))
TEXTS = ("", "\0", "é\ud800", "a" * 5000, "../..", "nan", "<f4", "O", "1e999", "0", "\n", "Ω, {}=;")
OTHERS = (None, True, False, [], {}, [[]], [[], {}], {"a": None}, [None] * 3, [0] * 70)
EXTREMES = (*NUMBERS, *LARGE_NUMBERS, *FLOATS, *TEXTS, *OTHERS)
REPLACEMENTS = (0x01, 0x80, 0xFF, 0x20)
"""What each byte is combined with, by exclusive or, where each is replaced in turn."""

_INTEGERS = ("<B", "<H", ">H", "<I", ">I", "<Q", ">Q")
_REALS = ("<f", ">f", "<d", ">d")
_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_PNG, _ZIP, _NPY, _TIFF = b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x93NUMPY", (b"II*\0", b"MM\0*")

Mutator = Callable[[Random, bytes], bytes]


@dataclass(frozen=True)
class Damaged:
    """Files that are damaged, and how.

    Parameters
    ----------
    seed : Seed
        With its files as they are now.
    how : str
    """

    seed: Seed
    how: str


def damaged(random: Random, seed: Seed, others: Sequence[Seed]) -> Damaged:
    """Return a seed with one to three of its parts damaged.

    Parameters
    ----------
    random : Random
    seed : Seed
    others : sequence of Seed
        Parts of which may be put into it.
    """
    files, told = dict(seed.files), []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        name = random.choice(sorted(files))
        if len(files) > 1 and random.random() < 0.02:
            files[name] = b""
            told.append(f"{name} emptied")
            continue
        if random.random() < 0.05:
            other = random.choice(others)
            donor = other.files[random.choice(sorted(other.files))]
            files[name] = _spliced(random, files[name], donor)
            told.append(f"{name} spliced with {other.name}")
            continue
        mutate = random.choice(mutators_of(files[name]))
        files[name] = mutate(random, files[name])
        told.append(f"{name} {mutate.__name__}")
    return Damaged(replace(seed, files=files), "; ".join(told))


def replacement_count(seed: Seed) -> int:
    """Return how many ways there are to replace one byte of a seed, see `with_replacement`."""
    return len(REPLACEMENTS) * sum(map(len, seed.files.values()))


def with_replacement(seed: Seed, number: int) -> Damaged:
    """Return a seed one byte of which is replaced.

    Parameters
    ----------
    seed : Seed
    number : int
        From 0 to less than `replacement_count`.
    """
    place, way = divmod(number, len(REPLACEMENTS))
    for name, content in seed.files.items():
        if place < len(content):
            changed = with_byte(content, place, content[place] ^ REPLACEMENTS[way])
            how = f"{name} byte {place} ^ {REPLACEMENTS[way]}"
            return Damaged(replace(seed, files={**seed.files, name: changed}), how)
        place -= len(content)
    raise IndexError(number)


def with_byte(content: bytes, place: int, value: int) -> bytes:
    """Return bytes one of which is another."""
    return content[:place] + bytes([value]) + content[place + 1 :]


def mutators_of(content: bytes) -> tuple[Mutator, ...]:
    """Return what can be done to a file, by what it starts with."""
    start = content.lstrip()[:1]
    if content.startswith(_ZIP):
        return (*_ANY, zip_member, zip_member, zip_member, zip_entries, zip_header)
    if content.startswith(_NPY):
        return (*_ANY, npy_header, npy_header, npy_header)
    if content.startswith(_PNG):
        return (*_ANY, png_chunk, png_chunk)
    if content[:4] in _TIFF:
        return (*_ANY, tiff_tag, tiff_tag, tiff_tag, text_number)
    if start in (b"{", b"["):
        return (*_ANY, json_value, json_value, json_value, json_value, text_number)
    if content[8:9] == b"{":
        return (*_ANY, safetensors_header, safetensors_header)
    if content.startswith(b"MATLAB 5"):
        return (*_ANY, matlab_element)
    if content.startswith((b"ENVI", b"NROWS", b"name", b"\xff\xd8")):
        return (*_ANY, text_number, text_number, text_line)
    return _ANY


# Bytes


def flipped_bits(random: Random, content: bytes) -> bytes:
    """Flip a bit in some bytes."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4)) if content else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def random_bytes(random: Random, content: bytes) -> bytes:
    """Replace some bytes that follow each other."""
    place, count = random.randrange(len(content) + 1), random.choice((1, 1, 2, 4, 8, 40))
    return content[:place] + random.randbytes(count) + content[place + count :]


def extreme_number(random: Random, content: bytes) -> bytes:
    """Write a number as computers store it over what is there."""
    if random.random() < 0.2:
        kind = random.choice(_REALS)
        value: float = random.choice(FLOATS)
        written = _packed_real(kind, value)
    else:
        kind = random.choice(_INTEGERS)
        bits = 8 * struct.calcsize(kind)
        value = random.choice((*NUMBERS, *LARGE_NUMBERS)) % 2**bits
        written = struct.pack(kind, value)
    place = random.randrange(max(1, len(content) - len(written) + 1))
    return content[:place] + written + content[place + len(written) :]


def _packed_real(kind: str, value: float) -> bytes:
    try:
        return struct.pack(kind, value)
    except OverflowError:  # beyond the largest float32
        return struct.pack(kind, float("inf"))


def truncated(random: Random, content: bytes) -> bytes:
    """Leave out the end."""
    return content[: random.randrange(len(content) + 1)]


def without_part(random: Random, content: bytes) -> bytes:
    """Leave out a part."""
    first, last = _part(random, content)
    return content[:first] + content[last:]


def repeated_part(random: Random, content: bytes) -> bytes:
    """Repeat a part."""
    first, last = _part(random, content)
    return content[:last] + content[first:last] * random.choice((1, 1, 2, 50)) + content[last:]


def _part(random: Random, content: bytes) -> tuple[int, int]:
    first = random.randrange(len(content) + 1)
    return first, min(len(content), first + random.choice((1, 2, 4, 8, 64, 512)))


def _spliced(random: Random, content: bytes, other: bytes) -> bytes:
    first, last = _part(random, other)
    place = random.randrange(len(content) + 1)
    length = random.choice((0, last - first))
    return content[:place] + other[first:last] + content[place + length :]


_ANY: tuple[Mutator, ...] = (
    flipped_bits,
    random_bytes,
    extreme_number,
    extreme_number,
    truncated,
    without_part,
    repeated_part,
)


# Texts


def text_number(random: Random, content: bytes) -> bytes:
    """Replace a number in a text."""
    found = list(_NUMBER.finditer(content))
    if not found:
        return flipped_bits(random, content)
    match = random.choice(found)
    value = str(random.choice((*NUMBERS, *LARGE_NUMBERS, *FLOATS, "", "x", "٣", "1_0")))
    return content[: match.start()] + value.encode() + content[match.end() :]


def text_line(random: Random, content: bytes) -> bytes:
    """Leave out a line, repeat it or put another in front."""
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    count = random.choice((0, 2, 2, 300))
    return b"\n".join([*lines[:place], *[lines[place]] * count, *lines[place + 1 :]])


def json_value(random: Random, content: bytes) -> bytes:
    """Replace a value of JSON, or leave it out, or repeat it."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return flipped_bits(random, content)
    holders = list(_holders(values))
    if not holders:
        return flipped_bits(random, content)
    holder = random.choice(holders)
    key = random.choice(sorted(holder) if isinstance(holder, dict) else range(len(holder)))
    what = random.random()
    if what < 0.7:
        holder[key] = random.choice(EXTREMES)
    elif what < 0.8:
        del holder[key]
    elif what < 0.9 and isinstance(holder, dict):
        holder[random.choice(TEXTS)] = holder[key]
    elif isinstance(holder, list):
        holder *= random.choice((2, 2, 40))
    else:
        holder[key] = [holder[key]]
    return json.dumps(values).encode("utf-8", "surrogatepass")


def _holders(value: Any) -> Iterator[Any]:
    """Yield the objects and lists of JSON that are not empty."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


# Formats


def npy_header(random: Random, content: bytes) -> bytes:
    """Replace a number or a word in the header of an array, whose length is told anew."""
    width = 2 if content[6:7] == b"\1" else 4
    start = 8 + width
    length = int.from_bytes(content[8:start], "little")
    header, values = content[start : start + length], content[start + length :]
    words = (b"'<f4'", b"'>i8'", b"'|O'", b"'|V5'", b"('<f4', (2, 2))", b"[('a', '<f4')]", b"'<U3'")
    words += (b"True", b"None", b"'<f16'", b"'<c8'", b"'|b1'", b"'<m8[s]'", b"'|u1'", b"'<i3'")
    if random.random() < 0.4:
        header = re.sub(rb"'descr': [^,]+", b"'descr': " + random.choice(words), header, count=1)
    elif random.random() < 0.3:
        lengths = [
            random.choice((*NUMBERS[:4], 3, 4, 5, 12, 60)) for _ in range(random.randrange(9))
        ]
        shape = b"(" + b"".join(b"%d, " % length for length in lengths) + b")"
        header = re.sub(rb"\([^)]*\)", shape, header, count=1)
    else:
        header = text_number(random, header)
    told = (
        len(header).to_bytes(width, "little", signed=False)
        if len(header) < 2**15
        else b"\0" * width
    )
    return content[:8] + told + header + values


def zip_member(random: Random, content: bytes) -> bytes:
    """Damage an entry of a ZIP, and pack it anew with the right checksum."""
    members = _members(content)
    if not members:
        return flipped_bits(random, content)
    name = random.choice(sorted(members))
    members[name] = random.choice(mutators_of(members[name]))(random, members[name])
    return _zipped(list(members.items()), random.choice((0, 0, 8, 8, 12, 14)))


def zip_entries(random: Random, content: bytes) -> bytes:
    """Leave out an entry of a ZIP, repeat it or give it the name or the contents of another."""
    entries = list(_members(content).items())
    if not entries:
        return flipped_bits(random, content)
    name, one = random.choice(entries)
    other, another = random.choice(entries)
    added = random.choice(
        ([], [(name, one)], [(name, another)], [(f"{name}\0x", one), (other, one)])
    )
    kept = [entry for entry in entries if entry[0] != name or random.random() < 0.5]
    return _zipped([*kept, *added], random.choice((0, 8)))


def zip_header(random: Random, content: bytes) -> bytes:
    """Write a number over a field of an entry's header, in the list or before the entry."""
    signature = random.choice((b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"))
    places = [match.start() for match in re.finditer(re.escape(signature), content)]
    if not places:
        return flipped_bits(random, content)
    place = random.choice(places) + random.randrange(4, 46, 2)
    kind = random.choice(("<H", "<I"))
    value = random.choice((*NUMBERS, *LARGE_NUMBERS)) % 2 ** (8 * struct.calcsize(kind))
    return content[:place] + struct.pack(kind, value) + content[place + struct.calcsize(kind) :]


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            small = [info for info in archive.infolist() if info.file_size < 1 << 20]
            return {info.filename: archive.read(info) for info in small}
    except Exception:  # it was damaged before
        return {}


def _zipped(entries: Sequence[tuple[str, bytes]], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def png_chunk(random: Random, content: bytes) -> bytes:
    """Damage a chunk of a PNG, or its pixels before they are packed, with the right checksum."""
    chunks, place = [], len(_PNG)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        chunks.append((kind, content[place + 8 : place + 8 + length]))
        place += 12 + length
    if not chunks:
        return flipped_bits(random, content)
    number = random.randrange(len(chunks))
    kind, body = chunks[number]
    if kind == b"IDAT" and random.random() < 0.5:
        body = zlib.compress(random.choice(_ANY)(random, _unpacked(body)))
    else:
        body = random.choice(_ANY)(random, body)
    if random.random() < 0.1:
        kind = random.choice(
            (b"acTL", b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"gAMA", b"IEND")
        )
    added = [(kind, body)] * random.choice((1, 1, 1, 2))
    chunks[number : number + 1] = added
    parts = (
        struct.pack(">I", len(one)) + kind + one + struct.pack(">I", zlib.crc32(kind + one))
        for kind, one in chunks
    )
    return _PNG + b"".join(parts)


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def tiff_tag(random: Random, content: bytes) -> bytes:
    """Write a number over the code, the type, the count or the value of a tag."""
    order = "<" if content.startswith(b"II") else ">"
    tags = list(_tags(content, order))
    if not tags:
        return flipped_bits(random, content)
    place = random.choice(tags)
    shift, kind = random.choice(((0, "H"), (2, "H"), (4, "I"), (8, "H"), (8, "I"), (8, "I")))
    codes = (256, 257, 258, 259, 262, 277, 278, 279, 284, 317, 322, 324, 338, 339, 34735, 42112)
    value = random.choice(codes) if shift == 0 else random.choice(NUMBERS) % 2**16
    if kind == "I":
        value = random.choice((*NUMBERS, len(content), len(content) - 1, place)) % 2**32
    if shift == 2:
        value = random.randrange(20)
    written = struct.pack(order + kind, value)
    return content[: place + shift] + written + content[place + shift + len(written) :]


def _tags(content: bytes, order: str) -> Iterator[int]:
    """Yield where each tag of the first directories is."""
    try:
        (place,) = struct.unpack_from(f"{order}I", content, 4)
        for _ in range(8):
            (count,) = struct.unpack_from(f"{order}H", content, place)
            for number in range(min(count, 60)):
                yield place + 2 + 12 * number
            (place,) = struct.unpack_from(f"{order}I", content, place + 2 + 12 * count)
    except struct.error:  # the end
        return


def safetensors_header(random: Random, content: bytes) -> bytes:
    """Damage the header of a safetensors file, whose length is told anew."""
    length = int.from_bytes(content[:8], "little")
    header = random.choice((json_value, text_number))(random, content[8 : 8 + length])
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def matlab_element(random: Random, content: bytes) -> bytes:
    """Damage a variable of MATLAB's, before it is packed where it is."""
    place, parts = 128, [content[:128]]
    elements = []
    while place + 8 <= len(content):
        kind, length = struct.unpack_from("<II", content, place)
        elements.append((kind, content[place + 8 : place + 8 + length]))
        place += 8 + length
    if not elements:
        return flipped_bits(random, content)
    number = random.randrange(len(elements))
    kind, body = elements[number]
    if kind == 15:
        body = zlib.compress(random.choice(_ANY)(random, _unpacked(body)))
    else:
        body = random.choice(_ANY)(random, body)
    elements[number] = kind, body
    parts += [struct.pack("<II", kind, len(one)) + one for kind, one in elements]
    return b"".join(parts)
